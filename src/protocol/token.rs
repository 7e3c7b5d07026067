//! The token endpoint: RFC 6749 sections 4.1.3, 5 and 6.

use crate::WHOLE;
use crate::config::Config;
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::text::{all, digits};
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::details::{self, Granted};
use crate::protocol::discovery::Metadata;
use crate::protocol::dpop::Policy;
use crate::protocol::http::{HttpRequest, HttpResponse, Purpose};
use crate::protocol::pkce::Verifier;
use crate::protocol::provider::{self, Repairs};
use crate::protocol::scope::Scope;
use crate::secret::Secret;
use crate::time::Millis;

/// A longer token is nothing a header could carry.
const MAX_TOKEN: usize = 64 * 1024;

/// Ten years; what a server says beyond is cosmetics.
pub(crate) const MAX_LIFETIME: Millis = 315_360_000_000;

/// A token answer that may be used.
#[derive(Debug)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Secret,
    /// Whether it is bound to a key (RFC 9449 section 5); otherwise it is a Bearer token.
    pub bound: bool,
    /// How long it lives, counted from the request. `None`: unknown, use it until it is refused.
    pub lifetime: Option<Millis>,
    /// A new refresh token. `None` on refresh: the old one stays.
    pub refresh_token: Option<Secret>,
    /// The granted scope, if the server says it. `None`: as asked for.
    pub scope: Option<Scope>,
    /// The ID token.
    pub id_token: Option<Secret>,
    /// The granted authorization details.
    pub details: Granted,
}

/// The request of section 4.1.3. The code is used up, and so is the verifier.
pub fn code_request(config: &Config, metadata: &Metadata, code: &Secret, verifier: &Verifier) -> HttpRequest {
    let mut form = Form::new();
    form.add("grant_type", "authorization_code")
        .add("code", code.expose())
        .add("redirect_uri", &config.redirect_uri)
        .add("code_verifier", verifier.expose());
    finish(form, config, metadata)
}

/// The request of section 6. `scope` narrows this access token only; the grant keeps its own.
pub fn refresh_request(
    config: &Config,
    metadata: &Metadata,
    refresh_token: &Secret,
    scope: Option<&Scope>,
    resource: &[String],
) -> HttpRequest {
    let mut form = Form::new();
    form.add("grant_type", "refresh_token")
        .add("refresh_token", refresh_token.expose())
        .add_some("scope", &scope.map(Scope::to_text).unwrap_or_default());
    for uri in resource {
        form.add("resource", uri);
    }
    finish(form, config, metadata)
}

/// Section 3.2.1: a public client says who it is in the form. No header of our own: the request
/// needs no preflight.
pub(super) fn finish(mut form: Form, config: &Config, metadata: &Metadata) -> HttpRequest {
    form.add("client_id", &config.client_id);
    for (name, value) in &config.token_params {
        form.add(name, value);
    }
    HttpRequest::post(Purpose::Token, metadata.token_endpoint.clone(), form.into_string(), config.timeout)
}

/// Judges the answer. Strict where it is about identity and safety, lenient about the rest: a refresh
/// answer that is refused costs the only live refresh token.
///
/// # Errors
/// `token_refused`, `client_secret_required`, `response_invalid`, `token_response_invalid`, `token_type_unsupported`.
pub fn judge(response: &HttpResponse, repairs: Repairs) -> Result<TokenAnswer> {
    let status = response.status;
    let invalid = |member: &str| Error::at(Code::TokenResponseInvalid, member).with_status(status);
    let json = answer(response, repairs)?;
    let access_token = json.text("access_token").filter(|t| is_token(t));
    let access_token = access_token.ok_or_else(|| invalid("access_token"))?;
    // Sections 5.1 and 7.1: required, and not used when not understood.
    let bound = match json.text("token_type") {
        Some(kind) if provider::is_bearer(kind, repairs) => false,
        Some(kind) if WHOLE && kind.eq_ignore_ascii_case("DPoP") => true,
        Some(_) => return Err(Error::new(Code::TokenTypeUnsupported).with_status(status)),
        None => return Err(invalid("token_type")),
    };
    let id_token = match json.member("id_token") {
        None => None,
        // RFC 6749 3.2: a parameter without a value counts as absent.
        Some(Json::String(token)) => (!token.is_empty()).then(|| Secret::new(token.clone())),
        Some(_) => return Err(invalid("id_token")),
    };
    let text = |name: &str| json.text(name);
    Ok(TokenAnswer {
        access_token: Secret::new(access_token.to_owned()),
        bound,
        lifetime: json.member("expires_in").and_then(lifetime),
        refresh_token: text("refresh_token").filter(|t| is_printable(t)).map(|t| Secret::new(t.to_owned())),
        scope: provider::scope(&json, repairs),
        id_token,
        details: details::granted(&json),
    })
}

impl TokenAnswer {
    /// Judges the type of its token. `proved`: a proof was sent.
    ///
    /// # Errors
    /// As [`Policy::permits`].
    pub fn permitted(self, policy: Policy, proved: bool) -> Result<Self> {
        policy.permits(self.bound, proved)?;
        Ok(self)
    }
}

/// The object of an answer that is no refusal.
pub(super) fn answer(response: &HttpResponse, repairs: Repairs) -> Result<Json> {
    let status = response.status;
    let not_an_answer = || Error::new(Code::ResponseInvalid).during(Phase::Token).with_status(status);
    let json = provider::read(response, repairs).ok_or_else(not_an_answer)?;
    // An answer with `error` is an error whatever its status and whatever is beside it.
    if let Some((error, description)) = provider::refusal(&json, repairs) {
        return Err(refusal(error, description).with_status(status));
    }
    if status != 200 {
        return Err(not_an_answer());
    }
    Ok(json)
}

pub(super) fn refusal(error: &str, description: Option<&str>) -> Error {
    // Servers without public clients say so in many ways; the word is the same. Whatever the description
    // says, `invalid_grant` keeps its meaning.
    let words = description.unwrap_or_default().as_bytes();
    let named = words
        .split(|b| !b.is_ascii_alphanumeric() && *b != b'_')
        .any(|word| word.eq_ignore_ascii_case(b"client_secret") || word.eq_ignore_ascii_case(b"secret"));
    let wants_secret = error == "invalid_client" || (named && error != "invalid_grant");
    let code = if wants_secret { Code::ClientSecretRequired } else { Code::TokenRefused };
    Error::new(code).with_server_words(error, description)
}

/// RFC 6749 A.12 without the space: nothing unsafe reaches a header.
pub(crate) fn is_token(text: &str) -> bool {
    is_printable(text) && all(text, |b| b != b' ')
}

/// RFC 6749 A.17: a refresh token travels in a form only, so a space in it is as good as anything.
pub(crate) fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TOKEN && all(text, |b| matches!(b, b' '..=b'~'))
}

/// RFC 6749 A.14: digits. Servers also send them as a string. Anything else: unknown.
pub(super) fn lifetime(value: &Json) -> Option<Millis> {
    let seconds: u64 = match value {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
        Json::Number(n) if *n >= 1.0 && *n < 1e12 => *n as u64,
        Json::String(text) if text.len() <= 12 => digits(text)?,
        _ => return None,
    };
    (seconds > 0).then(|| seconds.min(MAX_LIFETIME / 1000) * 1000)
}
