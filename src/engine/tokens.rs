//! Who wants an access token, and who has to wait for one.

use crate::WHOLE;
use crate::config::Record;
use crate::encoding::json::Json;
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::Key;
use crate::protocol::exchange::ExchangeOptions;
use crate::secret::Secret;
use crate::time::Millis;

use super::Engine;
use super::input::{Ambient, OpId};
use super::output::Reply;
use super::proofs::Presented;
use super::session::Target;

/// An operation that needs a token.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) op: OpId,
    pub(super) target: Target,
    pub(super) then: Then,
    /// It let one token pass that was past its life when it came.
    pub(super) let_pass: bool,
}

/// What the token is for.
#[derive(Debug)]
pub(super) enum Then {
    /// The app.
    Reply,
    /// The userinfo endpoint; `again`: it refused one token already.
    Userinfo { again: bool },
    /// A request of the app, with a proof.
    Proof(Presented),
    /// To be exchanged for another.
    Exchange(Box<ExchangeOptions>),
}

/// A token that is handed out.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) token: Secret,
    pub(super) serial: u32,
    /// The key it is bound to.
    pub(super) key: Option<Key>,
}

/// What a token must be.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) target: Target,
    pub(super) min_validity: Millis,
    /// Not one that is there already.
    pub(super) fresh: bool,
    /// Not this one, which an API refused.
    pub(super) rejected: Option<u32>,
}

impl Wish {
    fn from_args(args: &Json, default_validity: Millis) -> Result<Self> {
        const KNOWN: &str = "minValidity fresh scope resource rejected";
        let mut record = Record::new(args, "getToken.", KNOWN)?;
        let min_validity = match record.get("minValidity") {
            None => default_validity,
            Some(_) => record.seconds("minValidity", 0, 0, 86_400).unsigned_abs() * 1000,
        };
        let rejected = record.get("rejected").map(serial);
        if rejected == Some(None) {
            record.wrong("rejected");
        }
        let wish = Self {
            target: Target { scope: record.scope(), resource: record.resources("resource") },
            min_validity,
            fresh: record.flag("fresh", false),
            rejected: rejected.flatten(),
        };
        record.judged(wish)
    }
}

pub(super) fn serial(value: &Json) -> Option<u32> {
    let number = value.as_f64().filter(|n| *n >= 0.0 && *n <= f64::from(u32::MAX))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked on the line before")]
    Some(number as u32)
}

impl Engine {
    pub(super) fn get_token(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        match Wish::from_args(args, self.config.min_validity) {
            Ok(wish) => self.want_token(ambient, op, wish, Then::Reply),
            Err(error) => self.refuse(op, error),
        }
    }

    /// Serves from what is there, or waits for a refresh: one, however many want it.
    pub(super) fn want_token(&mut self, ambient: &mut Ambient<'_>, op: OpId, mut wish: Wish, then: Then) {
        let Some(session) = &self.session else {
            let code = self.ended.unwrap_or(Code::LoginRequired);
            return self.refuse(op, Error::new(code));
        };
        // What scope a token for other resources can have, only the server knows: that of the session is said of its own
        // token (RFC 8707 2.2).
        if let Some(scope) = wish.target.scope.as_ref().filter(|_| wish.target.resource.is_empty()) {
            // RFC 6749 section 6: a refresh may narrow, never widen.
            if !session.scope.covers(scope) {
                return self.refuse(op, Error::new(Code::ScopeNotGranted));
            }
            if *scope == session.scope {
                wish.target.scope = None;
            }
        }
        // RFC 8707 section 2.2. A server that is asked for more spends the refresh token before it says no.
        if !wish.target.resource.iter().all(|uri| session.resource.contains(uri)) {
            return self.refuse(op, Error::new(Code::ResourceNotGranted));
        }
        let can_renew = session.refresh_token.is_some();
        if let Some(token) = session.token(&wish.target) {
            let good = !wish.fresh && wish.rejected != Some(token.serial);
            // Without a refresh token the best there is goes out as long as it lives.
            let serves =
                token.serves(wish.min_validity, ambient.now) || (!can_renew && token.lives(ambient.now));
            if good && serves {
                let given = session.give(token);
                return self.hand_out(ambient, op, then, given);
            }
        }
        if !can_renew {
            return self.refuse(op, Error::new(Code::SessionExpired));
        }
        let waiter = Waiter { op, target: wish.target, then, let_pass: false };
        match self.may_wait(ambient) {
            Ok(()) => {
                self.waiters.push(waiter);
                self.refresh_for_waiters(ambient);
            }
            Err(error) => self.refuse(op, error),
        }
    }

    fn hand_out(&mut self, ambient: &Ambient<'_>, op: OpId, then: Then, given: Given) {
        match then {
            Then::Reply => self.settle(op, Ok(Reply::Token { token: given.token, serial: given.serial })),
            Then::Userinfo { again } => self.ask_userinfo(op, given, again),
            Then::Proof(of) if WHOLE => self.hand_out_proof(op, given, &of),
            Then::Exchange(options) if WHOLE => {
                self.send_exchange(ambient, op, *options, &given.token, Some(self.generation));
            }
            Then::Proof(_) | Then::Exchange(_) => {}
        }
    }

    /// Gives the new token to those who waited for it. One that sleep, or keys that were not to be had,
    /// held up beyond its life is of no use to them: they wait for the next. If that comes dead too, the
    /// way takes longer than a token lives, and it is the best there is.
    pub(super) fn serve_waiters(&mut self, ambient: &mut Ambient<'_>, renewed: &Target) {
        for mut waiter in std::mem::take(&mut self.waiters) {
            let session = self.session.as_ref();
            match session.zip(session.and_then(|session| session.token(&waiter.target))) {
                Some((session, token)) if *renewed == waiter.target => {
                    if token.lives(ambient.now) || waiter.let_pass {
                        let given = session.give(token);
                        self.hand_out(ambient, waiter.op, waiter.then, given);
                    } else {
                        waiter.let_pass = true;
                        self.waiters.push(waiter);
                    }
                }
                _ => self.waiters.push(waiter),
            }
        }
        self.refresh_for_waiters(ambient);
    }

    /// Those who waited for a token of the session before wait for one of the new session, which may have
    /// another scope or no refresh token.
    pub(super) fn wait_anew(&mut self, ambient: &mut Ambient<'_>) {
        for Waiter { op, target, then, .. } in std::mem::take(&mut self.waiters) {
            let wish = Wish { target, min_validity: self.config.min_validity, fresh: false, rejected: None };
            self.want_token(ambient, op, wish, then);
        }
    }

    /// The app gave up.
    pub(super) fn forget_waiter(&mut self, op: OpId) {
        if let Some(at) = self.waiters.iter().position(|waiter| waiter.op == op) {
            self.waiters.remove(at);
        }
    }

    /// Sends those who wait away; `only`: those who wait for this.
    pub(super) fn reject_waiters(&mut self, only: Option<&Target>, error: &Error) {
        for waiter in std::mem::take(&mut self.waiters) {
            if only.is_none_or(|target| *target == waiter.target) {
                self.refuse(waiter.op, error.clone());
            } else {
                self.waiters.push(waiter);
            }
        }
    }
}
