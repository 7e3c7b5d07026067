//! The userinfo endpoint: OIDC Core 5.3.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::challenge;
use crate::protocol::http::{Caching, HttpRequest, HttpResponse, Purpose};
use crate::secret::Secret;
use crate::time::Millis;

/// Section 5.3.1: GET with the token in the header.
pub fn request(endpoint: &str, access_token: &Secret, timeout: Millis) -> HttpRequest {
    let bearer = Some(access_token.duplicate());
    HttpRequest {
        bearer,
        ..HttpRequest::get(Purpose::Userinfo, endpoint.to_owned(), Caching::Never, timeout)
    }
}

/// Judges the answer. `subject` is that of the ID token, where there is one.
///
/// # Errors
/// `userinfo_refused`, `response_invalid`, `userinfo_subject`.
pub fn judge(response: &HttpResponse, subject: Option<&str>) -> Result<Json> {
    let status = response.status;
    if status != 200 {
        let refused = Error::new(Code::UserinfoRefused).with_status(status);
        return Err(challenge::with_words(refused, response));
    }
    let claims = if response.is_json() { Json::parse(&response.body) } else { None };
    let claims = claims.filter(Json::is_object);
    let not_claims = || Error::new(Code::ResponseInvalid).during(Phase::Userinfo).with_status(status);
    let claims = claims.ok_or_else(not_claims)?;
    // Section 5.3.2: `sub` is always there and equal to the ID token's, else nothing is used.
    if let Some(subject) = subject
        && claims.text("sub") != Some(subject)
    {
        return Err(Error::new(Code::UserinfoSubject));
    }
    Ok(claims)
}
