//! Server metadata: OpenID Connect Discovery 1.0, RFC 8414, or given by the app.

use crate::WHOLE;
use crate::config::{Config, Discovery};
use crate::encoding::json::Json;
use crate::encoding::text::{concat, contains};
use crate::encoding::url;
use crate::error::{Code, Error, Phase, Result};
use crate::protocol::dpop;
use crate::protocol::http::{Caching, HttpRequest, HttpResponse, Purpose};
use crate::protocol::jws::Algorithm;

/// What is used of a server's metadata. Pinned as long as the session lives.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// Where the user logs in.
    pub authorization_endpoint: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: Option<String>,
    /// Where claims are.
    pub userinfo_endpoint: Option<String>,
    /// Where the user logs out.
    pub end_session_endpoint: Option<String>,
    /// Where tokens are given back.
    pub revocation_endpoint: Option<String>,
    /// Where authorization requests are pushed to.
    pub par_endpoint: Option<String>,
    /// RFC 9126 5: the server takes no others.
    pub requires_par: bool,
    /// Where a device asks for a code (RFC 8628).
    pub device_authorization_endpoint: Option<String>,
    /// Accepted ID-token algorithms: the app's list, narrowed by the server's where it has one.
    pub algorithms: Vec<Algorithm>,
    /// RFC 9449 5.1: the algorithm of proofs, empty if none of ours is announced. `None`: none is.
    pub proofs: Option<&'static str>,
    /// RFC 9207: a response without `iss` is refused.
    pub announces_iss: bool,
}

/// The request for the document; `None` when there is no discovery.
pub fn request(config: &Config, caching: Caching) -> Option<HttpRequest> {
    let url = match config.discovery {
        // Discovery 4.1: one trailing slash is removed, the path is appended.
        Discovery::Oidc => {
            let base = config.issuer.strip_suffix('/').unwrap_or(&config.issuer);
            concat(&[base, "/.well-known/openid-configuration"])
        }
        // RFC 8414 3.1: inserted between host and path.
        Discovery::OAuth => {
            let parts = url::parse(&config.issuer)?;
            let path = parts.path.strip_suffix('/').unwrap_or(parts.path);
            concat(&[parts.origin, "/.well-known/oauth-authorization-server", path])
        }
        Discovery::Off => return None,
    };
    Some(HttpRequest::get(Purpose::Discovery, url, caching, config.timeout))
}

/// Judges the document.
///
/// # Errors
/// `metadata_invalid` with the member, `issuer_mismatch`, `insecure_url`, `endpoint_missing`, `pkce_unsupported`.
pub fn judge(response: &HttpResponse, config: &Config) -> Result<Metadata> {
    if response.status != 200 || !response.is_json() {
        return Err(Error::at(Code::MetadataInvalid, "answer").with_status(response.status));
    }
    let document = Json::parse(&response.body).filter(Json::is_object);
    let document = document.ok_or_else(|| Error::at(Code::MetadataInvalid, "JSON"))?;
    // RFC 8414 3.3, Discovery 4.3: identical, no normalisation. Otherwise nothing of it is used.
    if document.text("issuer") != Some(&config.issuer) {
        return Err(Error::new(Code::IssuerMismatch));
    }
    read(&document, config)
}

/// Metadata without discovery.
///
/// # Errors
/// As [`judge`]; an `issuer` in the option `metadata` must be the issuer too.
pub fn from_config(config: &Config) -> Result<Metadata> {
    read(&Json::Null, config)
}

fn read(document: &Json, config: &Config) -> Result<Metadata> {
    if let Some(issuer) = config.metadata.member("issuer")
        && issuer.as_str() != Some(&config.issuer)
    {
        return Err(Error::new(Code::IssuerMismatch));
    }
    let mut from = Source { document, config, error: None };
    // A server that says nothing of PKCE gets S256 all the same (RFC 7636 section 5); one that says it
    // has other methods only cannot be used, nor one that may be ignoring it if the app says so.
    let methods = from.names("code_challenge_methods_supported");
    if methods.map_or(config.requires_pkce, |methods| !contains(&methods, "S256")) {
        from.refuse(Error::new(Code::PkceUnsupported));
    }
    let announces_iss = from.flag("authorization_response_iss_parameter_supported");
    let announced = from.names("id_token_signing_alg_values_supported");
    let mut algorithms = Vec::new();
    for own in &config.algorithms {
        let is_own = |name: &String| Algorithm::from_name(name) == Some(*own);
        if announced.as_ref().is_none_or(|names| names.iter().any(is_own)) {
            algorithms.push(*own);
        }
    }
    let proofs = if WHOLE { from.names("dpop_signing_alg_values_supported") } else { None };
    let proofs = proofs.map(|names| dpop::algorithm(&names));
    let metadata = Metadata {
        authorization_endpoint: from.required("authorization_endpoint"),
        token_endpoint: from.required("token_endpoint"),
        jwks_uri: from.endpoint("jwks_uri"),
        userinfo_endpoint: from.endpoint("userinfo_endpoint"),
        end_session_endpoint: from.endpoint("end_session_endpoint"),
        revocation_endpoint: from.endpoint("revocation_endpoint"),
        par_endpoint: from.endpoint("pushed_authorization_request_endpoint"),
        requires_par: from.flag("require_pushed_authorization_requests"),
        device_authorization_endpoint: match crate::WHOLE {
            true => from.endpoint("device_authorization_endpoint"),
            false => None,
        },
        algorithms,
        proofs,
        announces_iss,
    };
    from.error.map_or(Ok(metadata), Err)
}

/// The document with the app's members laid over it, and the first thing that is wrong in them.
struct Source<'a> {
    document: &'a Json,
    config: &'a Config,
    error: Option<Error>,
}

impl<'a> Source<'a> {
    fn refuse(&mut self, error: Error) {
        if self.error.is_none() {
            self.error = Some(error);
        }
    }

    fn member(&self, name: &str) -> Option<&'a Json> {
        self.config.metadata.member(name).or_else(|| self.document.member(name))
    }

    fn endpoint(&mut self, name: &str) -> Option<String> {
        let text = self.member(name)?.as_str();
        match text.and_then(url::parse).filter(|parts| parts.fragment.is_none()) {
            None => self.refuse(Error::at(Code::MetadataInvalid, name)),
            Some(parts) if !parts.is_secure(self.config.page_on_loopback) => {
                self.refuse(Error::at(Code::InsecureUrl, name).during(Phase::Discovery));
            }
            Some(_) => {}
        }
        text.map(str::to_owned)
    }

    fn required(&mut self, name: &str) -> String {
        let endpoint = self.endpoint(name);
        if endpoint.is_none() {
            self.refuse(Error::at(Code::EndpointMissing, name));
        }
        endpoint.unwrap_or_default()
    }

    fn names(&mut self, name: &str) -> Option<Vec<String>> {
        let names = self.member(name)?.texts();
        if names.is_none() {
            self.refuse(Error::at(Code::MetadataInvalid, name));
        }
        names
    }

    /// Read as absent, a wrong type would switch a check off.
    fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.member(name) else { return false };
        if value.as_bool().is_none() {
            self.refuse(Error::at(Code::MetadataInvalid, name));
        }
        value.as_bool() == Some(true)
    }
}
