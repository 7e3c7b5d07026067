//! The world: pages with their clients, what they share, one server, a network between them, and time.
//!
//! A page of this world calls its engine as the browser shell does: one input, all outputs, then the
//! next input. Everything else that happens is in one queue, in the order of true time.
//!
//! One page is the current one: the world behaves as if it were that page, and with one page it is.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use tokenward::encoding::form;
use tokenward::encoding::json::Json;
use tokenward::engine::input::{Ambient, Call, Input, JobId, Kept, OpId, Verdict};
use tokenward::engine::output::{Event, Keep, Output, Renewal, Reply, Status};
use tokenward::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, HttpResult, Purpose};
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::commons::Commons;
use crate::keeper::Keeper;
use crate::keys::KeyStore;
use crate::network::{Back, Fate, KEYS_CACHED_FOR, Network, garbled};
use crate::properties::{Facts, Kind, Said, Sent, Tally, Wish, grant_of};
use crate::sabotage::Sabotage;
use crate::server::{self, Arrival, ISSUER, Policy, Rotation, Server, Word};
use crate::tab::{Page, Tab};
use crate::trace::Trace;

pub(crate) const HOME: &str = "https://app.example.com/";

/// What a world starts from.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) policy: Policy,
    /// Members of the client's options, as JSON, beside those every client has.
    pub(crate) options: &'static str,
    pub(crate) wall_ahead: i64,
    pub(crate) traced: bool,
    pub(crate) sabotage: Sabotage,
}

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A request reaches the server.
    Arrive { page: Page, job: JobId, request: Box<Arrival>, sent: Sent, back: Back },
    /// An exchange ends at the page.
    Answer { page: Page, job: JobId, request: Box<Arrival>, sent: Sent, result: HttpResult, word: Word },
    /// A verification ends.
    Verified { page: Page, job: JobId, verdict: Verdict },
    /// The keeper comes to a job.
    Keep { page: Page, job: JobId, keep: Keep },
    /// The keeper's answer reaches the page.
    Kept { page: Page, job: JobId, kept: Kept },
    /// The page has waited for the lock as long as it may.
    WaitedLongEnough { page: Page, job: JobId },
    /// Another page says that something changed.
    Hint { page: Page },
}

impl Happening {
    fn is_exchange(&self) -> bool {
        matches!(self, Self::Arrive { .. } | Self::Answer { .. })
    }

    /// The page where it happens; none if it is elsewhere.
    fn page(&self) -> Option<Page> {
        match self {
            Self::Arrive { .. } | Self::WaitedLongEnough { .. } => None,
            Self::Answer { page, .. }
            | Self::Verified { page, .. }
            | Self::Keep { page, .. }
            | Self::Kept { page, .. }
            | Self::Hint { page } => Some(*page),
        }
    }

    /// An exchange whose connection is gone.
    fn broken_off(self) -> Self {
        match self {
            Self::Arrive { page, job, request, sent, .. } | Self::Answer { page, job, request, sent, .. } => {
                let result = Err(HttpFailure::NoAnswer);
                Self::Answer { page, job, request, sent, result, word: Word::None }
            }
            other => other,
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) server: Server,
    pub(crate) network: Network,
    pub(crate) trace: Trace,
    pub(crate) keeper: Keeper,
    pub(crate) commons: Commons,
    pub(crate) tabs: Vec<Tab>,
    /// Which of them the world behaves as.
    pub(crate) current: usize,
    /// What happened in tabs that are closed.
    pub(crate) tally: Tally,
    /// How late timers are at most.
    pub(crate) lateness: Millis,
    /// The browser refuses to store.
    pub(crate) storage_blocked: bool,
    pub(crate) key_store: KeyStore,
    /// How many connections of a thousand break in sleep.
    pub(crate) breaks_in_sleep: u64,
    seed: u64,
    options: &'static str,
    sabotage: Sabotage,
    next_page: u32,
    queue: BTreeMap<(Millis, u64), Happening>,
    order: u64,
    next_op: u32,
    asleep_until: Option<Millis>,
    refresh_sends: Vec<Millis>,
    key_sends: usize,
}

impl Deref for World {
    type Target = Tab;

    fn deref(&self) -> &Tab {
        &self.tabs[self.current]
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.current]
    }
}

/// A request as the server will see it.
pub(crate) fn arrival(request: &HttpRequest) -> Arrival {
    let form = request.form.as_ref().and_then(|form| form::parse(form.expose())).unwrap_or_default();
    let bearer = request.bearer.as_ref().map(|bearer| bearer.expose().to_owned());
    let proof = request.proof.clone();
    let renews = request.caching == Caching::Renew;
    Arrival { purpose: request.purpose, form, bearer, proof, renews }
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let clock = Clock::new(setup.wall_ahead);
        let trace = if setup.traced { Trace::on(clock.truth) } else { Trace::default() };
        let Setup { seed, options, sabotage, .. } = setup;
        let mut world = Self {
            chance: Chance::new(seed),
            server: Server::new(setup.policy),
            network: Network::new(),
            trace,
            clock,
            keeper: Keeper::new(),
            commons: Commons::default(),
            tabs: Vec::new(),
            current: 0,
            tally: Tally::default(),
            lateness: 4,
            storage_blocked: false,
            key_store: KeyStore::default(),
            breaks_in_sleep: 500,
            seed,
            options,
            sabotage,
            next_page: 0,
            queue: BTreeMap::new(),
            order: 0,
            next_op: 0,
            asleep_until: None,
            refresh_sends: Vec::new(),
            key_sends: 0,
        };
        world.open();
        world
    }

    // Pages.

    fn page(&mut self) -> Page {
        self.next_page += 1;
        Page(self.next_page)
    }

    /// Opens a page; it is the current one.
    pub(crate) fn open(&mut self) {
        let page = self.page();
        let born = if self.tabs.is_empty() { 0 } else { self.clock.now().mono };
        let tab = Tab::new(page, self.seed, self.options, self.sabotage, born);
        self.tabs.push(tab);
        self.current = self.tabs.len() - 1;
        self.begin();
    }

    fn begin(&mut self) {
        self.trace.add(self.clock.truth, || "page begins".to_owned());
        self.drain();
        if !self.network.online {
            self.feed(Input::Online(false));
        }
    }

    /// The page is loaded anew: storage stays, memory does not, nobody hears the answers.
    pub(crate) fn reload(&mut self) {
        self.trace.add(self.clock.truth, || "page is loaded anew".to_owned());
        self.checker.tally.reloads += 1;
        let (page, options, born) = (self.page(), self.options, self.clock.now().mono);
        self.died();
        self.tabs[self.current].reload(page, options, born);
        self.begin();
    }

    /// The page is gone, at whatever it was.
    pub(crate) fn kill(&mut self) {
        self.trace.add(self.clock.truth, || "page is gone".to_owned());
        self.died();
        let tab = self.tabs.remove(self.current);
        self.tally.add(&tab.checker.tally);
        self.current = 0;
    }

    fn died(&mut self) {
        let page = self.tabs[self.current].page;
        self.commons.died(page);
        self.keeper.died(page);
        self.grant_lock();
    }

    pub(crate) fn freeze(&mut self) {
        self.trace.add(self.clock.truth, || "page freezes".to_owned());
        self.tabs[self.current].frozen = true;
    }

    pub(crate) fn thaw(&mut self) {
        self.trace.add(self.clock.truth, || "page thaws".to_owned());
        self.tabs[self.current].frozen = false;
        self.resume();
    }

    /// What does not hold.
    pub(crate) fn violation(&self) -> Option<&String> {
        self.tabs.iter().find_map(|tab| tab.checker.violation.as_ref())
    }

    // What the page does.

    pub(crate) fn call(&mut self, kind: Kind, call: Call) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        let tab = &mut self.tabs[self.current];
        let facts = Facts::of(&self.server, &self.clock, tab);
        if matches!(kind, Kind::Logout | Kind::Revoke) && !tab.checker.disposed {
            tab.wants_out.extend(tab.checker.session);
        }
        tab.checker.called(op, kind, &facts);
        self.feed(Input::Call(op, call));
        op
    }

    pub(crate) fn restore_session(&mut self) -> OpId {
        self.call(Kind::Restore, Call::Restore)
    }

    pub(crate) fn login(&mut self, args: &str) -> OpId {
        self.call(Kind::Login, Call::Login(json(args)))
    }

    pub(crate) fn come_back(&mut self, url: &str) -> OpId {
        let said = |name: &str| url.split(['?', '&']).find_map(|part| part.strip_prefix(name));
        let kind = match (said("code=").and_then(grant_of), said("error=")) {
            _ if !is_check(url) => Kind::Redirect,
            (Some(grant), _) => Kind::Check(Said::Somebody(grant)),
            (None, Some("login_required")) => Kind::Check(Said::Nobody),
            _ => Kind::Check(Said::Nothing),
        };
        self.call(kind, Call::HandleRedirect { url: url.to_owned() })
    }

    /// The user finishes the login that was begun last, at the server; gives the callback.
    pub(crate) fn user_logs_in(&mut self) -> String {
        let url = self.visits.pop().expect("a login was begun");
        self.server.authorize(&url, self.clock.truth)
    }

    pub(crate) fn get_token(&mut self, args: &str) -> OpId {
        self.get_token_as(args, Wish { min_validity: 10_000, ..Wish::default() })
    }

    pub(crate) fn get_token_as(&mut self, args: &str, wish: Wish) -> OpId {
        self.call(Kind::Token(wish), Call::GetToken(json(args)))
    }

    /// What `auth.fetch` asks before it sends, and after it got an answer.
    pub(crate) fn proof(&mut self, args: &str) -> OpId {
        self.call(Kind::Proof, Call::Proof(json(args)))
    }

    /// What `auth.fetch` asks when an API refuses a request.
    pub(crate) fn step_up(&mut self, challenge: &str) -> OpId {
        let args = Json::Object(vec![("challenge".into(), Json::String(challenge.to_owned()))]);
        self.call(Kind::StepUp, Call::StepUp(args))
    }

    pub(crate) fn userinfo(&mut self) -> OpId {
        self.call(Kind::Userinfo, Call::Userinfo)
    }

    pub(crate) fn login_with_device(&mut self, args: &str) -> OpId {
        self.call(Kind::Device, Call::LoginWithDevice(json(args)))
    }

    pub(crate) fn exchange_token(&mut self, args: &str) -> OpId {
        self.call(Kind::Exchange, Call::ExchangeToken(json(args)))
    }

    pub(crate) fn logout(&mut self, args: &str) -> OpId {
        self.call(Kind::Logout, Call::Logout(json(args)))
    }

    pub(crate) fn revoke(&mut self) -> OpId {
        self.call(Kind::Revoke, Call::Revoke)
    }

    pub(crate) fn cancel(&mut self, op: OpId) {
        self.feed(Input::Cancel(op));
    }

    pub(crate) fn dispose(&mut self) {
        // What it had begun is nobody's any more.
        let page = self.page;
        self.commons.died(page);
        self.checker.disposing();
        self.feed(Input::Dispose);
    }

    /// Something that no browser would do.
    pub(crate) fn inject(&mut self, input: Input) {
        self.feed(input);
    }

    // What happens to the page.

    pub(crate) fn resume(&mut self) {
        self.feed(Input::Resumed);
    }

    pub(crate) fn restore(&mut self) {
        self.feed(Input::Restored);
    }

    pub(crate) fn tick(&mut self) {
        self.feed(Input::Tick);
    }

    /// The browser loses or finds its network; what is on its way may be lost with it.
    pub(crate) fn set_online(&mut self, online: bool) {
        if self.network.online == online {
            return;
        }
        self.network.online = online;
        if !online {
            self.tally.offline += 1;
            let keys: Vec<_> = self.queue.keys().copied().collect();
            for key in keys {
                if self.chance.per_mille(500) {
                    self.break_off(key);
                }
            }
        }
        self.each_tab(|world| world.feed(Input::Online(online)));
    }

    /// Does something as every page there is.
    pub(crate) fn each_tab(&mut self, mut act: impl FnMut(&mut Self)) {
        let current = self.current;
        for at in 0..self.tabs.len() {
            self.current = at;
            act(self);
        }
        self.current = current;
    }

    fn break_off(&mut self, key: (Millis, u64)) {
        if let Some(happening) = self.queue.remove(&key) {
            let soon = self.clock.truth + self.chance.below(10);
            let at = if happening.is_exchange() { soon } else { key.0 };
            self.queue.insert((at, key.1), happening.broken_off());
        }
    }

    /// The device sleeps: the server goes on, the page does not.
    pub(crate) fn sleep(&mut self, time: Millis, mono_stands_still: bool) {
        self.trace.add(self.clock.truth, || format!("device sleeps for {time} ms"));
        self.tally.sleeps += 1;
        let until = self.clock.truth + time;
        self.asleep_until = Some(until);
        self.run_until(until);
        self.asleep_until = None;
        self.clock.truth = until;
        self.clock.woke(time, mono_stands_still);
        for tab in &mut self.tabs {
            let Some(due) = tab.timer else { continue };
            // Timers that ran out in sleep fire soon after; others may have stood still too.
            let late = if mono_stands_still { due + time } else { due };
            tab.timer = Some(late.clamp(until, until + self.chance.between(1, 1000)));
        }
        self.trace.add(self.clock.truth, || "device wakes".to_owned());
    }

    pub(crate) fn jump(&mut self, by: i64) {
        self.trace.add(self.clock.truth, || format!("wall clock jumps by {by} ms"));
        self.tally.jumps += 1;
        self.clock.jump(by);
    }

    // Time.

    pub(crate) fn run_for(&mut self, time: Millis) {
        let until = self.clock.truth + time;
        self.run_until(until);
        self.clock.truth = until.max(self.clock.truth);
    }

    /// Runs until something holds; `false` if it does not within the time.
    pub(crate) fn run_while(&mut self, limit: Millis, mut goes_on: impl FnMut(&Self) -> bool) -> bool {
        let until = self.clock.truth + limit;
        while goes_on(self) {
            if self.violation().is_some() || !self.step(until) {
                return !goes_on(self);
            }
        }
        true
    }

    fn run_until(&mut self, until: Millis) {
        while self.violation().is_none() && self.step(until) {}
    }

    /// The next thing, if it happens in time; otherwise time is up.
    fn step(&mut self, until: Millis) -> bool {
        let next = self.queue.keys().next().map(|(at, _)| *at);
        let awake = self.tabs.iter().enumerate().filter(|(_, tab)| !tab.frozen);
        let timers = awake.filter_map(|(at, tab)| Some((tab.timer?, at)));
        let timer = timers.min().filter(|_| self.asleep_until.is_none());
        let due = timer.map(|(due, _)| due);
        let Some(at) = next.into_iter().chain(due).min().filter(|at| *at <= until) else {
            self.clock.truth = until.max(self.clock.truth);
            return false;
        };
        self.clock.truth = at.max(self.clock.truth);
        match timer {
            Some((due, tab)) if due == at && next.is_none_or(|next| next > at) => {
                self.tabs[tab].timer = None;
                self.as_tab(tab, |world| world.feed(Input::Tick));
            }
            _ => {
                if let Some(((_, order), happening)) = self.queue.pop_first() {
                    self.happen(order, happening);
                }
            }
        }
        true
    }

    fn as_tab<T>(&mut self, tab: usize, act: impl FnOnce(&mut Self) -> T) -> T {
        let current = std::mem::replace(&mut self.current, tab);
        let out = act(self);
        self.current = current;
        out
    }

    fn tab_of(&self, page: Page) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.page == page)
    }

    fn happen(&mut self, order: u64, happening: Happening) {
        if let Happening::Arrive { page, job, request, sent, back } = happening {
            return self.arrive(page, job, request, sent, back);
        }
        if let Happening::WaitedLongEnough { page, job } = happening {
            return self.waited_long_enough(page, job);
        }
        // A page that is gone hears nothing, and does nothing more.
        let Some(tab) = happening.page().and_then(|page| self.tab_of(page)) else { return };
        if let Some(until) = self.asleep_until {
            // The page hears of it when it wakes, if the connection lived so long.
            let later = until + 1 + self.chance.below(50);
            let breaks = happening.is_exchange() && self.chance.per_mille(self.breaks_in_sleep);
            let happening = if breaks { happening.broken_off() } else { happening };
            self.queue.insert((later, order), happening);
            return;
        }
        // What was asked of storage before is done; that it is done is heard later.
        if self.tabs[tab].frozen && !matches!(happening, Happening::Keep { .. }) {
            self.queue.insert((self.clock.truth + 500, order), happening);
            return;
        }
        self.as_tab(tab, |world| match happening {
            Happening::Answer { job, request, sent, result, word, .. } => {
                world.answer(job, &request, sent, result, word);
            }
            Happening::Verified { job, verdict, .. } => {
                world.tabs[tab].busy -= 1;
                world.feed(Input::Verified(job, verdict));
            }
            Happening::Keep { page, job, keep } => world.keep(page, job, keep),
            Happening::Kept { job, kept, .. } => world.kept(job, kept),
            Happening::Hint { .. } => world.feed(Input::Hint),
            Happening::Arrive { .. } | Happening::WaitedLongEnough { .. } => {}
        });
    }

    fn arrive(&mut self, page: Page, job: JobId, request: Box<Arrival>, sent: Sent, back: Back) {
        let (response, word) = self.server.act(&request, self.clock.truth);
        self.trace.add(self.clock.truth, || {
            let what = request.field("grant_type").unwrap_or_default();
            format!("    server: {:?} {what} -> {} {word:?}, {back:?}", request.purpose, response.status)
        });
        match request.purpose {
            Purpose::Keys => self.network.cached_keys = Some((self.clock.truth, response.body.clone())),
            Purpose::Discovery => self.network.cached_metadata = Some(response.body.clone()),
            _ => {}
        }
        let (after, result, word) = match back {
            Back::Arrives { after } => (after, Ok(response), word),
            Back::Lost { after, how } => (after, Err(how), Word::None),
            Back::Garbled { after, html } => (after, Ok(garbled(response, html)), Word::None),
        };
        self.push(self.clock.truth + after, Happening::Answer { page, job, request, sent, result, word });
    }

    fn answer(&mut self, job: JobId, request: &Arrival, sent: Sent, result: HttpResult, word: Word) {
        let tab = &mut self.tabs[self.current];
        tab.busy -= 1;
        let facts = Facts::of(&self.server, &self.clock, tab);
        tab.checker.before(None, false, &facts);
        if !tab.checker.disposed {
            let body = result.as_ref().ok().map(|response| response.body.as_slice());
            let retry_after = result.as_ref().ok().and_then(HttpResponse::retry_after_ms);
            tab.checker.asked_to_wait(request, retry_after, &facts);
            tab.checker.hears(request, &word, &sent, body);
            if let Some(token) = request.refresh_token() {
                self.commons.hears(tab.page, token, &word);
            }
        }
        let readable = matches!(&result, Ok(response) if response.status == 200
            && response.is_json() && Json::parse(&response.body).is_some());
        if request.purpose == Purpose::Keys && request.renews && !readable {
            tab.checker.keys_stay_old();
        }
        self.handle(Input::Http(job, result));
    }

    // The client.

    pub(crate) fn feed(&mut self, input: Input) {
        let tab = &mut self.tabs[self.current];
        let facts = Facts::of(&self.server, &self.clock, tab);
        let call = match &input {
            Input::Call(_, call) => Some(call),
            _ => None,
        };
        tab.checker.before(call, matches!(input, Input::Tick), &facts);
        self.handle(input);
    }

    pub(crate) fn handle(&mut self, input: Input) {
        let tab = &mut self.tabs[self.current];
        self.trace.add(self.clock.truth, || format!("{} -> {input:?}", tab.page.0));
        let now = tab.now(&self.clock);
        tab.engine.handle(Ambient { now, entropy: &mut tab.entropy }, input);
        self.drain();
        let tab = &mut self.tabs[self.current];
        let facts = Facts::of(&self.server, &self.clock, tab);
        tab.checker.after(&facts);
        if self.keeper.holder() == Some(tab.page) && tab.is_quiet() && !tab.checker.disposed {
            tab.checker.fail("the lock is held for nothing");
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            for output in self.saboteur.bend(output) {
                let tab = &mut self.tabs[self.current];
                self.trace.add(self.clock.truth, || match &output {
                    Output::Session(s) => {
                        format!(
                            "{}   <- Session {:?} {:?} {:?}",
                            tab.page.0, s.status, s.renewal, s.last_error
                        )
                    }
                    output => format!("{}   <- {output:?}", tab.page.0),
                });
                let facts = Facts::of(&self.server, &self.clock, tab);
                if matches!(output, Output::Event(Event::SessionExpired, _)) {
                    self.commons.ended.extend(tab.checker.session);
                }
                tab.checker.output(&output, &facts);
                self.perform(output);
            }
        }
    }

    fn perform(&mut self, output: Output) {
        let truth = self.clock.truth;
        let page = self.page;
        match output {
            Output::Send(job, request) => self.send(job, &request),
            Output::Verify(job, verification) => {
                let verdict = server::verify(&verification);
                let at = truth + self.chance.below(4);
                self.busy += 1;
                self.push(at, Happening::Verified { page, job, verdict });
            }
            Output::Keep(job, keep) => self.ask_keeper(job, keep),
            Output::Wake(wait) => {
                let late = self.chance.below(self.lateness + 1);
                self.timer = wait.map(|wait| truth + wait + late);
            }
            Output::Settle(op, Ok(Reply::Navigate(url))) => {
                if url.starts_with(&format!("{ISSUER}/authorize")) {
                    self.visits.push(url);
                }
                debug_assert!(self.checker.outcome(op).is_some() || self.checker.violation.is_some());
            }
            Output::Event(event, error) => self.events.push((event, error.map(|error| error.code))),
            Output::Session(snapshot) => self.statuses.push(snapshot.status),
            Output::CleanUrl(url) => self.cleaned.push(url),
            Output::Device(op, code) => self.codes.push((op, code)),
            Output::Settle(..) | Output::Token(_) => {}
        }
    }

    fn send(&mut self, job: JobId, request: &HttpRequest) {
        let truth = self.clock.truth;
        let tab = &mut self.tabs[self.current];
        let page = tab.page;
        tab.busy += 1;
        let sent = Sent { now: tab.now(&self.clock), truth, logouts: tab.checker.logouts };
        let arrival = Box::new(arrival(request));
        if let Some(token) = arrival.refresh_token() {
            self.refresh_sends.push(truth);
            // Where tokens are not rotated it does not matter who sends them.
            let rotates = matches!(self.server.policy.rotation, Rotation::Always | Rotation::Grace(_));
            match self.commons.presents(page, token) {
                Err(what) if rotates => tab.checker.fail(what),
                _ => {}
            }
        }
        let keys = &mut self.tabs[self.current].keys;
        if request.proof.as_ref().is_some_and(|proof| !self.key_store.proves(keys, &proof.key)) {
            // A page that has not heard of it yet: the key goes with the record.
            let grant = self.tabs[self.current].checker.session;
            let is_over = grant.is_some_and(|grant| self.commons.removed.contains(&grant));
            let forgivable = is_over || self.key_store.loses || self.commons.storage_failed;
            let checker = &mut self.tabs[self.current].checker;
            checker.key_is_lost = true;
            checker.require(forgivable, || "the key of a living session was dropped".to_owned());
            let (result, word) = (Err(HttpFailure::NoProof), Word::None);
            let answer = Happening::Answer { page, job, request: arrival, sent, result, word };
            return self.push(truth + 1, answer);
        }
        if let Some(body) = self.cached(request) {
            let result = Ok(server::response(200, "application/json", body));
            let word = Word::None;
            let answer = Happening::Answer { page, job, request: arrival, sent, result, word };
            return self.push(truth + 1, answer);
        }
        if request.purpose == Purpose::Keys {
            self.key_sends += 1;
        }
        let fate = self.network.fate(&mut self.chance, request.purpose, request.timeout);
        let (after, result) = match fate {
            Fate::Reaches { after, back } => {
                let arrive = Happening::Arrive { page, job, request: arrival, sent, back };
                return self.push(truth + after, arrive);
            }
            Fate::Fails { after, how } => (after, Err(how)),
            Fate::Intercepted { after, response } => (after, Ok(response)),
        };
        let word = Word::None;
        self.push(truth + after, Happening::Answer { page, job, request: arrival, sent, result, word });
    }

    fn cached(&self, request: &HttpRequest) -> Option<Vec<u8>> {
        match (request.purpose, request.caching) {
            (Purpose::Keys, Caching::Normal) => {
                let (stored, body) = self.network.cached_keys.as_ref()?;
                (self.clock.truth - stored < KEYS_CACHED_FOR).then(|| body.clone())
            }
            (Purpose::Discovery, Caching::PreferStored) => self.network.cached_metadata.clone(),
            _ => None,
        }
    }

    pub(crate) fn push(&mut self, at: Millis, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    // What can be seen.

    pub(crate) fn options(&self) -> &'static str {
        self.options
    }

    /// When refreshes were sent.
    pub(crate) fn refresh_sends(&self) -> &[Millis] {
        &self.refresh_sends
    }

    /// How many key requests went to the network.
    pub(crate) fn key_sends(&self) -> usize {
        self.key_sends
    }

    /// A session that renews itself and whose token the server takes.
    pub(crate) fn is_live(&self) -> bool {
        let Some(snapshot) = &self.checker.snapshot else { return false };
        let Some((token, _)) = &self.checker.token else { return false };
        let can_renew = self.checker.refresh_token().is_some();
        let renews = !can_renew || snapshot.renewal == Renewal::Live;
        renews && snapshot.status == Status::SignedIn && self.server.honours(token, self.clock.truth)
    }

    /// Whether the server stands by the grant of the session.
    pub(crate) fn grant_is_honoured(&self) -> bool {
        self.checker.session.is_some_and(|grant| self.server.grants[grant].alive)
    }
}

impl<'a> Facts<'a> {
    pub(crate) fn of(server: &'a Server, clock: &Clock, tab: &Tab) -> Self {
        let (truth, awake) = (clock.truth, clock.awake());
        // What was read back is as old as the wall clock says, and no other clock was there.
        let honest = if tab.checker.sealed { clock.never_set_back() } else { clock.is_honest() };
        Self { server, now: tab.now(clock), truth, awake, honest }
    }
}

/// Whether a visit to the server, or what comes back of it, only asks who is signed in there.
pub(crate) fn is_check(url: &str) -> bool {
    url.contains("state=tw.f.c.")
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or(Json::Null)
}
