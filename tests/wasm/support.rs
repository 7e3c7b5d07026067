//! A client on a host that records, and the fake network of `fake.js`.

use std::rc::Rc;

use js_sys::JSON;
use tokenward::browser::{Core, Host};
use tokenward::encoding::json::Json;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/wasm/fake.js")]
extern "C" {
    pub(crate) fn host() -> JsValue;
    #[wasm_bindgen(catch)]
    async fn settled(host: &JsValue, op: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = isOpen)]
    fn is_open(host: &JsValue, op: u32) -> bool;
    fn logged(host: &JsValue, what: &str) -> String;
    fn connect(host: &JsValue, answer: &JsValue);
    fn stored(host: &JsValue) -> String;
    #[wasm_bindgen(js_name = countStored)]
    fn count_stored(host: &JsValue) -> u32;
    #[wasm_bindgen(js_name = hasPlainClaims)]
    fn has_plain_claims(host: &JsValue) -> bool;
    pub(crate) async fn network(nonce: &str) -> JsValue;
    pub(crate) fn silence() -> JsValue;
    pub(crate) fn deafness() -> JsValue;
    pub(crate) fn flood() -> JsValue;
    pub(crate) fn restore();
    fn show(value: &JsValue) -> String;
}

/// A client with static metadata, so that only what a test is about goes over the network.
pub(crate) struct Client {
    pub(crate) core: Rc<Core>,
    host: JsValue,
}

pub(crate) const REDIRECT_URI: &str = "https://app.example.com/";

pub(crate) fn options(extra: &str) -> String {
    format!(
        r#"{{"issuer":"https://id.example.com","clientId":"spa","discovery":false,"scope":"openid",
        "metadata":{{"authorization_endpoint":"https://id.example.com/auth",
        "token_endpoint":"https://id.example.com/token","jwks_uri":"https://id.example.com/jwks"}}{extra}}}"#
    )
}

pub(crate) fn create(options: &str) -> Result<Client, Json> {
    let host = host();
    let environment = JSON::parse(&format!(r#"{{"pageUrl":"{REDIRECT_URI}"}}"#)).unwrap();
    let made = Core::new(JSON::parse(options).unwrap(), environment, host.clone().unchecked_into::<Host>());
    let core = Rc::new(made.map_err(|error| parse(&show(&error)))?);
    let kept = Rc::clone(&core);
    let answer = Closure::<dyn Fn(u32, String, JsValue, JsValue)>::new(
        move |job, word: String, record: JsValue, revision: JsValue| {
            kept.kept(job, &word, &record, &revision);
        },
    );
    connect(&host, &answer.into_js_value());
    Ok(Client { core, host })
}

pub(crate) fn client(extra: &str) -> Client {
    create(&options(extra)).expect("the options are right")
}

impl Client {
    pub(crate) fn call(&self, op: u32, name: &str, args: &str) {
        self.core.call(op, name, JSON::parse(args).unwrap());
    }

    /// How an operation settled: `{ ok, value }`.
    pub(crate) async fn settled(&self, op: u32) -> Json {
        parse(&settled(&self.host, op).await.unwrap().as_string().unwrap())
    }

    pub(crate) fn is_open(&self, op: u32) -> bool {
        is_open(&self.host, op)
    }

    /// The record of the one login that is pending.
    pub(crate) fn stored(&self) -> Json {
        parse(&stored(&self.host))
    }

    /// How many logins are pending.
    pub(crate) fn count_stored(&self) -> u32 {
        count_stored(&self.host)
    }

    /// What the host was told: `sessions`, `tokens`, `events`, `cleaned`, `waits`, `rested`.
    pub(crate) fn logged(&self, what: &str) -> Json {
        parse(&logged(&self.host, what))
    }

    /// Whether what a server said has not become the claims' prototype.
    pub(crate) fn has_plain_claims(&self) -> bool {
        has_plain_claims(&self.host)
    }

    /// Begins a login and gives the URL it leads to.
    pub(crate) async fn begin_login(&self, op: u32, args: &str) -> String {
        self.call(op, "login", args);
        text(&self.settled(op).await, &["value", "url"])
    }
}

pub(crate) fn parse(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("JSON")
}

pub(crate) fn parse_js(value: &JsValue) -> Json {
    parse(&show(value))
}

/// The text at the end of a path.
pub(crate) fn text(json: &Json, path: &[&str]) -> String {
    let mut at = json;
    for name in path {
        at = at.member(name).unwrap_or_else(|| panic!("no {name} in {json:?}"));
    }
    at.as_str().expect("a text").to_owned()
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let pairs = tokenward::encoding::form::parse(query).unwrap();
    pairs.into_iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name} in {url}")).1
}
