//! DPoP (RFC 9449): what carries a proof is sent with the nonce its server wants, and once more when the server
//! refuses the proof and nothing else. Requests of the app come here for their proofs too.

use crate::WHOLE;
use crate::encoding::json::Json;
use crate::encoding::url;
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::{self, Demand, Nonces, Proof};
use crate::protocol::http::{HttpRequest, HttpResponse, Purpose};
use crate::protocol::token::is_token;
use crate::secret::Secret;
use crate::time::Now;

use super::input::{Ambient, JobId, OpId};
use super::output::{Output, Reply};
use super::tokens::{Given, Then, serial};
use super::{Engine, Job};

/// What is known of servers that read proofs.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    nonces: Nonces,
    /// What is under way with a proof.
    sent: Vec<(JobId, HttpRequest)>,
}

/// What a request of the app was sent with, and is to be sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Presented {
    origin: String,
    /// How often it was sent again for the sake of its proof.
    tries: i32,
    /// Whether a token was refused already.
    renewed: bool,
}

impl Proofs {
    /// Nothing is sent again with that key.
    pub(super) fn forget_key(&mut self, key: &str) {
        self.sent.retain(|(_, request)| request.proof.as_ref().is_none_or(|proof| *proof.key != *key));
    }

    /// Nothing is sent again any more.
    pub(super) fn forget(&mut self) {
        if WHOLE {
            self.sent.clear();
        }
    }
}

/// Whose nonce goes into the proof.
fn server(request: &HttpRequest) -> String {
    match request.purpose {
        Purpose::Userinfo => url::parse(&request.url).map(|parts| parts.origin).unwrap_or_default(),
        _ => "",
    }
    .to_owned()
}

impl Engine {
    pub(super) fn transmit(&mut self, job: JobId, mut request: HttpRequest) {
        if WHOLE && request.proof.is_some() {
            let nonce = self.proofs.nonces.of(&server(&request)).map(str::to_owned);
            request.proof = request.proof.map(|proof| Proof { nonce, ..proof });
            self.proofs.sent.push((job, request.duplicate()));
        }
        self.out.push(Output::Send(job, request));
    }

    /// Learns the nonce of an answer; says whether the request was sent again.
    ///
    /// # Errors
    /// `dpop_nonce_missing`.
    pub(super) fn send_again(&mut self, job: JobId, response: Option<&HttpResponse>) -> Result<bool> {
        if !WHOLE {
            return Ok(false);
        }
        let Some(at) = self.proofs.sent.iter().position(|(known, _)| *known == job) else { return Ok(false) };
        let (_, mut request) = self.proofs.sent.swap_remove(at);
        let server = server(&request);
        let (Some(proof), Some(response)) = (&mut request.proof, response) else { return Ok(false) };
        let offered = self.proofs.nonces.learn(&server, response.dpop_nonce.as_deref());
        let again = proof.again(Demand::of_answer(request.purpose, response), offered.as_deref())?;
        if again {
            self.transmit(job, request);
        }
        Ok(again)
    }

    /// The age of tokens counts from the request that brings them.
    pub(super) fn sent_again(&mut self, id: JobId, now: Now) {
        match self.jobs.iter_mut().find(|(known, _)| *known == id) {
            Some((_, Job::Exchange(exchange))) => exchange.sent = now,
            Some((_, Job::Renew(flight))) => flight.sent = now,
            Some((_, Job::Poll(device, _))) => device.asked = now,
            Some((_, Job::ExchangeToken(asked, _))) => asked.sent = now,
            _ => {}
        }
    }

    /// What a request of the app is to be sent with; nothing when the answer it got is the result.
    pub(super) fn proof(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        let flag = |json: Option<&Json>| json.and_then(Json::as_bool) == Some(true);
        if flag(args.member("lost")) {
            return self.refuse(op, Error::new(Code::DpopKeyLost));
        }
        let number = |json: Option<&Json>| json.and_then(Json::as_f64);
        let origin = args.text("origin").unwrap_or_default().to_owned();
        let offered = self.proofs.nonces.learn(&origin, args.text("nonce"));
        let mut next = Presented { origin, tries: 0, renewed: false };
        let mut rejected = None;
        if let (Some(sent), Some(mut proof)) = (args.member("sent"), Proof::by(dpop::key(""))) {
            proof.nonce = sent.text("nonce").map(str::to_owned);
            #[expect(clippy::cast_possible_truncation, reason = "a small number of ours")]
            let tries = number(sent.member("tries")).unwrap_or_default() as i32;
            proof.tries = tries;
            next.renewed = flag(sent.member("renewed"));
            let refused = number(args.member("status")) == Some(401.0);
            let demand = Demand::of_challenge(args.text("challenge").filter(|_| refused));
            let worth = match proof.again(demand, offered.as_deref()) {
                Err(error) => return self.refuse(op, error),
                Ok(worth) => worth,
            };
            // RFC 6750 3.1: a refused token is worth one new one.
            if refused && demand.is_none() && !next.renewed {
                next.renewed = true;
                rejected = sent.member("serial").and_then(serial);
            }
            if flag(args.member("last")) || !(worth || rejected.is_some()) {
                return self.settle(op, Ok(Reply::Done));
            }
            next.tries = proof.tries;
        }
        match args.text("token") {
            None => self.want_token(ambient, op, self.wish_for_main(rejected), Then::Proof(next)),
            Some(token) => self.prove_another(op, token, &next),
        }
    }

    /// A token of the app's own, which an exchange bound to the key of the session (RFC 8693).
    fn prove_another(&mut self, op: OpId, token: &str, of: &Presented) {
        let Some(session) = &self.session else {
            let code = self.ended.unwrap_or(Code::LoginRequired);
            return self.refuse(op, Error::new(code));
        };
        if !is_token(token) {
            return self.refuse(op, Error::at(Code::OptionInvalid, "proof.token"));
        }
        let given = Given { token: Secret::new(token.to_owned()), serial: 0, key: session.key.clone() };
        self.hand_out_proof(op, given, of);
    }

    pub(super) fn hand_out_proof(&mut self, op: OpId, given: Given, of: &Presented) {
        let nonce = self.proofs.nonces.of(&of.origin).filter(|_| given.key.is_some()).map(str::to_owned);
        let reply = Reply::Proof {
            token: given.token,
            serial: given.serial,
            key: given.key,
            nonce,
            tries: of.tries,
            renewed: of.renewed,
        };
        self.settle(op, Ok(reply));
    }
}
