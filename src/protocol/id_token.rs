//! ID-token claims, OIDC Core 3.1.3.7 at login and 12.2 at refresh. Step numbers are those of 3.1.3.7.

use crate::encoding::base64url;
use crate::encoding::json::Json;
use crate::encoding::text::contains;
use crate::error::{Code, Error, Result};
use crate::protocol::jws::Unverified;
use crate::time::Now;

/// What the token must say, whenever it comes.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The discovered issuer.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// Other audiences that are allowed beside it.
    pub trusted_audiences: &'a [String],
    /// Tolerated clock difference, seconds.
    pub leeway: i64,
}

/// What the token must say at login.
#[derive(Debug)]
pub struct AtLogin<'a> {
    /// The nonce that was sent.
    pub nonce: &'a str,
    /// Whether it may be left out: a device grant need not know it.
    pub nonce_optional: bool,
    /// `max_age` that was sent, seconds.
    pub max_age: Option<i64>,
    /// `acr` values of which one is required.
    pub required_acr: &'a [String],
    /// How old `iat` may be, seconds.
    pub freshness: i64,
}

/// What is remembered of the login for the checks at refresh.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// `sub`.
    pub subject: String,
    /// The nonce of the login.
    pub nonce: String,
    /// `auth_time`, if the login's ID token had it.
    pub auth_time: Option<f64>,
}

/// Checks the ID token of a login. The signature (step 6) is verified apart, always, and what needs a hash with it:
/// [`check_at_hash`].
///
/// # Errors
/// One code for each step.
pub fn check_login(
    token: &Unverified,
    expected: &Expected<'_>,
    login: &AtLogin<'_>,
    now: Now,
) -> Result<Identity> {
    let claims = &token.payload;
    let subject = check_origin(claims, expected)?;
    let issued_at = check_times(claims, expected.leeway, now, true)?;
    // Step 10: an ID token made long ago was not made for this login.
    if issued_at.is_some_and(|at| at < oldest(login.freshness, expected.leeway, now)) {
        return Err(Error::at(Code::IdTokenIssuedAt, "too old"));
    }
    // Step 11.
    let left_out = login.nonce_optional && claims.member("nonce").is_none();
    if !left_out && claims.text("nonce") != Some(login.nonce) {
        return Err(Error::new(Code::IdTokenNonce));
    }
    // Step 12.
    let acr = claims.text("acr");
    if !login.required_acr.is_empty() && !acr.is_some_and(|acr| contains(login.required_acr, acr)) {
        return Err(Error::new(Code::IdTokenAcr));
    }
    // Step 13.
    let auth_time = number(claims, "auth_time").map_err(|()| Error::new(Code::IdTokenAuthTime))?;
    let too_old = |max_age| auth_time.is_none_or(|at| at < oldest(max_age, expected.leeway, now));
    if login.max_age.is_some_and(too_old) {
        return Err(Error::new(Code::IdTokenAuthTime));
    }
    Ok(Identity { subject, nonce: login.nonce.to_owned(), auth_time })
}

/// The earliest `auth_time` that is not older than `max_age`.
pub(crate) fn oldest(max_age: i64, leeway: i64, now: Now) -> f64 {
    seconds(now) - as_f64(max_age + leeway)
}

/// Checks the ID token of a refresh against the login. Gives whether its times are right too: an answer
/// to a refresh that fails only by a clock must not cost the session its live refresh token, so the
/// caller keeps the tokens and the claims it had.
///
/// # Errors
/// `identity_changed` for another issuer, user or audience, for a foreign nonce and a changed
/// `auth_time`.
pub fn check_refresh(
    token: &Unverified,
    expected: &Expected<'_>,
    identity: &Identity,
    now: Now,
) -> Result<bool> {
    let changed = |claim: &str| Error::at(Code::IdentityChanged, claim);
    let claims = &token.payload;
    let subject = check_origin(claims, expected).map_err(|error| changed(error.code.as_str()))?;
    if subject != identity.subject {
        return Err(changed("sub"));
    }
    if claims.member("nonce").is_some_and(|nonce| nonce.as_str() != Some(&identity.nonce)) {
        return Err(changed("nonce"));
    }
    if let (Some(now), Some(then)) = (claims.member("auth_time"), identity.auth_time)
        && now.as_f64() != Some(then)
    {
        return Err(changed("auth_time"));
    }
    Ok(check_times(claims, expected.leeway, now, true).is_ok())
}

/// Checks the claims of a signed userinfo answer (OIDC Core 5.3.2): made by the issuer, for this client. It need not
/// have times; those that are there must be right.
///
/// # Errors
/// Those of the steps of an ID token.
pub(super) fn check_userinfo(claims: &Json, expected: &Expected<'_>, now: Now) -> Result<()> {
    check_origin(claims, expected)?;
    check_times(claims, expected.leeway, now, false).map(drop)
}

/// Steps 2 to 5, and `sub`.
fn check_origin(claims: &Json, expected: &Expected<'_>) -> Result<String> {
    // Step 2: exactly, code point by code point.
    if claims.text("iss") != Some(expected.issuer) {
        return Err(Error::new(Code::IdTokenIssuer));
    }
    // Step 3: we are among the audiences, and every other one is trusted.
    let audiences = match claims.member("aud") {
        Some(Json::String(one)) => vec![one.clone()],
        Some(many) => many.texts().unwrap_or_default(),
        None => Vec::new(),
    };
    let is_foreign = |audience: &String| audience != expected.client_id;
    let is_trusted = |audience: &String| contains(expected.trusted_audiences, audience);
    if audiences.iter().all(is_foreign) || !audiences.iter().all(|a| !is_foreign(a) || is_trusted(a)) {
        return Err(Error::new(Code::IdTokenAudience));
    }
    // Steps 4 and 5: with one audience `azp` says nothing; with several it must be this client.
    if audiences.iter().any(is_foreign) && claims.text("azp") != Some(expected.client_id) {
        return Err(Error::new(Code::IdTokenAzp));
    }
    // Section 2: at most 255 ASCII characters.
    match claims.text("sub") {
        Some(sub) if !sub.is_empty() && sub.len() <= 255 && sub.is_ascii() => Ok(sub.to_owned()),
        _ => Err(Error::new(Code::IdTokenSubject)),
    }
}

/// Steps 9 and 10, and `nbf`; gives `iat`. `all`: those of an ID token must be there.
fn check_times(claims: &Json, leeway: i64, now: Now, all: bool) -> Result<Option<f64>> {
    let (now, leeway) = (seconds(now), as_f64(leeway));
    match number(claims, "exp") {
        Ok(expires) if expires.map_or(!all, |expires| now < expires + leeway) => {}
        _ => return Err(Error::new(Code::IdTokenExpired)),
    }
    match number(claims, "nbf") {
        Ok(not_before) if not_before.is_none_or(|nbf| nbf <= now + leeway) => {}
        _ => return Err(Error::new(Code::IdTokenNotBefore)),
    }
    match number(claims, "iat") {
        Ok(issued_at) if issued_at.map_or(!all, |at| at <= now + leeway) => Ok(issued_at),
        _ => Err(Error::new(Code::IdTokenIssuedAt)),
    }
}

/// OIDC Core 3.1.3.8: `at_hash` is optional in the code flow; what is there must be the left half of the digest of the
/// access token, by the hash function that the algorithm names.
///
/// # Errors
/// `id_token_at_hash`.
pub fn check_at_hash(claims: &Json, digest: &[u8]) -> Result<()> {
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    match claims.member("at_hash") {
        Some(hash) if half.is_empty() || hash.as_str() != Some(&base64url::encode(half)) => {
            Err(Error::new(Code::IdTokenAtHash))
        }
        _ => Ok(()),
    }
}

/// RFC 7519 section 2: a NumericDate is a JSON number, fractions allowed; never negative here.
fn number(claims: &Json, name: &str) -> std::result::Result<Option<f64>, ()> {
    match claims.member(name) {
        None => Ok(None),
        Some(Json::Number(value)) if *value >= 0.0 => Ok(Some(*value)),
        Some(_) => Err(()),
    }
}

fn seconds(now: Now) -> f64 {
    as_f64(now.unix_seconds())
}

#[expect(clippy::cast_precision_loss, reason = "seconds and options are far below 2^53")]
fn as_f64(value: i64) -> f64 {
    value as f64
}
