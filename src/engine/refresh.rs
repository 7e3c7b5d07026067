//! The rotation loop.
//!
//! One refresh at a time. What was sent is never cancelled. A failure of the network is answered by
//! waiting, with a margin for chance so that a thousand clients do not come back at once; only the
//! server's word ends a session.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::details::Granted;
use crate::protocol::dpop::Proof;
use crate::protocol::http::HttpResponse;
use crate::protocol::provider::Repair;
use crate::protocol::token::{self, TokenAnswer};
use crate::protocol::{id_token, jws};
use crate::secret::Secret;
use crate::time::{Deadline, Millis, Now};

use super::discovery::Continuation;
use super::input::Ambient;
use super::keys::{Candidate as KeyCandidate, Origin};
use super::output::{Event, Output};
use super::session::{AccessToken, Target};
use super::timers::Timer;
use super::{Engine, Job};

/// Renew this long before expiry, or a quarter of a short life before.
const MARGIN: Millis = 60_000;

/// Two renewals that nobody asked for are at least this far apart, and so are two attempts in trouble.
const MIN_PAUSE: Millis = 1_000;

/// The first retry comes soon, since an answer may have been lost and servers tolerate the old token
/// for a short time only.
const FIRST_RETRY: Millis = 300;

/// Longest wait until keys are looked for again, and until a network that the browser does not see is tried.
const MAX_BACK_OFF: Millis = 60_000;

/// Waits between two attempts that nobody asks for: chance decides between the least and the most, the first time
/// and after that, but no wait is longer than an access token lives. Doubling from a second would be kinder to one
/// client and unkind to the provider: whoever waits as long as the outage has lasted asks about as often as it lasts
/// powers of two, so that a million clients come back at ten times their usual rate. With two such waits in five
/// minutes they stay within three times (`cargo xtask herd`). Who needs a token does not wait for them.
const WAITS: [(Millis, Millis); 2] = [(5_000, 120_000), (240_000, 480_000)];

/// The most a server can ask for with `Retry-After`.
const MAX_RETRY_AFTER: Millis = 10 * 60_000;

/// A caller rather waits for a retry that is this near than to hear of the failure.
const WORTH_WAITING: Millis = 2_000;

/// How often keys are looked for in vain before the answer counts as one of another server.
const MAX_KEY_SEARCHES: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Refresh {
    phase: Stage,
    /// Failures in a row.
    failures: u32,
    /// It waited since it failed first.
    waited: bool,
    /// When the last attempt was sent.
    attempted: Option<Now>,
    /// The server asked not to be asked before.
    not_before: Option<Deadline>,
    /// How often keys were looked for in vain.
    key_searches: u32,
    /// Why the last attempt failed.
    why: Option<Error>,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Idle,
    AwaitAnswer,
    AwaitVerification,
    /// An answer that waits for keys that cannot be fetched just now.
    AwaitKeys(Box<KeyCandidate>),
    /// All is done, and being written.
    AwaitKeeper,
}

impl Refresh {
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.phase, Stage::AwaitAnswer | Stage::AwaitVerification)
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Whether nothing is under way; an answer that is held need not be disturbed by what comes.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.phase, Stage::Idle | Stage::AwaitKeys(_))
    }

    pub(super) fn come_to_rest(&mut self) {
        self.phase = Stage::Idle;
    }

    pub(super) fn await_answer(&mut self) {
        self.phase = Stage::AwaitAnswer;
    }

    pub(super) fn await_keeper(&mut self) {
        self.phase = Stage::AwaitKeeper;
    }
}

/// A refresh: from when it is wanted until its answer is judged.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) generation: u32,
    pub(super) target: Target,
    /// The refresh token that was sent.
    pub(super) token: Option<Secret>,
    pub(super) sent: Now,
}

/// A refresh answer whose ID token is not verified yet. Its refresh token is in the session already.
#[derive(Debug)]
pub(super) struct Candidate {
    flight: Box<Flight>,
    pub(super) answer: TokenAnswer,
    /// Whether the claims may replace the ones we have: not if they fail by a clock.
    adopt_claims: bool,
}

impl Candidate {
    pub(super) fn generation(&self) -> u32 {
        self.flight.generation
    }
}

impl Engine {
    /// Sets the deadlines of a new access token.
    pub(super) fn schedule(&mut self, ambient: &mut Ambient<'_>) {
        self.timers.clear(Timer::Renew);
        self.timers.clear(Timer::Expire);
        let Some(session) = &mut self.session else { return };
        session.renews_at = None;
        // An unknown lifetime means: use it until it is refused.
        let Some(life) = session.access.lifetime else { return };
        let since = session.access.since;
        if session.refresh_token.is_none() {
            return self.timers.set_at(Timer::Expire, Deadline::new(since, life));
        }
        if !self.config.renews_by_itself {
            return;
        }
        // Before the first caller would find the token too old, and not at the same moment everywhere.
        let margin = (life / 4).min(MARGIN).max(self.config.min_validity.min(life / 2));
        let early = margin + ambient.below(margin / 4 + 1);
        let after = life.saturating_sub(early).max(MIN_PAUSE);
        session.renews_at = Some(since.wall.saturating_add(after));
        self.timers.set_at(Timer::Renew, Deadline::new(since, after));
    }

    pub(super) fn renewal_due(&mut self, ambient: &mut Ambient<'_>) {
        if !self.refresh.is_under_way() {
            self.send_refresh(ambient, Target::default());
        }
    }

    pub(super) fn retry_due(&mut self, ambient: &mut Ambient<'_>) {
        let target = self.waiters.first().map(|waiter| waiter.target.clone()).unwrap_or_default();
        self.send_refresh(ambient, target);
    }

    /// Without a refresh token the session ends with its access token.
    pub(super) fn token_ran_out(&mut self) {
        self.finish(Error::new(Code::SessionExpired));
    }

    /// Whether a caller may wait for a refresh; otherwise why the last one failed.
    pub(super) fn may_wait(&mut self, ambient: &Ambient<'_>) -> Result<()> {
        let now = ambient.now;
        let failed = || self.refresh.why.clone().unwrap_or_else(|| Error::new(Code::NetworkFailed));
        match &self.refresh.phase {
            Stage::AwaitAnswer | Stage::AwaitVerification | Stage::AwaitKeeper => return Ok(()),
            Stage::AwaitKeys(_) => return Err(failed()),
            Stage::Idle => {}
        }
        if !self.refresh.is_failing() {
            return Ok(());
        }
        if self.timers.remaining(Timer::Retry, now).is_some_and(|wait| wait <= WORTH_WAITING) {
            return Ok(());
        }
        if self.may_attempt(now) { Ok(()) } else { Err(failed()) }
    }

    /// Whether trouble allows another attempt now.
    fn may_attempt(&self, now: Now) -> bool {
        let asked_to_wait = self.refresh.not_before.is_some_and(|deadline| !deadline.reached(now));
        !asked_to_wait && self.refresh.attempted.is_none_or(|at| now.since(at) >= MIN_PAUSE)
    }

    /// Starts a refresh if somebody waits and none is under way or about to be.
    pub(super) fn refresh_for_waiters(&mut self, ambient: &mut Ambient<'_>) {
        let Some(first) = self.waiters.first() else { return };
        if !matches!(self.refresh.phase, Stage::Idle) {
            return;
        }
        let retry_is_near =
            self.timers.remaining(Timer::Retry, ambient.now).is_some_and(|wait| wait <= WORTH_WAITING);
        if self.refresh.is_failing() && retry_is_near {
            return;
        }
        let target = first.target.clone();
        self.send_refresh(ambient, target);
    }

    fn send_refresh(&mut self, ambient: &mut Ambient<'_>, target: Target) {
        if !matches!(self.refresh.phase, Stage::Idle) {
            return;
        }
        let Some(session) = self.session.as_ref().filter(|s| s.refresh_token.is_some()) else { return };
        let flight =
            Box::new(Flight { generation: session.generation, target, token: None, sent: ambient.now });
        self.timers.clear(Timer::Renew);
        self.timers.clear(Timer::Retry);
        self.refresh.phase = Stage::AwaitAnswer;
        self.refresh.attempted = Some(ambient.now);
        // A session that was restored came without metadata.
        self.with_metadata(ambient, Continuation::Refresh(flight));
    }

    pub(super) fn refresh_ready(
        &mut self,
        ambient: &mut Ambient<'_>,
        flight: Box<Flight>,
        found: Result<()>,
    ) {
        if !self.is_current(flight.generation) {
            return;
        }
        match found {
            Ok(()) => self.depart(ambient, flight),
            Err(error) => self.refresh_failed(ambient, error.during(Phase::Refresh), None),
        }
    }

    pub(super) fn send_flight(&mut self, ambient: &mut Ambient<'_>, mut flight: Box<Flight>) {
        let (Some(session), Some(metadata)) = (&self.session, self.metadata()) else { return };
        let Some(refresh_token) = &session.refresh_token else {
            // What another tab wrote has none.
            self.rest();
            return self.wait_anew(ambient);
        };
        let target = &flight.target;
        let whole = self.config.repairs.include(Repair::ScopeOnRefresh).then_some(&session.scope);
        let scope = target.scope.as_ref().or(whole);
        let mut request =
            token::refresh_request(&self.config, metadata, refresh_token, scope, &target.resource);
        // RFC 9449 section 5: a public client's refresh token may be bound whatever the access token is.
        request.proof = Proof::by(session.key.clone());
        flight.sent = ambient.now;
        flight.token = Some(refresh_token.duplicate());
        self.refresh.attempted = Some(ambient.now);
        self.send(Job::Renew(flight), request);
    }

    pub(super) fn refresh_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        flight: Box<Flight>,
        response: Result<&HttpResponse>,
        retry_after: Option<Millis>,
    ) {
        let judged = response.and_then(|response| token::judge(response, self.config.repairs));
        if !self.is_current(flight.generation) {
            // Logout won. What came too late is given back.
            if let Ok(TokenAnswer { refresh_token: Some(token), .. }) = judged {
                self.revoke_quietly(&token);
            }
            return;
        }
        let proved = self.session.as_ref().is_some_and(|session| session.key.is_some());
        match judged.and_then(|answer| answer.permitted(self.config.dpop, proved)) {
            Ok(mut answer) => {
                // The old refresh token is spent (RFC 6749 section 6): the new one is kept before anything else.
                if let (Some(session), Some(new)) = (&mut self.session, answer.refresh_token.take()) {
                    session.refresh_token = Some(new);
                }
                self.secure(ambient, flight, answer);
            }
            Err(error) => self.refresh_refused(ambient, &flight, error.during(Phase::Refresh), retry_after),
        }
    }

    pub(super) fn judge_refresh(
        &mut self,
        ambient: &mut Ambient<'_>,
        flight: Box<Flight>,
        answer: TokenAnswer,
    ) {
        let Some(session) = &self.session else { return };
        let (Some(id_token), Some(identity)) = (&answer.id_token, &session.identity) else {
            return self.adopt(ambient, &flight, answer, None);
        };
        // OIDC Core 12.2.
        let identity = identity.clone();
        let algorithms = self.metadata().map(|m| m.algorithms.as_slice()).unwrap_or_default();
        let checked = jws::parse(id_token.expose(), algorithms).and_then(|token| {
            let in_time = id_token::check_refresh(&token, &self.expected(), &identity, ambient.now)?;
            Ok((token, in_time))
        });
        match checked {
            Err(error) => {
                let why = error.path.as_deref().unwrap_or(error.code.as_str());
                self.identity_doubtful(flight.generation, why);
            }
            Ok((token, adopt_claims)) => {
                self.refresh.phase = Stage::AwaitVerification;
                let of = Origin::Refresh(Candidate { flight, answer, adopt_claims });
                self.verify(ambient, Box::new(KeyCandidate { token, of, refetched: false }));
            }
        }
    }

    pub(super) fn refresh_verified(&mut self, ambient: &mut Ambient<'_>, candidate: Candidate, claims: Json) {
        let Candidate { flight, answer, adopt_claims } = candidate;
        if self.is_current(flight.generation) {
            self.adopt(ambient, &flight, answer, adopt_claims.then_some(claims));
        }
    }

    fn adopt(
        &mut self,
        ambient: &mut Ambient<'_>,
        flight: &Flight,
        answer: TokenAnswer,
        claims: Option<Json>,
    ) {
        let serial = self.serial();
        let Some(session) = &mut self.session else { return };
        let target = &flight.target;
        let token = AccessToken {
            token: answer.access_token,
            bound: answer.bound,
            serial,
            lifetime: answer.lifetime,
            since: flight.sent,
        };
        if target.is_main() {
            self.out.push(Output::Token(Some(token.for_use())));
        }
        // What cannot be read costs no session: what was granted before counts.
        if let Granted::Details(list) = answer.details
            && crate::WHOLE
            && target.is_main()
        {
            session.details = Some(list.into());
        }
        session.adopt(target, token);
        if let Some(claims) = claims {
            session.claims = Some(claims.into());
            self.id_token = answer.id_token;
        }
        self.trouble_is_over();
        self.schedule(ambient);
        self.tell(Event::Renewed, None);
        self.conclude(None);
        self.serve_waiters(ambient, target);
    }

    /// The server answered as it should.
    pub(super) fn trouble_is_over(&mut self) {
        self.refresh = Refresh { attempted: self.refresh.attempted, ..Refresh::default() };
        self.last_error = None;
        self.timers.clear(Timer::Retry);
    }

    fn refresh_refused(
        &mut self,
        ambient: &mut Ambient<'_>,
        flight: &Flight,
        error: Error,
        retry_after: Option<Millis>,
    ) {
        let word = error.oauth_error.as_deref();
        if word == Some("invalid_grant") {
            return self.finish(error.under(Code::SessionEnded));
        }
        // Neither comes back: a refresh token is bound to its key, and the server means it.
        if matches!(error.code, Code::DpopKeyLost | Code::DpopDowngraded) {
            return self.finish(error);
        }
        // A narrower token was refused, not the grant.
        if !flight.target.is_main() && word.is_some() {
            self.trouble_is_over();
            self.reject_waiters(Some(&flight.target), &error);
            self.schedule(ambient);
            // That the server said no to this does not conclude a request whose answer was lost.
            self.recover(ambient);
            self.conclude(None);
            return self.refresh_for_waiters(ambient);
        }
        self.refresh_failed(ambient, error, retry_after);
    }

    fn refresh_failed(&mut self, ambient: &mut Ambient<'_>, error: Error, retry_after: Option<Millis>) {
        let lost = matches!(error.code, Code::NetworkFailed | Code::TimedOut);
        // The server may have acted: that another request is answered later does not conclude this one.
        self.tabs.remember(ambient.now);
        self.trouble(ambient, error, retry_after, lost);
    }

    /// No tokens this time. `soon`: the first attempt to fail is followed by another one at once.
    pub(super) fn trouble(
        &mut self,
        ambient: &mut Ambient<'_>,
        error: Error,
        retry_after: Option<Millis>,
        soon: bool,
    ) {
        self.rest();
        self.failed(&error);
        if soon && self.refresh.failures == 1 && self.online {
            let soon = FIRST_RETRY + ambient.below(FIRST_RETRY);
            self.timers.set(Timer::Retry, ambient.now, soon);
        } else {
            self.back_off(ambient, retry_after);
            self.reject_waiters(None, &error);
        }
        self.tell(Event::RenewalFailed, Some(error));
    }

    fn failed(&mut self, error: &Error) {
        self.refresh.failures = self.refresh.failures.saturating_add(1);
        self.refresh.why = Some(error.clone());
        self.last_error = Some(error.clone());
    }

    fn back_off(&mut self, ambient: &mut Ambient<'_>, retry_after: Option<Millis>) {
        let wait = if self.online { self.next_wait(ambient) } else { MAX_BACK_OFF };
        let asked = retry_after.map(|asked| asked.min(MAX_RETRY_AFTER));
        self.refresh.not_before = asked.map(|asked| Deadline::new(ambient.now, asked));
        if self.config.renews_by_itself {
            // What the server asks for is a least; chance comes on top, or all would come at once.
            let wait = asked.map_or(wait, |asked| asked.max(wait) + ambient.below(wait));
            self.timers.set(Timer::Retry, ambient.now, wait);
        }
    }

    fn next_wait(&mut self, ambient: &mut Ambient<'_>) -> Millis {
        let life = self.session.as_ref().and_then(|session| session.access.lifetime);
        let (least, most) = WAITS[usize::from(std::mem::replace(&mut self.refresh.waited, true))];
        let most = most.min(life.unwrap_or(most)).max(2 * MIN_PAUSE);
        let least = least.min(most / 2);
        least + ambient.below(most - least)
    }

    /// Doubles from one second to the cap; the upper half of it is chance.
    fn back_off_wait(&self, ambient: &mut Ambient<'_>) -> Millis {
        let doublings = self.refresh.failures.min(7);
        let whole = (MIN_PAUSE << doublings).min(MAX_BACK_OFF);
        whole / 2 + ambient.below(whole / 2)
    }

    /// The answer is kept, its refresh token is safe; its access token waits for a key to verify it.
    pub(super) fn hold_until_keys(
        &mut self,
        ambient: &mut Ambient<'_>,
        candidate: Box<KeyCandidate>,
        error: Error,
    ) {
        let Origin::Refresh(refresh) = &candidate.of else { return };
        let generation = refresh.generation();
        if !self.is_current(generation) {
            return;
        }
        // Only the server's present keys can say that there is none: not those of the cool-down.
        let mut error = error.during(Phase::Refresh);
        if candidate.refetched {
            self.refresh.key_searches += 1;
            if self.refresh.key_searches >= MAX_KEY_SEARCHES {
                return self.identity_doubtful(generation, error.code.as_str());
            }
        } else {
            error = error.under(Code::KeysUnavailable);
        }
        self.failed(&error);
        // Asked earlier, the keys would be the same.
        let cool_down = self.keys.cool_down_left(ambient.now) + ambient.below(MIN_PAUSE);
        let wait = self.back_off_wait(ambient).max(cool_down);
        self.refresh.attempted = Some(ambient.now);
        self.refresh.phase = Stage::AwaitKeys(candidate);
        self.unlock();
        self.timers.set(Timer::Keys, ambient.now, wait);
        self.reject_waiters(None, &error);
        self.tell(Event::RenewalFailed, Some(error));
    }

    pub(super) fn keys_retry_due(&mut self, ambient: &mut Ambient<'_>) {
        match std::mem::take(&mut self.refresh.phase) {
            Stage::AwaitKeys(mut candidate) => {
                candidate.refetched = false;
                self.refresh.phase = Stage::AwaitVerification;
                self.verify(ambient, candidate);
            }
            other => self.refresh.phase = other,
        }
    }

    /// OIDC Core 12.2: an answer for somebody else, or one that cannot be proven to be the issuer's.
    /// Nothing of it is used, and the session ends.
    pub(super) fn identity_doubtful(&mut self, generation: u32, why: &str) {
        if !self.is_current(generation) {
            return;
        }
        self.finish(Error::at(Code::IdentityChanged, why));
    }

    /// The session is over, once, and everybody hears it.
    pub(super) fn end_session(&mut self, error: Error) {
        self.drop_key();
        let session = self.session.take();
        self.generation = self.generation.wrapping_add(1);
        self.forget_refresh();
        self.unlock();
        self.ended = Some(error.code);
        self.last_error = Some(error.clone());
        self.out.push(Output::Token(None));
        self.reject_waiters(None, &error);
        // A refused refresh token is spent; otherwise it lives on at the server.
        let lives_on =
            error.code == Code::IdentityChanged || error.oauth_error.as_deref() == Some("login_required");
        self.tell(Event::SessionExpired, Some(error));
        if let Some(token) = session.filter(|_| lives_on).and_then(|session| session.refresh_token) {
            self.revoke_quietly(&token);
        }
    }

    /// Nothing of a refresh is under way any more; what is still in the air finds another generation.
    pub(super) fn forget_refresh(&mut self) {
        self.refresh = Refresh::default();
        for timer in [Timer::Renew, Timer::Retry, Timer::Expire, Timer::Keys] {
            self.timers.clear(timer);
        }
    }

    fn is_current(&self, generation: u32) -> bool {
        self.session.as_ref().is_some_and(|session| session.generation == generation)
    }

    pub(super) fn set_online(&mut self, ambient: &mut Ambient<'_>, online: bool) {
        self.online = online;
        if online {
            self.hurry(ambient);
        }
    }

    /// The network is back or a user is looking: what waits for a retry need not wait its turn.
    pub(super) fn hurry(&mut self, ambient: &mut Ambient<'_>) {
        let now = ambient.now;
        self.hurry_device(now);
        if self.refresh.not_before.is_some_and(|deadline| !deadline.reached(now)) {
            return;
        }
        let since = self.refresh.attempted.map_or(MIN_PAUSE, |at| now.since(at));
        let wait = MIN_PAUSE.saturating_sub(since);
        let until_keys = wait.max(self.keys.cool_down_left(now));
        for (timer, wait) in [(Timer::Retry, wait), (Timer::Keys, until_keys)] {
            if self.timers.remaining(timer, now).is_some_and(|remaining| remaining > wait) {
                self.timers.set(timer, now, wait);
            }
        }
    }
}
