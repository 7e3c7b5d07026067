//! `userinfo()`: with a live token, and once more with a new one when the endpoint refuses it.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::dpop::Proof;
use crate::protocol::http::HttpResponse;
use crate::protocol::userinfo::{self, Answer};

use super::discovery::Continuation;
use super::input::{Ambient, OpId};
use super::keys::{Candidate, Origin};
use super::output::Reply;
use super::session::Target;
use super::tokens::{Given, Then, Wish};
use super::{Engine, Job};

/// A question to the userinfo endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    op: OpId,
    serial: u32,
    again: bool,
    generation: u32,
}

impl Engine {
    pub(super) fn userinfo(&mut self, ambient: &mut Ambient<'_>, op: OpId) {
        // A session that was restored came without metadata.
        if self.session.is_some() && self.metadata().is_none() {
            return self.with_metadata(ambient, Continuation::Userinfo(op));
        }
        self.want_token(ambient, op, self.wish_for_main(None), Then::Userinfo { again: false });
    }

    pub(super) fn wish_for_main(&self, rejected: Option<u32>) -> Wish {
        Wish { target: Target::default(), min_validity: self.config.min_validity, fresh: false, rejected }
    }

    pub(super) fn ask_userinfo(&mut self, op: OpId, given: Given, again: bool) {
        let endpoint = self.metadata().and_then(|m| m.userinfo_endpoint.clone());
        let Some(endpoint) = endpoint else {
            return self.refuse(op, Error::at(Code::EndpointMissing, "userinfo_endpoint"));
        };
        let mut request = userinfo::request(&endpoint, &given.token, self.config.timeout);
        request.proof = Proof::by(given.key);
        let asked = Asked { op, serial: given.serial, again, generation: self.generation };
        self.send(Job::Userinfo(asked), request);
    }

    pub(super) fn userinfo_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        asked: Asked,
        response: Result<&HttpResponse>,
    ) {
        let Asked { op, serial, again, generation } = asked;
        if !self.operations.is_open(op) {
            return;
        }
        let response = match response {
            Ok(response) => response,
            Err(error) => return self.refuse(op, error.during(Phase::Userinfo)),
        };
        let Some(session) = self.session.as_ref().filter(|s| s.generation == generation) else {
            return self.refuse(op, Error::new(Code::LoginRequired));
        };
        // RFC 6750 3.1: a refused token is worth one new one; 403 is not about the token's age.
        if response.status == 401 && !again && session.refresh_token.is_some() {
            let wish = self.wish_for_main(Some(serial));
            return self.want_token(ambient, op, wish, Then::Userinfo { again: true });
        }
        let (expected, algorithms) = (self.expected(), &self.config.algorithms);
        match userinfo::judge(response, &expected, algorithms, session.subject(), ambient.now) {
            Ok(Answer::Claims(claims)) => self.settle(op, Ok(Reply::Claims(claims))),
            Ok(Answer::Signed(_)) if !crate::WHOLE => {}
            Ok(Answer::Signed(token)) => {
                let of = Origin::Userinfo(asked);
                self.verify(ambient, Box::new(Candidate { token: *token, of, refetched: false }));
            }
            Err(error) => self.refuse(op, error),
        }
    }

    /// A signed answer was verified, or cannot be.
    pub(super) fn userinfo_verified(&mut self, asked: &Asked, claims: Result<Json>) {
        if !crate::WHOLE {
            return;
        }
        let claims = claims.map_err(|error| match error.code {
            Code::KeysUnavailable | Code::EndpointMissing => error.during(Phase::Userinfo),
            _ => userinfo::unverified(&error),
        });
        let result = match &self.session {
            Some(session) if session.generation == asked.generation => claims.map(Reply::Claims),
            _ => Err(Error::new(Code::LoginRequired)),
        };
        self.settle(asked.op, result);
    }
}
