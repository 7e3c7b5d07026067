//! What JavaScript can call, and what it must offer. Synchronous, `&self`, no logic: promises are made
//! in the facade, which holds the table of those that are pending.

use std::fmt;

use wasm_bindgen::prelude::*;

use crate::WHOLE;
use crate::config::Config;
use crate::engine::input::{Call, Input, JobId, KeepWord, Kept, OpId};
use crate::error::{Code, Error, Result};
use crate::secret::Secret;

use super::convert;
use super::driver::Driver;

#[wasm_bindgen]
extern "C" {
    /// The facade. Its methods run no code of the app; should one throw, nothing here is left half done.
    #[derive(Clone)]
    pub type Host;

    #[wasm_bindgen(method, catch)]
    pub(super) fn settle(this: &Host, op: u32, ok: bool, value: JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn session(this: &Host, snapshot: JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn token(
        this: &Host,
        token: Option<&str>,
        serial: u32,
        lifetime: f64,
        wall: f64,
        mono: f64,
    ) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn code(this: &Host, op: u32, code: JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn event(this: &Host, name: &str, detail: JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn keep(
        this: &Host,
        job: u32,
        verb: &str,
        key: &str,
        record: Option<&str>,
        over: Option<&str>,
    ) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn prove(
        this: &Host,
        key: &str,
        method: &str,
        url: &str,
        nonce: Option<&str>,
        token: Option<&str>,
    ) -> std::result::Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn wake(this: &Host, after: i32);

    #[wasm_bindgen(method)]
    pub(super) fn rest(this: &Host);

    /// A time limit in ms, running from now; see `limit.ts`.
    #[wasm_bindgen(method)]
    pub(super) fn limit(this: &Host, time: i32) -> Limit;

    /// Resolves to octets when a key fits, to `false` when none does, to `null` when the browser cannot say; see
    /// `verify.ts`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn verify(
        this: &Host,
        algorithm: &str,
        keys: &str,
        signature: &[u8],
        input: &str,
        hashed: Option<&str>,
    ) -> std::result::Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = cleanUrl)]
    pub(super) fn clean_url(this: &Host, url: &str) -> std::result::Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The limits of one exchange.
    pub(super) type Limit;

    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &Limit) -> JsValue;

    /// Whether the time is over.
    #[wasm_bindgen(method, getter)]
    pub(super) fn over(this: &Limit) -> bool;

    /// All octets of a body; resolves to `null` when they are too many.
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Limit, body: JsValue, most: u32) -> js_sys::Promise;

    /// The exchange is done; what is left of one that failed is not wanted.
    #[wasm_bindgen(method)]
    pub(super) fn end(this: &Limit, failed: bool);
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// One client.
#[wasm_bindgen]
pub struct Core {
    driver: &'static Driver,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Core")
    }
}

#[wasm_bindgen]
impl Core {
    /// Throws an error record when an option is wrong.
    ///
    /// # Errors
    /// As [`Config::from_options`].
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, environment: JsValue, host: Host) -> std::result::Result<Self, JsValue> {
        let config = config(&options, &environment).map_err(|error| convert::error(&error))?;
        Ok(Self { driver: Driver::new(config, host) })
    }

    /// Starts an operation; it settles exactly once through the host.
    pub fn call(&self, op: u32, name: &str, args: JsValue) {
        let op = OpId(op);
        match read_call(name, &args) {
            Ok(call) => self.driver.feed(Input::Call(op, call)),
            Err(error) => drop(self.driver.host().settle(op.0, false, convert::error(&error))),
        }
    }

    /// Gives up waiting for an operation.
    pub fn cancel(&self, op: u32) {
        self.driver.feed(Input::Cancel(OpId(op)));
    }

    /// The answer to `keep`, exactly one for each.
    pub fn kept(&self, job: u32, word: &str, record: &JsValue, revision: &JsValue) {
        let word = match word {
            "done" => KeepWord::Done,
            "busy" => KeepWord::Busy,
            "conflict" => KeepWord::Conflict,
            _ => KeepWord::Failed,
        };
        let (record, revision) = (record.as_string().map(Secret::new), revision.as_string());
        self.driver.feed(Input::Kept(JobId(job), Kept { word, record, revision }));
    }

    /// What is kept may have been changed by another tab.
    pub fn hint(&self) {
        self.driver.feed(Input::Hint);
    }

    /// Time may have passed unnoticed, or the network changed. The numbers are those of `shell.ts`.
    pub fn happened(&self, what: u8) {
        self.driver.feed(match what {
            0 => Input::Tick,
            2 => Input::Restored,
            3 => Input::Online(true),
            4 => Input::Online(false),
            _ => Input::Resumed,
        });
    }

    /// Settles everything, stops timers and listeners.
    pub fn dispose(&self) {
        self.driver.dispose();
    }
}

fn config(options: &JsValue, environment: &JsValue) -> Result<Config> {
    let options = convert::read(options, "options")?;
    let environment = convert::read(environment, "environment")?;
    Config::from_options(options, environment.text("pageUrl"))
}

fn read_call(name: &str, args: &JsValue) -> Result<Call> {
    let args = convert::read(args, name)?;
    Ok(match name {
        "login" => Call::Login(args),
        "handleRedirect" => {
            let url = args.text("url");
            Call::HandleRedirect { url: url.ok_or_else(|| Error::at(Code::CallInvalid, "url"))?.to_owned() }
        }
        "getToken" => Call::GetToken(args),
        "proof" if WHOLE => Call::Proof(args),
        "stepUp" if WHOLE => Call::StepUp(args),
        "userinfo" => Call::Userinfo,
        "logout" => Call::Logout(args),
        "revoke" => Call::Revoke,
        "restore" => Call::Restore,
        "loginWithDevice" if WHOLE => Call::LoginWithDevice(args),
        "exchangeToken" if WHOLE => Call::ExchangeToken(args),
        // A method that is not here is one of the whole module's.
        _ if !WHOLE => return Err(Error::at(Code::FeatureMissing, name)),
        _ => return Err(Error::at(Code::CallInvalid, "name")),
    })
}
