//! Carries inputs to the engine and its outputs out. One input is handled, its outputs are collected,
//! the borrow ends, and only then does anything run that could come back here.

use std::cell::{Cell, RefCell};

use crate::WHOLE;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::input::{Ambient, Input, JobId};
use crate::engine::output::{Keep, Output};

use super::ambient::{Random, now};
use super::exports::Host;
use super::tasks::spawn;
use super::{convert, crypto, http};

pub(super) struct Driver {
    engine: RefCell<Engine>,
    inbox: RefCell<Vec<Input>>,
    running: Cell<bool>,
    host: Host,
}

impl Driver {
    /// One for each instance of the module, whose memory goes as a whole: nobody has to count who uses it.
    pub(super) fn new(config: Config, host: Host) -> &'static Self {
        Box::leak(Box::new(Self {
            engine: RefCell::new(Engine::new(config)),
            inbox: RefCell::default(),
            running: Cell::new(false),
            host,
        }))
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Lets something happen. What comes in while outputs are carried out waits its turn.
    pub(super) fn feed(&'static self, input: Input) {
        self.inbox.borrow_mut().push(input);
        if self.running.replace(true) {
            return;
        }
        loop {
            let arrived = self.inbox.take();
            if arrived.is_empty() {
                break;
            }
            for input in arrived {
                for output in self.outputs_of(input) {
                    self.carry_out(output);
                }
            }
        }
        self.running.set(false);
    }

    fn outputs_of(&self, input: Input) -> Vec<Output> {
        let mut engine = self.engine.borrow_mut();
        engine.handle(Ambient { now: now(), entropy: &mut Random }, input);
        let mut outputs = Vec::new();
        while let Some(output) = engine.poll() {
            outputs.push(output);
        }
        outputs
    }

    fn carry_out(&'static self, output: Output) {
        match output {
            Output::Send(..) | Output::Verify(..) => {
                spawn(async move {
                    self.feed(match output {
                        Output::Send(job, request) => {
                            Input::Http(job, http::exchange(request, self.host()).await)
                        }
                        Output::Verify(job, verification) => {
                            Input::Verified(job, crypto::check(verification, self.host()).await)
                        }
                        _ => return,
                    });
                });
            }
            Output::Keep(job, keep) => drop(self.keep(job, &keep)),
            Output::Wake(after) => {
                self.host.wake(after.map_or(-1, |after| i32::try_from(after).unwrap_or(i32::MAX)));
            }
            // The facade's part: none of these runs code of the app before it returns.
            Output::CleanUrl(url) => drop(self.host.clean_url(&url)),
            Output::Token(token) => drop(self.tell_token(token.as_ref())),
            Output::Session(snapshot) => drop(self.host.session(convert::snapshot(&snapshot))),
            Output::Settle(op, Ok(reply)) => drop(self.host.settle(op.0, true, convert::reply(reply))),
            Output::Settle(op, Err(error)) => drop(self.host.settle(op.0, false, convert::error(&error))),
            Output::Device(op, code) if crate::WHOLE => {
                drop(self.host.code(op.0, convert::device_code(&code)));
            }
            Output::Device(..) => {}
            Output::Event(event, error) => {
                let detail = error.as_ref().map(convert::error).unwrap_or_default();
                drop(self.host.event(event.as_str(), detail));
            }
        }
    }

    /// Answered by `kept`.
    fn keep(&self, job: JobId, keep: &Keep) -> Result<(), wasm_bindgen::JsValue> {
        let (verb, key, record, over) = match keep {
            Keep::Store { state, record } => ("store", state.as_str(), Some(record.expose()), None),
            Keep::Take { state } => ("take", state.as_str(), None, None),
            _ if !WHOLE => return Ok(()),
            Keep::Load => ("load", "", None, None),
            Keep::Save { record, over } => ("save", "", Some(record.expose()), over.as_deref()),
            Keep::Remove { over } => ("remove", "", None, over.as_deref()),
            Keep::Lock => ("lock", "", None, None),
            Keep::Unlock => ("unlock", "", None, None),
            Keep::MakeKey { algorithm, state } => ("make-key", state.as_str(), Some(*algorithm), None),
            Keep::TakeKey { state } => ("take-key", state.as_str(), None, None),
            Keep::KeepKey { key } => ("keep-key", &**key, None, None),
            Keep::DropKey { key } => ("drop-key", &**key, None, None),
        };
        self.host.keep(job.0, verb, key, record, over)
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
    fn tell_token(
        &self,
        token: Option<&crate::engine::output::TokenForUse>,
    ) -> Result<(), wasm_bindgen::JsValue> {
        match token {
            None => self.host.token(None, 0, f64::NAN, 0.0, 0.0),
            Some(token) => self.host.token(
                Some(token.token.expose()),
                token.serial,
                token.lifetime.map_or(f64::NAN, |life| life as f64),
                token.since.wall as f64,
                token.since.mono.cast_signed() as f64,
            ),
        }
    }

    /// Ends everything that holds on to the page.
    pub(super) fn dispose(&'static self) {
        self.feed(Input::Dispose);
        self.host.wake(-1);
        self.host.rest();
    }
}
