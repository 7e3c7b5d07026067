//! The issuer's keys: fetched beside the code exchange, kept, fetched again when a token names one that
//! is not there, but not more often than the cool-down allows; and the verification of ID tokens.

use crate::error::{Code, Error, Phase, Result};
use crate::protocol::http::{Caching, HttpResponse};
use crate::protocol::id_token::check_at_hash;
use crate::protocol::jwks::{self, KeySet};
use crate::protocol::jws::Unverified;
use crate::secret::Secret;
use crate::time::{Millis, Now};

use super::input::{Ambient, Verdict};
use super::output::{Output, Verification};
use super::{Engine, Job, login, refresh, userinfo};

/// A set older than this is fetched again before it is used: a withdrawn key must not live on in a page
/// that is never reloaded.
const MAX_AGE: Millis = 60 * 60 * 1000;

/// Tokens with ever new `kid` values must not become a storm of requests.
const COOL_DOWN: Millis = 60 * 1000;

#[derive(Debug, Default)]
pub(super) struct Keys {
    set: Option<(KeySet, Now)>,
    /// When the set was last fetched past all caches.
    renewed: Option<Now>,
    fetching: Option<Caching>,
    #[expect(clippy::vec_box, reason = "what goes from hand to hand is a pointer")]
    waiting: Vec<Box<Candidate>>,
}

/// An ID token, or a signed userinfo answer, whose claims are right and whose signature is not verified yet.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) token: Unverified,
    pub(super) of: Origin,
    /// Whether the keys were fetched past all caches for it already.
    pub(super) refetched: bool,
}

#[derive(Debug)]
pub(super) enum Origin {
    Login(login::Candidate),
    Refresh(refresh::Candidate),
    Userinfo(userinfo::Asked),
}

impl Origin {
    /// What came beside it, and may be named by its hash.
    fn access_token(&self) -> Option<&Secret> {
        match self {
            Self::Login(login) => Some(&login.answer.access_token),
            Self::Refresh(refresh) => Some(&refresh.answer.access_token),
            Self::Userinfo(_) => None,
        }
    }
}

impl Keys {
    fn is_fresh(&self, now: Now) -> bool {
        self.set.as_ref().is_some_and(|(_, fetched)| now.since(*fetched) < MAX_AGE)
    }

    fn may_renew(&self, now: Now) -> bool {
        self.renewed.is_none_or(|renewed| now.since(renewed) >= COOL_DOWN)
    }

    /// How long to wait before asking can bring anything new.
    pub(super) fn cool_down_left(&self, now: Now) -> Millis {
        let renewed = self.renewed.filter(|_| self.is_fresh(now));
        renewed.map_or(0, |renewed| COOL_DOWN.saturating_sub(now.since(renewed)))
    }
}

impl Engine {
    /// Fetches the keys beside something that will need them.
    pub(super) fn prefetch_keys(&mut self, ambient: &Ambient<'_>) {
        if !self.keys.is_fresh(ambient.now) && self.keys.fetching.is_none() {
            self.fetch_keys(ambient, Caching::Normal);
        }
    }

    /// Whether a request could be made.
    fn fetch_keys(&mut self, ambient: &Ambient<'_>, caching: Caching) -> bool {
        let Some(uri) = self.metadata().and_then(|m| m.jwks_uri.clone()) else { return false };
        if caching == Caching::Renew {
            self.keys.renewed = Some(ambient.now);
        }
        self.keys.fetching = Some(caching);
        let request = jwks::request(&uri, caching, self.config.timeout);
        self.send(Job::FetchKeys, request);
        true
    }

    /// Verifies with the keys there are, or gets them first.
    pub(super) fn verify(&mut self, ambient: &mut Ambient<'_>, candidate: Box<Candidate>) {
        if self.keys.fetching.is_some() {
            return self.keys.waiting.push(candidate);
        }
        let fresh = self.keys.is_fresh(ambient.now);
        let mut keys = Vec::new();
        if let Some((set, _)) = self.keys.set.as_ref().filter(|_| fresh) {
            for key in set.candidates(candidate.token.algorithm, candidate.token.kid.as_deref()) {
                keys.push(key.jwk().to_owned());
            }
        }
        if !keys.is_empty() {
            let verification = Verification {
                algorithm: candidate.token.algorithm,
                keys,
                input: candidate.token.signing_input.clone(),
                signature: candidate.token.signature.clone(),
                hashed: match candidate.token.payload.member("at_hash") {
                    Some(_) => candidate.of.access_token().map(Secret::duplicate),
                    None => None,
                },
            };
            let job = self.begin(Job::Verify(candidate));
            return self.out.push(Output::Verify(job, verification));
        }
        if self.metadata().is_none_or(|m| m.jwks_uri.is_none()) {
            let error = Error::at(Code::EndpointMissing, "jwks_uri");
            return self.unverifiable(ambient, candidate, error);
        }
        if fresh {
            return self.look_for_newer_keys(ambient, candidate, Code::IdTokenKey);
        }
        self.fetch_keys(ambient, Caching::Normal);
        self.keys.waiting.push(candidate);
    }

    /// The keys there are do not do. `code`: what is wrong if that stays so.
    fn look_for_newer_keys(&mut self, ambient: &mut Ambient<'_>, candidate: Box<Candidate>, code: Code) {
        let may_fetch = !candidate.refetched && self.keys.may_renew(ambient.now);
        if may_fetch && self.fetch_keys(ambient, Caching::Renew) {
            return self.keys.waiting.push(candidate);
        }
        self.unverifiable(ambient, candidate, Error::new(code));
    }

    pub(super) fn keys_answered(&mut self, ambient: &mut Ambient<'_>, response: Result<&HttpResponse>) {
        let caching = self.keys.fetching.take();
        let waiting = std::mem::take(&mut self.keys.waiting);
        match response.and_then(jwks::judge) {
            Ok(set) => {
                self.keys.set = Some((set, ambient.now));
                for mut candidate in waiting {
                    candidate.refetched |= caching == Some(Caching::Renew);
                    self.verify(ambient, candidate);
                }
            }
            Err(error) => {
                // It brought nothing, so nothing is to be cooled down: how soon to try again is a matter of back-off.
                if caching == Some(Caching::Renew) {
                    self.keys.renewed = None;
                }
                let error = error.under(Code::KeysUnavailable).during(Phase::Verification);
                for candidate in waiting {
                    self.unverifiable(ambient, candidate, error.clone());
                }
            }
        }
    }

    pub(super) fn signature_judged(
        &mut self,
        ambient: &mut Ambient<'_>,
        candidate: Box<Candidate>,
        verdict: Verdict,
    ) {
        let code = match verdict {
            Verdict::Valid(digest)
                if candidate.of.access_token().is_some()
                    && check_at_hash(&candidate.token.payload, &digest).is_err() =>
            {
                Code::IdTokenAtHash
            }
            Verdict::Valid(_) => {
                return match candidate.of {
                    Origin::Login(login) => self.login_verified(ambient, login, candidate.token.payload),
                    Origin::Refresh(refresh) => {
                        self.refresh_verified(ambient, refresh, candidate.token.payload)
                    }
                    Origin::Userinfo(asked) => self.userinfo_verified(&asked, Ok(candidate.token.payload)),
                };
            }
            Verdict::Invalid if !candidate.refetched && self.keys.fetching.is_some() => {
                return self.keys.waiting.push(candidate);
            }
            // The key may have been replaced under the same name, or without one.
            Verdict::Invalid if !candidate.refetched => {
                return self.look_for_newer_keys(ambient, candidate, Code::IdTokenSignature);
            }
            Verdict::Invalid => Code::IdTokenSignature,
            Verdict::Unsupported => Code::AlgorithmUnsupported,
        };
        match candidate.of {
            Origin::Login(login) => self.login_unverified(login, Error::new(code)),
            Origin::Refresh(refresh) => self.identity_doubtful(refresh.generation(), code.as_str()),
            Origin::Userinfo(asked) => self.userinfo_verified(&asked, Err(Error::new(code))),
        }
    }

    /// There is no key for it just now.
    fn unverifiable(&mut self, ambient: &mut Ambient<'_>, candidate: Box<Candidate>, error: Error) {
        match candidate.of {
            Origin::Login(login) => self.login_unverified(login, error),
            Origin::Refresh(_) => self.hold_until_keys(ambient, candidate, error),
            Origin::Userinfo(asked) => self.userinfo_verified(&asked, Err(error)),
        }
    }
}
