//! Pushed authorization requests (RFC 9126).

use serde_json::json;
use tokenward::error::{Code, Phase};
use tokenward::protocol::authorize::{LoginOptions, Randomness};
use tokenward::protocol::http::{Caching, Purpose};
use tokenward::protocol::{authorize, par};

use crate::support::{
    CLIENT, MARK, answer, code, code_at, config, config_with, html, json_answer, metadata, metadata_with,
    owned, pairs, refused, rows, try_config,
};

rows![
    the_option,
    when_requests_are_pushed,
    section_2_1_the_request,
    section_2_2_the_answer,
    k09_what_is_no_answer,
    k09_refusals_keep_the_words_of_the_server,
];

const ENDPOINT: &str = "https://id.example.com/par";

#[test]
fn the_option() {
    for (given, policy) in [
        (json!(null), par::Policy::Auto),
        (json!("auto"), par::Policy::Auto),
        (json!("off"), par::Policy::Off),
        (json!("required"), par::Policy::Required),
    ] {
        assert_eq!(config_with(json!({ "par": given })).par, policy);
    }
    for wrong in [json!("on"), json!(true), json!("")] {
        assert_eq!(code_at(try_config(json!({ "par": wrong }))), (Code::OptionInvalid, "par".into()));
    }
}

#[test]
fn when_requests_are_pushed() {
    let to = |policy: par::Policy, offers: bool, requires: bool| {
        let endpoint = if offers { json!(ENDPOINT) } else { json!(null) };
        let changes = json!({
            "pushed_authorization_request_endpoint": endpoint, "require_pushed_authorization_requests": requires,
        });
        let metadata = metadata_with(&config(), changes).unwrap();
        policy.endpoint(&metadata).map(|endpoint| endpoint.map(str::to_owned))
    };
    for (offers, requires) in [(false, false), (true, false), (false, true), (true, true)] {
        assert_eq!(to(par::Policy::Off, offers, requires).unwrap(), None);
    }
    assert_eq!(to(par::Policy::Auto, true, false).unwrap(), None);
    assert_eq!(to(par::Policy::Auto, true, true).unwrap().as_deref(), Some(ENDPOINT));
    assert_eq!(to(par::Policy::Required, true, false).unwrap().as_deref(), Some(ENDPOINT));
    for (policy, requires) in [(par::Policy::Required, false), (par::Policy::Auto, true)] {
        let missing = (Code::EndpointMissing, "pushed_authorization_request_endpoint".into());
        assert_eq!(code_at(to(policy, false, requires)), missing);
    }
    let wrong = metadata_with(&config(), json!({ "require_pushed_authorization_requests": "true" }));
    assert_eq!(code(wrong), Code::MetadataInvalid);
    let insecure = metadata_with(
        &config(),
        json!({ "pushed_authorization_request_endpoint": "http://id.example.com/par" }),
    );
    assert_eq!(code(insecure), Code::InsecureUrl);
}

#[test]
fn section_2_1_the_request() {
    let random = Randomness { state: [1; 32], nonce: [2; 32], verifier: [3; 32] };
    let asked = authorize::request(&config(), &metadata(), LoginOptions::default(), &random, None).unwrap();
    let request = par::request(ENDPOINT, &asked.form, &config());
    assert_eq!((request.purpose, request.url.as_str()), (Purpose::Push, ENDPOINT));
    assert_eq!((request.caching, request.bearer.is_none()), (Caching::Never, true));
    let form = pairs(request.form.as_ref().unwrap().expose());
    assert_eq!(form, pairs(asked.url.split_once('?').unwrap().1), "all that would have been in the URL");
    let has = |name: &str| form.iter().any(|(known, _)| known == name);
    assert!(has("client_id") && has("code_challenge") && has("state") && has("nonce") && !has("request_uri"));
    // The verifier stays here.
    assert!(!request.form.unwrap().expose().contains(asked.transaction.verifier.expose()));
}

#[test]
fn section_2_2_the_answer() {
    let uri = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";
    for (status, lifetime) in [(201, json!(60)), (200, json!(60)), (201, json!(1)), (201, json!(3600.5))] {
        let body = json!({ "request_uri": uri, "expires_in": lifetime, "more": [1] });
        let url = par::judge(&json_answer(status, &body), &config(), &metadata()).unwrap();
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, "https://id.example.com/authorize");
        assert_eq!(pairs(query), owned(&[("client_id", CLIENT), ("request_uri", uri)]));
    }
}

#[test]
fn k09_what_is_no_answer() {
    let judged = |status: u16, body: serde_json::Value| {
        par::judge(&json_answer(status, &body), &config(), &metadata())
    };
    let error = refused(judged(201, json!({ "expires_in": 60 })));
    assert_eq!(
        (error.code, error.phase, error.path.as_deref()),
        (Code::ResponseInvalid, Phase::Login, Some("request_uri"))
    );
    for uri in [json!(null), json!(""), json!(7), json!("a b"), json!("urn:\u{e9}"), json!("x".repeat(2049))]
    {
        assert_eq!(
            code_at(judged(201, json!({ "request_uri": uri, "expires_in": 60 }))).1,
            "request_uri",
            "{uri}"
        );
    }
    for lifetime in [json!(null), json!(0), json!(-1), json!(0.5), json!("60"), json!([60])] {
        let body = json!({ "request_uri": "urn:a", "expires_in": lifetime });
        assert_eq!(code_at(judged(201, body)), (Code::ResponseInvalid, "expires_in".into()), "{lifetime}");
    }
    for status in [202, 204, 302, 405, 413] {
        let error = refused(judged(status, json!({ "request_uri": "urn:a", "expires_in": 60 })));
        assert_eq!((error.code, error.status), (Code::ResponseInvalid, Some(status)));
    }
    for response in [html(200), html(413), answer(201, "application/json", b"{"), answer(201, "", b"{}")] {
        assert_eq!(code(par::judge(&response, &config(), &metadata())), Code::ResponseInvalid);
    }
}

#[test]
fn k09_refusals_keep_the_words_of_the_server() {
    for status in [200, 201, 400, 401, 413] {
        let body = json!({ "error": "invalid_request", "error_description": MARK, "request_uri": "urn:a", "expires_in": 60 });
        let error = refused(par::judge(&json_answer(status, &body), &config(), &metadata()));
        assert_eq!(
            (error.code, error.phase, error.status),
            (Code::AuthorizationRefused, Phase::Login, Some(status))
        );
        assert_eq!(error.oauth_error.as_deref(), Some("invalid_request"));
    }
}
