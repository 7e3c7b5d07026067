//! Metadata documents: what is accepted is the issuer's own, and every endpoint is one that secrets may go to,
//! as another URL parser sees it.

use std::sync::LazyLock;

use serde_json::Value;
use tokenward::config::Config;
use tokenward::protocol::discovery::judge;
use tokenward::protocol::jws::Algorithm;
use url::{Host, Url};

use crate::support::{ISSUER, answer, check_error, config, given, json, judged, saw};

const PATHS: &[&str] = &[
    "answer",
    "JSON",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
    "pushed_authorization_request_endpoint",
    "require_pushed_authorization_requests",
    "device_authorization_endpoint",
    "dpop_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "id_token_signing_alg_values_supported",
    "authorization_response_iss_parameter_supported",
];

/// A client as usual, one with members of its own, and one on a developer's machine.
static CLIENTS: LazyLock<[Config; 3]> = LazyLock::new(|| {
    let local =
        r#"{"issuer":"https://id.example.com","clientId":"spa","redirectUri":"http://localhost:5173/"}"#;
    [
        config(""),
        config(
            r#","metadata":{"token_endpoint":"https://app.example.com/token"},"idTokenAlgorithms":["ES256"]"#,
        ),
        Config::from_options(json(local), Some("http://localhost:5173/")).expect("the options are right"),
    ]
});

/// The corpus form of an answer.
pub fn run(data: &[u8]) {
    let response = answer(data);
    for config in CLIENTS.iter() {
        let metadata = match judge(&response, config) {
            Ok(metadata) => metadata,
            Err(error) => {
                check_error(&error, PATHS);
                let text = format!("{error:?}");
                assert!(text.len() < 400, "a document is not told: {text}");
                continue;
            }
        };
        saw("metadata accepted");
        let body = judged(&response.body);
        assert_eq!(response.status, 200);
        assert_eq!(body["issuer"], ISSUER);
        let said =
            |name: &str| config.metadata.text(name).or_else(|| given(&body, name).and_then(Value::as_str));
        for (name, endpoint) in [
            ("authorization_endpoint", Some(&metadata.authorization_endpoint)),
            ("token_endpoint", Some(&metadata.token_endpoint)),
            ("jwks_uri", metadata.jwks_uri.as_ref()),
            ("userinfo_endpoint", metadata.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", metadata.end_session_endpoint.as_ref()),
            ("revocation_endpoint", metadata.revocation_endpoint.as_ref()),
            ("pushed_authorization_request_endpoint", metadata.par_endpoint.as_ref()),
            ("device_authorization_endpoint", metadata.device_authorization_endpoint.as_ref()),
        ] {
            assert_eq!(endpoint.map(String::as_str), said(name), "{name}");
            endpoint.into_iter().for_each(|endpoint| check_endpoint(endpoint, config.page_on_loopback));
        }
        let list = |name: &str| given(&body, name).and_then(Value::as_array);
        if let Some(methods) = list("code_challenge_methods_supported") {
            assert!(methods.contains(&"S256".into()), "without S256 there is no PKCE");
        }
        let announced = list("id_token_signing_alg_values_supported");
        for algorithm in &metadata.algorithms {
            assert!(config.algorithms.contains(algorithm));
            let is = |name: &Value| name.as_str().and_then(Algorithm::from_name) == Some(*algorithm);
            assert!(announced.is_none_or(|names| names.iter().any(is)));
        }
        let iss = given(&body, "authorization_response_iss_parameter_supported");
        assert_eq!(metadata.announces_iss, iss.is_some_and(|iss| iss == true));
    }
}

fn check_endpoint(endpoint: &str, page_on_loopback: bool) {
    // What another parser refuses, no browser fetches.
    let Ok(url) = Url::parse(endpoint) else { return };
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{endpoint}");
    if url.scheme() != "https" {
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        assert!(url.scheme() == "http" && page_on_loopback && loopback, "{endpoint}");
    }
}
