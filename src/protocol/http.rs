//! Exchanges as data: what is to be sent, what came back, and what every answer is asked first.

use std::fmt;

use crate::encoding::text::{digits, list};
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::Proof;
use crate::secret::Secret;
use crate::time::Millis;

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Server metadata.
    Discovery,
    /// The key set.
    Keys,
    /// The endpoint for pushed authorization requests.
    Push,
    /// The token endpoint.
    Token,
    /// The userinfo endpoint.
    Userinfo,
    /// The revocation endpoint.
    Revocation,
    /// The device authorization endpoint.
    Device,
}

/// How the browser's HTTP cache may take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Neither read nor written.
    Never,
    /// By the answer's own rules.
    Normal,
    /// Whatever is there, however old; the network only when nothing is.
    PreferStored,
    /// From the network, and stored.
    Renew,
}

/// One exchange to be made: GET, or POST when there is a form. Never with cookies, never redirected.
#[derive(Debug)]
pub struct HttpRequest {
    /// What it is for.
    pub purpose: Purpose,
    /// Absolute URL.
    pub url: String,
    /// Form-encoded body.
    pub form: Option<Secret>,
    /// Access token for the `Authorization` header.
    pub bearer: Option<Secret>,
    /// Proof for the `DPoP` header; a token beside it is sent under that scheme, and the proof names it.
    pub proof: Option<Proof>,
    /// Cache mode.
    pub caching: Caching,
    /// Time limit over headers and body.
    pub timeout: Millis,
    /// Byte limit of the body.
    pub limit: usize,
    /// Whether it shall outlive the page.
    pub keepalive: bool,
}

impl HttpRequest {
    /// A GET.
    pub fn get(purpose: Purpose, url: String, caching: Caching, timeout: Millis) -> Self {
        let limit = match purpose {
            Purpose::Discovery | Purpose::Keys => 512 * 1024,
            Purpose::Push | Purpose::Token | Purpose::Userinfo | Purpose::Revocation | Purpose::Device => {
                256 * 1024
            }
        };
        Self {
            purpose,
            url,
            form: None,
            bearer: None,
            proof: None,
            caching,
            timeout,
            limit,
            keepalive: false,
        }
    }

    /// A POST of a form.
    pub fn post(purpose: Purpose, url: String, form: String, timeout: Millis) -> Self {
        Self { form: Some(Secret::new(form)), ..Self::get(purpose, url, Caching::Never, timeout) }
    }

    /// The same once more, asked for by name.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            url: self.url.clone(),
            form: self.form.as_ref().map(Secret::duplicate),
            bearer: self.bearer.as_ref().map(Secret::duplicate),
            proof: self.proof.clone(),
            ..*self
        }
    }
}

/// What came back.
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Retry-After`, where CORS lets it be seen.
    pub retry_after: Option<String>,
    /// `WWW-Authenticate`, where CORS lets it be seen.
    pub challenge: Option<String>,
    /// `DPoP-Nonce`, where CORS lets it be seen.
    pub dpop_nonce: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold tokens.
        let mut out = f.debug_struct("HttpResponse");
        out.field("status", &self.status).field("content_type", &self.content_type);
        out.field("body", &self.body.len()).finish_non_exhaustive()
    }
}

/// Why nothing usable came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailure {
    /// Offline, reset, refused by CORS or CSP, or redirected: the browser does not tell which, and the
    /// server may have acted.
    NoAnswer,
    /// The time limit passed; the server may have acted.
    TimedOut,
    /// The body went over the byte limit.
    TooLarge,
    /// Nothing was sent: there is no key for the proof.
    NoProof,
}

/// The result of an exchange.
pub type HttpResult = std::result::Result<HttpResponse, HttpFailure>;

/// Lets through an answer that the endpoint itself gave.
///
/// # Errors
/// `network_failed`, `timed_out`, `response_too_large`, `server_unavailable`.
pub fn answered(result: &HttpResult) -> Result<&HttpResponse> {
    let code = match result {
        Ok(response) if response.status == 429 || response.status >= 500 => {
            return Err(Error::new(Code::ServerUnavailable).with_status(response.status));
        }
        Ok(response) => return Ok(response),
        Err(HttpFailure::NoAnswer) => Code::NetworkFailed,
        Err(HttpFailure::TimedOut) => Code::TimedOut,
        Err(HttpFailure::TooLarge) => Code::ResponseTooLarge,
        Err(HttpFailure::NoProof) => Code::DpopKeyLost,
    };
    Err(Error::new(code))
}

impl HttpResponse {
    /// The media type without parameters, in lower case.
    pub fn media_type(&self) -> String {
        let value = self.content_type.as_deref().unwrap_or_default();
        let is_end = |b| matches!(b, b';' | b' ' | b'\t');
        let end = value.bytes().position(is_end).unwrap_or(value.len());
        value.get(..end).unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether the body says it is JSON.
    pub fn is_json(&self) -> bool {
        let media = self.media_type();
        media == "application/json" || media.ends_with("+json")
    }

    /// `Retry-After` in its seconds form, RFC 9110 section 10.2.3. The date form needs the server's
    /// clock and is read as absent: the back-off of our own applies.
    pub fn retry_after_ms(&self) -> Option<Millis> {
        let seconds = digits(list(self.retry_after.as_deref()?).next()?)?;
        // A multiplication that saturates would be one of 128 bits.
        Some(if seconds < Millis::MAX / 1000 { seconds * 1000 } else { Millis::MAX })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn json_response(status: u16, body: &str) -> HttpResponse {
        HttpResponse {
            status,
            content_type: Some("application/json; charset=utf-8".into()),
            retry_after: None,
            challenge: None,
            dpop_nonce: None,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn failures_become_codes() {
        for (result, code) in [
            (Err(HttpFailure::NoAnswer), Code::NetworkFailed),
            (Err(HttpFailure::TimedOut), Code::TimedOut),
            (Err(HttpFailure::TooLarge), Code::ResponseTooLarge),
            (Ok(json_response(500, "")), Code::ServerUnavailable),
            (Ok(json_response(429, "")), Code::ServerUnavailable),
        ] {
            assert_eq!(answered(&result).unwrap_err().code, code);
        }
        assert_eq!(answered(&Ok(json_response(400, "x"))).unwrap().status, 400);
    }

    #[test]
    fn retry_after_is_seconds_or_nothing() {
        let with = |text: &str| {
            HttpResponse { retry_after: Some(text.into()), ..json_response(503, "") }.retry_after_ms()
        };
        assert_eq!(with(" 7 "), Some(7_000));
        assert_eq!(with("99999999999999999999999"), Some(Millis::MAX));
        assert_eq!(with("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(with("-1"), None);
        assert_eq!(with(""), None);
    }
}
