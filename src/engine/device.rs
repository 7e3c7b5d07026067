//! A login by another device (RFC 8628): the user gets a code, and the server is asked until it was entered. One at a
//! time, one question at a time.

use crate::Whole;
use crate::encoding::base64url;
use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::device::{self, DeviceOptions, Polled};
use crate::protocol::dpop::{Key, Proof};
use crate::protocol::http::HttpResponse;
use crate::protocol::pkce::Verifier;
use crate::protocol::transaction::Transaction;
use crate::secret::Secret;
use crate::time::{Deadline, Millis, Now};

use super::discovery::Continuation;
use super::input::{Ambient, OpId};
use super::login::Exchange;
use super::output::{DeviceCode, Keep, Output};
use super::timers::Timer;
use super::{Engine, Job};

/// Section 3.5: what "slow down" adds, for good.
const SLOWER: Millis = 5_000;

/// Section 3.5: after a failure of the network the wait is doubled, up to this.
const MAX_BACK_OFF: Millis = 60_000;

/// A device login that waits for metadata, or for its codes.
#[derive(Debug)]
pub(super) struct Wanted {
    op: OpId,
    logouts: u32,
    options: DeviceOptions,
}

/// A question for codes that is under way.
#[derive(Debug)]
pub(super) struct Asked {
    op: OpId,
    logouts: u32,
    transaction: Transaction,
    sent: Now,
}

/// Codes that the user has not entered yet.
#[derive(Debug)]
pub(super) struct Device {
    op: OpId,
    logouts: u32,
    transaction: Transaction,
    code: Secret,
    /// By the earlier of both clocks.
    ends: Deadline,
    interval: Millis,
    /// Failures of the network in a row.
    failures: u32,
    /// When the server was asked last.
    pub(super) asked: Now,
    /// The server asked not to be asked before.
    not_before: Deadline,
}

impl Device {
    /// How long the server is not to be asked.
    fn rest(&self, now: Now) -> Millis {
        let rest = self.interval.saturating_sub(now.since(self.asked));
        rest.max(self.not_before.remaining(now))
    }

    /// So long, if the server allows it and the code lives.
    fn wait(&self, now: Now, wait: Millis) -> Millis {
        wait.max(self.not_before.remaining(now)).min(self.ends.remaining(now))
    }
}

impl Engine {
    pub(super) fn login_with_device(&mut self, ambient: &mut Ambient<'_>, op: OpId, args: &Json) {
        match DeviceOptions::from_args(args) {
            Ok(options) => {
                self.end_device();
                self.device_op = Some(op);
                self.signing_in.begin(op);
                let wanted = Wanted { op, logouts: self.logouts, options };
                self.with_metadata(ambient, Continuation::Device(Box::new(wanted)));
            }
            Err(error) => self.refuse(op, error),
        }
    }

    pub(super) fn device_ready(&mut self, ambient: &mut Ambient<'_>, wanted: Wanted, found: Result<()>) {
        let Wanted { op, logouts, options } = wanted;
        if !self.operations.is_open(op) {
            return;
        }
        if let Err(error) = found {
            return self.login_failed(op, error);
        }
        let Some((metadata, whole)) = self.metadata().zip(Whole::HERE) else { return };
        if metadata.device_authorization_endpoint.is_none() {
            return self.login_failed(op, Error::at(Code::EndpointMissing, "device_authorization_endpoint"));
        }
        let wanted = Wanted { op, logouts, options };
        match self.config.dpop.wants_proof(metadata) {
            Err(error) => self.login_failed(op, error),
            Ok(None) => self.device_keyed(ambient, wanted, Ok(None)),
            Ok(Some(algorithm)) => {
                // It is used at once: the page is not left.
                let job = self.begin(Job::DeviceKey(Box::new(wanted), whole));
                self.out.push(Output::Keep(job, Keep::MakeKey { algorithm, state: String::new() }));
            }
        }
    }

    /// Asks for codes. That request carries no proof: RFC 9449 knows of none, and binds tokens by the request for them.
    pub(super) fn device_keyed(
        &mut self,
        ambient: &mut Ambient<'_>,
        wanted: Wanted,
        key: Result<Option<Key>>,
    ) {
        let Wanted { op, logouts, options } = wanted;
        if !self.operations.is_open(op) {
            return self.give_up_key(key.unwrap_or_default());
        }
        let key = match key {
            Ok(key) => key,
            Err(error) => return self.login_failed(op, error),
        };
        let Some(endpoint) = self.metadata().and_then(|m| m.device_authorization_endpoint.as_deref()) else {
            return;
        };
        let verifier = Verifier::from_random(ambient.octets());
        let nonce = base64url::encode(&ambient.octets::<32>());
        let request = device::request(&self.config, endpoint, &options, &verifier, &nonce);
        let transaction = Transaction {
            verifier,
            nonce,
            scope: options.scope(&self.config),
            resource: options.resource(&self.config).to_vec(),
            key,
            return_to: None,
            max_age: None,
            required_acr: Vec::new(),
        };
        let asked = Asked { op, logouts, transaction, sent: ambient.now };
        if let Some(whole) = Whole::HERE {
            self.send(Job::Device(Box::new(asked), whole), request);
        }
    }

    pub(super) fn device_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        asked: Asked,
        response: Result<&HttpResponse>,
    ) {
        let Asked { op, logouts, transaction, sent } = asked;
        if !self.operations.is_open(op) {
            return self.give_up_key(transaction.key);
        }
        let judged = response.and_then(|response| device::judge(response, &self.config));
        let answer = match judged {
            Ok(answer) => answer,
            Err(error) => return self.device_failed(op, transaction, error.during(Phase::Login)),
        };
        let expires_at = sent.wall.saturating_add(answer.lifetime);
        self.out.push(Output::Device(op, DeviceCode { prompt: answer.prompt, expires_at }));
        let device = Device {
            op,
            logouts,
            transaction,
            code: answer.device_code,
            ends: Deadline::new(sent, answer.lifetime),
            interval: answer.interval,
            failures: 0,
            asked: ambient.now,
            not_before: Deadline::new(ambient.now, 0),
        };
        self.ask_later(ambient.now, Box::new(device));
    }

    /// No session comes of it, and nothing is proven by its key.
    fn device_failed(&mut self, op: OpId, transaction: Transaction, error: Error) {
        self.give_up_key(transaction.key);
        self.login_failed(op, error);
    }

    /// Asks again when the interval is over, or finds then that the code is.
    fn ask_later(&mut self, now: Now, device: Box<Device>) {
        let mut wait = device.interval;
        for _ in 0..device.failures.min(8) {
            wait = wait.saturating_mul(2).min(MAX_BACK_OFF.max(device.interval));
        }
        self.timers.set(Timer::Poll, now, device.wait(now, wait));
        self.device = Some(device);
    }

    pub(super) fn poll_due(&mut self, ambient: &mut Ambient<'_>) {
        let Some(mut device) = self.device.take() else { return };
        if device.ends.reached(ambient.now) {
            return self.device_failed(device.op, device.transaction, Error::new(Code::DeviceExpired));
        }
        let rest = device.rest(ambient.now);
        if rest > 0 {
            // That was the wait for the end of the code, which a clock that was set back has put off.
            self.timers.set(Timer::Poll, ambient.now, device.wait(ambient.now, rest));
            self.device = Some(device);
            return;
        }
        if !self.online {
            // It would be lost, and the user would wait the longer for it.
            return self.ask_later(ambient.now, device);
        }
        let Some((metadata, whole)) = self.metadata().zip(Whole::HERE) else { return };
        let verifier = &device.transaction.verifier;
        let mut request = device::poll_request(&self.config, metadata, &device.code, verifier);
        request.proof = Proof::by(device.transaction.key.clone());
        device.asked = ambient.now;
        self.send(Job::Poll(device, whole), request);
    }

    pub(super) fn poll_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        mut device: Box<Device>,
        response: Result<&HttpResponse>,
        retry_after: Option<Millis>,
    ) {
        let judged = response.and_then(|response| device::judge_poll(response, &self.config));
        let error = match judged {
            Ok(Polled::Tokens(answer)) => {
                let Device { op, logouts, transaction, asked, .. } = *device;
                let exchange = Exchange {
                    op,
                    logouts,
                    key: transaction.key.clone(),
                    transaction: Box::new(transaction),
                    sent: asked,
                    checks: None,
                    by_device: true,
                };
                return self.tokens_arrived(ambient, Box::new(exchange), *answer);
            }
            _ if !self.operations.is_open(device.op) => return self.give_up_key(device.transaction.key),
            Ok(Polled::Pending { slower }) => {
                device.failures = 0;
                if slower {
                    device.interval = device.interval.saturating_add(SLOWER);
                }
                return self.ask_later(ambient.now, device);
            }
            Err(error) => error,
        };
        // The server did not say no: the code is good as long as it lives.
        if error.code.retryable() && error.code != Code::DeviceExpired {
            device.failures = device.failures.saturating_add(1);
            device.not_before = Deadline::new(ambient.now, retry_after.unwrap_or(0));
            return self.ask_later(ambient.now, device);
        }
        self.device_failed(device.op, device.transaction, error.during(Phase::Token));
    }

    /// The network is back, or a user is looking: no wait is longer than what the server asks for.
    pub(super) fn hurry_device(&mut self, now: Now) {
        let Some(device) = self.device.as_ref().filter(|_| crate::WHOLE) else { return };
        let wait = device.wait(now, device.rest(now));
        if self.timers.remaining(Timer::Poll, now).is_some_and(|remaining| remaining > wait) {
            self.timers.set(Timer::Poll, now, wait);
        }
    }

    /// The code is not waited for any more: logged out, or another device login began.
    pub(super) fn end_device(&mut self) {
        if crate::WHOLE
            && let Some(op) = self.device_op.take()
        {
            self.forget_device(op);
            self.signing_in.end(op);
            self.refuse(op, Error::new(Code::Aborted));
        }
    }

    /// That operation is over, whatever it is.
    pub(super) fn forget_device(&mut self, op: OpId) {
        if crate::WHOLE
            && let Some(device) = self.device.take_if(|device| device.op == op)
        {
            self.timers.clear(Timer::Poll);
            self.give_up_key(device.transaction.key);
        }
    }
}
