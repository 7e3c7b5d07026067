//! Token revocation: RFC 7009.

use crate::config::Config;
use crate::encoding::form::Form;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::http::{HttpRequest, HttpResponse, Purpose};
use crate::secret::Secret;

/// Which token is given back. The refresh token takes the grant's access tokens with it (section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// `access_token`.
    AccessToken,
    /// `refresh_token`.
    RefreshToken,
}

/// Section 2.1; a public client says who it is (section 5). Outlives the page where the browser can.
pub fn request(config: &Config, endpoint: &str, token: &Secret, hint: Hint) -> HttpRequest {
    let hint = match hint {
        Hint::AccessToken => "access_token",
        Hint::RefreshToken => "refresh_token",
    };
    let mut form = Form::new();
    form.add("token", token.expose()).add("token_type_hint", hint).add("client_id", &config.client_id);
    let request =
        HttpRequest::post(Purpose::Revocation, endpoint.to_owned(), form.into_string(), config.timeout);
    HttpRequest { keepalive: true, ..request }
}

/// Section 2.2: 200 is done, also for a token the server does not know.
///
/// # Errors
/// `token_refused` in the phase logout.
pub fn judge(response: &HttpResponse) -> Result<()> {
    match response.status {
        200..=299 => Ok(()),
        status => Err(Error::new(Code::TokenRefused).during(Phase::Logout).with_status(status)),
    }
}
