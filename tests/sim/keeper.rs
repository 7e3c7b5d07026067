//! What all tabs share: the sealed record and the lock. It does what the keeper of the package promises, and what
//! browsers make of that on a bad day.

use std::collections::VecDeque;

use tokenward::encoding::json::Json;
use tokenward::engine::input::JobId;
use tokenward::time::Millis;

use crate::tab::Page;

/// How long a tab waits for the lock.
pub(crate) const WAIT_LIMIT: Millis = 10_000;

/// After so long the lock is given back by itself.
pub(crate) const HOLD_LIMIT: Millis = 45_000;

/// How tabs are kept from renewing at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Locks {
    /// Web Locks: a dead holder's is released, a frozen holder's is not.
    #[default]
    Web,
    /// A lease: it runs out, whatever its holder does.
    Lease,
    /// A lease that is given to two at once now and then.
    Racy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) record: String,
    pub(crate) revision: String,
}

impl Stored {
    fn text(&self, name: &str) -> Option<String> {
        text(&self.record, name)
    }

    pub(crate) fn refresh_token(&self) -> Option<String> {
        self.text("refresh_token")
    }

    /// The access token, and when it was requested.
    pub(crate) fn access_token(&self) -> Option<(String, Millis)> {
        Some((self.text("access_token")?, self.text("since")?.parse().ok()?))
    }

    /// Number of the grant at the server: it stands in every token of this world.
    pub(crate) fn grant(&self) -> Option<usize> {
        crate::properties::grant_of(&self.text("access_token")?)
    }

    pub(crate) fn has_journal(&self) -> bool {
        self.text("journal").is_some()
    }
}

pub(crate) fn text(record: &str, name: &str) -> Option<String> {
    Json::parse(record.as_bytes())?.text(name).map(str::to_owned)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    pub(crate) page: Page,
    since: Millis,
}

#[derive(Debug, Default)]
pub(crate) struct Keeper {
    pub(crate) stored: Option<Stored>,
    pub(crate) locks: Locks,
    /// So many jobs of a thousand fail.
    pub(crate) fails: u64,
    /// So many hints of a thousand are lost.
    pub(crate) loses_hints: u64,
    /// Slowest answer.
    pub(crate) slowest: Millis,
    holder: Option<Holder>,
    waiting: VecDeque<(Page, JobId)>,
    writings: u64,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        Self { slowest: 4, ..Self::default() }
    }

    pub(crate) fn holder(&self) -> Option<Page> {
        self.holder.map(|holder| holder.page)
    }

    /// Writes, if what is there is what may be replaced.
    pub(crate) fn save(&mut self, record: String, over: Option<&str>) -> Result<String, Option<Stored>> {
        let there = self.stored.as_ref().map(|stored| stored.revision.as_str());
        if over.is_some() && over != there {
            return Err(self.stored.clone());
        }
        self.writings += 1;
        let revision = format!("r{}", self.writings);
        self.stored = Some(Stored { record, revision: revision.clone() });
        Ok(revision)
    }

    pub(crate) fn remove(&mut self, over: Option<&str>) -> Result<(), Option<Stored>> {
        let there = self.stored.as_ref().map(|stored| stored.revision.as_str());
        if over.is_some() && there.is_some() && over != there {
            return Err(self.stored.clone());
        }
        self.stored = None;
        Ok(())
    }

    /// Takes the lock if it is free, or waits for it. `races`: it is given out although somebody has it. Gives whether
    /// it is had, and who was robbed of it.
    pub(crate) fn lock(&mut self, page: Page, job: JobId, now: Millis, races: bool) -> (bool, Option<Page>) {
        let robbed = self.run_out(now);
        match self.holder {
            Some(holder) if !races || holder.page == page => {
                self.waiting.push_back((page, job));
                (false, robbed)
            }
            before => {
                self.holder = Some(Holder { page, since: now });
                (true, before.map(|holder| holder.page).or(robbed))
            }
        }
    }

    /// A lease, or what the keeper allows a holder.
    fn run_out(&mut self, now: Millis) -> Option<Page> {
        let holder = self.holder.filter(|holder| now - holder.since >= HOLD_LIMIT)?;
        if self.locks == Locks::Web {
            return None;
        }
        self.holder = None;
        Some(holder.page)
    }

    /// The next in line, if the lock is free.
    pub(crate) fn next(&mut self, now: Millis) -> (Option<(Page, JobId)>, Option<Page>) {
        let robbed = self.run_out(now);
        if self.holder.is_some() {
            return (None, robbed);
        }
        let next = self.waiting.pop_front();
        self.holder = next.map(|(page, _)| Holder { page, since: now });
        (next, robbed)
    }

    pub(crate) fn unlock(&mut self, page: Page) {
        if self.holder() == Some(page) {
            self.holder = None;
        }
    }

    /// Somebody waited long enough; gives whether it was waiting.
    pub(crate) fn give_up(&mut self, page: Page, job: JobId) -> bool {
        let at = self.waiting.iter().position(|waiting| *waiting == (page, job));
        at.is_some_and(|at| self.waiting.remove(at).is_some())
    }

    /// A script takes the lock from whoever has it, and lets it go.
    pub(crate) fn steal(&mut self) -> Option<Page> {
        self.holder.take().map(|holder| holder.page)
    }

    pub(crate) fn died(&mut self, page: Page) {
        self.waiting.retain(|(waiting, _)| *waiting != page);
        // A lease does not know that its holder is gone.
        if self.locks == Locks::Web {
            self.unlock(page);
        }
    }
}
