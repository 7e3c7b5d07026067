//! How the pages of the world come by what they share, and what goes wrong on the way.

use tokenward::engine::input::{Input, JobId, KeepWord, Kept};
use tokenward::engine::output::Keep;
use tokenward::secret::Secret;

use crate::keeper::{Locks, Stored, WAIT_LIMIT};
use crate::tab::Page;
use crate::world::{Happening, World};

fn kept(word: KeepWord, stored: Option<Stored>) -> Kept {
    let (record, revision) = stored.map(|s| (Secret::new(s.record), s.revision)).unzip();
    Kept { word, record, revision }
}

impl World {
    pub(crate) fn ask_keeper(&mut self, job: JobId, keep: Keep) {
        let (truth, page) = (self.clock.truth, self.page);
        match &keep {
            // The page lets go at once; whoever is next must not wait for storage.
            Keep::Unlock => {
                self.keeper.unlock(page);
                return self.grant_lock();
            }
            Keep::Load => self.checker.looks(truth),
            Keep::Remove { .. } => {
                let now = self.tabs[self.current].now(&self.clock);
                self.checker.removes(now);
            }
            _ => {}
        }
        let copy = match &keep {
            Keep::Load => Keep::Load,
            Keep::Lock => Keep::Lock,
            Keep::Remove { over } => Keep::Remove { over: over.clone() },
            Keep::Save { record, over } => Keep::Save { record: record.duplicate(), over: over.clone() },
            _ => Keep::Unlock,
        };
        if job.0 != 0 {
            self.asked.insert(job.0, copy);
        }
        let after = 1 + self.chance.below(self.keeper.slowest);
        self.push(truth + after, Happening::Keep { page, job, keep });
    }

    fn answer_keep(&mut self, page: Page, job: JobId, kept: Kept) {
        let at = self.clock.truth + self.chance.below(self.keeper.slowest);
        self.push(at, Happening::Kept { page, job, kept });
    }

    /// The keeper does a job of a page that is there still.
    pub(crate) fn keep(&mut self, page: Page, job: JobId, keep: Keep) {
        let fails = self.chance.per_mille(self.keeper.fails);
        let answer = match keep {
            Keep::Store { .. } if self.storage_blocked => Kept::word(KeepWord::Failed),
            Keep::Store { state, record } => {
                self.storage.push((state, record.expose().to_owned()));
                Kept::word(KeepWord::Done)
            }
            Keep::Take { state } => {
                let at = self.storage.iter().position(|(known, _)| *known == state);
                let record = at.map(|at| Secret::new(self.storage.remove(at).1));
                let revision = (!self.storage.is_empty()).then(String::new);
                Kept { word: KeepWord::Done, record, revision }
            }
            Keep::Unlock => return,
            Keep::MakeKey { .. } | Keep::TakeKey { .. } | Keep::KeepKey { .. } | Keep::DropKey { .. } => {
                let is_keeping = matches!(keep, Keep::KeepKey { .. });
                let keys = &mut self.tabs[self.current].keys;
                let kept = match keep {
                    _ if fails && is_keeping => Kept::word(KeepWord::Failed),
                    keep => self.key_store.work(keys, keep),
                };
                if job.0 == 0 {
                    return;
                }
                self.commons.storage_failed |= is_keeping && kept.word == KeepWord::Failed;
                kept
            }
            _ if fails => {
                self.commons.storage_failed = true;
                Kept::word(KeepWord::Failed)
            }
            Keep::Load => kept(KeepWord::Done, self.keeper.stored.clone()),
            Keep::Save { record, over } => {
                let before = self.keeper.stored.clone();
                match self.keeper.save(record.expose().to_owned(), over.as_deref()) {
                    Ok(revision) => {
                        self.commons.written(before.as_ref(), self.keeper.stored.as_ref());
                        self.tell_others(page);
                        Kept { revision: Some(revision), ..Kept::word(KeepWord::Done) }
                    }
                    Err(there) => {
                        self.tally.conflicts += 1;
                        if self.commons.was_told(page, there.as_ref()) {
                            self.checker.fail("what was read under the lock is not known");
                        }
                        kept(KeepWord::Conflict, there)
                    }
                }
            }
            Keep::Remove { over } => {
                let before = self.keeper.stored.clone();
                match self.keeper.remove(over.as_deref()) {
                    Ok(()) => {
                        self.commons.written(before.as_ref(), None);
                        if over.is_some() {
                            self.ended(before.as_ref());
                        } else {
                            self.commons.logged_out.extend(before.as_ref().and_then(Stored::grant));
                            let wanted = std::mem::take(&mut self.wants_out);
                            self.commons.logged_out.extend(wanted);
                        }
                        self.tell_others(page);
                        Kept::word(KeepWord::Done)
                    }
                    Err(there) => kept(KeepWord::Conflict, there),
                }
            }
            Keep::Lock => {
                let races = self.keeper.locks == Locks::Racy && self.chance.per_mille(300);
                let (had, robbed) = self.keeper.lock(page, job, self.clock.truth, races);
                self.robbed(robbed);
                if !had {
                    let at = self.clock.truth + WAIT_LIMIT;
                    self.push(at, Happening::WaitedLongEnough { page, job });
                    return self.grant_lock();
                }
                self.commons.granted(page, self.keeper.stored.as_ref());
                kept(KeepWord::Done, self.keeper.stored.clone())
            }
        };
        self.answer_keep(page, job, answer);
    }

    /// A record was removed for what it says, not by a logout.
    fn ended(&mut self, before: Option<&Stored>) {
        let Some((before, grant)) = before.and_then(|before| Some((before, before.grant()?))) else { return };
        let by_word = self.checker.is_denied(grant, &self.server) || !self.server.grants[grant].alive;
        let by_server = by_word || !self.server.can_be_proven(grant);
        let known = self.checker.session == Some(grant) && !self.wants_out.contains(&grant);
        let refused = self.commons.was_sent_before(&before.refresh_token().unwrap_or_default());
        let lost = self.checker.key_is_lost;
        if known && !by_server && !refused && !lost && before.refresh_token().is_some() {
            self.checker.fail("what is kept is removed for nothing");
        }
        self.commons.ended.insert(grant);
    }

    fn robbed(&mut self, robbed: Option<Page>) {
        if let Some(page) = robbed {
            self.tally.robbed += 1;
            self.commons.robbed(page);
        }
    }

    /// Gives the lock to the next in line, if it is free.
    pub(crate) fn grant_lock(&mut self) {
        let (next, robbed) = self.keeper.next(self.clock.truth);
        self.robbed(robbed);
        if let Some((page, job)) = next {
            self.commons.granted(page, self.keeper.stored.as_ref());
            let answer = kept(KeepWord::Done, self.keeper.stored.clone());
            self.answer_keep(page, job, answer);
        }
    }

    pub(crate) fn waited_long_enough(&mut self, page: Page, job: JobId) {
        if self.keeper.give_up(page, job) {
            self.tally.busy += 1;
            self.answer_keep(page, job, Kept::word(KeepWord::Busy));
        }
    }

    /// A script takes the lock from whoever has it.
    pub(crate) fn steal_lock(&mut self) {
        let robbed = self.keeper.steal();
        self.robbed(robbed);
        self.grant_lock();
    }

    fn tell_others(&mut self, writer: Page) {
        let pages: Vec<_> = self.tabs.iter().map(|tab| tab.page).filter(|page| *page != writer).collect();
        for page in pages {
            if !self.chance.per_mille(self.keeper.loses_hints) {
                let at = self.clock.truth + self.chance.magnitude(1, 50);
                self.push(at, Happening::Hint { page });
            }
        }
    }

    /// The keeper's answer reaches the page.
    pub(crate) fn kept(&mut self, job: JobId, kept: Kept) {
        let tab = &mut self.tabs[self.current];
        let asked = tab.asked.remove(&job.0);
        let read = matches!(
            (&asked, kept.word),
            (Some(Keep::Load | Keep::Lock), KeepWord::Done)
                | (Some(Keep::Save { .. } | Keep::Remove { .. }), KeepWord::Conflict)
        );
        let there = kept.record.as_ref().zip(kept.revision.as_ref()).map(|(record, revision)| Stored {
            record: record.expose().to_owned(),
            revision: revision.clone(),
        });
        let lost = there.as_ref().is_some_and(Stored::has_journal);
        let begins = matches!(asked, Some(Keep::Load)) && lost && tab.checker.session.is_none();
        let under_lock = matches!(asked, Some(Keep::Lock)) && kept.word == KeepWord::Done;
        let kept = tab.saboteur.bend_kept(job, asked.as_ref(), kept);
        if under_lock {
            let told = kept.record.as_ref().map(|record| record.expose().to_owned());
            self.commons.read(tab.page, told);
        }
        let facts = crate::properties::Facts::of(&self.server, &self.clock, tab);
        tab.checker.before(None, false, &facts);
        if read {
            tab.checker.reads(there.as_ref());
        }
        self.handle(Input::Kept(job, kept));
        // The next look at the clock may be too late for the old token.
        let tab = &mut self.tabs[self.current];
        let acts = !tab.is_quiet() || tab.checker.disposed || tab.checker.session.is_none();
        if begins && !acts && !self.commons.storage_failed {
            tab.checker.fail("a journal entry is not acted upon");
        }
    }
}
