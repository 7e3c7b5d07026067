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
    let mut record = Members::new();
    record
        .text("code", error.code.as_str())
        .text("phase", error.phase.as_str())
        .put("retryable", Json::Bool(error.code.retryable()))
        .text("message", &error.message())
        .text("hint", error.code.hint());
    for (name, value) in
        [("path", &error.path), ("oauthError", &error.oauth_error), ("description", &error.description)]
    {
        if let Some(value) = value {
            record.text(name, value);
        }
    }
    if let Some(status) = error.status {
        record.put("status", Json::Number(f64::from(status)));
    }
    record.into_json()
}

pub(super) fn snapshot(snapshot: Snapshot) -> JsValue {
    let mut record = Members::new();
    record
        .text("status", snapshot.status.as_str())
        .put("claims", snapshot.claims.unwrap_or(Json::Null))
        .put("scope", text_or_null(snapshot.scope))
        .put("expiresAt", moment(snapshot.expires_at))
        .put("renewsAt", moment(snapshot.renews_at))
        .text("renewal", snapshot.renewal.as_str())
        .put("lastError", snapshot.last_error.as_ref().map_or(Json::Null, error_record))
        .text("persistence", if snapshot.sealed { "sealed" } else { "memory" });
    write(&record.into_json())
}

pub(super) fn reply(reply: Reply) -> JsValue {
    let mut record = Members::new();
    match reply {
        Reply::Done => return JsValue::UNDEFINED,
        Reply::NotOurs => return JsValue::NULL,
        Reply::Claims(claims) => return write(&claims),
        Reply::Navigate(url) => record.text("url", &url),
        Reply::SignedIn { return_to } => record.put("returnTo", text_or_null(return_to)),
        Reply::Token { token, serial } => {
            record.text("token", token.expose()).put("serial", Json::Number(f64::from(serial)))
        }
    };
    write(&record.into_json())
}

fn moment(at: Option<Millis>) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    at.map_or(Json::Null, |at| Json::Number(at as f64))
}

fn text_or_null(text: Option<String>) -> Json {
    text.map_or(Json::Null, Json::String)
}

/// An object that is being put together.
pub(super) struct Members(Vec<(String, Json)>);

impl Members {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn put(&mut self, name: &str, value: Json) -> &mut Self {
        self.0.push((name.to_owned(), value));
        self
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.put(name, Json::String(text.to_owned()))
    }

    pub(super) fn into_json(self) -> Json {
        Json::Object(self.0)
    }
}
