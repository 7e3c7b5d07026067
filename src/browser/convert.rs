//! Between JavaScript values and the engine's: one JSON value in, one out.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::encoding::json::{Json, MAX_DEPTH, from_js};
use crate::engine::output::{Reply, Snapshot};
use crate::error::{Code, Error, Result};
use crate::time::Millis;

/// Reads a record that the facade copied from own properties.
///
/// # Errors
/// `option_invalid` at `path` for functions, symbols and what else is no data.
pub(super) fn read(value: &JsValue, path: &str) -> Result<Json> {
    from_js(value, MAX_DEPTH).ok_or_else(|| Error::at(Code::OptionInvalid, path))
}

/// Writes a value as plain JavaScript objects, arrays and primitives.
pub(super) fn write(value: &Json) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}

pub(super) fn error(error: &Error) -> JsValue {
    write(&error_record(error))
}

fn error_record(error: &Error) -> Json {
    let mut members = vec![member("retryable", Json::Bool(error.code.retryable()))];
    for (name, value) in [
        ("code", Some(error.code.as_str())),
        ("phase", Some(error.phase.as_str())),
        ("message", Some(error.message().as_str())),
        ("hint", Some(error.code.hint())),
        ("path", error.path.as_deref()),
        ("oauthError", error.oauth_error.as_deref()),
        ("description", error.description.as_deref()),
    ] {
        if let Some(value) = value {
            members.push(member(name, text(value)));
        }
    }
    if let Some(status) = error.status {
        members.push(member("status", Json::Number(f64::from(status))));
    }
    Json::Object(members)
}

pub(super) fn snapshot(snapshot: Snapshot) -> JsValue {
    write(&Json::Object(vec![
        member("status", text(snapshot.status.as_str())),
        member("claims", snapshot.claims.unwrap_or(Json::Null)),
        member("scope", snapshot.scope.map_or(Json::Null, Json::String)),
        member("expiresAt", moment(snapshot.expires_at)),
        member("renewsAt", moment(snapshot.renews_at)),
        member("renewal", text(snapshot.renewal.as_str())),
        member("lastError", snapshot.last_error.as_ref().map_or(Json::Null, error_record)),
    ]))
}

pub(super) fn reply(reply: Reply) -> JsValue {
    let record = match reply {
        Reply::Done => return JsValue::UNDEFINED,
        Reply::NotOurs => Json::Null,
        Reply::Claims(claims) => claims,
        Reply::Navigate(url) => Json::Object(vec![member("url", Json::String(url))]),
        Reply::SignedIn { return_to } => {
            Json::Object(vec![member("returnTo", return_to.map_or(Json::Null, Json::String))])
        }
        Reply::Token { token, serial } => Json::Object(vec![
            member("token", text(token.expose())),
            member("serial", Json::Number(f64::from(serial))),
        ]),
    };
    write(&record)
}

fn moment(at: Option<Millis>) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    at.map_or(Json::Null, |at| Json::Number(at as f64))
}

pub(super) fn member(name: &str, value: Json) -> (String, Json) {
    (name.to_owned(), value)
}

pub(super) fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}
