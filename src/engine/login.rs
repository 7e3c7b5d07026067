//! From `login()` to the provider, and from the callback to a session.

use crate::encoding::json::{Json, Shared};
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::authorize::{self, LoginOptions, Randomness};
use crate::protocol::callback::{self, Arrival};
use crate::protocol::details::Granted;
use crate::protocol::dpop::{Key, Policy, Proof};
use crate::protocol::http::HttpResponse;
use crate::protocol::id_token::{self, AtLogin, Expected, Identity};
use crate::protocol::token::{self, TokenAnswer};
use crate::protocol::transaction::Transaction;
use crate::protocol::{jws, par};
use crate::secret::Secret;
use crate::time::Now;
use crate::{WHOLE, Whole};

use super::discovery::Continuation;
use super::input::{Ambient, Kept, OpId};
use super::keys::{Candidate as KeyCandidate, Origin};
use super::output::{Event, Keep, Output, Reply};
use super::session::{AccessToken, Session};
use super::tabs::SignedIn;
use super::{Engine, Job};

/// A login that waits for metadata.
#[derive(Debug)]
pub(super) struct Wanted {
    op: OpId,
    /// How many logouts there had been when it was asked for; so in all that follows.
    logouts: u32,
    options: LoginOptions,
}

/// A login that waits for the key its code will be bound to.
#[derive(Debug)]
pub(super) struct Keyless {
    op: OpId,
    logouts: u32,
    options: LoginOptions,
    random: Randomness,
}

/// A login whose request is being pushed.
#[derive(Debug)]
pub(super) struct Ready {
    op: OpId,
    logouts: u32,
    state: String,
    record: Secret,
}

/// A code that waits for the key its tokens will be bound to.
#[derive(Debug)]
pub(super) struct Redeemable {
    op: OpId,
    logouts: u32,
    code: Secret,
    transaction: Box<Transaction>,
    /// The session that it asks about, and does not begin.
    checks: Option<u32>,
}

/// A login whose transaction is being stored before the page is left.
#[derive(Debug)]
pub(super) struct Leaving {
    op: OpId,
    logouts: u32,
    url: String,
}

/// A URL that waits for what storage says.
#[derive(Debug)]
pub(super) struct Arrived {
    op: OpId,
    logouts: u32,
    url: Awaited,
}

#[derive(Debug)]
enum Awaited {
    Response(callback::Response),
    Foreign { clean: String, error: Error },
}

/// A response with its transaction, waiting for metadata.
#[derive(Debug)]
pub(super) struct Matched {
    op: OpId,
    logouts: u32,
    response: callback::Response,
    transaction: Box<Transaction>,
}

/// A code that is being exchanged.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) op: OpId,
    pub(super) logouts: u32,
    pub(super) transaction: Box<Transaction>,
    pub(super) key: Option<Key>,
    pub(super) sent: Now,
    /// The session that it asks about, and does not begin.
    pub(super) checks: Option<u32>,
    /// For a code that was entered on another device: who gives that login up wants no session of it.
    pub(super) by_device: bool,
}

/// A token answer whose ID token says the right things and is not verified yet.
#[derive(Debug)]
pub(super) struct Candidate {
    exchange: Box<Exchange>,
    pub(super) answer: TokenAnswer,
    identity: Identity,
}

impl Engine {
    pub(super) fn login(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        match LoginOptions::from_args(args, &self.config) {
            Ok(options) if authorize::checks(options.way) && !self.has_identity() => {
                self.refuse(op, Error::new(Code::LoginRequired));
            }
            Ok(options) => {
                self.begin_login(op, options.way);
                let wanted = Wanted { op, logouts: self.logouts, options };
                self.with_metadata(ambient, Continuation::Login(Box::new(wanted)));
            }
            Err(error) => self.refuse(op, error),
        }
    }

    pub(super) fn login_ready(&mut self, ambient: &mut Ambient<'_>, wanted: Wanted, found: Result<()>) {
        let Wanted { op, logouts, options } = wanted;
        if logouts != self.logouts || !self.operations.is_open(op) {
            return self.login_overtaken(op, None);
        }
        if let Err(error) = found {
            return self.login_failed(op, error);
        }
        let random =
            Randomness { state: ambient.octets(), nonce: ambient.octets(), verifier: ambient.octets() };
        let Some(metadata) = self.metadata() else { return };
        let login = Keyless { op, logouts, options, random };
        match (self.config.dpop.wants_proof(metadata), Whole::HERE) {
            (Err(error), _) => self.login_failed(op, error),
            (Ok(Some(algorithm)), Some(whole)) => {
                let state = login.options.state(&login.random);
                let job = self.begin(Job::MakeKey(Box::new(login), whole));
                self.out.push(Output::Keep(job, Keep::MakeKey { algorithm, state }));
            }
            _ => self.login_keyed(ambient, login, Ok(None)),
        }
    }

    /// Without a key that will be there when the browser comes back, the code is bound to none; one is made then.
    pub(super) fn login_keyed(
        &mut self,
        ambient: &mut Ambient<'_>,
        login: Keyless,
        key: Result<Option<Key>>,
    ) {
        let Keyless { op, logouts, options, random } = login;
        if logouts != self.logouts || !self.operations.is_open(op) {
            return self.login_overtaken(op, None);
        }
        let Some(metadata) = self.metadata() else { return };
        match key.and_then(|key| authorize::request(&self.config, metadata, options, &random, key)) {
            Err(error) => self.login_failed(op, error),
            Ok(request) => {
                let record = Secret::new(request.transaction.to_record(&self.config, ambient.now));
                let login = Ready { op, logouts, state: request.state, record };
                match self.config.par.endpoint(metadata) {
                    Err(error) => self.login_failed(op, error),
                    Ok(None) => self.store(login, request.url),
                    Ok(Some(endpoint)) => {
                        let request = par::request(endpoint, &request.form, &self.config);
                        self.send(Job::Push(Box::new(login)), request);
                    }
                }
            }
        }
    }

    /// The reference is good for one use and is used at once; another login pushes anew.
    pub(super) fn pushed(&mut self, login: Ready, response: Result<&HttpResponse>) {
        let op = login.op;
        if login.logouts != self.logouts || !self.operations.is_open(op) {
            return self.login_overtaken(op, None);
        }
        let Some(metadata) = self.metadata() else { return };
        match response.and_then(|response| par::judge(response, &self.config, metadata)) {
            Err(error) => self.login_failed(op, error.during(Phase::Login)),
            Ok(url) => self.store(login, url),
        }
    }

    fn store(&mut self, login: Ready, url: String) {
        let Ready { op, logouts, state, record } = login;
        let job = self.begin(Job::Store(Leaving { op, logouts, url }));
        self.out.push(Output::Keep(job, Keep::Store { state, record }));
    }

    pub(super) fn stored(&mut self, leaving: Leaving, stored: bool) {
        let Leaving { op, logouts, url } = leaving;
        if logouts != self.logouts {
            return self.login_overtaken(op, None);
        }
        match stored {
            // The status stays `signing-in`: the page is being left.
            true => self.settle(op, Ok(Reply::Navigate(url))),
            false => self.login_failed(op, Error::new(Code::StorageUnavailable)),
        }
    }

    pub(super) fn handle_redirect(&mut self, op: OpId, url: &str) {
        match callback::recognise(url, &self.config) {
            Arrival::NotOurs => self.settle(op, Ok(Reply::NotOurs)),
            Arrival::FromLogout { clean } => {
                self.out.push(Output::CleanUrl(clean));
                self.settle(op, Ok(Reply::NotOurs));
            }
            Arrival::Refused { clean, error } => {
                self.out.push(Output::CleanUrl(clean));
                self.login_failed(op, error);
            }
            Arrival::Foreign { clean, error } => {
                self.look_up(op, String::new(), Awaited::Foreign { clean, error });
            }
            Arrival::Response(response) => {
                // Before anything else can run and read the code from the address.
                self.out.push(Output::CleanUrl(response.clean.clone()));
                self.begin_login(op, authorize::way_of(&response.state));
                self.look_up(op, response.state.clone(), Awaited::Response(response));
            }
        }
    }

    /// A login beside the page is not seen in the session until there is one: it may have been given up long ago.
    fn begin_login(&mut self, op: OpId, way: &str) {
        if authorize::is_quiet(way) {
            self.quiet.begin(op);
        } else if !way.contains('.') {
            self.signing_in.begin(op);
        }
    }

    fn look_up(&mut self, op: OpId, state: String, url: Awaited) {
        let job = self.begin(Job::Take(Box::new(Arrived { op, logouts: self.logouts, url })));
        self.out.push(Output::Keep(job, Keep::Take { state }));
    }

    pub(super) fn taken(&mut self, ambient: &mut Ambient<'_>, arrived: Arrived, kept: Kept) {
        let Arrived { op, logouts, url } = arrived;
        let response = match url {
            Awaited::Foreign { clean, error } if kept.revision.is_some() => {
                self.out.push(Output::CleanUrl(clean));
                return self.login_failed(op, error);
            }
            Awaited::Foreign { .. } => return self.settle(op, Ok(Reply::NotOurs)),
            Awaited::Response(response) => response,
        };
        let transaction = match kept.record {
            Some(record) => Transaction::from_record(record.expose(), &self.config, ambient.now),
            None => Err(Error::new(Code::StateUnknown)),
        };
        match transaction {
            Ok(transaction) => {
                let matched = Matched { op, logouts, response, transaction: Box::new(transaction) };
                self.with_metadata(ambient, Continuation::Callback(Box::new(matched)));
            }
            Err(error) => self.login_failed(op, error),
        }
    }

    pub(super) fn callback_ready(&mut self, ambient: &mut Ambient<'_>, matched: Matched, found: Result<()>) {
        let Matched { op, logouts, response, transaction } = matched;
        if logouts != self.logouts {
            return self.login_overtaken(op, None);
        }
        if let Err(error) = found {
            return self.login_failed(op, error);
        }
        let Some(metadata) = self.metadata() else { return };
        let way = authorize::way_of(&response.state);
        let comes_back = authorize::comes_back(way);
        let checks = authorize::checks(way).then_some(self.generation);
        let wants_proof = self.config.dpop.wants_proof(metadata);
        let keyed = transaction.key.as_ref().map(|_| response.state.clone());
        let validated = response.validate(&self.config, metadata);
        match validated.and_then(|code| Ok((code, wants_proof?))) {
            // What was to be found out.
            Err(error) if comes_back && error.code == Code::InteractionRequired => {
                self.settle(op, Ok(Reply::SignedIn { return_to: transaction.return_to }));
            }
            Err(error) if checks.is_some() => self.check_refused(op, error),
            Err(error) => self.login_failed(op, error),
            Ok((code, wants_proof)) => {
                let wants_id_token = transaction.scope.contains("openid");
                let keep = match keyed {
                    Some(state) => Some(Keep::TakeKey { state }),
                    None => wants_proof.map(|algorithm| Keep::MakeKey { algorithm, state: String::new() }),
                };
                let code = Redeemable { op, logouts, code, transaction, checks };
                match keep.zip(Whole::HERE) {
                    None => self.redeem(ambient, code, None),
                    Some((keep, whole)) => {
                        let job = self.begin(Job::ExchangeKey(Box::new(code), whole));
                        self.out.push(Output::Keep(job, keep));
                    }
                }
                if wants_id_token {
                    self.prefetch_keys(ambient);
                }
            }
        }
    }

    pub(super) fn code_keyed(&mut self, ambient: &mut Ambient<'_>, code: Redeemable, key: Option<Key>) {
        let refusal = match &code.transaction.key {
            // RFC 9449 section 10: with another key the code is worth nothing.
            Some(bound) => (key.as_ref() != Some(bound)).then_some(Code::DpopKeyLost),
            None if key.is_none() && self.config.dpop == Policy::Required => Some(Code::DpopUnsupported),
            None => None,
        };
        if code.logouts != self.logouts {
            self.login_overtaken(code.op, None);
        } else if let Some(refusal) = refusal {
            self.login_failed(code.op, Error::new(refusal));
        } else {
            self.redeem(ambient, code, key);
        }
    }

    fn redeem(&mut self, ambient: &mut Ambient<'_>, code: Redeemable, key: Option<Key>) {
        let Redeemable { op, logouts, code, transaction, checks } = code;
        let Some(metadata) = self.metadata() else { return };
        let mut request = token::code_request(&self.config, metadata, &code, &transaction.verifier);
        request.proof = Proof::by(key.clone());
        let exchange =
            Exchange { op, logouts, transaction, key, sent: ambient.now, checks, by_device: false };
        self.send(Job::Exchange(Box::new(exchange)), request);
    }

    /// The code must be taken as spent whatever comes back: nothing is sent again.
    pub(super) fn code_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        exchange: Box<Exchange>,
        response: Result<&HttpResponse>,
    ) {
        match response.and_then(|response| token::judge(response, self.config.repairs)) {
            Ok(answer) => self.tokens_arrived(ambient, exchange, answer),
            Err(error) => self.exchange_failed(exchange, None, error.during(Phase::Token)),
        }
    }

    /// No session comes of it, and nothing is proven by its key.
    pub(super) fn exchange_failed(
        &mut self,
        exchange: Box<Exchange>,
        answer: Option<TokenAnswer>,
        error: Error,
    ) {
        let overtaken = self.is_overtaken(&exchange);
        self.give_up_key(exchange.key);
        if overtaken {
            self.login_overtaken(exchange.op, answer);
        } else {
            self.login_failed(exchange.op, error);
        }
    }

    /// Tokens came for a code; the ID token is judged.
    pub(super) fn tokens_arrived(
        &mut self,
        ambient: &mut Ambient<'_>,
        exchange: Box<Exchange>,
        answer: TokenAnswer,
    ) {
        if self.is_overtaken(&exchange) {
            return self.exchange_failed(exchange, Some(answer), Error::new(Code::Aborted));
        }
        let answer = match answer.permitted(self.config.dpop, exchange.key.is_some()) {
            Ok(answer) => answer,
            Err(error) => return self.exchange_failed(exchange, None, error.during(Phase::Token)),
        };
        if WHOLE && matches!(answer.details, Granted::Malformed) {
            let error = Error::at(Code::TokenResponseInvalid, "authorization_details");
            return self.exchange_failed(exchange, None, error);
        }
        match self.judge_id_token(ambient, &answer, &exchange) {
            Err(error) => self.exchange_failed(exchange, None, error),
            Ok(Some((token, identity))) => {
                let of = Origin::Login(Candidate { exchange, answer, identity });
                self.verify(ambient, Box::new(KeyCandidate { token, of, refetched: false }));
            }
            Ok(None) => self.establish(ambient, *exchange, answer, None),
        }
    }

    fn judge_id_token(
        &self,
        ambient: &Ambient<'_>,
        answer: &TokenAnswer,
        exchange: &Exchange,
    ) -> Result<Option<(jws::Unverified, Identity)>> {
        let transaction = &exchange.transaction;
        // OIDC Core 3.1.3.3: who asks for openid gets an ID token, or this was no login.
        let id_token = match &answer.id_token {
            Some(id_token) => id_token,
            None if transaction.scope.contains("openid") => return Err(Error::new(Code::IdTokenMissing)),
            None => return Ok(None),
        };
        let algorithms = self.metadata().map(|m| m.algorithms.as_slice()).unwrap_or_default();
        let token = jws::parse(id_token.expose(), algorithms)?;
        let at_login = AtLogin {
            nonce: &transaction.nonce,
            nonce_optional: crate::WHOLE && exchange.by_device,
            max_age: transaction.max_age,
            required_acr: &transaction.required_acr,
            freshness: self.config.freshness,
        };
        let identity = id_token::check_login(&token, &self.expected(), &at_login, ambient.now)?;
        Ok(Some((token, identity)))
    }

    /// What every ID token of this client must say.
    pub(super) fn expected(&self) -> Expected<'_> {
        Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            trusted_audiences: &self.config.trusted_audiences,
            leeway: self.config.leeway,
        }
    }

    pub(super) fn login_verified(&mut self, ambient: &mut Ambient<'_>, candidate: Candidate, claims: Json) {
        let Candidate { exchange, answer, identity } = candidate;
        if self.is_overtaken(&exchange) {
            return self.exchange_failed(exchange, Some(answer), Error::new(Code::Aborted));
        }
        if let Some(generation) = exchange.checks.filter(|_| WHOLE) {
            self.give_up_key(exchange.key);
            return self.check_answered(exchange.op, generation, answer, &identity);
        }
        self.establish(ambient, *exchange, answer, Some((identity, claims)));
    }

    /// The ID token cannot be verified, or is not the issuer's.
    pub(super) fn login_unverified(&mut self, candidate: Candidate, error: Error) {
        let Candidate { exchange, answer, .. } = candidate;
        self.exchange_failed(exchange, Some(answer), error);
    }

    fn is_overtaken(&self, exchange: &Exchange) -> bool {
        let given_up = crate::WHOLE && exchange.by_device && !self.operations.is_open(exchange.op);
        given_up || exchange.logouts != self.logouts
    }

    /// Logout wins: a login that goes on after it is undone.
    fn login_overtaken(&mut self, op: OpId, answer: Option<TokenAnswer>) {
        if let Some(token) = answer.and_then(|answer| answer.refresh_token) {
            self.revoke_quietly(&token);
        }
        self.signing_in.end(op);
        self.refuse(op, Error::new(Code::Aborted));
    }

    fn establish(
        &mut self,
        ambient: &mut Ambient<'_>,
        exchange: Exchange,
        answer: TokenAnswer,
        known: Option<(Identity, Json)>,
    ) {
        let (identity, claims) = known.unzip();
        self.id_token = answer.id_token.filter(|_| identity.is_some());
        let access = AccessToken {
            token: answer.access_token,
            bound: answer.bound,
            serial: self.serial(),
            lifetime: answer.lifetime,
            since: exchange.sent,
        };
        self.signing_in.clear();
        let transaction = *exchange.transaction;
        let life = self.config.session_lifetime;
        self.begin_session(
            ambient,
            Session {
                generation: 0,
                grant: transaction.nonce,
                identity,
                claims: claims.map(Shared::from),
                details: match answer.details {
                    Granted::Details(list) if crate::WHOLE => Some(list.into()),
                    _ => None,
                },
                // RFC 6749 5.1: an absent scope is the one asked for.
                scope: answer.scope.unwrap_or(transaction.scope),
                resource: transaction.resource,
                key: exchange.key,
                refresh_token: answer.refresh_token,
                access,
                renews_at: None,
                ends_at: (life > 0).then(|| exchange.sent.wall.saturating_add(life)),
                narrowed: Vec::new(),
            },
        );
        self.conclude(Some(SignedIn { op: exchange.op, return_to: transaction.return_to }));
        self.wait_anew(ambient);
    }

    /// Puts a session, with a generation of its own, in the place of the one there was.
    pub(super) fn begin_session(&mut self, ambient: &mut Ambient<'_>, session: Session) {
        self.drop_key();
        self.out.push(Output::Token(Some(session.access.for_use())));
        self.forget_refresh();
        self.generation = self.generation.wrapping_add(1);
        self.session = Some(Session { generation: self.generation, ..session });
        self.ended = None;
        self.last_error = None;
        self.schedule(ambient);
        self.tell(Event::SignedIn, None);
    }

    pub(super) fn serial(&mut self) -> u32 {
        self.next_serial = self.next_serial.wrapping_add(1);
        self.next_serial
    }

    /// A session that was there before stays as it was.
    pub(super) fn login_failed(&mut self, op: OpId, error: Error) {
        if self.quiet.is_open(op) {
            return self.refuse(op, error);
        }
        // What the page was left for before is over too: it is back.
        self.signing_in.end(op);
        self.signing_in.keep_open(&self.operations);
        self.last_error = Some(error.clone());
        self.refuse(op, error);
    }
}
