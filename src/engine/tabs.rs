//! One session for all tabs: `persistence: 'sealed'`.
//!
//! The record that the keeper holds is the truth, and every writing of it has a revision. Whoever renews holds a
//! lock and has read the record under it; but a lock can be lost, and a login or logout does not wait for one, so
//! every writing but that of a login replaces the one revision its writer knows, or nothing. What other tabs say is
//! a hint to look.

use crate::config::Config;
use crate::encoding::json::Shared;
use crate::error::{Code, Error};
use crate::protocol::dpop::Key;
use crate::protocol::record::Record;
use crate::protocol::token::TokenAnswer;
use crate::secret::Secret;
use crate::time::{Millis, Now};
use crate::{WHOLE, Whole};

use super::input::{Ambient, JobId, KeepWord, Kept, OpId};
use super::output::{Event, Keep, Output, Reply};
use super::refresh::Flight;
use super::session::{AccessToken, Session, Target};
use super::timers::Timer;
use super::{Engine, Job};

/// However many hints come, the record is not looked at more often.
const LOOK_PAUSE: Millis = 300;

/// A tab that finds another one's request under way renews so long after, unless it hears that it was answered: who
/// sent it may be gone, and servers tolerate the old token for a short time only.
const JOURNAL_PATIENCE: Millis = 1_000;

/// A page that was frozen so long between reading the record and using it may have lost the lock.
const STALE: Millis = 5_000;

#[derive(Debug)]
pub(super) struct Tabs {
    /// The session is kept sealed. Not any more once that failed.
    shared: bool,
    /// Which writing of the record is known here.
    revision: Option<String>,
    /// When a token request began that came to no conclusion: one of another tab that is in the record, or one of here.
    journal: Option<Millis>,
    /// The right to renew is held here.
    locked: bool,
    /// It is not needed any more, and is given back once what must be removed is.
    unlocks: bool,
    /// Counts what was asked of the keeper, to tell a look at the record from before it.
    turn: u32,
    /// When the record was looked at.
    looked: Option<Now>,
    /// Keys that are not needed any more.
    keys: Vec<Key>,
}

/// What the keeper was asked for.
#[derive(Debug)]
pub(super) enum Asked {
    /// To look at the record; an operation may wait for it.
    Look { op: Option<OpId>, turn: u32 },
    /// For the right to renew.
    Lock(Box<Flight>),
    /// To write that a token request is about to begin.
    Journal { flight: Box<Flight>, at: Now },
    /// To write the refresh token of an answer, before anything else is done with it.
    Secure(Box<(Box<Flight>, TokenAnswer)>),
    /// To keep the key of a login, without which its record would be worth nothing.
    Key { generation: u32, login: Box<SignedIn> },
    /// To write the session as it is.
    Conclude { generation: u32, login: Option<Box<SignedIn>> },
    /// To remove the record of a session that is over.
    End { generation: u32, error: Error },
    /// To remove whatever is there; a logout may wait for it.
    Forget(Option<OpId>),
}

/// A login that settles when its session is kept.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub(super) op: OpId,
    pub(super) return_to: Option<String>,
}

impl Tabs {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            shared: config.sealed,
            revision: None,
            journal: None,
            locked: false,
            unlocks: false,
            turn: 0,
            looked: None,
            keys: Vec::new(),
        }
    }

    /// A token request came to no conclusion.
    pub(super) fn remember(&mut self, now: Now) {
        self.journal.get_or_insert(now.wall);
    }

    pub(super) fn are_shared(&self) -> bool {
        WHOLE && self.shared
    }
}

impl Engine {
    // Asking.

    fn ask(&mut self, asked: Asked, keep: Keep) {
        let Some(whole) = Whole::HERE else { return };
        self.tabs.turn = self.tabs.turn.wrapping_add(1);
        let job = self.begin(Job::Tabs(asked, whole));
        self.out.push(Output::Keep(job, keep));
    }

    fn load(&mut self, op: Option<OpId>) {
        let turn = self.tabs.turn.wrapping_add(1);
        self.ask(Asked::Look { op, turn }, Keep::Load);
    }

    /// Writes the session over the revision that is known.
    fn save(&mut self, asked: Asked, journal: Option<Millis>) {
        let Some(session) = &self.session else { return };
        let copy = |token: &Option<Secret>| token.as_ref().map(Secret::duplicate);
        let record = Record {
            grant: session.grant.clone(),
            scope: session.scope.clone(),
            resource: session.resource.clone(),
            key: session.key.clone(),
            bound: session.access.bound,
            refresh_token: copy(&session.refresh_token),
            access_token: session.access.token.duplicate(),
            lifetime: session.access.lifetime,
            since: session.access.since.wall,
            id_token: copy(&self.id_token),
            identity: session.identity.clone(),
            claims: None,
            details: session.details.as_deref().cloned(),
            ends_at: session.ends_at,
            journal,
        };
        let (record, over) = (record.to_text(&self.config), self.tabs.revision.clone());
        self.ask(asked, Keep::Save { record, over });
    }

    /// Removes whatever is there.
    pub(super) fn forget(&mut self, op: Option<OpId>) {
        if self.tabs.are_shared() {
            self.tabs.revision = None;
            self.ask(Asked::Forget(op), Keep::Remove { over: None });
        }
    }

    /// Whether that logout waits for the record to be removed.
    pub(super) fn is_forgetting(&self, op: OpId) -> bool {
        self.jobs.iter().any(|(_, job)| matches!(job, Job::Tabs(Asked::Forget(Some(of)), _) if *of == op))
    }

    /// Gives the lock back; not before what must be removed is: the next one would read it.
    pub(super) fn unlock(&mut self) {
        if !WHOLE {
            return;
        }
        let is_removing = self.jobs.iter().any(|(_, job)| matches!(job, Job::Tabs(Asked::Forget(_), _)));
        self.tabs.unlocks = self.tabs.locked && is_removing;
        if self.tabs.locked && !is_removing {
            self.tabs.locked = false;
            self.out.push(Output::Keep(JobId(0), Keep::Unlock));
        }
    }

    /// Nothing can be kept: the session goes on in the memory of this tab, alone. Another must not use the refresh
    /// token that is spent here.
    fn degrade(&mut self) {
        self.forget(None);
        self.unlock();
        self.tabs.shared = false;
        self.timers.clear(Timer::Look);
    }

    /// The session ends or is replaced, and its key with it.
    pub(super) fn drop_key(&mut self) {
        let key = self.session.as_ref().and_then(|session| session.key.clone());
        self.give_up_key(key);
    }

    /// Nothing is proven by that key any more.
    pub(super) fn give_up_key(&mut self, key: Option<Key>) {
        let Some(key) = key else { return };
        self.proofs.forget_key(&key);
        self.tabs.keys.push(key);
    }

    /// Whether the record is gone or replaced will not be heard.
    pub(super) fn keep_keys(&mut self) {
        self.tabs.keys.clear();
    }

    /// Drops keys of sessions that are over, and of logins that came to none; not before the record is gone or replaced: another tab may live by it if
    /// this one does not come so far.
    pub(super) fn drop_keys(&mut self) {
        let is_writing = self.jobs.iter().any(|(_, job)| {
            matches!(
                job,
                Job::Tabs(Asked::Forget(_) | Asked::Key { .. } | Asked::Conclude { login: Some(_), .. }, _)
            )
        });
        if !is_writing {
            for key in std::mem::take(&mut self.tabs.keys) {
                self.out.push(Output::Keep(JobId(0), Keep::DropKey { key }));
            }
        }
    }

    // Looking.

    pub(super) fn restore(&mut self, op: OpId) {
        if self.tabs.are_shared() {
            self.load(Some(op));
        } else {
            self.settle(op, Ok(Reply::Done));
        }
    }

    /// A user may be looking, and time may have passed unnoticed.
    pub(super) fn come_back(&mut self, ambient: &mut Ambient<'_>) {
        self.hurry(ambient);
        self.look(ambient);
    }

    /// Looks at the record, now or soon.
    pub(super) fn look(&mut self, ambient: &Ambient<'_>) {
        if !self.tabs.are_shared() {
            return;
        }
        let since = self.tabs.looked.map_or(LOOK_PAUSE, |at| ambient.now.since(at));
        let is_writing = self.jobs.iter().any(|(_, job)| match job {
            Job::Tabs(asked, _) => !matches!(asked, Asked::Look { .. } | Asked::Lock(_)),
            _ => false,
        });
        // While this tab writes, what it reads may be out of date before it is here.
        let wait = if is_writing { LOOK_PAUSE } else { LOOK_PAUSE.saturating_sub(since) };
        if wait > 0 {
            return self.timers.set(Timer::Look, ambient.now, wait);
        }
        self.tabs.looked = Some(ambient.now);
        self.load(None);
    }

    fn looked(&mut self, ambient: &mut Ambient<'_>, op: Option<OpId>, turn: u32, kept: Kept) {
        if turn != self.tabs.turn {
            self.look(ambient);
        } else if kept.word == KeepWord::Done {
            if self.see(ambient, kept, true) {
                self.serve_waiters(ambient, &Target::default());
            }
        } else if self.session.is_none() {
            // Nothing was spent yet that another tab could use.
            self.tabs.shared = false;
        }
        if let Some(op) = op {
            self.settle(op, Ok(Reply::Done));
        }
    }

    /// What is kept is the truth. Gives whether it brings a new access token to the session there is. `looks`:
    /// nobody asked, and what this tab is about is not disturbed.
    fn see(&mut self, ambient: &mut Ambient<'_>, kept: Kept, looks: bool) -> bool {
        let Kept { record, revision, .. } = kept;
        let known = std::mem::replace(&mut self.tabs.revision, revision);
        let record = record.and_then(|record| Record::from_text(record.expose(), &self.config));
        match (record, &self.session) {
            (Some(record), Some(session)) if record.grant == session.grant => {
                if looks && !self.refresh.is_idle() {
                    self.tabs.revision = known;
                } else if known.is_none() || known != self.tabs.revision {
                    return self.renewed_elsewhere(ambient, record);
                }
            }
            (Some(record), _) => self.signed_in_elsewhere(ambient, record),
            (None, Some(_)) => {
                self.id_token = None;
                self.sign_out();
            }
            (None, None) => {}
        }
        false
    }

    fn access_token(&mut self, now: Now, record: &Record) -> AccessToken {
        AccessToken {
            token: record.access_token.duplicate(),
            bound: record.bound,
            serial: self.serial(),
            lifetime: record.lifetime,
            since: now.ago(record.age(now.wall)),
        }
    }

    fn renewed_elsewhere(&mut self, ambient: &mut Ambient<'_>, record: Record) -> bool {
        let access = self.access_token(ambient.now, &record);
        self.tabs.journal = record.journal;
        let Some(session) = &mut self.session else { return false };
        let is_new = access.token != session.access.token && record.since >= session.access.since.wall;
        session.refresh_token = record.refresh_token;
        session.scope = record.scope;
        session.identity = record.identity;
        session.claims = record.claims.map(Shared::from);
        session.details = record.details.map(Shared::from);
        self.id_token = record.id_token;
        if !is_new {
            // Who fails keeps to its back-off: otherwise two tabs would call each other up again and again.
            if !self.refresh.is_failing() {
                self.schedule(ambient);
                if record.journal.is_some() {
                    let wait = JOURNAL_PATIENCE + ambient.below(JOURNAL_PATIENCE);
                    self.timers.set(Timer::Renew, ambient.now, wait);
                }
            }
            return false;
        }
        self.out.push(Output::Token(Some(access.for_use())));
        session.access = access;
        self.trouble_is_over();
        self.schedule(ambient);
        self.tell(Event::Renewed, None);
        true
    }

    fn signed_in_elsewhere(&mut self, ambient: &mut Ambient<'_>, record: Record) {
        let access = self.access_token(ambient.now, &record);
        self.tabs.journal = record.journal;
        self.id_token = record.id_token;
        self.begin_session(
            ambient,
            Session {
                generation: 0,
                grant: record.grant,
                identity: record.identity,
                claims: record.claims.map(Shared::from),
                details: record.details.map(Shared::from),
                scope: record.scope,
                resource: record.resource,
                key: record.key,
                refresh_token: record.refresh_token,
                access,
                renews_at: None,
                ends_at: record.ends_at,
                narrowed: Vec::new(),
            },
        );
        self.unlock();
        self.recover(ambient);
        self.wait_anew(ambient);
    }

    /// Where a request was begun and its answer lost, the old token is tried again while it is tolerated.
    pub(super) fn recover(&mut self, ambient: &Ambient<'_>) {
        if self.tabs.journal.is_some() {
            self.timers.set(Timer::Renew, ambient.now, 0);
        }
    }

    // Renewing.

    /// A refresh is about to begin: with the right to it, if there are others.
    pub(super) fn depart(&mut self, ambient: &mut Ambient<'_>, flight: Box<Flight>) {
        if self.tabs.are_shared() {
            self.ask(Asked::Lock(flight), Keep::Lock);
        } else {
            self.send_flight(ambient, flight);
        }
    }

    /// The new refresh token is in the session; it is written before the answer is judged.
    pub(super) fn secure(&mut self, ambient: &mut Ambient<'_>, flight: Box<Flight>, answer: TokenAnswer) {
        self.tabs.journal = None;
        if self.tabs.are_shared() {
            self.save(Asked::Secure(Box::new((flight, answer))), None);
        } else {
            self.judge_refresh(ambient, flight, answer);
        }
    }

    /// The session is as it shall be: it is written. Until then nothing new begins.
    pub(super) fn conclude(&mut self, login: Option<SignedIn>) {
        let Some(login) = login else { return self.conclude_with(None) };
        let key = self.session.as_ref().and_then(|session| session.key.clone());
        match key.filter(|_| self.tabs.are_shared()) {
            Some(key) => {
                self.refresh.await_keeper();
                let (generation, login) = (self.generation, Box::new(login));
                self.ask(Asked::Key { generation, login }, Keep::KeepKey { key });
            }
            None => self.conclude_with(Some(Box::new(login))),
        }
    }

    fn conclude_with(&mut self, login: Option<Box<SignedIn>>) {
        // A login replaces whatever is there.
        if login.is_some() {
            self.tabs.revision = None;
            self.tabs.journal = None;
        }
        if self.tabs.are_shared() {
            self.refresh.await_keeper();
            // Without the lock, another tab's request may be under way.
            let journal = self.tabs.journal;
            self.save(Asked::Conclude { generation: self.generation, login }, journal);
        } else if let Some(login) = login {
            self.signed_in(*login);
        }
    }

    /// The session is kept, or not: what had to wait for that goes on.
    fn concluded(&mut self, ambient: &mut Ambient<'_>) {
        self.schedule(ambient);
        self.recover(ambient);
        self.rest();
        self.refresh_for_waiters(ambient);
    }

    fn signed_in(&mut self, login: SignedIn) {
        self.settle(login.op, Ok(Reply::SignedIn { return_to: login.return_to }));
    }

    /// The session is over, unless it went on elsewhere.
    pub(super) fn finish(&mut self, error: Error) {
        if self.tabs.are_shared() {
            self.refresh.await_keeper();
            let over = self.tabs.revision.clone();
            self.ask(Asked::End { generation: self.generation, error }, Keep::Remove { over });
        } else {
            self.end_session(error);
        }
    }

    // Answers.

    pub(super) fn keeper_answered(&mut self, ambient: &mut Ambient<'_>, asked: Asked, kept: Kept) {
        let word = kept.word;
        let generation = match &asked {
            Asked::Look { .. } | Asked::Forget(_) => self.generation,
            Asked::Lock(flight) => {
                // One that was asked for before, in vain, does not take away what is there.
                if word == KeepWord::Done {
                    self.tabs.locked = true;
                    self.tabs.unlocks = false;
                }
                // What was looked at before it was granted may be older.
                self.tabs.turn = self.tabs.turn.wrapping_add(1);
                flight.generation
            }
            Asked::Journal { flight, .. } => flight.generation,
            Asked::Secure(both) => both.0.generation,
            Asked::Key { generation, .. }
            | Asked::Conclude { generation, .. }
            | Asked::End { generation, .. } => *generation,
        };
        if generation != self.generation {
            return self.answered_late(asked, kept);
        }
        match asked {
            Asked::Look { op, turn } => self.looked(ambient, op, turn, kept),
            Asked::Forget(op) => {
                // What could not be removed must not be found again.
                self.tabs.shared &= word != KeepWord::Failed;
                // A request that began since is sent under the same lock.
                if self.tabs.unlocks {
                    self.unlock();
                }
                if let Some(op) = op {
                    self.leaves_sooner(op);
                }
            }
            Asked::Lock(flight) | Asked::Journal { flight, .. } if word == KeepWord::Failed => {
                self.degrade();
                self.send_flight(ambient, flight);
            }
            Asked::Lock(flight) if word == KeepWord::Done => self.locked(ambient, flight, kept),
            Asked::Lock(_) => self.contended(ambient, false),
            Asked::Journal { flight, at } if word == KeepWord::Done => {
                self.tabs.revision = kept.revision;
                if ambient.now.since(at) > STALE {
                    return self.contended(ambient, true);
                }
                self.send_flight(ambient, flight);
            }
            Asked::Journal { .. } => {
                let renewed = self.see(ambient, kept, false);
                self.overtaken(ambient, generation, renewed);
            }
            Asked::Secure(both) if word == KeepWord::Conflict && self.is_behind(&kept, &both.0) => {
                self.tabs.revision = kept.revision;
                self.save(Asked::Secure(both), None);
            }
            Asked::Secure(both) => {
                let renewed = self.written(ambient, kept);
                if generation != self.generation {
                } else if renewed {
                    self.served(ambient);
                } else {
                    let (flight, answer) = *both;
                    self.judge_refresh(ambient, flight, answer);
                }
            }
            // The tokens are bound all the same, to a key that no other tab will find.
            Asked::Key { login, .. } => {
                if word != KeepWord::Done {
                    self.degrade();
                    self.concluded(ambient);
                }
                self.conclude_with(Some(login));
            }
            Asked::Conclude { login, .. } => {
                self.written(ambient, kept);
                if generation == self.generation {
                    self.concluded(ambient);
                }
                if let Some(login) = login {
                    self.signed_in(*login);
                }
            }
            Asked::End { .. } if word == KeepWord::Conflict && kept.record.is_some() => {
                let renewed = self.see(ambient, kept, false);
                self.overtaken(ambient, generation, renewed);
            }
            Asked::End { error, .. } => {
                self.tabs.revision = None;
                self.tabs.shared &= word != KeepWord::Failed;
                self.end_session(error);
            }
        }
    }

    /// The session that this was for is over, or another one began.
    fn answered_late(&mut self, asked: Asked, kept: Kept) {
        match asked {
            Asked::Lock(_) if kept.word == KeepWord::Done => return self.unlock(),
            Asked::Lock(_) => return,
            Asked::Conclude { login: Some(login), .. } => self.refuse(login.op, Error::new(Code::Aborted)),
            // Its key was dropped with the session.
            Asked::Key { login, .. } => return self.refuse(login.op, Error::new(Code::Aborted)),
            Asked::End { .. } => return,
            _ => {}
        }
        // Logout wins, also when the keeper comes to it before it comes to the writing.
        if kept.word == KeepWord::Done {
            self.ask(Asked::Forget(None), Keep::Remove { over: kept.revision });
        }
    }

    /// The record was read under the lock.
    fn locked(&mut self, ambient: &mut Ambient<'_>, flight: Box<Flight>, kept: Kept) {
        let renewed = self.see(ambient, kept, false);
        let Some(session) = self.session.as_ref().filter(|s| s.generation == flight.generation) else {
            return;
        };
        let serves = session.access.serves(self.config.min_validity, ambient.now);
        if renewed && serves && flight.target.is_main() {
            return self.served(ambient);
        }
        self.refresh.await_answer();
        self.timers.clear(Timer::Renew);
        let at = ambient.now;
        self.save(Asked::Journal { flight, at }, Some(at.wall));
    }

    /// Nothing is under way any more.
    pub(super) fn rest(&mut self) {
        self.refresh.come_to_rest();
        self.unlock();
    }

    /// Whoever waits for a new token gets what another tab brought.
    fn served(&mut self, ambient: &mut Ambient<'_>) {
        self.rest();
        self.serve_waiters(ambient, &Target::default());
    }

    /// Somebody else is at it, or was.
    fn overtaken(&mut self, ambient: &mut Ambient<'_>, generation: u32, renewed: bool) {
        if generation != self.generation {
        } else if renewed {
            self.served(ambient);
        } else {
            self.contended(ambient, true);
        }
    }

    fn contended(&mut self, ambient: &mut Ambient<'_>, soon: bool) {
        self.trouble(ambient, Error::new(Code::LockBusy), None, soon);
    }

    /// Whether what is kept is from before the answer, although somebody wrote it: the lock was lost, and another tab
    /// sends the same refresh token. What the answer brought is newer.
    fn is_behind(&self, kept: &Kept, flight: &Flight) -> bool {
        let text = kept.record.as_ref().map(Secret::expose);
        let record = text.and_then(|text| Record::from_text(text, &self.config));
        record.zip(self.session.as_ref()).is_some_and(|(record, session)| {
            record.grant == session.grant && record.refresh_token == flight.token
        })
    }

    /// What a token answer brought was written, or not. Gives whether another tab brought a newer access token.
    fn written(&mut self, ambient: &mut Ambient<'_>, kept: Kept) -> bool {
        match kept.word {
            KeepWord::Done => self.tabs.revision = kept.revision,
            KeepWord::Conflict => {
                let generation = self.generation;
                let token =
                    self.session.as_ref().and_then(|s| s.refresh_token.as_ref()).map(Secret::duplicate);
                let renewed = self.see(ambient, kept, false);
                // A login or logout came between: what was renewed is nobody's.
                if let Some(token) = token.filter(|_| generation != self.generation) {
                    self.revoke_quietly(&token);
                }
                return renewed;
            }
            _ => self.degrade(),
        }
        false
    }
}
