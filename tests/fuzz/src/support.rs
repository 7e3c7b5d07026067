//! What the targets share: a client, answers made of fuzzed octets, and what holds for every error.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use tokenward::config::Config;
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Error};
use tokenward::protocol::discovery::{self, Metadata};
use tokenward::protocol::http::HttpResponse;
use tokenward::time::Now;

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const CLIENT: &str = "spa";
pub(crate) const REDIRECT: &str = "https://app.example.com/callback";
pub(crate) const ORIGIN: &str = "https://app.example.com";
pub(crate) const NOW: Now = Now { wall: 1_790_000_000_000, mono: 50_000 };

/// The client that most targets use.
pub(crate) static CONFIG: LazyLock<Config> = LazyLock::new(|| config(""));

/// The server's metadata.
pub(crate) static METADATA: LazyLock<Metadata> =
    LazyLock::new(|| metadata(&CONFIG, r#","authorization_response_iss_parameter_supported":false"#));

/// A client with members laid over the usual ones.
pub(crate) fn config(more: &str) -> Config {
    let text = format!(
        r#"{{"issuer":"{ISSUER}","clientId":"{CLIENT}","redirectUri":"{REDIRECT}","scope":"openid profile"{more}}}"#
    );
    Config::from_options(json(&text), Some(REDIRECT)).expect("the options are right")
}

pub(crate) fn metadata(config: &Config, more: &str) -> Metadata {
    discovery::judge(&answer_of(200, "application/json", document(more).as_bytes()), config)
        .expect("the document is right")
}

pub(crate) fn document(more: &str) -> String {
    format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/authorize","token_endpoint":"{ISSUER}/token","jwks_uri":"{ISSUER}/jwks","userinfo_endpoint":"{ISSUER}/userinfo","end_session_endpoint":"{ISSUER}/logout","revocation_endpoint":"{ISSUER}/revoke","device_authorization_endpoint":"{ISSUER}/device"{more}}}"#
    )
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("JSON of our own")
}

pub(crate) fn answer_of(status: u16, content_type: &str, body: &[u8]) -> HttpResponse {
    HttpResponse {
        status,
        content_type: Some(content_type.to_owned()),
        retry_after: None,
        challenge: None,
        dpop_nonce: None,
        body: body.to_vec(),
    }
}

/// An answer as the corpus writes them: `200 application/json`, a line break, the body. Without such a line
/// all of it is the body of a JSON answer.
pub(crate) fn answer(data: &[u8]) -> HttpResponse {
    let (line, body) = first_line(data);
    match line.split_once(' ').and_then(|(status, media)| Some((status.parse().ok()?, media))) {
        Some((status, media)) => answer_of(status, media, body),
        None => answer_of(200, "application/json", data),
    }
}

/// The first line, if it is text, and what comes after it.
pub(crate) fn first_line(data: &[u8]) -> (&str, &[u8]) {
    let end = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    (std::str::from_utf8(&data[..end]).unwrap_or_default(), data.get(end + 1..).unwrap_or_default())
}

/// What the judge reads; an answer that was accepted is JSON for it too.
pub(crate) fn judged(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("what is accepted is JSON")
}

/// The member, null counting as absent.
pub(crate) fn given<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|member| !member.is_null())
}

thread_local! {
    static SEEN: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// Notes that something came about: a target that never gets anywhere has all properties.
pub(crate) fn saw(what: &'static str) {
    SEEN.with_borrow_mut(|seen| seen.insert(what));
}

/// What came about on this thread so far: what was accepted, and the codes of what was refused.
pub fn seen() -> BTreeSet<&'static str> {
    SEEN.with_borrow(Clone::clone)
}

/// What holds for every error: what it names is one of ours, text from outside is capped and printable.
pub(crate) fn check_error(error: &Error, paths: &[&str]) {
    saw(error.code.as_str());
    if let Some(path) = &error.path {
        assert!(paths.contains(&path.as_str()), "{path:?} is not one of our words");
    }
    let outside = [&error.oauth_error, &error.description];
    for text in outside.into_iter().flatten() {
        assert!(text.len() <= 256, "{} octets from outside", text.len());
        assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{text:?}");
    }
    assert!(!error.code.hint().is_empty());
}

/// A value of the input that is long and peculiar enough not to turn up by chance must not turn up in `output`.
/// `unless`: text of the input that may be shown and may hold the same.
pub(crate) fn check_secret(secret: &str, output: &str, unless: &str) {
    let is_ours = Code::ALL.iter().any(|code| code.as_str().contains(secret) || code.hint().contains(secret));
    if secret.len() >= 12 && !unless.contains(secret) && !is_ours {
        assert!(!output.contains(secret), "{secret:?} is shown in {output}");
    }
}
