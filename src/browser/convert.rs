//! Between JavaScript values and the engine's. Records are put together on the JavaScript side, member by member;
//! what a server said passes as one JSON value.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::WHOLE;
use crate::encoding::json::{Json, MAX_DEPTH, from_js};
use crate::encoding::text::spaced;
use crate::engine::output::{DeviceCode, Reply, Snapshot};
use crate::error::{Code, Error, Result};
use crate::time::Millis;

#[wasm_bindgen]
extern "C" {
    /// A plain object.
    #[wasm_bindgen(js_name = Object)]
    pub(super) type Record;

    #[wasm_bindgen(constructor, js_class = "Object")]
    pub(super) fn new() -> Record;

    /// Sets a member that is a text.
    #[wasm_bindgen(method, indexing_setter)]
    pub(super) fn text(this: &Record, name: &str, text: &str);

    /// Sets a member.
    #[wasm_bindgen(method, indexing_setter)]
    pub(super) fn put(this: &Record, name: &str, value: JsValue);
}

/// Reads a record that the facade copied from own properties.
///
/// # Errors
/// `option_invalid` at `path` for functions, symbols and what else is no data.
pub(super) fn read(value: &JsValue, path: &str) -> Result<Json> {
    from_js(value, MAX_DEPTH).ok_or_else(|| Error::at(Code::OptionInvalid, path))
}

/// Writes a value as plain JavaScript objects, arrays and primitives.
fn write(value: &Json) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}

pub(super) fn error(error: &Error) -> JsValue {
    let record = Record::new();
    record.text("code", error.code.as_str());
    record.text("phase", error.phase.as_str());
    record.put("retryable", error.code.retryable().into());
    for (name, value) in [
        ("path", &error.path),
        ("known", &error.known),
        ("oauthError", &error.oauth_error),
        ("description", &error.description),
    ] {
        if let Some(value) = value {
            record.text(name, value);
        }
    }
    if let Some(status) = error.status {
        record.put("status", status.into());
    }
    record.into()
}

pub(super) fn snapshot(snapshot: &Snapshot) -> JsValue {
    let record = Record::new();
    record.text("status", snapshot.status.as_str());
    record.text("renewal", snapshot.renewal.as_str());
    record.put("claims", snapshot.claims.as_deref().map_or(JsValue::NULL, write));
    if WHOLE && let Some(details) = &snapshot.details {
        record.put("authorizationDetails", write(details));
    }
    record.put("scope", text_or_null(snapshot.scope.clone()));
    record.put("expiresAt", moment(snapshot.expires_at));
    record.put("renewsAt", moment(snapshot.renews_at));
    record.put("endsAt", moment(snapshot.ends_at));
    let kind = |bound| if bound { "DPoP" } else { "Bearer" };
    record.put("tokenType", snapshot.bound.map_or(JsValue::NULL, |bound| kind(bound).into()));
    record.put("lastError", snapshot.last_error.as_ref().map_or(JsValue::NULL, error));
    record.text("persistence", if snapshot.sealed { "sealed" } else { "memory" });
    record.into()
}

pub(super) fn reply(reply: Reply) -> JsValue {
    let record = Record::new();
    match reply {
        Reply::Done => return JsValue::UNDEFINED,
        Reply::NotOurs => return JsValue::NULL,
        Reply::Claims(claims) => return write(&claims),
        Reply::Navigate(url) => record.text("url", &url),
        Reply::SignedIn { return_to } => record.put("returnTo", text_or_null(return_to)),
        // They answer calls that the lean module does not take.
        Reply::Proof { .. } | Reply::StepUp { .. } | Reply::Exchanged { .. } if !WHOLE => {}
        Reply::Proof { token, serial, key, nonce, tries, renewed } => {
            record.text("token", token.expose());
            record.put("serial", serial.into());
            record.put("key", key.as_deref().map_or(JsValue::NULL, JsValue::from));
            record.put("nonce", text_or_null(nonce));
            record.put("tries", tries.into());
            record.put("renewed", renewed.into());
        }
        Reply::StepUp { acr_values, max_age, scope, met } => {
            record.text("acrValues", &spaced(&acr_values));
            #[expect(clippy::cast_precision_loss, reason = "at most 2^31")]
            record.put("maxAge", max_age.map_or(JsValue::NULL, |age| JsValue::from(age as f64)));
            record.put("scope", text_or_null(scope));
            record.put("met", met.into());
        }
        Reply::Token { token, serial } => {
            record.text("token", token.expose());
            record.put("serial", serial.into());
        }
        Reply::Exchanged { exchanged, sent } => {
            record.text("token", exchanged.token.expose());
            record.text("issuedTokenType", &exchanged.issued_token_type);
            record.text("tokenType", exchanged.token_type);
            record.put("expiresAt", moment(exchanged.lifetime.map(|life| sent.saturating_add(life))));
            record.put("scope", text_or_null(exchanged.scope.map(|scope| scope.to_text())));
        }
    }
    record.into()
}

/// What a user needs to log in by another device.
pub(super) fn device_code(code: &DeviceCode) -> JsValue {
    let record = Record::new();
    let prompt = &code.prompt;
    record.text("userCode", &prompt.user_code);
    record.text("verificationUri", &prompt.verification_uri);
    record.put("verificationUriComplete", text_or_null(prompt.verification_uri_complete.clone()));
    record.put("expiresAt", moment(Some(code.expires_at)));
    record.into()
}

fn moment(at: Option<Millis>) -> JsValue {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    at.map_or(JsValue::NULL, |at| JsValue::from(at as f64))
}

fn text_or_null(text: Option<String>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from)
}
