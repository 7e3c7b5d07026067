//! `exchangeToken()` (RFC 8693): one question, one answer; the session is not touched by it.

use crate::Whole;
use crate::encoding::json::Json;
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::{Policy, Proof};
use crate::protocol::exchange::{self, ExchangeOptions};
use crate::protocol::http::HttpResponse;
use crate::protocol::revocation::Hint;
use crate::secret::Secret;
use crate::time::Now;

use super::discovery::Continuation;
use super::input::{Ambient, OpId};
use super::logout::Revoking;
use super::output::Reply;
use super::tokens::Then;
use super::{Engine, Job};

/// An exchange that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    op: OpId,
    requested: Option<String>,
    /// The session whose token is exchanged, or whose key proves; none for a token of the caller's without a proof.
    generation: Option<u32>,
    /// Whether it carries a proof.
    proved: bool,
    pub(super) sent: Now,
}

impl Engine {
    pub(super) fn exchange_token(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        match ExchangeOptions::from_args(args) {
            Ok(options) if options.subject.is_none() && self.session.is_none() => {
                let code = self.ended.unwrap_or(Code::LoginRequired);
                self.refuse(op, Error::new(code));
            }
            Ok(options) => self.with_metadata(ambient, Continuation::Exchange(Box::new((op, options)))),
            Err(error) => self.refuse(op, error),
        }
    }

    pub(super) fn exchange_ready(
        &mut self,
        ambient: &mut Ambient<'_>,
        (op, mut options): (OpId, ExchangeOptions),
        found: Result<()>,
    ) {
        if let Err(error) = found {
            return self.refuse(op, error);
        }
        if let Some(subject) = options.subject.take() {
            return self.send_exchange(ambient, op, options, &subject, None);
        }
        let wish = self.wish_for_main(None);
        self.want_token(ambient, op, wish, Then::Exchange(Box::new(options)));
    }

    pub(super) fn send_exchange(
        &mut self,
        ambient: &Ambient<'_>,
        op: OpId,
        options: ExchangeOptions,
        subject: &Secret,
        generation: Option<u32>,
    ) {
        let Some(metadata) = self.metadata().filter(|_| self.operations.is_open(op)) else { return };
        let Some(whole) = Whole::HERE else { return };
        // RFC 9449 section 5: any token request may carry a proof. A key lives as long as its session.
        let key = self.session.as_ref().and_then(|session| session.key.clone());
        if key.is_none() && self.config.dpop == Policy::Required {
            let without = self.ended.unwrap_or(Code::LoginRequired);
            let code = if self.session.is_some() { Code::DpopKeyLost } else { without };
            return self.refuse(op, Error::new(code));
        }
        let proved = key.is_some();
        let generation = generation.or(proved.then_some(self.generation));
        let (mut request, requested) = options.request(subject, &self.config, metadata);
        request.proof = Proof::by(key);
        let asked = Asked { op, requested, generation, proved, sent: ambient.now };
        self.send(Job::ExchangeToken(Box::new(asked), whole), request);
    }

    /// Nothing is asked again: the server may have acted, and what it says is about this exchange only.
    pub(super) fn exchange_answered(&mut self, asked: Asked, response: Result<&HttpResponse>) {
        let Asked { op, requested, generation, proved, sent } = asked;
        let judged = response
            .and_then(|response| exchange::judge(response, &self.config, requested.as_deref(), proved));
        if generation.is_none_or(|generation| generation == self.generation) {
            return self.settle(op, judged.map(|exchanged| Reply::Exchanged { exchanged, sent: sent.wall }));
        }
        // What was made of the token of a session that is over is given back.
        if let Ok(exchanged) = judged {
            self.send_revocation(&exchanged.token, Hint::AccessToken, Revoking::Quietly);
        }
        self.refuse(op, Error::new(Code::LoginRequired));
    }
}
