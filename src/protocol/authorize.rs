//! The authorization request: RFC 6749 section 4.1.1, RFC 7636 section 4.3, OIDC Core 3.1.2.1.

use crate::encoding::text::{all, concat, decimal, pieces, spaced, words};
use std::fmt;

use crate::WHOLE;
use crate::config::{Config, Record};
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::{base64url, url};
use crate::error::{Code, Error, Result};
use crate::protocol::details;
use crate::protocol::discovery::Metadata;
use crate::protocol::dpop::Key;
use crate::protocol::pkce::Verifier;
use crate::protocol::return_to;
use crate::protocol::scope::Scope;
use crate::protocol::transaction::Transaction;

/// Every `state` of ours begins so: a response that is not ours can be told apart without storage.
pub const STATE_PREFIX: &str = "tw.";

/// Ways of logging in beside leaving the page, and what comes next in `state` for each: a page knows by it, before
/// anything is loaded, that somebody waits for its URL.
const WAYS: &[(&str, &str)] = &[("popup", "p."), ("frame", "f."), ("quiet", QUIET), ("check", CHECK)];

/// The page is left, and may come back with nothing.
const QUIET: &str = "q.";

/// In a frame like any other, but nobody is signed in by it.
const CHECK: &str = "f.c.";

/// What one `login()` call asks for, checked.
#[derive(Debug, Default)]
pub struct LoginOptions {
    /// `popup`, `frame`, `quiet` or `check`; empty for the usual one.
    pub way: &'static str,
    return_to: Option<String>,
    scope: Option<Scope>,
    resource: Vec<String>,
    max_age: Option<i64>,
    required_acr: Vec<String>,
    /// Further parameters, in order.
    params: Vec<(String, String)>,
}

const KNOWN: &str = "via returnTo prompt loginHint maxAge acrValues requiredAcr claims scope resource \
     authorizationDetails uiLocales display extraParams";

/// Any `auth_time` is young enough, but there must be one.
const ANY_AGE: i64 = 0xffff_ffff;

impl LoginOptions {
    /// The `state` of the request.
    pub fn state(&self, random: &Randomness) -> String {
        concat(&[STATE_PREFIX, self.way, &base64url::encode(&random.state)])
    }

    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// `option_unknown` and `option_invalid` with the path.
    pub fn from_args(args: &Json, config: &Config) -> Result<Self> {
        let mut record = Record::new(args, "login.", KNOWN)?;
        let mut params = Vec::new();
        let mut pass = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                params.push((name.to_owned(), value.to_owned()));
            }
        };
        let via = record.text("via");
        let way = WAYS.iter().find(|(name, _)| via == Some(name)).map(|(_, way)| *way);
        let way = way.filter(|way| WHOLE || *way != CHECK);
        if via.is_some() && way.is_none() {
            record.wrong("via");
        }
        let way = way.unwrap_or_default();
        let prompt = record.text("prompt");
        // OIDC Core 3.1.2.1: none stands alone.
        if prompt.is_some_and(|p| p != "none" && pieces(p, b' ').any(|value| value == "none")) {
            record.wrong("prompt");
        }
        pass("prompt", prompt);
        pass("login_hint", record.text("loginHint"));
        pass("ui_locales", record.text("uiLocales"));
        pass("display", record.text("display"));
        let mut required_acr = values(&mut record, "requiredAcr");
        let mut acr = values(&mut record, "acrValues");
        for required in &required_acr {
            if !acr.contains(required) {
                acr.push(required.clone());
            }
        }
        pass("acr_values", Some(spaced(&acr).as_str()).filter(|acr| !acr.is_empty()));
        let mut max_age = record.get("maxAge").map(|_| record.seconds("maxAge", 0, 0, i32::MAX));
        pass("max_age", max_age.map(|age| decimal(age.unsigned_abs())).as_deref());
        // OIDC Core 5.5: a JSON object, as text.
        if let Some(claims) = record.get("claims") {
            let text = claims.as_str();
            match text.and_then(|text| Json::parse(text.as_bytes())).filter(Json::is_object) {
                Some(json) => {
                    require_acr(&mut required_acr, &json);
                    if essential(&json, "auth_time").is_some() {
                        max_age = max_age.or(Some(ANY_AGE));
                    }
                }
                None => record.wrong("claims"),
            }
            if !required_acr.iter().all(|acr| is_value(acr)) {
                record.wrong("claims");
            }
            pass("claims", text);
        }
        if let Some(text) = details::requested(&mut record) {
            params.push(("authorization_details".to_owned(), text.to_owned()));
        }
        params.append(&mut record.params("extraParams"));

        let mut scope = record.scope();
        if checks(way) {
            // Who it is, and nothing else.
            scope = Scope::parse("openid");
        }
        let target = record.text("returnTo");
        let return_to =
            target.zip(config.page_origin.as_deref()).and_then(|(t, o)| return_to::local_path(t, o));
        if target.is_some() && return_to.is_none() {
            record.wrong("returnTo");
        }
        let resource = record.resources("resource");
        record.judged(Self { way, return_to, scope, resource, max_age, required_acr, params })
    }
}

/// The way of the login that a `state` belongs to, as the beginning of what is given.
pub fn way_of(state: &str) -> &str {
    state.strip_prefix(STATE_PREFIX).unwrap_or_default()
}

/// Whether the user did not ask for this login: nobody need be told that it failed.
pub fn is_quiet(way: &str) -> bool {
    way.starts_with("f.") || comes_back(way)
}

/// Whether it only asks who is signed in at the server.
pub fn checks(way: &str) -> bool {
    WHOLE && way.starts_with(CHECK)
}

/// Whether it comes back to the page's address also when the user is needed.
pub fn comes_back(way: &str) -> bool {
    way.starts_with(QUIET)
}

/// OIDC Core 5.5.1.1: adds the values of `acr` that the `claims` parameter makes essential.
fn require_acr(required: &mut Vec<String>, claims: &Json) {
    let Some(acr) = essential(claims, "acr") else { return };
    let mut require = |value: &Json| {
        if let Some(text) = value.as_str() {
            required.push(text.to_owned());
        }
    };
    acr.member("values").and_then(Json::as_array).unwrap_or_default().iter().for_each(&mut require);
    acr.member("value").into_iter().for_each(&mut require);
}

/// What the `claims` parameter says of a claim of the ID token that it makes essential (OIDC Core 5.5.1).
fn essential<'a>(claims: &'a Json, name: &str) -> Option<&'a Json> {
    let claim = claims.member("id_token")?.member(name)?;
    (claim.member("essential").and_then(Json::as_bool) == Some(true)).then_some(claim)
}

/// Values that are sent with spaces between them: given so, or as a list.
fn values(record: &mut Record<'_>, name: &str) -> Vec<String> {
    let list = match record.get(name) {
        Some(Json::String(text)) => words(text),
        _ => record.texts(name),
    };
    if !list.iter().all(|value| is_value(value)) {
        record.wrong(name);
    }
    list
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && all(text, |b| b.is_ascii_graphic())
}

/// Random octets of one request: `state`, `nonce`, verifier.
pub struct Randomness {
    /// For `state`.
    pub state: [u8; 32],
    /// For `nonce`.
    pub nonce: [u8; 32],
    /// For the PKCE verifier.
    pub verifier: [u8; 32],
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness(…)")
    }
}

/// A request ready to be stored and sent.
#[derive(Debug)]
pub struct AuthorizationRequest {
    /// Where the browser goes.
    pub url: String,
    /// The parameters alone.
    pub form: String,
    /// The key of the transaction.
    pub state: String,
    /// What must be remembered.
    pub transaction: Transaction,
}

/// Builds the request. `state`, `nonce` and `code_challenge` are in every one. `key`: the thumbprint of the key that
/// the code shall be bound to (RFC 9449 section 10).
///
/// # Errors
/// `option_invalid` when a parameter would stand twice.
pub fn request(
    config: &Config,
    metadata: &Metadata,
    options: LoginOptions,
    random: &Randomness,
    key: Option<Key>,
) -> Result<AuthorizationRequest> {
    let state = options.state(random);
    let nonce = base64url::encode(&random.nonce);
    let verifier = Verifier::from_random(random.verifier);
    let scope = options.scope.unwrap_or_else(|| config.scope.clone());
    let mut form = Form::new();
    form.add("client_id", &config.client_id)
        .add("response_type", "code")
        .add("redirect_uri", &config.redirect_uri)
        .add_some("scope", &scope.to_text())
        .add("state", &state)
        .add("nonce", &nonce)
        .add("code_challenge", &verifier.challenge())
        .add("code_challenge_method", "S256")
        .add_some("dpop_jkt", key.as_deref().unwrap_or_default());
    let resource = if options.resource.is_empty() { &config.resource } else { &options.resource };
    for uri in resource {
        form.add("resource", uri);
    }
    // RFC 6749 3.1: no parameter twice. What the call says goes before what the configuration says.
    let mut sent: Vec<&str> = Vec::new();
    for (params, inherited) in [(&options.params, false), (&config.extra_params, true)] {
        for (name, value) in params {
            let is_there = sent.contains(&name.as_str());
            if is_there && inherited {
                continue;
            }
            if is_there || (name == "resource" && !resource.is_empty()) {
                return Err(Error::at(Code::OptionInvalid, &concat(&["extraParams.", name])));
            }
            sent.push(name);
            form.add(name, value);
        }
    }
    let form = form.into_string();
    Ok(AuthorizationRequest {
        url: url::with_query(&metadata.authorization_endpoint, &form),
        form,
        state,
        transaction: Transaction {
            verifier,
            nonce,
            scope,
            resource: resource.clone(),
            key,
            return_to: options.return_to,
            max_age: options.max_age,
            required_acr: options.required_acr,
        },
    })
}
