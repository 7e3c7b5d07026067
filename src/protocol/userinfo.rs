//! The userinfo endpoint: OIDC Core 5.3.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::challenge;
use crate::protocol::http::{Caching, HttpRequest, HttpResponse, Purpose};
use crate::protocol::id_token::{self, Expected};
use crate::protocol::jws::{self, Algorithm, Unverified};
use crate::secret::Secret;
use crate::time::{Millis, Now};

/// Section 5.3.1: GET with the token in the header.
pub fn request(endpoint: &str, access_token: &Secret, timeout: Millis) -> HttpRequest {
    let bearer = Some(access_token.duplicate());
    HttpRequest {
        bearer,
        ..HttpRequest::get(Purpose::Userinfo, endpoint.to_owned(), Caching::Never, timeout)
    }
}

/// An answer that may be used, or one that is signed and must be verified first.
#[derive(Debug)]
pub enum Answer {
    /// Claims.
    Claims(Json),
    /// Section 5.3.2: signed, as the client is registered.
    Signed(Box<Unverified>),
}

/// Judges the answer. `subject` is that of the ID token, where there is one.
///
/// # Errors
/// `userinfo_refused`, `response_invalid`, `userinfo_subject`, `userinfo_unverified`.
pub fn judge(
    response: &HttpResponse,
    expected: &Expected<'_>,
    algorithms: &[Algorithm],
    subject: Option<&str>,
    now: Now,
) -> Result<Answer> {
    let status = response.status;
    if status != 200 {
        let refused = Error::new(Code::UserinfoRefused).with_status(status);
        return Err(challenge::with_words(refused, response));
    }
    let not_claims = || Error::new(Code::ResponseInvalid).during(Phase::Userinfo).with_status(status);
    if response.media_type() == "application/jwt" {
        if !crate::WHOLE {
            return Err(Error::at(Code::FeatureMissing, "userinfo"));
        }
        let text = std::str::from_utf8(&response.body).map_err(|_| not_claims())?;
        let token = jws::parse(text.trim_ascii(), algorithms).map_err(|error| unverified(&error))?;
        check_subject(&token.payload, subject)?;
        id_token::check_userinfo(&token.payload, expected, now).map_err(|error| unverified(&error))?;
        return Ok(Answer::Signed(Box::new(token)));
    }
    let claims = if response.is_json() { Json::parse(&response.body) } else { None };
    let claims = claims.filter(Json::is_object).ok_or_else(not_claims)?;
    check_subject(&claims, subject)?;
    Ok(Answer::Claims(claims))
}

/// Section 5.3.2: `sub` is always there and equal to the ID token's, else nothing is used.
fn check_subject(claims: &Json, subject: Option<&str>) -> Result<()> {
    match subject {
        Some(subject) if claims.text("sub") != Some(subject) => Err(Error::new(Code::UserinfoSubject)),
        _ => Ok(()),
    }
}

/// What is wrong with a signed answer; the steps have the names that they have in ID tokens.
pub fn unverified(why: &Error) -> Error {
    let code = why.code.as_str();
    Error::at(Code::UserinfoUnverified, code.strip_prefix("id_token_").unwrap_or(code))
}
