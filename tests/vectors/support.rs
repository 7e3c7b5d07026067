//! What the tests share: a client, its server's answers, and a place where every refusal is noted.

use std::cell::RefCell;
use std::fmt::Debug;

use serde_json::{Value, json};
use tokenward::config::Config;
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Error};
use tokenward::protocol::discovery::{self, Metadata};
use tokenward::protocol::http::HttpResponse;
use tokenward::time::Now;

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const CLIENT: &str = "spa";
pub(crate) const REDIRECT: &str = "https://app.example.com/callback";

/// The moment at which everything happens; not a whole second.
pub(crate) const NOW: Now = Now { wall: 1_790_000_000_700, mono: 50_000 };
pub(crate) const NOW_S: i64 = 1_790_000_000;

/// Text that hostile answers are made of: it may not come back in any text of ours.
pub(crate) const MARK: &str = "EVILMARK";

/// A test and its name, for `coverage`.
pub(crate) type Row = (&'static str, fn());

/// Lists the tests of a module for `coverage`.
macro_rules! rows {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const ROWS: &[crate::support::Row] = &[$((stringify!($name), $name as fn())),+];
    };
}
pub(crate) use rows;

thread_local! {
    static REFUSALS: RefCell<Vec<Code>> = const { RefCell::new(Vec::new()) };
}

/// The codes refused on this thread so far.
pub(crate) fn refusals() -> Vec<Code> {
    REFUSALS.with_borrow(Clone::clone)
}

/// Notes a refusal and checks what holds for all of them: text from outside stands in its own fields only,
/// capped and printable.
#[track_caller]
pub(crate) fn note(error: Error) -> Error {
    let own = format!("{error} {:?} {}", error.path, error.code.hint());
    assert!(!own.contains(MARK), "text from outside in a message: {own}");
    for outside in [&error.oauth_error, &error.description].into_iter().flatten() {
        assert!(outside.len() <= 256 && outside.bytes().all(|b| (b' '..=b'~').contains(&b)), "{outside:?}");
    }
    REFUSALS.with_borrow_mut(|codes| codes.push(error.code));
    error
}

/// The refusal.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T, Error>) -> Error {
    note(result.expect_err("must be refused"))
}

/// The code of the refusal.
#[track_caller]
pub(crate) fn code<T: Debug>(result: Result<T, Error>) -> Code {
    refused(result).code
}

/// The code of the refusal and what it names.
#[track_caller]
pub(crate) fn code_at<T: Debug>(result: Result<T, Error>) -> (Code, String) {
    let error = refused(result);
    (error.code, error.path.clone().unwrap_or_default())
}

/// A value as the browser layer would hand it over.
pub(crate) fn value(value: &Value) -> Json {
    Json::parse(value.to_string().as_bytes()).unwrap()
}

/// The client with options laid over the usual ones; `null` takes one away.
pub(crate) fn try_config_at(page: Option<&str>, options: Value) -> Result<Config, Error> {
    let mut all = json!({ "issuer": ISSUER, "clientId": CLIENT, "redirectUri": REDIRECT });
    for (name, option) in options.as_object().unwrap() {
        all[name] = option.clone();
    }
    Config::from_options(value(&all), page)
}

pub(crate) fn try_config(options: Value) -> Result<Config, Error> {
    try_config_at(Some(REDIRECT), options)
}

pub(crate) fn config_with(options: Value) -> Config {
    try_config(options).unwrap()
}

pub(crate) fn config() -> Config {
    config_with(json!({}))
}

/// The server's metadata document.
pub(crate) fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
        "jwks_uri": "https://id.example.com/jwks",
        "userinfo_endpoint": "https://id.example.com/userinfo",
        "end_session_endpoint": "https://id.example.com/logout",
        "revocation_endpoint": "https://id.example.com/revoke",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported":
            ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256", "none"],
        "code_challenge_methods_supported": ["plain", "S256"],
    })
}

pub(crate) fn metadata_with(config: &Config, changes: Value) -> Result<Metadata, Error> {
    let mut document = document();
    for (name, member) in changes.as_object().unwrap() {
        document[name] = member.clone();
    }
    discovery::judge(&json_answer(200, &document), config)
}

pub(crate) fn metadata() -> Metadata {
    metadata_with(&config(), json!({})).unwrap()
}

pub(crate) fn answer(status: u16, content_type: &str, body: &[u8]) -> HttpResponse {
    HttpResponse {
        status,
        content_type: Some(content_type.to_owned()).filter(|t| !t.is_empty()),
        retry_after: None,
        challenge: None,
        dpop_nonce: None,
        body: body.to_vec(),
    }
}

pub(crate) fn json_answer(status: u16, body: &Value) -> HttpResponse {
    answer(status, "application/json;charset=UTF-8", body.to_string().as_bytes())
}

/// A login page, as captive portals and expired gateways send it.
pub(crate) fn html(status: u16) -> HttpResponse {
    answer(status, "text/html; charset=utf-8", format!("<html>{MARK}</html>").as_bytes())
}

/// Reads a form or query by other means than the code under test.
pub(crate) fn pairs(form: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let mut octets = text.bytes();
        while let Some(octet) = octets.next() {
            out.push(match octet {
                b'%' => {
                    let hex = [octets.next().unwrap(), octets.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                }
                b'+' => b' ',
                other => other,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), decode(value)));
    form.split('&').map(|text| pair(text).expect("name=value")).collect()
}

/// Expected pairs.
pub(crate) fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
