//! Pushed authorization requests, RFC 9126: the request goes to the server first, and only a reference to it through
//! the browser.

use crate::config::Config;
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::text::all;
use crate::encoding::url;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::discovery::Metadata;
use crate::protocol::http::{HttpRequest, HttpResponse, Purpose};

/// A longer reference is nothing a URL should carry.
const MAX_URI: usize = 2048;

/// What the app wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Never.
    Off,
    /// Where the server takes nothing else.
    Auto,
    /// Always.
    Required,
}

impl Policy {
    /// Where the request is pushed to, if it is.
    ///
    /// # Errors
    /// `endpoint_missing`: there is no way back to a plain request.
    pub fn endpoint(self, metadata: &Metadata) -> Result<Option<&str>> {
        let pushes = self == Self::Required || (self == Self::Auto && metadata.requires_par);
        match &metadata.par_endpoint {
            _ if !pushes => Ok(None),
            Some(endpoint) => Ok(Some(endpoint)),
            None => Err(Error::at(Code::EndpointMissing, "pushed_authorization_request_endpoint")),
        }
    }
}

/// Section 2.1: the parameters of the authorization request, as a form.
pub fn request(endpoint: &str, form: &str, config: &Config) -> HttpRequest {
    HttpRequest::post(Purpose::Push, endpoint.to_owned(), form.to_owned(), config.timeout)
}

/// Judges the answer (section 2.2), and gives where the browser goes (section 4).
///
/// # Errors
/// `authorization_refused` with the server's words, `response_invalid` with the member.
pub fn judge(response: &HttpResponse, config: &Config, metadata: &Metadata) -> Result<String> {
    let status = response.status;
    let invalid = |error: Error| error.during(Phase::Login).with_status(status);
    let json = if response.is_json() { Json::parse(&response.body) } else { None };
    let json = json.ok_or_else(|| invalid(Error::new(Code::ResponseInvalid)))?;
    // An answer with `error` is an error whatever its status (section 2.3).
    if let Some(error) = json.text("error") {
        let refused =
            Error::new(Code::AuthorizationRefused).with_server_words(error, json.text("error_description"));
        return Err(invalid(refused));
    }
    // 201 by the book; what counts is the reference.
    if !matches!(status, 200 | 201) {
        return Err(invalid(Error::new(Code::ResponseInvalid)));
    }
    let wrong = |member: &str| invalid(Error::at(Code::ResponseInvalid, member));
    let legal = |uri: &&str| !uri.is_empty() && uri.len() <= MAX_URI && all(uri, |b| b.is_ascii_graphic());
    let uri = json.text("request_uri").filter(legal).ok_or_else(|| wrong("request_uri"))?;
    // One that is over already is not worth the way.
    if json.member("expires_in").and_then(Json::as_f64).is_none_or(|seconds| seconds < 1.0) {
        return Err(wrong("expires_in"));
    }
    let mut form = Form::new();
    form.add("client_id", &config.client_id).add("request_uri", uri);
    Ok(url::with_query(&metadata.authorization_endpoint, &form.into_string()))
}
