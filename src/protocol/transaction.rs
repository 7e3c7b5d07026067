//! What must be remembered across the redirect: written before the page is left, read once after it
//! comes back. No token, no endpoint: those come from configuration and metadata, never from storage.

use crate::config::Config;
use crate::encoding::json::{Json, write_string};
use crate::encoding::text::{decimal, digits, spaced, words};
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::{self, Key};
use crate::protocol::pkce::Verifier;
use crate::protocol::return_to::local_path;
use crate::protocol::scope::Scope;
use crate::time::{Millis, Now};

/// A login that takes longer is begun again.
pub const LIFETIME: Millis = 30 * 60 * 1000;

/// Format of the record.
const VERSION: f64 = 1.0;

/// One pending login.
#[derive(Debug)]
pub struct Transaction {
    /// PKCE verifier.
    pub verifier: Verifier,
    /// OIDC nonce.
    pub nonce: String,
    /// What was asked for.
    pub scope: Scope,
    /// Resources that were asked for.
    pub resource: Vec<String>,
    /// The key that the code is bound to, named by its thumbprint (RFC 9449 section 10).
    pub key: Option<Key>,
    /// Where the user shall land afterwards.
    pub return_to: Option<String>,
    /// `max_age` that was sent.
    pub max_age: Option<i64>,
    /// `acr` values of which one is required.
    pub required_acr: Vec<String>,
}

impl Transaction {
    /// The record for storage.
    pub fn to_record(&self, config: &Config, now: Now) -> String {
        let mut out = String::from("{\"v\":1,\"at\":");
        out.push_str(&decimal(now.wall));
        let mut text = |name: &str, value: &str| {
            out.push(',');
            write_string(&mut out, name);
            out.push(':');
            write_string(&mut out, value);
        };
        text("issuer", &config.issuer);
        text("client_id", &config.client_id);
        text("redirect_uri", &config.redirect_uri);
        text("verifier", self.verifier.expose());
        text("nonce", &self.nonce);
        text("scope", &self.scope.to_text());
        // URIs hold no space.
        text("resource", &spaced(&self.resource));
        if let Some(key) = &self.key {
            text("key", key);
        }
        if let Some(return_to) = &self.return_to {
            text("return_to", return_to);
        }
        if let Some(max_age) = self.max_age {
            text("max_age", &decimal(max_age.unsigned_abs()));
        }
        // acr values hold no space (OIDC Core 3.1.2.1: space-separated list).
        text("acr", &spaced(&self.required_acr));
        out.push('}');
        out
    }

    /// Reads a record. Storage is not trusted: it is of this client and young, or it is nothing.
    ///
    /// # Errors
    /// `transaction_invalid`, `transaction_expired`.
    pub fn from_record(record: &str, config: &Config, now: Now) -> Result<Self> {
        let invalid = || Error::new(Code::TransactionInvalid);
        let json = Json::parse(record.as_bytes()).ok_or_else(invalid)?;
        let begun = begun(&json, config).ok_or_else(invalid)?;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        if (now.wall as f64 - begun).abs() > LIFETIME as f64 {
            return Err(Error::new(Code::TransactionExpired));
        }
        Self::read(&json, config).ok_or_else(invalid)
    }

    fn read(json: &Json, config: &Config) -> Option<Self> {
        let max_age = match json.text("max_age") {
            Some(seconds) => Some(u32::try_from(digits(seconds)?).ok()?),
            None => None,
        };
        let return_to = json.text("return_to").zip(config.page_origin.as_deref());
        Some(Self {
            verifier: Verifier::from_stored(json.text("verifier")?)?,
            nonce: json.text("nonce").filter(|nonce| !nonce.is_empty())?.to_owned(),
            scope: Scope::parse(json.text("scope")?)?,
            resource: words(json.text("resource").unwrap_or_default()),
            key: json.text("key").and_then(dpop::key),
            // Judged again: what was a place of this origin when it was written may have been exchanged.
            return_to: return_to.and_then(|(target, origin)| local_path(target, origin)),
            max_age: max_age.map(i64::from),
            required_acr: words(json.text("acr").unwrap_or_default()),
        })
    }
}

/// When the login began, if it is one of this client.
fn begun(json: &Json, config: &Config) -> Option<f64> {
    let is = |name: &str, value: &str| json.text(name) == Some(value);
    let of_this_client = json.member("v")?.as_f64()? == VERSION
        && is("issuer", &config.issuer)
        && is("client_id", &config.client_id)
        && is("redirect_uri", &config.redirect_uri);
    json.member("at")?.as_f64().filter(|at| of_this_client && *at >= 0.0)
}
