//! What must hold in every schedule. The checker sees all that goes in and comes out, and what the server
//! really said; it keeps its own book and trusts nothing of the engine's.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use tokenward::engine::input::{Call, OpId};
use tokenward::engine::output::{Event, Keep, Output, Renewal, Reply, Snapshot, Status};
use tokenward::error::{Code, Error};
use tokenward::protocol::http::{Caching, HttpRequest, Purpose};
use tokenward::time::{Millis, Now};

use crate::devices::Polls;
use crate::keeper::Stored;
use crate::server::{Arrival, ISSUER, MARK, Server, Word};

/// Longest time, awake, that an operation may take while every exchange is answered within its limit.
const PATIENCE: Millis = 300_000;

/// Wake-ups without time passing that are no spinning yet.
const RESTLESS: u32 = 5;

/// How an operation ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Navigate(String),
    NotOurs,
    SignedIn {
        return_to: Option<String>,
    },
    Token {
        token: String,
        serial: u32,
    },
    Proof {
        token: String,
        serial: u32,
        key: Option<String>,
        nonce: Option<String>,
        tries: i32,
        renewed: bool,
    },
    StepUp {
        acr_values: Vec<String>,
        max_age: Option<i64>,
        scope: Option<String>,
        met: bool,
    },
    Claims,
    Exchanged {
        token: String,
        token_type: &'static str,
    },
    Failed(Error),
}

impl Outcome {
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Failed(error) => Some(error.code),
            _ => None,
        }
    }
}

/// What the page asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) min_validity: Millis,
    pub(crate) fresh: bool,
    pub(crate) rejected: Option<u32>,
    /// Asked for a scope that was not granted.
    pub(crate) beyond: bool,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Login,
    Redirect,
    Token(Wish),
    /// What a request of the app is sent with.
    Proof,
    /// What the challenge of an API asks of the user.
    StepUp,
    Userinfo,
    Logout,
    Revoke,
    Restore,
    Device,
    Exchange,
    /// What came of asking who is signed in at the server.
    Check(Said),
}

/// What the authorization endpoint says to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Somebody is signed in: the grant of the code.
    Somebody(usize),
    /// Nobody is.
    Nobody,
    /// Something else.
    Nothing,
}

#[derive(Debug)]
struct Operation {
    kind: Kind,
    begun: Millis,
    /// Logouts before it.
    logouts: u32,
    /// The latest serial when it was begun.
    serial: u32,
    /// Answers with tokens since it was begun.
    answers: u32,
    outcome: Option<Outcome>,
}

/// One presentation of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Presented {
    InTheAir,
    /// Nothing readable came back.
    Lost,
    /// It was replaced.
    Replaced,
    /// It stays good.
    Kept,
    /// It is dead.
    Dead,
}

/// A leaky bucket: so many at once, so many each second.
#[derive(Debug)]
struct Bucket {
    level: f64,
    cap: f64,
    each_second: f64,
    at: Millis,
}

impl Bucket {
    fn new(cap: f64, each_second: f64) -> Self {
        Self { level: cap, cap, each_second, at: 0 }
    }

    fn add(&mut self, more: f64) {
        self.level += more;
    }

    #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
    fn take(&mut self, now: Millis) -> bool {
        if self.level < self.cap {
            let gained = (now - self.at) as f64 / 1000.0 * self.each_second;
            self.level = (self.level + gained).min(self.cap);
        }
        self.at = now;
        self.level -= 1.0;
        self.level >= 0.0
    }
}

macro_rules! tally {
    ($($name:ident),+ $(,)?) => {
        /// How often things happened, so that nobody has to believe that they did.
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct Tally { $(pub(crate) $name: u64,)+ }

        impl Tally {
            pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),+]
            }

            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

tally! {
    inputs,
    logins,
    renewals,
    narrowed,
    lost_answers,
    ended_by_word,
    ended_by_identity,
    ran_out,
    logouts,
    late_answers,
    overtaken,
    tokens,
    waited,
    keys_held,
    disposed,
    sleeps,
    jumps,
    offline,
    reloads,
    healed,
    conflicts,
    robbed,
    busy,
    adopted,
    signed_out_elsewhere,
    signed_in_elsewhere,
    degraded,
    repeated,
    devices,
    polls,
    exchanged,
    verified_userinfo,
    checks,
    ended_by_check,
}

impl Tally {
    /// What happens only where pages share a session.
    pub(crate) const SHARED: &[&str] = &[
        "conflicts",
        "robbed",
        "busy",
        "adopted",
        "signed_out_elsewhere",
        "signed_in_elsewhere",
        "degraded",
        "repeated",
    ];
}

#[derive(Debug)]
pub(crate) struct Checker {
    /// Its client shares its session with others.
    pub(crate) sealed: bool,
    pub(crate) violation: Option<String>,
    pub(crate) tally: Tally,
    /// A proof was asked for by a key that is nowhere.
    pub(crate) key_is_lost: bool,
    operations: HashMap<u32, Operation>,
    pub(crate) open: Vec<OpId>,
    presented: HashMap<String, Presented>,
    codes: HashSet<String>,
    /// Tokens of grants that the page has let go.
    forgotten: HashSet<usize>,
    /// The grant of the session, as the events tell.
    pub(crate) session: Option<usize>,
    /// A session ended without a logout, and no other began.
    expired: bool,
    /// The newest refresh token that reached the page, by grant.
    refresh: HashMap<usize, String>,
    /// When the request that gave an access token was made.
    pub(crate) sent: HashMap<String, (Now, Millis)>,
    verifiers: Vec<String>,
    pub(crate) token: Option<(String, u32)>,
    pub(crate) snapshot: Option<Rc<Snapshot>>,
    latest_serial: u32,
    pub(crate) logouts: u32,
    pub(crate) disposed: bool,
    /// The server asked not to be asked about this grant for so long.
    not_before: Option<(usize, Now, Millis)>,
    polls: Polls,
    token_requests: Bucket,
    key_requests: Bucket,
    keys_renewed: Option<Now>,
    idle_wakes: u32,
    woken_at: Millis,
    looks: Bucket,
    /// When it last asked to remove what is kept; the clock may be set before it hears that this was done.
    removes: Option<Now>,
    /// When access tokens were requested that were read.
    since: HashMap<String, Millis>,
    /// What the server said last to a refresh.
    last_word: Word,
    /// Grants that came of checks: nothing of them is used.
    of_checks: HashSet<usize>,
    /// Refresh tokens of theirs that were not given back yet.
    owed: HashMap<usize, String>,
    /// The session whose user a check has found.
    vouched: Option<usize>,
    /// What a check said that did not find the user of a session.
    doomed: Option<(usize, Said)>,
    /// So many exchanges may be sent.
    exchanges: u32,
    // While one input is handled:
    hearing: Word,
    calling: bool,
    /// It is being told what is kept; and whether its own session is not.
    reading: bool,
    gone: bool,
    must_revoke: Option<String>,
    session_before: Option<usize>,
    endings: u32,
    last_given: Option<usize>,
    /// The latest access token of any session.
    last_token: String,
}

/// When a request was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) now: Now,
    pub(crate) truth: Millis,
    /// Logouts before it.
    pub(crate) logouts: u32,
}

/// What the checker needs to know of the world.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) server: &'a Server,
    pub(crate) now: Now,
    pub(crate) truth: Millis,
    pub(crate) awake: Millis,
    pub(crate) honest: bool,
}

impl Checker {
    pub(crate) fn new(sealed: bool) -> Self {
        Self {
            sealed,
            violation: None,
            tally: Tally::default(),
            key_is_lost: false,
            operations: HashMap::new(),
            open: Vec::new(),
            presented: HashMap::new(),
            codes: HashSet::new(),
            forgotten: HashSet::new(),
            session: None,
            expired: false,
            refresh: HashMap::new(),
            sent: HashMap::new(),
            verifiers: Vec::new(),
            token: None,
            snapshot: None,
            latest_serial: 0,
            logouts: 0,
            disposed: false,
            not_before: None,
            polls: Polls::default(),
            token_requests: Bucket::new(10.0, 2.0),
            key_requests: Bucket::new(10.0, 1.0),
            keys_renewed: None,
            idle_wakes: 0,
            woken_at: 0,
            looks: Bucket::new(6.0, 4.0),
            removes: None,
            since: HashMap::new(),
            last_word: Word::None,
            of_checks: HashSet::new(),
            owed: HashMap::new(),
            vouched: None,
            doomed: None,
            exchanges: 0,
            reading: false,
            gone: false,
            hearing: Word::None,
            calling: false,
            must_revoke: None,
            session_before: None,
            endings: 0,
            last_given: None,
            last_token: String::new(),
        }
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        if self.violation.is_none() {
            self.violation = Some(what.into());
        }
    }

    pub(crate) fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fail(what());
        }
    }

    pub(crate) fn outcome(&self, op: OpId) -> Option<&Outcome> {
        self.operations.get(&op.0)?.outcome.as_ref()
    }

    /// The newest refresh token of the session.
    pub(crate) fn refresh_token(&self) -> Option<&str> {
        self.refresh.get(&self.session?).map(String::as_str)
    }

    // What goes in.

    pub(crate) fn called(&mut self, op: OpId, kind: Kind, facts: &Facts<'_>) {
        if matches!(kind, Kind::Token(_) | Kind::Userinfo | Kind::Exchange) {
            self.token_requests.add(2.0);
        }
        if let Kind::Check(Said::Somebody(grant)) = kind {
            self.of_checks.insert(grant);
        }
        self.exchanges += u32::from(matches!(kind, Kind::Exchange));
        if matches!(kind, Kind::Redirect | Kind::Userinfo | Kind::Device | Kind::Check(_)) {
            self.key_requests.add(2.0);
        }
        if matches!(kind, Kind::Logout | Kind::Revoke) {
            self.logouts += 1;
            self.tally.logouts += 1;
        }
        self.open.push(op);
        let operation = Operation {
            kind,
            begun: facts.awake,
            logouts: self.logouts,
            serial: self.latest_serial,
            answers: 0,
            outcome: None,
        };
        self.operations.insert(op.0, operation);
    }

    /// An input is about to be handled.
    pub(crate) fn before(&mut self, calling: Option<&Call>, tick: bool, facts: &Facts<'_>) {
        self.tally.inputs += 1;
        self.calling = calling.is_some();
        self.session_before = self.session;
        self.endings = 0;
        self.must_revoke = None;
        self.hearing = Word::None;
        self.reading = false;
        self.gone = false;
        if tick && facts.truth == self.woken_at {
            self.idle_wakes += 1;
            self.require(self.idle_wakes <= RESTLESS, || "wake-ups without time passing".to_owned());
        } else {
            self.idle_wakes = 0;
        }
        self.woken_at = facts.truth;
    }

    /// The answer of an exchange is about to be handled; after [`Self::before`].
    pub(crate) fn hears(&mut self, request: &Arrival, word: &Word, sent: &Sent, body: Option<&[u8]>) {
        if let Some(token) = request.refresh_token() {
            let state = match word {
                Word::None => Presented::Lost,
                Word::Tokens { refresh: Some(new), .. } if new != token => Presented::Replaced,
                Word::Tokens { .. } | Word::Refused => Presented::Kept,
                Word::InvalidGrant => Presented::Dead,
            };
            if state == Presented::Lost {
                self.tally.lost_answers += 1;
            }
            self.presented.insert(token.to_owned(), state);
            self.last_word = word.clone();
        }
        if let Some(code) = request.field("device_code") {
            self.polls.hears(code, body);
        }
        if let Word::Tokens { grant, refresh, refreshed } = word {
            for op in &self.open {
                if let Some(operation) = self.operations.get_mut(&op.0) {
                    operation.answers += 1;
                }
            }
            let text = String::from_utf8_lossy(body.unwrap_or_default());
            if let Some(access) = text.split('"').find(|part| part.starts_with("at.")) {
                self.sent.insert(access.to_owned(), (sent.now, sent.truth));
            }
            if let Some(refresh) = refresh {
                if self.of_checks.contains(grant) {
                    self.owed.insert(*grant, refresh.clone());
                }
                self.refresh.insert(*grant, refresh.clone());
                // Logout wins: what comes too late is given back.
                let late = match refreshed {
                    true => self.forgotten.contains(grant),
                    false => sent.logouts != self.logouts,
                };
                if late {
                    self.tally.late_answers += 1;
                    self.must_revoke = Some(refresh.clone());
                }
            }
        }
        self.hearing = word.clone();
    }

    /// It is about to be told what is kept; after [`Self::before`].
    pub(crate) fn reads(&mut self, there: Option<&Stored>) {
        let grant = there.and_then(Stored::grant);
        self.reading = true;
        self.gone = grant.is_none();
        if let Some((token, since)) = there.and_then(Stored::access_token) {
            self.since.insert(token, since);
        }
        if let Some((grant, token)) = grant.zip(there.and_then(Stored::refresh_token)) {
            self.refresh.insert(grant, token);
        }
    }

    /// It looks at what is kept.
    pub(crate) fn looks(&mut self, truth: Millis) {
        let calm = self.looks.take(truth);
        self.require(calm, || "a storm of looks at what is kept".to_owned());
    }

    /// It asks to remove what is kept.
    pub(crate) fn removes(&mut self, now: Now) {
        self.removes = Some(now);
    }

    /// What the server asks for with its answer to a refresh; up to ten minutes are its right.
    pub(crate) fn asked_to_wait(&mut self, request: &Arrival, time: Option<Millis>, facts: &Facts<'_>) {
        if let Some(grant) = request.refresh_token().and_then(grant_of) {
            self.not_before = time.map(|time| (grant, facts.now, time.min(600_000)));
        }
    }

    /// The set could not be fetched past the caches: there is nothing to be cooled down.
    pub(crate) fn keys_stay_old(&mut self) {
        self.keys_renewed = None;
    }

    // What comes out.

    pub(crate) fn output(&mut self, output: &Output, facts: &Facts<'_>) {
        self.look_for_secrets(output);
        match output {
            Output::Send(_, request) => self.sends(request, facts),
            Output::Verify(..) | Output::CleanUrl(_) | Output::Device(..) => {}
            Output::Keep(_, Keep::Store { record, .. }) => {
                let verifier = record.expose().split('"').skip_while(|part| *part != "verifier").nth(2);
                self.verifiers.extend(verifier.map(str::to_owned));
            }
            Output::Keep(..) => {}
            Output::Wake(wait) => {
                let watched = wait.is_none_or(|wait| (1..=1000).contains(&wait));
                self.require(watched, || format!("asks to be woken after {wait:?}"));
            }
            Output::Token(None) => self.token = None,
            Output::Token(Some(token)) => {
                let text = token.token.expose().to_owned();
                self.last_given = self.may_be_seen(&text, facts);
                let life = facts.server.access.get(&text).and_then(|access| access.lifetime);
                self.require(token.lifetime == life, || "a lifetime that the server did not say".to_owned());
                self.latest_serial = self.latest_serial.max(token.serial);
                self.last_token.clone_from(&text);
                self.token = Some((text, token.serial));
            }
            Output::Session(snapshot) => {
                let before = self.snapshot.as_ref().is_some_and(|before| before.sealed);
                self.tally.degraded += u64::from(before && !snapshot.sealed);
                self.snapshot = Some(Rc::clone(snapshot));
            }
            Output::Settle(op, result) => self.settled(*op, result, facts),
            Output::Event(event, error) => self.event(*event, error.as_ref(), facts),
        }
    }

    fn look_for_secrets(&mut self, output: &Output) {
        let print = format!("{output:?}");
        // So begins every ID token: `{"alg":` in base64url.
        let leaks = print.contains(MARK) || print.contains("eyJhbGciOi");
        if leaks || self.verifiers.iter().any(|verifier| print.contains(verifier.as_str())) {
            self.fail(format!("a secret in {print}"));
        }
        if let Output::Settle(_, Err(error)) = output {
            let texts = [Some(error.message()), error.path.clone(), error.description.clone()];
            let leaks = texts.iter().flatten().any(|text| text.contains(MARK) || text.contains("eyJhbGciOi"));
            self.require(!leaks, || "a secret in an error".to_owned());
        }
    }

    /// A token that is given out must be of a grant that the page still has. Gives the grant.
    fn may_be_seen(&mut self, token: &str, facts: &Facts<'_>) -> Option<usize> {
        let access = facts.server.access.get(token);
        let grant = access.map(|access| access.grant);
        let doctored = access.is_some_and(|access| access.doctored);
        self.require(!doctored, || "a token of an answer that had to be refused".to_owned());
        self.require(grant.is_some(), || "a token that no server issued".to_owned());
        let forgotten = grant.is_some_and(|grant| self.forgotten.contains(&grant));
        self.require(!forgotten, || "a token of a session that is over".to_owned());
        let of_check = grant.is_some_and(|grant| self.of_checks.contains(&grant));
        self.require(!of_check, || "a token of a check is used".to_owned());
        grant
    }

    fn sends(&mut self, request: &HttpRequest, facts: &Facts<'_>) {
        let path = match request.purpose {
            Purpose::Discovery if request.url.contains("/oauth-") => ".well-known/oauth-authorization-server",
            Purpose::Discovery => ".well-known/openid-configuration",
            Purpose::Keys => "jwks",
            Purpose::Push => "par",
            Purpose::Token => "token",
            Purpose::Userinfo => "userinfo",
            Purpose::Revocation => "revoke",
            Purpose::Device => "device_authorization",
        };
        let pinned = request.url == format!("{ISSUER}/{path}");
        self.require(pinned, || format!("{:?} goes to {}", request.purpose, request.url));
        let arrival = crate::world::arrival(request);
        match request.purpose {
            // The server refused the proof and did nothing else.
            Purpose::Token if request.proof.as_ref().is_some_and(|proof| proof.tries > 0) => {}
            Purpose::Token => match (arrival.refresh_token(), arrival.field("code")) {
                (Some(token), _) => self.presents(token, facts),
                (None, Some(code)) => {
                    let first = self.codes.insert(code.to_owned());
                    self.require(first, || "a code is exchanged twice".to_owned());
                }
                (None, None) => self.asks_otherwise(&arrival, facts),
            },
            Purpose::Keys => {
                let calm = self.key_requests.take(facts.truth);
                self.require(calm, || "a storm of key requests".to_owned());
                if request.caching == Caching::Renew {
                    let cool = self.keys_renewed.is_none_or(|before| facts.now.since(before) >= 60_000);
                    self.require(cool, || "keys fetched past the caches before the cool-down".to_owned());
                    self.keys_renewed = Some(facts.now);
                }
            }
            Purpose::Revocation => {
                if arrival.field("token").map(str::to_owned) == self.must_revoke {
                    self.must_revoke = None;
                }
                self.owed.retain(|_, token| arrival.field("token") != Some(token));
            }
            Purpose::Userinfo => {
                let token = arrival.bearer.unwrap_or_default();
                self.may_be_seen(&token, facts);
            }
            Purpose::Discovery | Purpose::Push | Purpose::Device => {}
        }
    }

    /// Token requests of other grants.
    fn asks_otherwise(&mut self, arrival: &Arrival, facts: &Facts<'_>) {
        if let Some(code) = arrival.field("device_code") {
            self.tally.polls += 1;
            if let Err(what) = self.polls.sends(code, (facts.now, facts.truth), facts.server.devices.interval)
            {
                self.fail(what);
            }
        } else if let Some(subject) = arrival.field("subject_token") {
            self.require(self.exchanges > 0, || "an exchange that nobody asked for".to_owned());
            self.exchanges = self.exchanges.saturating_sub(1);
            // Other tokens are the app's own.
            if subject.starts_with("at.") {
                self.may_be_seen(subject, facts);
            }
        } else {
            self.fail("a token request without a grant");
        }
    }

    fn presents(&mut self, token: &str, facts: &Facts<'_>) {
        let grant = grant_of(token);
        let in_the_air =
            self.presented.iter().any(|(t, p)| *p == Presented::InTheAir && grant_of(t) == grant);
        self.require(!in_the_air, || "two refresh requests in the air".to_owned());
        match self.presented.get(token) {
            // Pages that share a session are judged together.
            _ if self.sealed => {}
            Some(Presented::Replaced) => self.fail("a refresh token is used although it was replaced"),
            Some(Presented::Dead) => self.fail("a refresh token is used although the server refused it"),
            _ => {}
        }
        self.require(grant.is_some() && grant == self.session, || {
            "a refresh for another session than the one there is".to_owned()
        });
        self.presented.insert(token.to_owned(), Presented::InTheAir);
        if let Some((asked, at, time)) = self.not_before {
            let patient = grant != Some(asked) || facts.now.since(at) >= time;
            self.require(patient, || format!("asks again although asked to wait for {time} ms"));
        }
        let calm = self.token_requests.take(facts.truth);
        self.require(calm, || "a storm of token requests".to_owned());
    }

    fn settled(&mut self, op: OpId, result: &Result<Reply, Error>, facts: &Facts<'_>) {
        let at = self.open.iter().position(|known| *known == op);
        self.require(at.is_some(), || format!("{op:?} settles, but is not open"));
        let Some(at) = at else { return };
        self.open.swap_remove(at);
        let outcome = match result {
            Ok(Reply::Done) => Outcome::Done,
            Ok(Reply::Navigate(url)) => Outcome::Navigate(url.clone()),
            Ok(Reply::NotOurs) => Outcome::NotOurs,
            Ok(Reply::SignedIn { return_to }) => Outcome::SignedIn { return_to: return_to.clone() },
            Ok(Reply::Token { token, serial }) => {
                Outcome::Token { token: token.expose().to_owned(), serial: *serial }
            }
            Ok(Reply::Proof { token, serial, key, nonce, tries, renewed }) => Outcome::Proof {
                token: token.expose().to_owned(),
                serial: *serial,
                key: key.clone(),
                nonce: nonce.clone(),
                tries: *tries,
                renewed: *renewed,
            },
            Ok(Reply::StepUp { acr_values, max_age, scope, met }) => Outcome::StepUp {
                acr_values: acr_values.clone(),
                max_age: *max_age,
                scope: scope.clone(),
                met: *met,
            },
            Ok(Reply::Claims(_)) => Outcome::Claims,
            Ok(Reply::Exchanged { exchanged, .. }) => Outcome::Exchanged {
                token: exchanged.token.expose().to_owned(),
                token_type: exchanged.token_type,
            },
            Err(error) => Outcome::Failed(error.clone()),
        };
        let Some(operation) = self.operations.remove(&op.0) else { return };
        let overtaken = operation.logouts != self.logouts;
        match (&operation.kind, &outcome) {
            (Kind::Token(wish), Outcome::Token { token, serial }) => {
                self.hands_out(wish, &operation, token, *serial, facts);
            }
            (Kind::Token(wish), Outcome::Failed(error)) => {
                let refused = !wish.beyond || error.code != Code::TokenRefused;
                self.require(refused, || "asked the server for a scope that was not granted".to_owned());
            }
            (Kind::Proof, Outcome::Proof { token, key, .. }) => {
                self.may_be_seen(token, facts);
                let bound = facts.server.access.get(token).and_then(|access| access.key.as_ref());
                self.require(bound == key.as_ref(), || "a proof by another key than the token's".to_owned());
            }
            (Kind::Exchange, Outcome::Exchanged { token, token_type }) => {
                self.tally.exchanged += 1;
                self.require(!overtaken, || "an exchange goes on although a logout came after it".to_owned());
                self.may_be_seen(token, facts);
                let bound = facts.server.access.get(token).is_some_and(|access| access.key.is_some());
                self.require((*token_type == "DPoP") == bound, || {
                    "a bound token is taken for another".to_owned()
                });
            }
            (Kind::Userinfo, Outcome::Claims) => {
                self.tally.verified_userinfo += u64::from(facts.server.policy.signs_userinfo);
            }
            (Kind::Check(said), Outcome::Done) => {
                self.require(!overtaken, || "a check goes on although a logout came after it".to_owned());
                self.tally.checks += 1;
                if let Said::Somebody(grant) = said {
                    let owes = facts.server.policy.has_revocation && self.owed.contains_key(grant);
                    self.require(!owes, || "what a check brought is not given back".to_owned());
                }
                self.checked(*said, facts);
            }
            // It goes on all the same.
            (Kind::Check(said), Outcome::Failed(error)) if error.code == Code::Aborted => {
                self.checked(*said, facts);
            }
            (Kind::StepUp, Outcome::Done | Outcome::StepUp { .. })
            | (Kind::Proof, Outcome::Done | Outcome::Failed(_))
            | (Kind::Userinfo | Kind::Exchange | Kind::Device, Outcome::Failed(_))
            | (Kind::Restore, Outcome::Done | Outcome::Failed(_))
            | (Kind::Logout, Outcome::Done | Outcome::Navigate(_) | Outcome::Failed(_))
            | (Kind::Revoke, Outcome::Done | Outcome::Failed(_))
            | (Kind::Redirect | Kind::Login | Kind::Check(_), Outcome::Failed(_))
            | (Kind::Redirect, Outcome::NotOurs) => {}
            (Kind::Redirect | Kind::Device, Outcome::SignedIn { .. })
            | (Kind::Login, Outcome::Navigate(_)) => {
                self.tally.devices += u64::from(matches!(operation.kind, Kind::Device));
                self.require(!overtaken, || "a login goes on although a logout came after it".to_owned());
            }
            (kind, outcome) => self.fail(format!("{kind:?} settles as {outcome:?}")),
        }
        if matches!(operation.kind, Kind::Redirect | Kind::Login) && overtaken {
            self.tally.overtaken += 1;
        }
        let took = facts.awake - operation.begun;
        self.require(took <= PATIENCE, || format!("{:?} took {took} ms", operation.kind));
        self.operations.insert(op.0, Operation { outcome: Some(outcome), ..operation });
    }

    /// What a check says is known, or will be.
    fn checked(&mut self, said: Said, facts: &Facts<'_>) {
        let Some(session) = self.session else { return };
        match said {
            Said::Somebody(grant) if facts.server.is_same_user(grant, session) => {
                self.vouched = Some(session);
            }
            said => self.doomed = Some((session, said)),
        }
    }

    /// Whether a check says that the user of that session is signed out at the server, or is somebody else.
    pub(crate) fn is_denied(&self, session: usize, server: &Server) -> bool {
        let says = |said: Said| match said {
            Said::Somebody(grant) => !server.is_same_user(grant, session),
            Said::Nobody => self.vouched == Some(session),
            Said::Nothing => false,
        };
        let asks = |op: &OpId| match self.operations.get(&op.0).map(|operation| &operation.kind) {
            Some(Kind::Check(said)) => says(*said),
            _ => false,
        };
        self.open.iter().any(asks) || self.doomed.is_some_and(|(of, said)| of == session && says(said))
    }

    fn hands_out(&mut self, wish: &Wish, operation: &Operation, token: &str, serial: u32, facts: &Facts<'_>) {
        self.tally.tokens += 1;
        let grant = self.may_be_seen(token, facts);
        self.require(!wish.beyond, || "a token for a scope that was not granted".to_owned());
        self.require(wish.rejected != Some(serial), || "a token that was refused".to_owned());
        self.require(!wish.fresh || serial > operation.serial, || "not a fresh token".to_owned());
        self.latest_serial = self.latest_serial.max(serial);
        let Some(life) = facts.server.access.get(token).and_then(|access| access.lifetime) else { return };
        let Some(issued) = facts.server.access.get(token).map(|access| access.issued) else { return };
        if !facts.honest {
            return;
        }
        let left = (issued + life).saturating_sub(facts.truth);
        let can_renew = grant.is_some_and(|grant| self.refresh.contains_key(&grant));
        let wanted = if can_renew { wish.min_validity.min(life / 2) } else { 0 };
        if operation.begun == facts.awake && operation.answers == 0 {
            self.require(left > wanted, || format!("a token that lives {left} ms, not {wanted} ms"));
        } else {
            self.tally.waited += 1;
            // A way that takes longer than the token lives is nobody's fault; once is not enough to know.
            let sent = self.sent.get(token).map_or(facts.truth, |(_, sent)| *sent);
            let dead = facts.truth - sent >= life;
            self.require(!dead || operation.answers > 1, || {
                format!("a token that is past its life of {life} ms")
            });
        }
    }

    fn event(&mut self, event: Event, error: Option<&Error>, facts: &Facts<'_>) {
        match event {
            Event::SignedIn => {
                self.tally.logins += 1;
                if let Some(before) = self.session {
                    self.forgotten.insert(before);
                }
                self.session = self.last_given;
                self.expired = false;
                (self.vouched, self.doomed) = (None, None);
                self.tally.signed_in_elsewhere += u64::from(self.reading);
                let code = matches!(self.hearing, Word::Tokens { refreshed: false, .. });
                self.require(code || !self.calling, || "signed in by a call".to_owned());
            }
            Event::Renewed => {
                self.tally.renewals += 1;
                self.require(self.session.is_some(), || "renewed without a session".to_owned());
                if self.reading {
                    // The server has renewed for somebody: it is not to be waited for any more.
                    self.not_before = None;
                    self.tally.adopted += 1;
                }
            }
            Event::RenewalFailed => {
                self.require(self.session.is_some(), || "a renewal failed without a session".to_owned());
                if error.is_some_and(|error| error.code == Code::KeysUnavailable) {
                    self.tally.keys_held += 1;
                }
            }
            Event::SignedOut => {
                let known = self.session.is_some() || self.expired;
                let by_somebody = self.calling || self.gone;
                self.require(known && by_somebody, || "signed out of nothing, or by nobody".to_owned());
                self.tally.signed_out_elsewhere += u64::from(!self.calling);
                self.let_go();
                self.expired = false;
            }
            Event::SessionExpired => self.expires(error, facts),
        }
    }

    fn expires(&mut self, error: Option<&Error>, facts: &Facts<'_>) {
        let code = error.map(|error| error.code);
        let Some(grant) = self.session else { return self.fail("a session ends that was over") };
        // Where the record must be removed first, the end is told when that is done.
        let refused = match self.sealed {
            true => self.last_word == Word::InvalidGrant,
            false => self.hearing == Word::InvalidGrant,
        };
        let denied = self.is_denied(grant, facts.server);
        let known = self.refresh.get(&grant).cloned();
        match code {
            Some(Code::SessionEnded) => {
                self.tally.ended_by_word += 1;
                self.require(refused || denied, || "a session ends without the server's word".to_owned());
                let by_check = error.and_then(|error| error.oauth_error.as_deref()) == Some("login_required");
                self.tally.ended_by_check += u64::from(by_check);
                if by_check && facts.server.policy.has_revocation {
                    self.must_revoke = known;
                }
            }
            Some(Code::IdentityChanged) => {
                self.tally.ended_by_identity += 1;
                let doubtful = !facts.server.can_be_proven(grant) || denied;
                self.require(doubtful, || format!("a session ends for nothing: {error:?}"));
                if facts.server.policy.has_revocation {
                    self.must_revoke = known;
                }
            }
            Some(Code::SessionExpired) => {
                self.tally.ran_out += 1;
                let life = facts.server.access.get(&self.last_token).and_then(|access| access.lifetime);
                let sent = self.sent.get(&self.last_token);
                let is_over = |now: Now| match (life, sent) {
                    (Some(life), Some((sent, _))) => now.since(*sent) >= life,
                    // Another page asked for it: the record tells when, by the wall clock.
                    (Some(life), None) => self.since.get(&self.last_token).is_some_and(|since| {
                        let issued = facts.server.access[&self.last_token].issued;
                        let by_wall = now.wall < *since || now.wall - since >= life;
                        by_wall || facts.truth + 10_000 >= issued + life
                    }),
                    _ => false,
                };
                let over = is_over(facts.now) || self.removes.is_some_and(is_over);
                self.require(over && known.is_none(), || "a session runs out before its time".to_owned());
            }
            Some(Code::DpopKeyLost) => {
                self.require(self.key_is_lost, || "a key is lost that is there".to_owned())
            }
            Some(Code::DpopDowngraded) => {
                self.require(facts.server.downgrades, || "a bound token is taken for another".to_owned());
            }
            _ => self.fail(format!("a session ends with {error:?}")),
        }
        self.let_go();
        self.expired = true;
    }

    fn let_go(&mut self) {
        self.endings += 1;
        if let Some(grant) = self.session.take() {
            self.forgotten.insert(grant);
        }
    }

    /// The input was handled and the outputs are drained.
    pub(crate) fn after(&mut self, facts: &Facts<'_>) {
        let endings = self.endings;
        self.require(endings <= 1, || format!("{endings} endings at once"));
        if self.disposed {
            self.require(self.open.is_empty(), || "an operation survives the client".to_owned());
            self.require(self.token.is_none(), || "a token survives the client".to_owned());
            return;
        }
        let Some(snapshot) = &self.snapshot else { return };
        let (status, renewal) = (snapshot.status, snapshot.renewal);
        let signed_in = matches!(status, Status::SignedIn | Status::Refreshing);
        let known = self.session;
        let session_before = self.session_before;
        self.require(signed_in == known.is_some(), || {
            format!("status {status:?}, but the events say {known:?} (before: {session_before:?})")
        });
        let token = self.token.as_ref().and_then(|(token, _)| facts.server.access.get(token));
        let token_of = token.map(|access| access.grant);
        self.require(token_of == known, || format!("a token of {token_of:?} in session {known:?}"));
        self.require(known.is_some() || renewal == Renewal::Ended, || {
            "renewal goes on without a session".to_owned()
        });
        if status == Status::Expired {
            self.require(self.expired, || "expired without an event".to_owned());
        }
        if facts.server.policy.has_revocation && self.must_revoke.is_some() {
            self.fail("a late refresh token is not given back");
        }
        let Some(oldest) =
            self.open.iter().filter_map(|op| self.operations.get(&op.0)).min_by_key(|o| o.begun)
        else {
            return;
        };
        let took = facts.awake - oldest.begun;
        if took > PATIENCE {
            let what = format!("{:?} is open for {took} ms", oldest.kind);
            self.fail(what);
        }
    }

    /// The page is gone: what it had in memory is gone with it.
    pub(crate) fn forget_page(&mut self) {
        if let Some(grant) = self.session.take() {
            self.forgotten.insert(grant);
        }
        self.open.clear();
        (self.vouched, self.doomed) = (None, None);
        self.presented.retain(|_, state| *state != Presented::InTheAir);
        if self.sealed {
            // It may find its session again, with another clock.
            self.forgotten.clear();
            self.sent.clear();
            self.not_before = None;
            self.looks = Bucket::new(6.0, 4.0);
        }
        self.token = None;
        self.snapshot = None;
        self.expired = false;
        self.disposed = false;
        self.latest_serial = 0;
        self.keys_renewed = None;
    }

    pub(crate) fn disposing(&mut self) {
        self.tally.disposed += 1;
        self.disposed = true;
        if let Some(grant) = self.session.take() {
            self.forgotten.insert(grant);
        }
    }
}

/// The grant that stands in every token of this world.
pub(crate) fn grant_of(token: &str) -> Option<usize> {
    token.split('.').nth(1)?.parse().ok()
}
