//! The world: one page with its client, one server, a network between them, and time.
//!
//! The page of this world calls the engine as the browser shell does: one input, all outputs, then the
//! next input. Everything else that happens is in one queue, in the order of true time.

use std::collections::BTreeMap;

use tokenward::config::Config;
use tokenward::encoding::form;
use tokenward::encoding::json::Json;
use tokenward::engine::Engine;
use tokenward::engine::input::{Ambient, Call, Input, JobId, KeepWord, Kept, OpId, Verdict};
use tokenward::engine::output::{Event, Keep, Output, Renewal, Status};
use tokenward::error::Code;
use tokenward::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, HttpResult, Purpose};
use tokenward::secret::Secret;
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::network::{Back, Fate, KEYS_CACHED_FOR, Network, garbled};
use crate::properties::{Checker, Facts, Kind, Outcome, Sent, Wish};
use crate::sabotage::{Sabotage, Saboteur};
use crate::server::{self, Arrival, CLIENT, ISSUER, Policy, Server, Word};
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
enum Happening {
    /// A request reaches the server.
    Arrive {
        epoch: u32,
        job: JobId,
        request: Box<Arrival>,
        sent: Sent,
        back: Back,
    },
    /// An exchange ends at the page.
    Answer {
        epoch: u32,
        job: JobId,
        request: Box<Arrival>,
        sent: Sent,
        result: HttpResult,
        word: Word,
    },
    Verified {
        epoch: u32,
        job: JobId,
        verdict: Verdict,
    },
    Kept {
        epoch: u32,
        job: JobId,
        kept: Kept,
    },
}

impl Happening {
    fn is_exchange(&self) -> bool {
        matches!(self, Self::Arrive { .. } | Self::Answer { .. })
    }

    /// An exchange whose connection is gone.
    fn broken_off(self) -> Self {
        match self {
            Self::Arrive { epoch, job, request, sent, .. }
            | Self::Answer { epoch, job, request, sent, .. } => {
                let result = Err(HttpFailure::NoAnswer);
                Self::Answer { epoch, job, request, sent, result, word: Word::None }
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
    pub(crate) checker: Checker,
    pub(crate) trace: Trace,
    /// Authorization URLs that the page went to.
    pub(crate) visits: Vec<String>,
    /// Events in their order.
    pub(crate) events: Vec<(Event, Option<Code>)>,
    /// Snapshots' statuses in their order.
    pub(crate) statuses: Vec<Status>,
    /// How late timers are at most.
    pub(crate) lateness: Millis,
    pub(crate) cleaned: Vec<String>,
    /// The browser refuses to store.
    pub(crate) storage_blocked: bool,
    entropy: Chance,
    engine: Engine,
    options: &'static str,
    /// Counts page loads: answers for an earlier page find nobody.
    epoch: u32,
    queue: BTreeMap<(Millis, u64), Happening>,
    order: u64,
    timer: Option<Millis>,
    storage: Vec<(String, String)>,
    next_op: u32,
    asleep_until: Option<Millis>,
    /// How many connections of a thousand break in sleep.
    pub(crate) breaks_in_sleep: u64,
    saboteur: Saboteur,
    refresh_sends: Vec<Millis>,
    key_sends: usize,
}

/// A request as the server will see it.
pub(crate) fn arrival(request: &HttpRequest) -> Arrival {
    let form = request.form.as_ref().and_then(|form| form::parse(form.expose())).unwrap_or_default();
    let bearer = request.bearer.as_ref().map(|bearer| bearer.expose().to_owned());
    let renews = request.caching == Caching::Renew;
    Arrival { purpose: request.purpose, form, bearer, renews }
}

fn new_engine(options: &str) -> Engine {
    let comma = if options.is_empty() { "" } else { "," };
    let scope = if options.contains("\"scope\"") { "" } else { r#","scope":"openid profile email""# };
    let text = format!(r#"{{"issuer":"{ISSUER}","clientId":"{CLIENT}"{scope}{comma}{options}}}"#);
    let json = Json::parse(text.as_bytes()).expect("options of a scenario are JSON");
    Engine::new(Config::from_options(&json, Some(HOME)).expect("options of a scenario are right"))
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let clock = Clock::new(setup.wall_ahead);
        let trace = if setup.traced { Trace::on(clock.truth) } else { Trace::default() };
        let mut world = Self {
            chance: Chance::new(setup.seed),
            entropy: Chance::new(setup.seed ^ 0x00c0_ffee),
            server: Server::new(setup.policy),
            network: Network::new(),
            checker: Checker::new(),
            trace,
            clock,
            visits: Vec::new(),
            events: Vec::new(),
            statuses: Vec::new(),
            lateness: 4,
            cleaned: Vec::new(),
            storage_blocked: false,
            engine: new_engine(setup.options),
            options: setup.options,
            epoch: 0,
            queue: BTreeMap::new(),
            order: 0,
            timer: None,
            storage: Vec::new(),
            next_op: 0,
            asleep_until: None,
            breaks_in_sleep: 500,
            saboteur: Saboteur::new(setup.sabotage),
            refresh_sends: Vec::new(),
            key_sends: 0,
        };
        world.drain();
        world
    }

    // What the page does.

    pub(crate) fn call(&mut self, kind: Kind, call: Call) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        let facts = Facts::of(&self.server, &self.clock);
        self.checker.called(op, kind, &facts);
        self.feed(Input::Call(op, call));
        op
    }

    pub(crate) fn login(&mut self, args: &str) -> OpId {
        self.call(Kind::Login, Call::Login(json(args)))
    }

    pub(crate) fn come_back(&mut self, url: &str) -> OpId {
        self.call(Kind::Redirect, Call::HandleRedirect { url: url.to_owned() })
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

    pub(crate) fn userinfo(&mut self) -> OpId {
        self.call(Kind::Userinfo, Call::Userinfo)
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
        self.checker.disposing();
        self.feed(Input::Dispose);
    }

    /// The page is loaded anew: storage stays, memory does not, nobody hears the answers.
    pub(crate) fn reload(&mut self) {
        self.trace.add(self.clock.truth, || "page is loaded anew".to_owned());
        self.checker.tally.reloads += 1;
        self.checker.forget_page();
        self.epoch += 1;
        self.timer = None;
        self.engine = new_engine(self.options);
        self.drain();
        if !self.network.online {
            self.feed(Input::Online(false));
        }
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
            self.checker.tally.offline += 1;
            let keys: Vec<_> = self.queue.keys().copied().collect();
            for key in keys {
                if self.chance.per_mille(500) {
                    self.break_off(key);
                }
            }
        }
        self.feed(Input::Online(online));
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
        self.checker.tally.sleeps += 1;
        let until = self.clock.truth + time;
        self.asleep_until = Some(until);
        self.run_until(until);
        self.asleep_until = None;
        self.clock.truth = until;
        self.clock.woke(time, mono_stands_still);
        if let Some(due) = self.timer {
            // Timers that ran out in sleep fire soon after; others may have stood still too.
            let late = if mono_stands_still { due + time } else { due };
            self.timer = Some(late.clamp(until, until + self.chance.between(1, 1000)));
        }
        self.trace.add(self.clock.truth, || "device wakes".to_owned());
    }

    pub(crate) fn jump(&mut self, by: i64) {
        self.trace.add(self.clock.truth, || format!("wall clock jumps by {by} ms"));
        self.checker.tally.jumps += 1;
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
            if self.checker.violation.is_some() || !self.step(until) {
                return !goes_on(self);
            }
        }
        true
    }

    fn run_until(&mut self, until: Millis) {
        while self.checker.violation.is_none() && self.step(until) {}
    }

    /// The next thing, if it happens in time; otherwise time is up.
    fn step(&mut self, until: Millis) -> bool {
        let next = self.queue.keys().next().map(|(at, _)| *at);
        let timer = self.timer.filter(|_| self.asleep_until.is_none());
        let Some(at) = next.into_iter().chain(timer).min().filter(|at| *at <= until) else {
            self.clock.truth = until.max(self.clock.truth);
            return false;
        };
        self.clock.truth = at.max(self.clock.truth);
        if timer == Some(at) && next.is_none_or(|next| next > at) {
            self.timer = None;
            self.feed(Input::Tick);
            return true;
        }
        if let Some(((_, order), happening)) = self.queue.pop_first() {
            self.happen(order, happening);
        }
        true
    }

    fn happen(&mut self, order: u64, happening: Happening) {
        if let Happening::Arrive { epoch, job, request, sent, back } = happening {
            return self.arrive(epoch, job, request, sent, back);
        }
        if let Some(until) = self.asleep_until {
            // The page hears of it when it wakes, if the connection lived so long.
            let later = until + 1 + self.chance.below(50);
            let breaks = self.chance.per_mille(self.breaks_in_sleep);
            let happening = if breaks { happening.broken_off() } else { happening };
            self.queue.insert((later, order), happening);
            return;
        }
        let of = |epoch: u32| epoch == self.epoch;
        match happening {
            Happening::Answer { epoch, job, request, sent, result, word } if of(epoch) => {
                self.answer(job, &request, sent, result, word);
            }
            Happening::Verified { epoch, job, verdict } if of(epoch) => {
                self.feed(Input::Verified(job, verdict));
            }
            Happening::Kept { epoch, job, kept } if of(epoch) => self.feed(Input::Kept(job, kept)),
            _ => {}
        }
    }

    fn arrive(&mut self, epoch: u32, job: JobId, request: Box<Arrival>, sent: Sent, back: Back) {
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
        self.push(self.clock.truth + after, Happening::Answer { epoch, job, request, sent, result, word });
    }

    fn answer(&mut self, job: JobId, request: &Arrival, sent: Sent, result: HttpResult, word: Word) {
        let facts = Facts::of(&self.server, &self.clock);
        self.checker.before(None, false, &facts);
        if !self.checker.disposed {
            let body = result.as_ref().ok().map(|response| response.body.as_slice());
            let retry_after = result.as_ref().ok().and_then(HttpResponse::retry_after_ms);
            self.checker.asked_to_wait(request, retry_after, &facts);
            self.checker.hears(request, &word, &sent, body);
        }
        let readable = matches!(&result, Ok(response) if response.status == 200
            && response.is_json() && Json::parse(&response.body).is_some());
        if request.purpose == Purpose::Keys && request.renews && !readable {
            self.checker.keys_stay_old();
        }
        self.handle(Input::Http(job, result));
    }

    // The client.

    fn feed(&mut self, input: Input) {
        let facts = Facts::of(&self.server, &self.clock);
        let call = match &input {
            Input::Call(_, call) => Some(call),
            _ => None,
        };
        self.checker.before(call, matches!(input, Input::Tick), &facts);
        self.handle(input);
    }

    fn handle(&mut self, input: Input) {
        self.trace.add(self.clock.truth, || format!("-> {input:?}"));
        let now = self.clock.now();
        self.engine.handle(Ambient { now, entropy: &mut self.entropy }, input);
        self.drain();
        let facts = Facts::of(&self.server, &self.clock);
        self.checker.after(&facts);
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            for output in self.saboteur.bend(output) {
                self.trace.add(self.clock.truth, || match &output {
                    Output::Session(s) => {
                        format!("   <- Session {:?} {:?} {:?}", s.status, s.renewal, s.last_error)
                    }
                    output => format!("   <- {output:?}"),
                });
                let facts = Facts::of(&self.server, &self.clock);
                self.checker.output(&output, &facts);
                self.perform(output);
            }
        }
    }

    fn keep(&mut self, keep: Keep) -> Kept {
        match keep {
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
            _ => Kept::word(KeepWord::Failed),
        }
    }

    fn perform(&mut self, output: Output) {
        let truth = self.clock.truth;
        let epoch = self.epoch;
        match output {
            Output::Send(job, request) => self.send(job, &request),
            Output::Verify(job, verification) => {
                let verdict = server::verify(&verification);
                let at = truth + self.chance.below(4);
                self.push(at, Happening::Verified { epoch, job, verdict });
            }
            Output::Keep(job, keep) => {
                let kept = self.keep(keep);
                let at = truth + self.chance.below(4);
                self.push(at, Happening::Kept { epoch, job, kept });
            }
            Output::Wake(wait) => {
                self.timer = wait.map(|wait| truth + wait + self.chance.below(self.lateness + 1));
            }
            Output::Settle(op, Ok(tokenward::engine::output::Reply::Navigate(url))) => {
                if url.starts_with(&format!("{ISSUER}/authorize")) {
                    self.visits.push(url);
                }
                debug_assert!(self.checker.outcome(op).is_some() || self.checker.violation.is_some());
            }
            Output::Event(event, error) => self.events.push((event, error.map(|error| error.code))),
            Output::Session(snapshot) => self.statuses.push(snapshot.status),
            Output::CleanUrl(url) => self.cleaned.push(url),
            Output::Settle(..) | Output::Token(_) => {}
        }
    }

    fn send(&mut self, job: JobId, request: &HttpRequest) {
        let truth = self.clock.truth;
        let epoch = self.epoch;
        let sent = Sent { now: self.clock.now(), truth, logouts: self.checker.logouts };
        let arrival = Box::new(arrival(request));
        if arrival.refresh_token().is_some() {
            self.refresh_sends.push(truth);
        }
        if let Some(body) = self.cached(request) {
            let result = Ok(server::response(200, "application/json", body));
            let word = Word::None;
            let answer = Happening::Answer { epoch, job, request: arrival, sent, result, word };
            return self.push(truth + 1, answer);
        }
        if request.purpose == Purpose::Keys {
            self.key_sends += 1;
        }
        let fate = self.network.fate(&mut self.chance, request.purpose, request.timeout);
        let (after, result) = match fate {
            Fate::Reaches { after, back } => {
                let arrive = Happening::Arrive { epoch, job, request: arrival, sent, back };
                return self.push(truth + after, arrive);
            }
            Fate::Fails { after, how } => (after, Err(how)),
            Fate::Intercepted { after, response } => (after, Ok(response)),
        };
        let word = Word::None;
        self.push(truth + after, Happening::Answer { epoch, job, request: arrival, sent, result, word });
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

    fn push(&mut self, at: Millis, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    // What can be seen.

    pub(crate) fn outcome(&self, op: OpId) -> Option<&Outcome> {
        self.checker.outcome(op)
    }

    pub(crate) fn options(&self) -> &'static str {
        self.options
    }

    pub(crate) fn status(&self) -> Option<Status> {
        Some(self.checker.snapshot.as_ref()?.status)
    }

    /// When refreshes were sent.
    pub(crate) fn refresh_sends(&self) -> &[Millis] {
        &self.refresh_sends
    }

    /// How many key requests went to the network.
    pub(crate) fn key_sends(&self) -> usize {
        self.key_sends
    }

    pub(crate) fn timer_is_set(&self) -> bool {
        self.timer.is_some()
    }

    pub(crate) fn count(&self, event: Event) -> usize {
        self.events.iter().filter(|(known, _)| *known == event).count()
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
    fn of(server: &'a Server, clock: &Clock) -> Self {
        let (truth, awake, honest) = (clock.truth, clock.awake(), clock.is_honest());
        Self { server, now: clock.now(), truth, awake, honest }
    }
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or(Json::Null)
}
