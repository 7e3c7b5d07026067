//! The token endpoint: its requests, field by field, and its answers.

use serde_json::{Value, json};
use tokenward::error::{Code, Error, Phase};
use tokenward::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, Purpose, answered};
use tokenward::protocol::pkce::Verifier;
use tokenward::protocol::provider::Repairs;
use tokenward::protocol::scope::Scope;
use tokenward::protocol::token::{self, TokenAnswer, code_request, refresh_request};
use tokenward::secret::Secret;

use crate::support::{
    MARK, REDIRECT, answer, code, code_at, config, config_with, html, json_answer, metadata, owned, pairs,
    refused, rows,
};

rows![
    the_code_request,
    the_refresh_request,
    a04_the_verifier_is_the_transactions_own,
    e01_what_is_no_token_answer,
    e02_error_with_status_200,
    e03_access_token_missing_or_unsafe,
    e04_token_type_missing_or_unknown,
    e06_expires_in_in_every_shape,
    e08_refresh_token_empty_null_or_number,
    e09_narrower_scope_is_kept,
    e10_scope_absent_empty_reordered_repeated_or_of_other_case,
    e12_error_answers,
    e12_hostile_error_texts,
    e13_e15_e16_no_usable_answer,
    id_token_absent_empty_or_of_another_type,
];

/// As a server is judged that needs no repair.
fn judge(response: &HttpResponse) -> Result<TokenAnswer, Error> {
    token::judge(response, Repairs::default())
}

fn form(request: &HttpRequest) -> Vec<(String, String)> {
    pairs(request.form.as_ref().unwrap().expose())
}

fn good() -> Value {
    json!({
        "access_token": "SlAV32hkKG", "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": "8xLOxBtZp8", "id_token": "a.b.c", "scope": "openid profile",
    })
}

fn with(changes: Value) -> Result<TokenAnswer, Error> {
    let mut body = good();
    for (name, member) in changes.as_object().unwrap() {
        body[name] = member.clone();
    }
    judge(&json_answer(200, &body))
}

fn without(name: &str) -> Result<TokenAnswer, Error> {
    let mut body = good();
    body.as_object_mut().unwrap().remove(name);
    judge(&json_answer(200, &body))
}

#[test]
fn the_code_request() {
    let verifier = Verifier::from_random([1; 32]);
    let hostile = "a+b/=&grant_type=password&é\0 ";
    let request = code_request(&config(), &metadata(), &Secret::new(hostile.into()), &verifier);
    assert_eq!((request.purpose, request.url.as_str()), (Purpose::Token, "https://id.example.com/token"));
    assert_eq!((request.caching, request.keepalive), (Caching::Never, false));
    assert_eq!((request.timeout, request.bearer.is_none()), (20_000, true));
    assert_eq!(
        form(&request),
        owned(&[
            ("grant_type", "authorization_code"),
            ("code", hostile),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier.expose()),
            ("client_id", "spa"),
        ])
    );
    assert!(request.form.as_ref().unwrap().expose().contains("%C3%A9%00+"));
    let extra =
        config_with(json!({ "tokenParams": { "audience": "https://api.example.com/ x" }, "timeout": 5 }));
    let request = code_request(&extra, &metadata(), &Secret::new("abc".into()), &verifier);
    assert_eq!(form(&request).last().unwrap(), &("audience".into(), "https://api.example.com/ x".into()));
    assert_eq!(request.timeout, 5_000);
    // Nothing secret is printed.
    let shown = format!("{request:?} {verifier:?}");
    assert!(!shown.contains("abc") && !shown.contains(verifier.expose()));
}

#[test]
fn the_refresh_request() {
    let token = Secret::new("8xLO xBt&Zp8=".into());
    let request = refresh_request(&config(), &metadata(), &token, None, &[]);
    assert_eq!((request.purpose, request.url.as_str()), (Purpose::Token, "https://id.example.com/token"));
    assert_eq!(
        form(&request),
        owned(&[("grant_type", "refresh_token"), ("refresh_token", "8xLO xBt&Zp8="), ("client_id", "spa")])
    );
    let scope = Scope::parse("openid profile").unwrap();
    let resource = ["https://a.example/".to_owned(), "https://b.example/?x=1".to_owned()];
    let request = refresh_request(&config(), &metadata(), &token, Some(&scope), &resource);
    assert_eq!(
        form(&request),
        owned(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", "8xLO xBt&Zp8="),
            ("scope", "openid profile"),
            ("resource", "https://a.example/"),
            ("resource", "https://b.example/?x=1"),
            ("client_id", "spa"),
        ])
    );
    // RFC 6749 3.2: no parameter without a value.
    let request = refresh_request(&config(), &metadata(), &token, Some(&Scope::default()), &[]);
    assert!(!form(&request).iter().any(|(name, _)| name == "scope"));
}

#[test]
fn a04_the_verifier_is_the_transactions_own() {
    let (ours, theirs) = (Verifier::from_random([1; 32]), Verifier::from_random([2; 32]));
    let request = code_request(&config(), &metadata(), &Secret::new("injected".into()), &ours);
    assert!(form(&request).contains(&("code_verifier".into(), ours.expose().into())));
    assert_ne!(ours.challenge(), theirs.challenge());
}

#[test]
fn e01_what_is_no_token_answer() {
    let body = good().to_string();
    for wrong in [
        html(200),
        html(400),
        answer(200, "text/html", body.as_bytes()),
        answer(200, "text/plain", body.as_bytes()),
        answer(200, "application/x-www-form-urlencoded", b"access_token=x&token_type=bearer"),
        answer(200, "", body.as_bytes()),
        answer(200, "application/json", b""),
        answer(200, "application/json", b"null"),
        answer(200, "application/json", b"[]"),
        answer(200, "application/json", b"\"token\""),
        answer(200, "application/json", format!("{body}{body}").as_bytes()),
        answer(200, "application/json", body.replace('}', ",\"access_token\":\"other\"}").as_bytes()),
        answer(200, "application/json", b"{\"access_token\":\"\xff\"}"),
        answer(201, "application/json", body.as_bytes()),
        answer(204, "application/json", b""),
        answer(302, "application/json", body.as_bytes()),
        answer(400, "application/json", b"{}"),
        answer(400, "application/json", body.as_bytes()),
        answer(404, "application/json", format!("{{\"message\":\"{MARK}\"}}").as_bytes()),
    ] {
        let error = refused(judge(&wrong));
        assert_eq!((error.code, error.phase), (Code::ResponseInvalid, Phase::Token), "{wrong:?}");
        assert_eq!(error.status, Some(wrong.status));
        assert!(!error.to_string().contains(MARK) && !format!("{wrong:?}").contains(MARK));
    }
    // A hostile object of very many names costs no more than its length.
    let many: serde_json::Map<String, Value> = (0..20_000).map(|i| (format!("n{i}"), json!(1))).collect();
    assert_eq!(code(judge(&json_answer(200, &Value::Object(many)))), Code::TokenResponseInvalid);
    for media in ["application/json", "Application/JSON ; charset=utf-8", "application/problem+json"] {
        assert!(judge(&answer(200, media, body.as_bytes())).is_ok(), "{media}");
    }
}

#[test]
fn e02_error_with_status_200() {
    for (changes, expected) in [
        (json!({ "error": "invalid_grant" }), "invalid_grant"),
        (json!({ "error": "" }), ""),
        (json!({ "error": { "message": MARK } }), "unknown"),
        (json!({ "error": 7 }), "unknown"),
        (json!({ "error": true }), "unknown"),
    ] {
        let error = refused(with(changes));
        assert_eq!((error.code, error.oauth_error.as_deref()), (Code::TokenRefused, Some(expected)));
    }
    assert_eq!(code(judge(&json_answer(200, &json!({ "error": "server_error" })))), Code::TokenRefused);
}

#[test]
fn e03_access_token_missing_or_unsafe() {
    for wrong in [
        json!(null),
        json!(""),
        json!(7),
        json!(["SlAV32hkKG"]),
        json!({ "value": "x" }),
        json!(true),
        json!("a\r\nX-Injected: 1"),
        json!("a\nb"),
        json!("a b"),
        json!(" a"),
        json!("a\tb"),
        json!("a\u{0}b"),
        json!("a\u{7f}"),
        json!("\u{e9}"),
        json!("a".repeat(65_537)),
    ] {
        assert_eq!(
            code_at(with(json!({ "access_token": wrong }))),
            (Code::TokenResponseInvalid, "access_token".into()),
            "{wrong}"
        );
    }
    assert_eq!(code_at(without("access_token")), (Code::TokenResponseInvalid, "access_token".into()));
    let token = "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~";
    assert_eq!(with(json!({ "access_token": token })).unwrap().access_token.expose(), token);
    assert!(with(json!({ "access_token": "a".repeat(65_536) })).is_ok());
}

#[test]
fn e04_token_type_missing_or_unknown() {
    for kind in ["mac", "N_A", "pop", "bearer ", "Bearer,DPoP", "DPoP2", ""] {
        assert_eq!(code(with(json!({ "token_type": kind }))), Code::TokenTypeUnsupported, "{kind}");
    }
    for kind in [json!(null), json!(7), json!(["Bearer"])] {
        assert_eq!(
            code_at(with(json!({ "token_type": kind }))),
            (Code::TokenResponseInvalid, "token_type".into()),
            "{kind}"
        );
    }
    assert_eq!(code_at(without("token_type")).0, Code::TokenResponseInvalid);
    for kind in ["Bearer", "bearer", "BEARER", "bEARER"] {
        assert!(with(json!({ "token_type": kind })).is_ok(), "{kind}");
    }
}

#[test]
fn e06_expires_in_in_every_shape() {
    assert_eq!(without("expires_in").unwrap().lifetime, None);
    for (given, lifetime) in [
        (json!(3600), Some(3_600_000)),
        (json!(1), Some(1_000)),
        (json!(2.9), Some(2_000)),
        (json!("3600"), Some(3_600_000)),
        (json!("0060"), Some(60_000)),
        (json!(1e11), Some(315_360_000_000)),
        (json!("999999999999"), Some(315_360_000_000)),
        (json!(null), None),
        (json!(0), None),
        (json!("0"), None),
        (json!(0.5), None),
        (json!(-1), None),
        (json!("-3600"), None),
        (json!("3600.5"), None),
        (json!(" 3600"), None),
        (json!("1e3"), None),
        (json!("0x10"), None),
        (json!("٣"), None),
        (json!(""), None),
        (json!("9".repeat(400)), None),
        (json!(1e300), None),
        (json!([3600]), None),
        (json!({}), None),
        (json!(true), None),
        (json!("never"), None),
    ] {
        assert_eq!(with(json!({ "expires_in": given })).unwrap().lifetime, lifetime, "{given}");
    }
}

#[test]
fn e08_refresh_token_empty_null_or_number() {
    let text = |given: Value| with(json!({ "refresh_token": given })).unwrap().refresh_token;
    for nothing in [json!(null), json!(""), json!(7), json!(["x"]), json!({}), json!("é"), json!("a\nb")] {
        assert_eq!(text(nothing.clone()), None, "{nothing}");
    }
    assert_eq!(without("refresh_token").unwrap().refresh_token, None);
    // RFC 6749 A.17 allows the space; it travels in a form, not in a header.
    for token in ["8xLOxBtZp8", "two words", " ~!\"\\"] {
        assert_eq!(text(json!(token)).unwrap().expose(), token);
    }
}

#[test]
fn e09_narrower_scope_is_kept() {
    assert_eq!(with(json!({ "scope": "openid" })).unwrap().scope.unwrap().to_text(), "openid");
}

#[test]
fn e10_scope_absent_empty_reordered_repeated_or_of_other_case() {
    let asked = Scope::parse("openid profile").unwrap();
    let granted = |given: Value| with(json!({ "scope": given })).unwrap().scope;
    // As asked for.
    assert_eq!(without("scope").unwrap().scope, None);
    for as_asked in [json!(null), json!(""), json!("  "), json!(7), json!(["openid"]), json!("a\"b")] {
        assert_eq!(granted(as_asked.clone()), None, "{as_asked}");
    }
    let many: Vec<String> = (0..30_000).map(|i| i.to_string()).collect();
    assert_eq!(granted(json!(many.join(" "))), None);
    assert_eq!(granted(json!("profile openid")).unwrap(), asked);
    assert_eq!(granted(json!("profile  openid profile openid")).unwrap(), asked);
    assert_ne!(granted(json!("OpenID Profile")).unwrap(), asked);
    let wider = granted(json!("openid profile admin")).unwrap();
    assert!(wider.covers(&asked) && !asked.covers(&wider));
}

#[test]
fn e12_error_answers() {
    for (status, body, expected) in [
        (400, json!({ "error": "invalid_grant" }), Code::TokenRefused),
        (400, json!({ "error": "invalid_request" }), Code::TokenRefused),
        (400, json!({ "error": "unauthorized_client" }), Code::TokenRefused),
        (400, json!({ "error": "unsupported_grant_type" }), Code::TokenRefused),
        (400, json!({ "error": "invalid_scope" }), Code::TokenRefused),
        (400, json!({ "error": "invalid_target" }), Code::TokenRefused),
        (
            400,
            json!({ "error": "never_heard_of", "access_token": "x", "token_type": "Bearer" }),
            Code::TokenRefused,
        ),
        (403, json!({ "error": "access_denied" }), Code::TokenRefused),
        (401, json!({ "error": "invalid_client" }), Code::ClientSecretRequired),
        (400, json!({ "error": "invalid_client" }), Code::ClientSecretRequired),
        (
            400,
            json!({ "error": "invalid_request", "error_description": "client_secret is missing." }),
            Code::ClientSecretRequired,
        ),
        (
            401,
            json!({ "error": "unauthorized_client", "error_description": "Client secret not provided" }),
            Code::ClientSecretRequired,
        ),
        // The word of the server that ends a session keeps its meaning whatever stands beside it.
        (
            400,
            json!({ "error": "invalid_grant", "error_description": "the client_secret was rotated" }),
            Code::TokenRefused,
        ),
    ] {
        let error = refused(judge(&json_answer(status, &body)));
        assert_eq!((error.code, error.phase, error.status), (expected, Phase::Token, Some(status)), "{body}");
        assert_eq!(error.oauth_error.as_deref(), body["error"].as_str(), "{body}");
        assert!(!error.code.retryable());
    }
    let without_json = refused(judge(&answer(400, "text/plain", b"Bad Request")));
    assert_eq!((without_json.code, without_json.status), (Code::ResponseInvalid, Some(400)));
}

#[test]
fn e12_hostile_error_texts() {
    let hostile = format!("{MARK}\r\n\u{1b}[31m\"\\<script>\u{202e}\u{0}{}", "é".repeat(10_000));
    let error = refused(judge(&json_answer(400, &json!({ "error": hostile, "error_description": hostile }))));
    assert_eq!(error.code, Code::TokenRefused);
    assert!(error.description.as_ref().unwrap().starts_with(MARK));
    for description in [json!(null), json!(7), json!([MARK])] {
        let error =
            refused(judge(&json_answer(400, &json!({ "error": "x", "error_description": description }))));
        assert_eq!(error.description, None);
    }
}

#[test]
fn e13_e15_e16_no_usable_answer() {
    for (result, expected) in [
        (Ok(json_answer(500, &json!({ "error": "server_error" }))), Code::ServerUnavailable),
        (Ok(html(502)), Code::ServerUnavailable),
        (Ok(html(503)), Code::ServerUnavailable),
        (Ok(json_answer(429, &json!({ "error": "slow_down" }))), Code::ServerUnavailable),
        (Err(HttpFailure::NoAnswer), Code::NetworkFailed),
        (Err(HttpFailure::TimedOut), Code::TimedOut),
    ] {
        let error = refused(answered(&result));
        assert_eq!((error.code, error.code.retryable()), (expected, true));
    }
    assert_eq!(code(answered(&Err(HttpFailure::TooLarge))), Code::ResponseTooLarge);
    let limit =
        code_request(&config(), &metadata(), &Secret::new("c".into()), &Verifier::from_random([0; 32])).limit;
    assert!((65_536..=1_048_576).contains(&limit));
    let retry = |text: &str| {
        let mut answer = json_answer(503, &json!({}));
        answer.retry_after = Some(text.to_owned());
        answer.retry_after_ms()
    };
    assert_eq!(retry("120"), Some(120_000));
    assert_eq!(retry("999999999999999999999999999"), Some(u64::MAX));
    for unread in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "", "1, 2", "٣"] {
        assert_eq!(retry(unread), None, "{unread}");
    }
}

#[test]
fn id_token_absent_empty_or_of_another_type() {
    assert!(without("id_token").unwrap().id_token.is_none());
    // RFC 6749 3.2: without a value it counts as absent.
    for nothing in [json!(null), json!("")] {
        assert!(with(json!({ "id_token": nothing })).unwrap().id_token.is_none());
    }
    for wrong in [json!(7), json!(["a.b.c"]), json!({}), json!(false)] {
        assert_eq!(
            code_at(with(json!({ "id_token": wrong }))),
            (Code::TokenResponseInvalid, "id_token".into())
        );
    }
    let whole = with(json!({})).unwrap();
    assert_eq!(whole.id_token.as_ref().unwrap().expose(), "a.b.c");
    // Nothing secret is printed.
    let shown = format!("{whole:?} {:?}", json_answer(200, &good()));
    assert!(!["SlAV32hkKG", "8xLOxBtZp8", "a.b.c"].iter().any(|secret| shown.contains(secret)), "{shown}");
}
