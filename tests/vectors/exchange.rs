//! Token exchange, RFC 8693.

use serde_json::{Value, json};
use tokenward::config::Config;
use tokenward::encoding::form;
use tokenward::error::{Code, Error};
use tokenward::protocol::exchange::{ExchangeOptions, Exchanged, judge};
use tokenward::secret::Secret;

use crate::support::{MARK, code_at, config, config_with, html, json_answer, metadata, refused, rows, value};

rows![
    the_request_of_section_2_1,
    options_of_an_exchange,
    the_answer_of_section_2_2,
    i04_which_token_types_are_accepted_of_an_exchange,
    refusals_of_an_exchange,
];

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const SAML: &str = "urn:ietf:params:oauth:token-type:saml2";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

fn options(args: Value) -> Result<ExchangeOptions, Error> {
    ExchangeOptions::from_args(&value(&args))
}

fn sent(args: Value) -> Vec<(String, String)> {
    let mut options = options(args).unwrap();
    let own = options.subject.take();
    let subject = own.unwrap_or_else(|| Secret::new("session".into()));
    let (request, _) = options.request(&subject, &config(), &metadata());
    assert!(!format!("{request:?}").contains("session"));
    form::parse(request.form.as_ref().unwrap().expose()).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");

#[test]
fn the_request_of_section_2_1() {
    let least = [GRANT, ("subject_token_type", ACCESS), ("subject_token", "session"), ("client_id", "spa")];
    assert_eq!(sent(json!({})), pairs(&least));
    let all = sent(json!({
        "subjectToken": "own", "subjectTokenType": SAML, "requestedTokenType": JWT,
        "audience": ["one", "two"], "resource": ["https://a.example.com", "https://b.example.com"],
        "scope": "read write", "actorToken": "act", "actorTokenType": JWT,
        "authorizationDetails": r#"[{"type":"payment"}]"#, "extraParams": { "organization": "o" },
    }));
    let expected = [
        GRANT,
        ("subject_token_type", SAML),
        ("actor_token", "act"),
        ("actor_token_type", JWT),
        ("requested_token_type", JWT),
        ("audience", "one"),
        ("audience", "two"),
        ("resource", "https://a.example.com"),
        ("resource", "https://b.example.com"),
        ("scope", "read write"),
        ("authorization_details", r#"[{"type":"payment"}]"#),
        ("organization", "o"),
        ("subject_token", "own"),
        ("client_id", "spa"),
    ];
    assert_eq!(all, pairs(&expected));
    let options = options(json!({ "actorToken": MARK, "actorTokenType": JWT })).unwrap();
    assert!(!format!("{options:?}").contains(MARK));
}

#[test]
fn options_of_an_exchange() {
    for (args, path) in [
        (json!({ "subjectToken": "" , "subjectTokenType": JWT }), "subjectToken"),
        (json!({ "subjectToken": "x", "subjectTokenType": "jwt" }), "subjectTokenType"),
        (json!({ "subjectTokenType": SAML }), "subjectTokenType"),
        (json!({ "requestedTokenType": REFRESH }), "requestedTokenType"),
        (json!({ "requestedTokenType": "jwt" }), "requestedTokenType"),
        (json!({ "actorToken": "x" }), "actorTokenType"),
        (json!({ "actorTokenType": JWT }), "actorTokenType"),
        (json!({ "audience": [7] }), "audience"),
        (json!({ "audience": "" }), "audience"),
        (json!({ "resource": "https://a.example.com/#f" }), "resource"),
        (json!({ "scope": 7 }), "scope"),
        (json!({ "authorizationDetails": "{}" }), "authorizationDetails"),
        (json!({ "extraParams": { "grant_type": "password" } }), "extraParams.grant_type"),
        (json!({ "extraParams": { "refresh_token": "x" } }), "extraParams.refresh_token"),
        (json!({ "extraParams": { "subject_token": "x" } }), "extraParams.subject_token"),
        (json!({ "extraParams": { "audience": "x" } }), "extraParams.audience"),
        (json!({ "extraParams": { "requested_token_type": REFRESH } }), "extraParams.requested_token_type"),
    ] {
        assert_eq!(code_at(options(args)), (Code::OptionInvalid, format!("exchangeToken.{path}")));
    }
    assert_eq!(refused(options(json!({ "subjectToken": "x" }))).code, Code::OptionMissing);
    assert_eq!(refused(options(json!({ "subject_token": "x" }))).code, Code::OptionUnknown);
}

fn answer(changes: Value, requested: Option<&str>) -> Result<Exchanged, Error> {
    judged(changes, requested, &config(), false)
}

fn judged(
    changes: Value,
    requested: Option<&str>,
    config: &Config,
    proved: bool,
) -> Result<Exchanged, Error> {
    let mut body = json!({
        "access_token": "issued", "issued_token_type": ACCESS, "token_type": "Bearer", "expires_in": 60,
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    judge(&json_answer(200, &body), config, requested, proved)
}

#[test]
fn the_answer_of_section_2_2() {
    let good = answer(json!({ "scope": "read" }), Some(ACCESS)).unwrap();
    assert_eq!((good.token.expose(), good.issued_token_type.as_str()), ("issued", ACCESS));
    assert_eq!((good.token_type, good.lifetime), ("Bearer", Some(60_000)));
    assert_eq!(good.scope.unwrap().to_text(), "read");
    // What is no access token is no Bearer token, and a refresh token beside it is not looked at.
    let other =
        answer(json!({ "issued_token_type": SAML, "token_type": "n_a", "refresh_token": MARK }), None);
    let other = other.unwrap();
    assert_eq!((other.token_type, other.issued_token_type.as_str()), ("N_A", SAML));
    assert!(!format!("{other:?}").contains(MARK));
    for (changes, requested, path) in [
        (json!({ "issued_token_type": null }), None, "issued_token_type"),
        (json!({ "issued_token_type": 7 }), None, "issued_token_type"),
        (json!({ "issued_token_type": "access_token" }), None, "issued_token_type"),
        (json!({ "issued_token_type": REFRESH }), None, "issued_token_type"),
        (json!({ "issued_token_type": JWT }), Some(ACCESS), "issued_token_type"),
        (json!({ "access_token": null }), None, "access_token"),
        (json!({ "access_token": "a b" }), None, "access_token"),
        (json!({ "token_type": null }), None, "token_type"),
    ] {
        assert_eq!(code_at(answer(changes, requested)), (Code::TokenResponseInvalid, path.to_owned()));
    }
    assert_eq!(refused(answer(json!({ "token_type": "mac" }), None)).code, Code::TokenTypeUnsupported);
}

#[test]
fn i04_which_token_types_are_accepted_of_an_exchange() {
    let of = |kind: &str, dpop: &str, proved: bool| {
        let config = config_with(json!({ "dpop": dpop }));
        judged(json!({ "token_type": kind }), None, &config, proved).map(|issued| issued.token_type)
    };
    for dpop in ["preferred", "required"] {
        for kind in ["DPoP", "dpop"] {
            assert_eq!(of(kind, dpop, true).unwrap(), "DPoP");
            assert_eq!(refused(of(kind, dpop, false)).code, Code::TokenTypeUnsupported);
        }
        // It is no access token, and could be bound to nothing.
        assert_eq!(of("N_A", dpop, true).unwrap(), "N_A");
    }
    assert_eq!(refused(of("DPoP", "off", false)).code, Code::TokenTypeUnsupported);
    assert_eq!(of("Bearer", "off", false).unwrap(), "Bearer");
    assert_eq!(of("Bearer", "preferred", true).unwrap(), "Bearer");
    assert_eq!(refused(of("Bearer", "required", true)).code, Code::DpopDowngraded);
}

#[test]
fn refusals_of_an_exchange() {
    let said = |status: u16, error: &str| {
        judge(
            &json_answer(status, &json!({ "error": error, "error_description": MARK })),
            &config(),
            None,
            false,
        )
    };
    assert_eq!(refused(said(400, "invalid_target")).code, Code::TokenRefused);
    assert_eq!(refused(said(401, "invalid_client")).code, Code::ClientSecretRequired);
    assert_eq!(refused(judge(&html(200), &config(), None, false)).code, Code::ResponseInvalid);
}
