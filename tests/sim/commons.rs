//! What must hold of all pages together.
//!
//! A refresh token may be sent again only when nobody can know any more what became of it:
//!
//! - its answer was lost, and the page that sent it heard so; or that page is gone, or lost the lock while it waited;
//! - the page that sends it again knows that: it was its own request, or it read the journal entry under the lock;
//! - no successor of it was written, unless by a page that had lost the lock.
//!
//! A page that lost the lock without having noticed may send once too often; nothing else can. Where storage failed,
//! pages go on alone, and nothing is promised.

use std::collections::{HashMap, HashSet};

use crate::keeper::{Stored, text};
use crate::server::Word;
use crate::tab::Page;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    InTheAir,
    Lost,
    /// It stays good.
    Kept,
    /// It was answered with another one, or refused.
    Spent,
}

#[derive(Debug)]
struct Presentation {
    page: Page,
    fate: Fate,
    robbed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Commons {
    pub(crate) storage_failed: bool,
    presented: HashMap<String, Vec<Presentation>>,
    /// Refresh tokens whose successor was written.
    succeeded: HashSet<String>,
    dead: HashSet<Page>,
    robbed: HashSet<Page>,
    /// What pages read when they got the lock.
    read: HashMap<Page, Option<String>>,
    /// Which revision was there when they got it.
    at_grant: HashMap<Page, String>,
    /// Grants whose record was removed, or replaced by that of another login.
    pub(crate) removed: HashSet<usize>,
    /// Grants that a user wanted to end.
    pub(crate) logged_out: HashSet<usize>,
    /// Grants that ended otherwise, by what pages were told.
    pub(crate) ended: HashSet<usize>,
    /// The grant of the last login that was written.
    pub(crate) latest: Option<usize>,
    /// How often a token was sent again.
    pub(crate) repeated: u64,
}

impl Commons {
    pub(crate) fn presents(&mut self, page: Page, token: &str) -> Result<(), String> {
        let robbed = self.robbed.contains(&page);
        let before = self.presented.entry(token.to_owned()).or_default();
        let known = self.read.get(&page).and_then(Option::as_deref);
        let knows = known.is_some_and(|record| {
            text(record, "journal").is_some() && text(record, "refresh_token").as_deref() == Some(token)
        });
        let mut wrong = None;
        for earlier in before.iter().filter(|earlier| earlier.fate != Fate::Kept) {
            self.repeated += 1;
            let is_over = earlier.fate == Fate::Lost
                || earlier.robbed
                || (earlier.page != page && self.dead.contains(&earlier.page));
            if !is_over {
                wrong = Some("a refresh token is sent that another page has sent");
            } else if earlier.page != page && !knows {
                wrong = Some("a refresh token is sent again by a page that cannot know that it may");
            }
        }
        if self.succeeded.contains(token) && !before.iter().any(|earlier| earlier.robbed) {
            wrong = Some("a refresh token is sent although its successor was written");
        }
        before.push(Presentation { page, fate: Fate::InTheAir, robbed });
        match wrong {
            Some(what) if !robbed && !self.storage_failed => Err(what.to_owned()),
            _ => Ok(()),
        }
    }

    pub(crate) fn hears(&mut self, page: Page, token: &str, word: &Word) {
        let Some(all) = self.presented.get_mut(token) else { return };
        let fate = match word {
            Word::None => Fate::Lost,
            Word::Refused => Fate::Kept,
            Word::Tokens { refresh, .. } if refresh.as_deref().is_none_or(|new| new == token) => Fate::Kept,
            Word::Tokens { .. } | Word::InvalidGrant => Fate::Spent,
        };
        for presentation in all.iter_mut().filter(|p| p.page == page && p.fate == Fate::InTheAir) {
            presentation.fate = fate;
        }
        // The server said what became of it: it stays good, whatever came of it before.
        if fate == Fate::Kept {
            all.retain(|other| {
                other.fate == Fate::InTheAir && !other.robbed && !self.dead.contains(&other.page)
            });
        }
    }

    /// Whether it may be refused for what became of it before.
    pub(crate) fn was_sent_before(&self, token: &str) -> bool {
        self.storage_failed || self.presented.get(token).is_some_and(|all| all.len() > 1)
    }

    /// How many refresh tokens of a grant more than one page has sent.
    pub(crate) fn sent_twice(&self, grant: usize) -> usize {
        let of = |token: &str| crate::properties::grant_of(token) == Some(grant);
        self.presented.iter().filter(|(token, pages)| of(token) && pages.len() > 1).count()
    }

    pub(crate) fn written(&mut self, before: Option<&Stored>, after: Option<&Stored>) {
        let Some(before) = before else {
            self.latest = after.and_then(Stored::grant).or(self.latest);
            return;
        };
        let same_grant = after.is_some_and(|after| after.grant() == before.grant());
        if !same_grant {
            self.removed.extend(before.grant());
            self.latest = after.and_then(Stored::grant).or(self.latest);
            return;
        }
        let (old, new) = (before.refresh_token(), after.and_then(Stored::refresh_token));
        if old != new {
            self.succeeded.extend(old);
        }
    }

    pub(crate) fn read(&mut self, page: Page, record: Option<String>) {
        self.read.insert(page, record);
    }

    pub(crate) fn granted(&mut self, page: Page, there: Option<&Stored>) {
        self.robbed.remove(&page);
        self.at_grant.remove(&page);
        self.at_grant.extend(there.map(|there| (page, there.revision.clone())));
    }

    /// Whether a page that finds another record than the one it knows was told of it when it got the lock.
    pub(crate) fn was_told(&self, page: Page, there: Option<&Stored>) -> bool {
        there.is_some_and(|there| self.at_grant.get(&page) == Some(&there.revision))
    }

    /// The lock was given to somebody else although the page had it.
    pub(crate) fn robbed(&mut self, page: Page) {
        self.robbed.insert(page);
        for presentation in self.presented.values_mut().flatten().filter(|p| p.page == page) {
            presentation.robbed = true;
        }
    }

    pub(crate) fn died(&mut self, page: Page) {
        self.dead.insert(page);
    }
}
