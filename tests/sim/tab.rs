//! One page: a client, the checker that watches it, and what an observer would have seen.

use std::collections::HashMap;

use tokenward::config::Config;
use tokenward::encoding::json::Json;
use tokenward::engine::Engine;
use tokenward::engine::input::OpId;
use tokenward::engine::output::{DeviceCode, Event, Keep, Status};
use tokenward::error::Code;
use tokenward::time::{Millis, Now};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::properties::{Checker, Outcome};
use crate::sabotage::{Sabotage, Saboteur};
use crate::server::{CLIENT, ISSUER};
use crate::world::HOME;

/// Names one page load: answers for an earlier one find nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Page(pub(crate) u32);

#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) checker: Checker,
    /// Authorization URLs that the page went to.
    pub(crate) visits: Vec<String>,
    /// Events in their order.
    pub(crate) events: Vec<(Event, Option<Code>)>,
    /// Snapshots' statuses in their order.
    pub(crate) statuses: Vec<Status>,
    pub(crate) cleaned: Vec<String>,
    /// Codes that were shown to the user.
    pub(crate) codes: Vec<(OpId, DeviceCode)>,
    /// The browser lets nothing of it run.
    pub(crate) frozen: bool,
    pub(crate) page: Page,
    pub(crate) engine: Engine,
    pub(crate) entropy: Chance,
    pub(crate) saboteur: Saboteur,
    /// When it will be woken.
    pub(crate) timer: Option<Millis>,
    /// Pending logins.
    pub(crate) storage: Vec<(String, String)>,
    /// Keys for proofs in its memory.
    pub(crate) keys: Vec<String>,
    /// What it asked of the keeper and has no answer to.
    pub(crate) asked: HashMap<u32, Keep>,
    /// Exchanges and verifications under way.
    pub(crate) busy: u32,
    /// Grants of which the user logged out here. Who closes the page before it does anything did not.
    pub(crate) wants_out: Vec<usize>,
    /// The monotonic clock counts from its birth.
    born: Millis,
}

pub(crate) fn new_engine(options: &str) -> Engine {
    let comma = if options.is_empty() { "" } else { "," };
    let scope = if options.contains("\"scope\"") { "" } else { r#","scope":"openid profile email""# };
    let text = format!(r#"{{"issuer":"{ISSUER}","clientId":"{CLIENT}"{scope}{comma}{options}}}"#);
    let json = Json::parse(text.as_bytes()).expect("options of a scenario are JSON");
    Engine::new(Config::from_options(json, Some(HOME)).expect("options of a scenario are right"))
}

impl Tab {
    pub(crate) fn new(page: Page, seed: u64, options: &str, how: Sabotage, born: Millis) -> Self {
        let sealed = options.contains("sealed");
        Self {
            checker: Checker::new(sealed),
            visits: Vec::new(),
            events: Vec::new(),
            statuses: Vec::new(),
            cleaned: Vec::new(),
            codes: Vec::new(),
            frozen: false,
            page,
            engine: new_engine(options),
            entropy: Chance::new(seed ^ 0x00c0_ffee ^ (u64::from(page.0) << 32)),
            saboteur: Saboteur::new(how),
            timer: None,
            storage: Vec::new(),
            keys: Vec::new(),
            asked: HashMap::new(),
            busy: 0,
            wants_out: Vec::new(),
            born,
        }
    }

    /// The page is loaded anew: storage stays, memory does not.
    pub(crate) fn reload(&mut self, page: Page, options: &str, born: Millis) {
        self.checker.forget_page();
        self.page = page;
        self.timer = None;
        self.frozen = false;
        self.keys.clear();
        self.asked.clear();
        self.busy = 0;
        self.wants_out.clear();
        self.born = born;
        self.engine = new_engine(options);
    }

    pub(crate) fn now(&self, clock: &Clock) -> Now {
        let now = clock.now();
        Now { mono: now.mono.saturating_sub(self.born), ..now }
    }

    // What can be seen.

    pub(crate) fn outcome(&self, op: OpId) -> Option<&Outcome> {
        self.checker.outcome(op)
    }

    pub(crate) fn status(&self) -> Option<Status> {
        Some(self.checker.snapshot.as_ref()?.status)
    }

    /// Whether its session is kept sealed still.
    pub(crate) fn is_sealed(&self) -> bool {
        self.checker.snapshot.as_ref().is_some_and(|snapshot| snapshot.sealed)
    }

    pub(crate) fn timer_is_set(&self) -> bool {
        self.timer.is_some()
    }

    pub(crate) fn count(&self, event: Event) -> usize {
        self.events.iter().filter(|(known, _)| *known == event).count()
    }

    /// Nothing is under way that could need the lock.
    pub(crate) fn is_quiet(&self) -> bool {
        self.busy == 0 && self.asked.is_empty()
    }
}
