//! What happens next: a sans-io state machine.
//!
//! [`Engine::handle`] takes one input and changes the state once; [`Engine::poll`] is then called until
//! it gives `None`, and only then comes the next input. The engine reads no clock, draws no randomness
//! and does no I/O. Every exchange it asks for is answered exactly once, every operation it is given
//! settles exactly once.

mod check;
mod device;
mod discovery;
mod exchange;
pub mod input;
mod keys;
mod login;
mod logout;
mod operations;
pub mod output;
mod proofs;
mod refresh;
mod session;
mod step_up;
mod tabs;
mod timers;
mod tokens;
mod userinfo;

use std::rc::Rc;

use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::protocol::http::{HttpRequest, HttpResponse, HttpResult, answered};
use crate::secret::Secret;
use crate::time::Millis;
use crate::{WHOLE, Whole};

use self::discovery::Discovered;
use self::input::{Ambient, Call, Input, JobId, KeepWord, Kept, OpId, Verdict};
use self::keys::Keys;
use self::operations::Operations;
use self::output::{Event, Keep, Output, Renewal, Reply, Snapshot, Status};
use self::proofs::Proofs;
use self::refresh::Refresh;
use self::session::Session;
use self::tabs::Tabs;
use self::timers::{Timer, Timers};
use self::tokens::Waiter;

/// However far the next deadline is, the clocks are looked at this often while one is set: the wall
/// clock may jump, and a timer may sleep through a suspended device.
const CLOCK_WATCH: Millis = 1000;

/// One client: configuration, session, and everything that is under way.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    out: Vec<Output>,
    operations: Operations,
    jobs: Vec<(JobId, Job)>,
    next_job: u32,
    next_serial: u32,
    /// Counts sessions; what belongs to an earlier one is told by it.
    generation: u32,
    /// Counts logouts; a login begun before one does not outlive it.
    logouts: u32,
    timers: Timers,
    discovered: Discovered,
    keys: Keys,
    session: Option<Session>,
    refresh: Refresh,
    tabs: Tabs,
    proofs: Proofs,
    /// Who waits for a token.
    waiters: Vec<Waiter>,
    /// Logouts that give the server a moment to take the tokens back.
    leaving: Vec<logout::Leaving>,
    /// The last ID token, as a hint for the provider's logout; outlives a session that the server ended.
    id_token: Option<Secret>,
    /// The session of which the server said that its user is signed in there.
    checked: Option<u32>,
    /// Why there is no session any more.
    ended: Option<Code>,
    /// Logins that are under way, also those that the page is being left for.
    signing_in: Operations,
    /// Those of them, open, that nobody is to be told of when they fail.
    quiet: Operations,
    /// A login by another device, from its beginning; and its codes, while nothing is under way about them.
    device_op: Option<OpId>,
    device: Option<Box<device::Device>>,
    online: bool,
    last_error: Option<Error>,
    published: Option<Rc<Snapshot>>,
    asleep: bool,
    disposed: bool,
}

/// What the answer to a job is for.
#[derive(Debug)]
enum Job {
    Discover(crate::protocol::http::Caching),
    FetchKeys,
    Store(login::Leaving),
    Take(Box<login::Arrived>),
    Push(Box<login::Ready>),
    Exchange(Box<login::Exchange>),
    Renew(Box<refresh::Flight>),
    Verify(Box<keys::Candidate>),
    Userinfo(userinfo::Asked),
    Revoke(logout::Revoking),
    Device(Box<device::Asked>, Whole),
    Poll(Box<device::Device>, Whole),
    ExchangeToken(Box<exchange::Asked>, Whole),
    MakeKey(Box<login::Keyless>, Whole),
    ExchangeKey(Box<login::Redeemable>, Whole),
    DeviceKey(Box<device::Wanted>, Whole),
    Tabs(tabs::Asked, Whole),
}

impl Engine {
    /// A client that has not done anything yet.
    pub fn new(config: Config) -> Self {
        let mut engine = Self {
            tabs: Tabs::new(&config),
            config,
            out: Vec::new(),
            operations: Operations::default(),
            jobs: Vec::new(),
            next_job: 0,
            next_serial: 0,
            generation: 0,
            logouts: 0,
            timers: Timers::default(),
            discovered: Discovered::default(),
            keys: Keys::default(),
            session: None,
            refresh: Refresh::default(),
            proofs: Proofs::default(),
            waiters: Vec::new(),
            leaving: Vec::new(),
            id_token: None,
            checked: None,
            ended: None,
            signing_in: Operations::default(),
            quiet: Operations::default(),
            device_op: None,
            device: None,
            online: true,
            last_error: None,
            published: None,
            asleep: true,
            disposed: false,
        };
        engine.publish();
        engine
    }

    /// Lets one thing happen.
    pub fn handle(&mut self, mut ambient: Ambient<'_>, input: Input) {
        if self.disposed {
            self.refuse_after_dispose(input);
            return;
        }
        let ambient = &mut ambient;
        match input {
            Input::Call(op, call) => self.call(ambient, op, call),
            Input::Cancel(op) => {
                self.forget_waiter(op);
                self.forget_device(op);
                self.signing_in.end(op);
                self.refuse(op, Error::new(Code::Aborted));
            }
            Input::Http(job, result) => self.http(ambient, job, result),
            Input::Verified(job, verdict) => self.verified(ambient, job, verdict),
            Input::Kept(job, kept) => self.kept(ambient, job, kept),
            Input::Tick => {}
            Input::Resumed => self.come_back(ambient),
            Input::Restored => {
                // What the page was left for; a device login goes on.
                self.signing_in.keep_open(&self.operations);
                self.come_back(ambient);
            }
            Input::Hint => self.look(ambient),
            Input::Online(online) => self.set_online(ambient, online),
            Input::Dispose => self.dispose(),
        }
        self.fire_timers(ambient);
        if WHOLE {
            self.drop_keys();
        }
        self.publish();
        self.ask_for_wake_up(ambient);
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        if self.out.is_empty() { None } else { Some(self.out.remove(0)) }
    }

    fn call(&mut self, ambient: &mut Ambient<'_>, op: OpId, call: Call) {
        self.operations.begin(op);
        match call {
            Call::Login(args) => self.login(ambient, op, &args),
            Call::HandleRedirect { url } => self.handle_redirect(op, &url),
            Call::GetToken(args) => self.get_token(ambient, op, &args),
            Call::Proof(args) if WHOLE => self.proof(ambient, op, &args),
            Call::StepUp(args) if WHOLE => self.step_up(ambient, op, &args),
            Call::Userinfo => self.userinfo(ambient, op),
            Call::Logout(args) => self.logout(ambient, op, &args),
            Call::Revoke => self.revoke(ambient, op),
            Call::Restore => self.restore(op),
            Call::LoginWithDevice(args) if WHOLE => self.login_with_device(ambient, op, &args),
            Call::ExchangeToken(args) if WHOLE => self.exchange_token(ambient, op, &args),
            Call::Proof(_) | Call::StepUp(_) | Call::LoginWithDevice(_) | Call::ExchangeToken(_) => {
                self.refuse(op, Error::new(Code::FeatureMissing));
            }
        }
    }

    fn http(&mut self, ambient: &mut Ambient<'_>, job: JobId, result: HttpResult) {
        let mut response = answered(&result);
        match self.send_again(job, response.as_ref().ok().copied()) {
            Ok(false) => {}
            Ok(true) => return self.sent_again(job, ambient.now),
            Err(error) => response = Err(error),
        }
        let retry_after = || result.as_ref().ok().and_then(HttpResponse::retry_after_ms);
        match self.take_job(job) {
            Some(Job::Discover(caching)) => self.discovery_answered(ambient, caching, response),
            Some(Job::FetchKeys) => self.keys_answered(ambient, response),
            Some(Job::Exchange(exchange)) => self.code_answered(ambient, exchange, response),
            Some(Job::Renew(flight)) => {
                self.refresh_answered(ambient, flight, response, retry_after());
            }
            Some(Job::Push(login)) => self.pushed(*login, response),
            Some(Job::Userinfo(asked)) => self.userinfo_answered(ambient, asked, response),
            Some(Job::Revoke(revoking)) => self.revocation_answered(revoking, response),
            Some(Job::Device(asked, _)) => self.device_answered(ambient, *asked, response),
            Some(Job::Poll(device, _)) => self.poll_answered(ambient, device, response, retry_after()),
            Some(Job::ExchangeToken(asked, _)) => self.exchange_answered(*asked, response),
            _ => {}
        }
    }

    fn verified(&mut self, ambient: &mut Ambient<'_>, job: JobId, verdict: Verdict) {
        if let Some(Job::Verify(candidate)) = self.take_job(job) {
            self.signature_judged(ambient, candidate, verdict);
        }
    }

    fn kept(&mut self, ambient: &mut Ambient<'_>, job: JobId, kept: Kept) {
        match self.take_job(job) {
            Some(Job::Store(leaving)) => self.stored(leaving, kept.word == KeepWord::Done),
            Some(Job::Take(arrived)) => self.taken(ambient, *arrived, kept),
            Some(Job::Tabs(asked, _)) => self.keeper_answered(ambient, asked, kept),
            Some(Job::MakeKey(login, _)) => {
                let key = kept.made_key(self.config.dpop);
                self.login_keyed(ambient, *login, key);
            }
            Some(Job::ExchangeKey(code, _)) => self.code_keyed(ambient, *code, kept.key()),
            Some(Job::DeviceKey(wanted, _)) => {
                let key = kept.made_key(self.config.dpop);
                self.device_keyed(ambient, *wanted, key);
            }
            _ => {}
        }
    }

    fn fire_timers(&mut self, ambient: &mut Ambient<'_>) {
        while let Some(timer) = self.timers.take_due(ambient.now) {
            match timer {
                Timer::Renew => self.renewal_due(ambient),
                Timer::Retry => self.retry_due(ambient),
                Timer::Expire => self.token_ran_out(),
                Timer::Keys => self.keys_retry_due(ambient),
                Timer::Leave => self.leave_now(),
                Timer::Look => self.look(ambient),
                Timer::Poll if crate::WHOLE => self.poll_due(ambient),
                Timer::Poll => {}
            }
        }
    }

    fn ask_for_wake_up(&mut self, ambient: &Ambient<'_>) {
        match self.timers.next(ambient.now) {
            Some(wait) => {
                self.asleep = false;
                self.out.push(Output::Wake(Some(wait.min(CLOCK_WATCH))));
            }
            None if !self.asleep => {
                self.asleep = true;
                self.out.push(Output::Wake(None));
            }
            None => {}
        }
    }

    fn dispose(&mut self) {
        self.disposed = true;
        self.timers = Timers::default();
        // Who waits for the lock will have it, and must give it back.
        self.jobs.retain(|(_, job)| matches!(job, Job::Tabs(tabs::Asked::Lock(_), _)));
        self.unlock();
        self.keep_keys();
        self.proofs.forget();
        self.waiters.clear();
        self.leaving.clear();
        self.session = None;
        self.device = None;
        self.id_token = None;
        self.signing_in.clear();
        while let Some(op) = self.operations.any() {
            self.refuse(op, Error::new(Code::ClientDisposed));
        }
        self.out.push(Output::Token(None));
    }

    fn refuse_after_dispose(&mut self, input: Input) {
        match input {
            Input::Call(op, _) => {
                self.out.push(Output::Settle(op, Err(Error::new(Code::ClientDisposed))));
            }
            Input::Kept(job, Kept { word: KeepWord::Done, .. }) if WHOLE && self.take_job(job).is_some() => {
                self.out.push(Output::Keep(JobId(0), Keep::Unlock));
            }
            _ => {}
        }
    }

    // What the parts of the engine share.

    fn begin(&mut self, job: Job) -> JobId {
        self.next_job = self.next_job.wrapping_add(1);
        let id = JobId(self.next_job);
        self.jobs.push((id, job));
        id
    }

    fn take_job(&mut self, id: JobId) -> Option<Job> {
        let at = self.jobs.iter().position(|(known, _)| *known == id)?;
        Some(self.jobs.swap_remove(at).1)
    }

    fn send(&mut self, job: Job, request: HttpRequest) {
        let id = self.begin(job);
        self.transmit(id, request);
    }

    fn settle(&mut self, op: OpId, result: Result<Reply>) {
        if self.operations.end(op) {
            self.out.push(Output::Settle(op, result));
            self.quiet.end(op);
            if self.device_op == Some(op) {
                self.device_op = None;
            }
        }
    }

    fn refuse(&mut self, op: OpId, error: Error) {
        self.settle(op, Err(error));
    }

    fn tell(&mut self, event: Event, error: Option<Error>) {
        // A listener must see the session as the event leaves it.
        self.publish();
        self.out.push(Output::Event(event, error));
    }

    fn publish(&mut self) {
        let snapshot = self.snapshot();
        if self.published.as_deref() != Some(&snapshot) {
            let snapshot = Rc::new(snapshot);
            self.published = Some(Rc::clone(&snapshot));
            self.out.push(Output::Session(snapshot));
        }
    }

    fn snapshot(&self) -> Snapshot {
        let session = self.session.as_ref();
        let status = match session {
            Some(_) if self.refresh.is_under_way() => Status::Refreshing,
            Some(_) => Status::SignedIn,
            None if !self.signing_in.is_empty() => Status::SigningIn,
            None if self.ended.is_some() => Status::Expired,
            None => Status::SignedOut,
        };
        let renewal = match session {
            Some(session) if session.refresh_token.is_some() => {
                if self.refresh.is_failing() {
                    Renewal::WaitingForNetwork
                } else {
                    Renewal::Live
                }
            }
            _ => Renewal::Ended,
        };
        Snapshot {
            status,
            claims: session.and_then(|s| s.claims.clone()),
            bound: session.map(|s| WHOLE && s.access.bound),
            details: session.filter(|_| WHOLE).and_then(|s| s.details.clone()),
            scope: session.map(|s| s.scope.to_text()),
            expires_at: session.and_then(|s| s.access.expires_at()),
            renews_at: session.and_then(|s| s.renews_at),
            ends_at: session.and_then(|s| s.ends_at),
            renewal,
            last_error: self.last_error.clone(),
            sealed: self.tabs.are_shared(),
        }
    }
}
