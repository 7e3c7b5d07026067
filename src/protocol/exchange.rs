//! Token exchange: RFC 8693.

use std::fmt;

use crate::config::{Config, Record};
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::text::{all, concat, cut, is_one_of};
use crate::error::{Code, Error, Result};
use crate::protocol::details;
use crate::protocol::discovery::Metadata;
use crate::protocol::http::{HttpRequest, HttpResponse};
use crate::protocol::provider;
use crate::protocol::scope::Scope;
use crate::protocol::token;
use crate::secret::Secret;
use crate::time::Millis;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// An access token may be one, too.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Parameters that have an argument of their own.
const OWN: &str =
    "subject_token subject_token_type actor_token actor_token_type requested_token_type audience resource";

/// What one `exchangeToken()` call asks for, checked.
pub struct ExchangeOptions {
    /// The caller's own token; otherwise the access token of the session is exchanged.
    pub subject: Option<Secret>,
    requested: Option<String>,
    /// All parameters but the token.
    form: Form,
}

impl fmt::Debug for ExchangeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangeOptions(…)")
    }
}

impl ExchangeOptions {
    /// Checks the arguments of a call. A refresh token is never asked for: it would have to be given away.
    ///
    /// # Errors
    /// `option_unknown`, `option_missing` and `option_invalid` with the path.
    pub fn from_args(args: &Json) -> Result<Self> {
        const KNOWN: &str = "subjectToken subjectTokenType requestedTokenType audience resource scope actorToken \
            actorTokenType authorizationDetails extraParams";
        let mut record = Record::new(args, "exchangeToken.", KNOWN)?;
        let mut form = Form::new();
        form.add("grant_type", GRANT_TYPE);

        let subject = record.text("subjectToken");
        let kind = match subject {
            Some(_) => record.required_text("subjectTokenType"),
            None => record.text("subjectTokenType").unwrap_or(ACCESS_TOKEN),
        };
        if !is_uri(kind) || (subject.is_none() && kind != ACCESS_TOKEN && kind != JWT) {
            record.wrong("subjectTokenType");
        }
        form.add("subject_token_type", kind);
        // Section 2.1: the type if and only if there is such a token.
        match (record.text("actorToken"), record.text("actorTokenType")) {
            (Some(actor), Some(kind)) if is_uri(kind) => {
                form.add("actor_token", actor).add("actor_token_type", kind);
            }
            (None, None) => {}
            _ => record.wrong("actorTokenType"),
        }
        let requested = record.text("requestedTokenType");
        if let Some(kind) = requested {
            if !is_uri(kind) || kind == REFRESH_TOKEN {
                record.wrong("requestedTokenType");
            }
            form.add("requested_token_type", kind);
        }
        let audience = match record.get("audience") {
            Some(Json::String(one)) => vec![one.clone()],
            _ => record.texts("audience"),
        };
        for name in &audience {
            if name.is_empty() {
                record.wrong("audience");
            }
            form.add("audience", name);
        }
        for uri in record.resources("resource") {
            form.add("resource", &uri);
        }
        form.add_some("scope", &record.scope().map(|scope| scope.to_text()).unwrap_or_default());
        form.add_some("authorization_details", details::requested(&mut record).unwrap_or_default());
        for (name, value) in record.params("extraParams") {
            if is_one_of(&name, OWN) {
                record.wrong(&concat(&["extraParams.", &name]));
            }
            form.add(&name, &value);
        }
        let subject = subject.map(|token| Secret::new(token.to_owned()));
        record.judged(Self { subject, requested: requested.map(str::to_owned), form })
    }

    /// The request of section 2.1, and what the answer is judged by.
    pub fn request(
        self,
        subject: &Secret,
        config: &Config,
        metadata: &Metadata,
    ) -> (HttpRequest, Option<String>) {
        let form = self.form.with("subject_token", subject.expose());
        (token::finish(form, config, metadata), self.requested)
    }
}

/// Token types are absolute URIs (section 3).
fn is_uri(text: &str) -> bool {
    cut(text, b':').1.is_some() && all(text, |b| b.is_ascii_graphic())
}

/// What was issued.
pub struct Exchanged {
    /// The token, of whatever type.
    pub token: Secret,
    /// What it is.
    pub issued_token_type: String,
    /// How it is used: `Bearer`, or `DPoP` with proofs by the key of the request; `N_A` for what is no access token.
    pub token_type: &'static str,
    /// How long it lives, counted from the request.
    pub lifetime: Option<Millis>,
    /// Its scope, if the server says it.
    pub scope: Option<Scope>,
}

impl fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchanged(…)")
    }
}

/// Judges the answer of section 2.2; `proved`: the request carried a proof. A refresh token beside the issued one is not looked at: nobody here could use it,
/// and to give it back could cost the token it came with.
///
/// # Errors
/// `token_refused`, `client_secret_required`, `response_invalid`, `token_response_invalid`, `token_type_unsupported`,
/// `dpop_downgraded`.
pub fn judge(
    response: &HttpResponse,
    config: &Config,
    requested: Option<&str>,
    proved: bool,
) -> Result<Exchanged> {
    let status = response.status;
    let invalid = |member: &str| Error::at(Code::TokenResponseInvalid, member).with_status(status);
    let json = token::answer(response, config.repairs)?;
    let token = json.text("access_token").filter(|text| token::is_token(text));
    let token = token.ok_or_else(|| invalid("access_token"))?;
    let kind = json.text("issued_token_type").filter(|kind| is_uri(kind) && *kind != REFRESH_TOKEN);
    let kind = kind.filter(|kind| requested.is_none_or(|requested| requested == *kind));
    let kind = kind.ok_or_else(|| invalid("issued_token_type"))?;
    // Section 2.2.1: N_A for what is no access token.
    let scheme = json.text("token_type").ok_or_else(|| invalid("token_type"))?;
    let token_type = match scheme {
        _ if scheme.eq_ignore_ascii_case("N_A") => "N_A",
        _ if provider::is_bearer(scheme, config.repairs) => "Bearer",
        _ if scheme.eq_ignore_ascii_case("DPoP") => "DPoP",
        _ => return Err(Error::new(Code::TokenTypeUnsupported).with_status(status)),
    };
    if token_type != "N_A" {
        config.dpop.permits(token_type == "DPoP", proved)?;
    }
    Ok(Exchanged {
        token: Secret::new(token.to_owned()),
        issued_token_type: kind.to_owned(),
        token_type,
        lifetime: json.member("expires_in").and_then(token::lifetime),
        scope: provider::scope(&json, config.repairs),
    })
}
