//! The userinfo endpoint.

use serde_json::{Value, json};
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Error, Phase};
use tokenward::protocol::http::{Caching, HttpResponse, Purpose};
use tokenward::protocol::id_token::Expected;
use tokenward::protocol::jws::Algorithm;
use tokenward::protocol::userinfo::{self, Answer, request};
use tokenward::secret::Secret;

use crate::signer::{ISSUER as SIGNER, NAMES, Outcome, key_set, outcome};
use crate::support::{
    CLIENT, ISSUER, MARK, NOW, NOW_S, answer, code_at, html, json_answer, refused, rows, value,
};

rows![
    the_userinfo_request,
    d02_signed_answers_are_of_the_issuer_for_this_client,
    d02_signed_answers_that_cannot_be_verified,
    d03_claims_missing_null_extra_or_elsewhere,
    d03_refusals_keep_their_status,
    s01_sub_missing_or_another,
    what_is_no_userinfo,
];

const SUBJECT: &str = "248289761001";

#[test]
fn the_userinfo_request() {
    let token = Secret::new("SlAV32hkKG".into());
    let request = request("https://id.example.com/userinfo?p=q", &token, 5_000);
    assert_eq!(
        (request.purpose, request.url.as_str()),
        (Purpose::Userinfo, "https://id.example.com/userinfo?p=q")
    );
    assert_eq!((request.caching, request.timeout, request.keepalive), (Caching::Never, 5_000, false));
    assert!(request.form.is_none(), "never in the body, never in the URL");
    assert_eq!(request.bearer.as_ref().unwrap().expose(), "SlAV32hkKG");
    assert!(!format!("{request:?}").contains("SlAV32hkKG"));
}

fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, client_id: CLIENT, trusted_audiences: &[], leeway: 300 }
}

fn answered(response: &HttpResponse, subject: Option<&str>) -> Result<Answer, Error> {
    userinfo::judge(response, &expected(), Algorithm::ALL, subject, NOW)
}

fn judge(response: &HttpResponse, subject: Option<&str>) -> Result<Json, Error> {
    match answered(response, subject)? {
        Answer::Claims(claims) => Ok(claims),
        Answer::Signed(_) => panic!("not signed"),
    }
}

fn signed(alg: &str, changes: Value) -> HttpResponse {
    let mut claims = json!({ "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "email": "ada@example.com" });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    answer(200, "application/jwt", SIGNER.token(alg, Some("k"), &claims).as_bytes())
}

#[test]
fn d02_signed_answers_are_of_the_issuer_for_this_client() {
    for alg in NAMES {
        let response = signed(alg, json!({}));
        let Ok(Answer::Signed(token)) = answered(&response, Some(SUBJECT)) else { panic!("{alg}") };
        // What is to be verified is the whole of it, with the key of the issuer.
        let keys = key_set(&[SIGNER.jwk(alg, Some("k"))]);
        let text = std::str::from_utf8(&response.body).unwrap();
        assert!(matches!(outcome(text, &keys, Algorithm::ALL), Outcome::Valid(_)));
        assert_eq!(token.payload.text("email"), Some("ada@example.com"));
    }
    let also_good = [
        json!({ "aud": [CLIENT] }),
        json!({ "exp": NOW_S + 60, "iat": NOW_S, "nbf": NOW_S }),
        json!({ "exp": NOW_S - 200 }),
    ];
    for changes in also_good {
        assert!(matches!(answered(&signed("ES256", changes), Some(SUBJECT)), Ok(Answer::Signed(_))));
    }
    for (changes, path) in [
        (json!({ "iss": null }), "issuer"),
        (json!({ "iss": "https://evil.example" }), "issuer"),
        (json!({ "aud": null }), "audience"),
        (json!({ "aud": "other" }), "audience"),
        (json!({ "aud": [CLIENT, "other"] }), "audience"),
        (json!({ "exp": NOW_S - 301 }), "expired"),
        (json!({ "exp": "soon" }), "expired"),
        (json!({ "nbf": NOW_S + 301 }), "not_before"),
        (json!({ "iat": NOW_S + 302 }), "issued_at"),
    ] {
        let refused = code_at(answered(&signed("RS256", changes.clone()), Some(SUBJECT)));
        assert_eq!(refused, (Code::UserinfoUnverified, path.to_owned()), "{changes}");
    }
    for sub in [json!("mallory"), json!(null), json!(7)] {
        let refused = refused(answered(&signed("RS256", json!({ "sub": sub })), Some(SUBJECT)));
        assert_eq!(refused.code, Code::UserinfoSubject);
    }
    // Without an ID token there is nobody to compare with, but somebody there must be.
    assert!(answered(&signed("RS256", json!({})), None).is_ok());
    let nobody = signed("RS256", json!({ "sub": null }));
    assert_eq!(code_at(answered(&nobody, None)), (Code::UserinfoUnverified, "subject".into()));
}

#[test]
fn d02_signed_answers_that_cannot_be_verified() {
    let claims = json!({ "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT }).to_string();
    let token = |header: &str| SIGNER.token_of("RS256", header, &claims);
    let good = token(r#"{"alg":"RS256"}"#);
    for (body, path) in [
        (token(r#"{"alg":"none"}"#), "algorithm"),
        (token(r#"{"alg":"HS256"}"#), "algorithm"),
        (token(r#"{"alg":"RS256","crit":["x"]}"#), "malformed"),
        (token(r#"{"alg":"RS256","typ":"at+jwt"}"#), "malformed"),
        (format!("{good}.x.y"), "encrypted"),
        (good.replace('.', ""), "malformed"),
        (String::new(), "malformed"),
        (claims.clone(), "malformed"),
    ] {
        let error = refused(answered(&answer(200, "application/jwt", body.as_bytes()), Some(SUBJECT)));
        assert_eq!((error.code, error.phase), (Code::UserinfoUnverified, Phase::Userinfo));
        assert_eq!(error.path.as_deref(), Some(path), "{body}");
    }
    let narrow = userinfo::judge(
        &answer(200, "application/jwt", good.as_bytes()),
        &expected(),
        &[Algorithm::Es256],
        Some(SUBJECT),
        NOW,
    );
    assert_eq!(code_at(narrow), (Code::UserinfoUnverified, "algorithm".into()));
    for response in [answer(200, "application/jwt", b"\xff"), json_answer(200, &json!(good))] {
        assert_eq!(refused(answered(&response, Some(SUBJECT))).code, Code::ResponseInvalid);
    }
}

#[test]
fn d03_claims_missing_null_extra_or_elsewhere() {
    for claims in [
        json!({ "sub": SUBJECT }),
        json!({ "sub": SUBJECT, "email": null, "address": { "country": "AT" }, "x": [1, { "y": false }] }),
        json!({ "sub": SUBJECT, "iss": "https://elsewhere.example", "aud": "other", "exp": 1 }),
        json!({
            "sub": SUBJECT, "_claim_names": { "credit_score": "src1", "shoe_size": "src2" },
            "_claim_sources": {
                "src1": { "endpoint": "https://evil.example/claims", "access_token": "x" }, "src2": { "JWT": "a.b.c" },
            },
        }),
    ] {
        assert_eq!(judge(&json_answer(200, &claims), Some(SUBJECT)).unwrap(), value(&claims));
    }
    // Without an ID token there is nothing to compare with.
    assert!(judge(&json_answer(200, &json!({ "name": "x" })), None).is_ok());
}

#[test]
fn d03_refusals_keep_their_status() {
    for status in [204, 302, 400, 401, 403, 404] {
        let error =
            refused(judge(&json_answer(status, &json!({ "sub": SUBJECT, "error": MARK })), Some(SUBJECT)));
        assert_eq!(
            (error.code, error.phase, error.status),
            (Code::UserinfoRefused, Phase::Userinfo, Some(status))
        );
        // RFC 6750 section 3: the words stand in the header.
        assert_eq!(error.oauth_error, None);
    }
}

#[test]
fn s01_sub_missing_or_another() {
    for sub in [
        json!(null),
        json!(""),
        json!("mallory"),
        json!(format!("{SUBJECT} ")),
        json!(248_289_761_001_u64),
        json!([SUBJECT]),
        json!({}),
    ] {
        let claims = json!({ "sub": sub, "email": MARK });
        let error = refused(judge(&json_answer(200, &claims), Some(SUBJECT)));
        assert_eq!(error.code, Code::UserinfoSubject, "{sub}");
    }
    assert_eq!(refused(judge(&json_answer(200, &json!({})), Some(SUBJECT))).code, Code::UserinfoSubject);
}

#[test]
fn what_is_no_userinfo() {
    let body = json!({ "sub": SUBJECT }).to_string();
    for wrong in [
        html(200),
        answer(200, "text/html", body.as_bytes()),
        answer(200, "", body.as_bytes()),
        answer(200, "application/json", b""),
        answer(200, "application/json", b"[]"),
        answer(200, "application/json", b"null"),
        answer(200, "application/json", format!(r#"{{"sub":"{SUBJECT}","sub":"{SUBJECT}"}}"#).as_bytes()),
    ] {
        assert_eq!(refused(judge(&wrong, Some(SUBJECT))).code, Code::ResponseInvalid, "{wrong:?}");
    }
    assert!(matches!(
        judge(&answer(200, "Application/JSON;x=y", body.as_bytes()), Some(SUBJECT)),
        Ok(Json::Object(_))
    ));
}
