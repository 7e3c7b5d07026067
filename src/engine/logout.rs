//! Ending the session: here first, then the server gets its tokens back, then the page leaves.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::http::HttpResponse;
use crate::protocol::logout::{self, LogoutOptions};
use crate::protocol::revocation::{self, Hint};
use crate::secret::Secret;
use crate::time::Millis;

use super::discovery::Continuation;
use super::input::{Ambient, OpId};
use super::output::{Event, Output, Reply};
use super::session::Session;
use super::timers::Timer;
use super::{Engine, Job};

/// How long the page waits for the revocation before it leaves; the request outlives the page.
const PATIENCE: Millis = 1500;

/// A logout that waits for metadata.
#[derive(Debug)]
pub(super) struct Wanted {
    op: OpId,
    options: LogoutOptions,
    /// What was ended.
    session: Option<Session>,
}

/// A logout that waits until the tokens are given back, and nothing is kept.
#[derive(Debug)]
pub(super) struct Leaving {
    op: OpId,
    url: Option<String>,
    /// For how many answers.
    waits: u32,
}

/// What follows a revocation.
#[derive(Debug)]
pub(super) enum Revoking {
    /// Nothing: best effort.
    Quietly,
    /// The logout goes on.
    ThenLeave(OpId),
    /// The app hears how it went.
    ThenTell(OpId),
}

impl Engine {
    pub(super) fn logout(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        match LogoutOptions::from_args(args, &self.config) {
            Err(error) => self.refuse(op, error),
            Ok(options) => {
                let session = self.end_here(Some(op));
                let wanted = Box::new(Wanted { op, options, session });
                // A login that was never finished here may still live at the provider.
                if wanted.options.local && wanted.session.is_none() {
                    self.logout_ready(ambient, *wanted);
                } else {
                    self.with_metadata(ambient, Continuation::Logout(wanted));
                }
            }
        }
    }

    /// Goes on with or without metadata: a logout is never refused because a server cannot be reached.
    pub(super) fn logout_ready(&mut self, ambient: &mut Ambient<'_>, wanted: Wanted) {
        let Wanted { op, options, session } = wanted;
        let id_token = self.id_token.take();
        let endpoint = self.metadata().and_then(|m| m.end_session_endpoint.clone());
        let url = match endpoint {
            Some(endpoint) if !options.local => {
                Some(logout::request(&self.config, &endpoint, id_token.as_ref(), &options, ambient.octets()))
            }
            _ => None,
        };
        let token = session.filter(|_| options.revoke).map(token_to_revoke);
        let revokes =
            token.is_some_and(|(token, hint)| self.send_revocation(&token, hint, Revoking::ThenLeave(op)));
        let waits = u32::from(revokes) + u32::from(self.is_forgetting(op));
        let leaving = Leaving { op, url, waits };
        if waits > 0 {
            self.leaving.push(leaving);
            self.timers.set(Timer::Leave, ambient.now, PATIENCE);
        } else {
            self.leave(leaving);
        }
    }

    pub(super) fn revoke(&mut self, ambient: &mut Ambient<'_>, op: OpId) {
        self.id_token = None;
        match self.end_here(None) {
            Some(session) => self.with_metadata(ambient, Continuation::Revoke(Box::new((op, session)))),
            None => self.refuse(op, Error::new(Code::LoginRequired)),
        }
    }

    pub(super) fn revoke_ready(&mut self, op: OpId, session: Session) {
        let (token, hint) = token_to_revoke(session);
        if !self.send_revocation(&token, hint, Revoking::ThenTell(op)) {
            self.refuse(op, Error::at(Code::EndpointMissing, "revocation_endpoint"));
        }
    }

    /// The session dies here at once, whatever the network says, and nothing of it is kept. `op`: the logout.
    fn end_here(&mut self, op: Option<OpId>) -> Option<Session> {
        self.logouts = self.logouts.wrapping_add(1);
        self.end_device();
        self.signing_in.clear();
        self.forget(op);
        self.sign_out()
    }

    /// Late answers find another generation.
    pub(super) fn sign_out(&mut self) -> Option<Session> {
        self.drop_key();
        let session = self.session.take();
        let was_known = session.is_some() || self.ended.is_some();
        self.generation = self.generation.wrapping_add(1);
        self.forget_refresh();
        self.unlock();
        self.proofs.forget();
        self.ended = None;
        self.last_error = None;
        self.reject_waiters(None, &Error::new(Code::LoginRequired));
        if was_known {
            self.out.push(Output::Token(None));
            self.tell(Event::SignedOut, None);
        }
        session
    }

    /// Gives a token back that nobody may use any more; best effort.
    pub(super) fn revoke_quietly(&mut self, token: &Secret) {
        self.send_revocation(token, Hint::RefreshToken, Revoking::Quietly);
    }

    pub(super) fn send_revocation(&mut self, token: &Secret, hint: Hint, then: Revoking) -> bool {
        let Some(endpoint) = self.metadata().and_then(|m| m.revocation_endpoint.clone()) else {
            return false;
        };
        let request = revocation::request(&self.config, &endpoint, token, hint);
        self.send(Job::Revoke(then), request);
        true
    }

    pub(super) fn revocation_answered(&mut self, revoking: Revoking, response: Result<&HttpResponse>) {
        match revoking {
            Revoking::Quietly => {}
            Revoking::ThenLeave(op) => self.leaves_sooner(op),
            Revoking::ThenTell(op) => {
                let judged = response.and_then(revocation::judge);
                let judged = judged.map_err(|error| error.during(Phase::Logout));
                self.settle(op, judged.map(|()| Reply::Done));
            }
        }
    }

    /// One of the answers that a logout waits for is there.
    pub(super) fn leaves_sooner(&mut self, op: OpId) {
        let Some(at) = self.leaving.iter().position(|leaving| leaving.op == op) else { return };
        self.leaving[at].waits -= 1;
        if self.leaving[at].waits == 0 {
            let leaving = self.leaving.swap_remove(at);
            self.leave(leaving);
        }
    }

    /// It takes too long: leave without the answers.
    pub(super) fn leave_now(&mut self) {
        for leaving in std::mem::take(&mut self.leaving) {
            self.leave(leaving);
        }
    }

    fn leave(&mut self, leaving: Leaving) {
        let reply = leaving.url.map_or(Reply::Done, Reply::Navigate);
        self.settle(leaving.op, Ok(reply));
    }
}

/// RFC 7009 section 2.1: the refresh token takes the access tokens of its grant with it.
fn token_to_revoke(session: Session) -> (Secret, Hint) {
    match session.refresh_token {
        Some(token) => (token, Hint::RefreshToken),
        None => (session.access.token, Hint::AccessToken),
    }
}
