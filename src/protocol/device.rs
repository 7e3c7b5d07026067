//! The device grant: RFC 8628.

use std::fmt;

use crate::config::{Config, Record};
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::text::all;
use crate::encoding::url;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::details;
use crate::protocol::discovery::Metadata;
use crate::protocol::http::{HttpRequest, HttpResponse, Purpose};
use crate::protocol::pkce::Verifier;
use crate::protocol::provider;
use crate::protocol::scope::Scope;
use crate::protocol::token::{self, TokenAnswer, is_printable};
use crate::secret::Secret;
use crate::time::Millis;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Section 3.2: unless the server says otherwise.
const INTERVAL: Millis = 5_000;

/// A code that lives longer is not waited for longer.
const MAX_LIFETIME: Millis = 24 * 60 * 60 * 1000;

/// What a person types is short.
const MAX_USER_CODE: usize = 64;

/// What one `loginWithDevice()` call asks for, checked.
#[derive(Debug)]
pub struct DeviceOptions {
    scope: Option<Scope>,
    resource: Vec<String>,
    details: Option<String>,
    params: Vec<(String, String)>,
}

impl DeviceOptions {
    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// `option_unknown` and `option_invalid` with the path.
    pub fn from_args(args: &Json) -> Result<Self> {
        const KNOWN: &str = "scope resource authorizationDetails extraParams";
        let mut record = Record::new(args, "loginWithDevice.", KNOWN)?;
        let options = Self {
            scope: record.scope(),
            resource: record.resources("resource"),
            details: details::requested(&mut record).map(str::to_owned),
            params: record.params("extraParams"),
        };
        record.judged(options)
    }

    /// The scope that is asked for.
    pub fn scope(&self, config: &Config) -> Scope {
        self.scope.as_ref().unwrap_or(&config.scope).clone()
    }

    /// The resources that are asked for.
    pub fn resource<'a>(&'a self, config: &'a Config) -> &'a [String] {
        if self.resource.is_empty() { &config.resource } else { &self.resource }
    }
}

/// The request of section 3.1. PKCE and the nonce are no part of it: a server that knows them binds the code to this
/// client and the ID token to this login, and every other must ignore them.
pub fn request(
    config: &Config,
    endpoint: &str,
    options: &DeviceOptions,
    verifier: &Verifier,
    nonce: &str,
) -> HttpRequest {
    let mut form = Form::new();
    form.add("client_id", &config.client_id)
        .add_some("scope", &options.scope(config).to_text())
        .add("nonce", nonce)
        .add("code_challenge", &verifier.challenge())
        .add("code_challenge_method", "S256")
        .add_some("authorization_details", options.details.as_deref().unwrap_or_default());
    for uri in options.resource(config) {
        form.add("resource", uri);
    }
    for (name, value) in &options.params {
        form.add(name, value);
    }
    for (name, value) in &config.extra_params {
        if !options.params.iter().any(|(own, _)| own == name) {
            form.add(name, value);
        }
    }
    HttpRequest::post(Purpose::Device, endpoint.to_owned(), form.into_string(), config.timeout)
}

/// What the user needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What is to be typed.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: Option<String>,
}

/// An answer of the device authorization endpoint that may be used.
pub struct DeviceAnswer {
    /// The device's own code.
    pub device_code: Secret,
    /// For the user.
    pub prompt: Prompt,
    /// How long the codes live, from the request.
    pub lifetime: Millis,
    /// How long to wait between two questions.
    pub interval: Millis,
}

impl fmt::Debug for DeviceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceAnswer(…)")
    }
}

/// Judges the answer of section 3.2. The addresses are shown to a user, who may follow them: they are https.
///
/// # Errors
/// `authorization_refused`, `client_secret_required`, `response_invalid` with the member.
pub fn judge(response: &HttpResponse, config: &Config) -> Result<DeviceAnswer> {
    let wrong = |error: Error| error.during(Phase::Login).with_status(response.status);
    let invalid = |member: &str| wrong(Error::at(Code::ResponseInvalid, member));
    let json = provider::read(response, config.repairs).ok_or_else(|| invalid("JSON"))?;
    if let Some((error, description)) = provider::refusal(&json, config.repairs) {
        let error = token::refusal(error, description);
        return Err(wrong(match error.code {
            Code::TokenRefused => error.under(Code::AuthorizationRefused),
            _ => error,
        }));
    }
    if response.status != 200 {
        return Err(invalid("status"));
    }
    let address = |name: &str| {
        let text = json.text(name).unwrap_or_default();
        let is_good = url::parse(text).is_some_and(|parts| parts.is_secure(config.page_on_loopback));
        if is_good { Ok(text.to_owned()) } else { Err(invalid(name)) }
    };
    let device_code = json.text("device_code").filter(|code| is_printable(code));
    let is_user_code = |code: &&str| {
        !code.is_empty() && code.len() <= MAX_USER_CODE && all(code, |b| matches!(b, b' '..=b'~'))
    };
    let user_code = json.text("user_code").filter(is_user_code);
    Ok(DeviceAnswer {
        device_code: Secret::new(device_code.ok_or_else(|| invalid("device_code"))?.to_owned()),
        prompt: Prompt {
            user_code: user_code.ok_or_else(|| invalid("user_code"))?.to_owned(),
            verification_uri: address("verification_uri")?,
            verification_uri_complete: match json.member("verification_uri_complete") {
                Some(_) => Some(address("verification_uri_complete")?),
                None => None,
            },
        },
        lifetime: json
            .member("expires_in")
            .and_then(token::lifetime)
            .ok_or_else(|| invalid("expires_in"))?
            .min(MAX_LIFETIME),
        interval: json.member("interval").and_then(token::lifetime).unwrap_or(INTERVAL),
    })
}

/// The request of section 3.4.
pub fn poll_request(
    config: &Config,
    metadata: &Metadata,
    device_code: &Secret,
    verifier: &Verifier,
) -> HttpRequest {
    let mut form = Form::new();
    form.add("grant_type", GRANT_TYPE)
        .add("device_code", device_code.expose())
        .add("code_verifier", verifier.expose());
    token::finish(form, config, metadata)
}

/// What an answer of the token endpoint means to a device.
#[derive(Debug)]
pub enum Polled {
    /// Tokens.
    Tokens(Box<TokenAnswer>),
    /// Not yet; `slower`: the server was asked too often.
    Pending {
        /// Section 3.5: five seconds more from now on.
        slower: bool,
    },
}

/// Judges the answer of section 3.5.
///
/// # Errors
/// `device_denied`, `device_expired`; all of [`token::judge`].
pub fn judge_poll(response: &HttpResponse, config: &Config) -> Result<Polled> {
    let error = match token::judge(response, config.repairs) {
        Ok(answer) => return Ok(Polled::Tokens(Box::new(answer))),
        Err(error) => error,
    };
    let code = match error.oauth_error.as_deref() {
        Some("authorization_pending") => return Ok(Polled::Pending { slower: false }),
        Some("slow_down") => return Ok(Polled::Pending { slower: true }),
        Some("access_denied") => Code::DeviceDenied,
        Some("expired_token") => Code::DeviceExpired,
        _ => return Err(error),
    };
    Err(error.under(code))
}
