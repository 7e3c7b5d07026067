//! The userinfo endpoint.

use serde_json::json;
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Phase};
use tokenward::protocol::http::{Caching, Purpose};
use tokenward::protocol::userinfo::{judge, request};
use tokenward::secret::Secret;

use crate::signer::ISSUER as SIGNER;
use crate::support::{CLIENT, ISSUER, MARK, NOW_S, answer, html, json_answer, refused, rows, value};

rows![
    the_userinfo_request,
    d02_signed_answers_were_not_asked_for,
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

#[test]
fn d02_signed_answers_were_not_asked_for() {
    let claims = json!({ "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "exp": NOW_S + 60, "iat": NOW_S });
    let signed = SIGNER.token("RS256", Some("k"), &claims);
    for body in [signed.clone(), signed.replace('a', "b"), String::new()] {
        let error = refused(judge(&answer(200, "application/jwt", body.as_bytes()), Some(SUBJECT)));
        assert_eq!((error.code, error.phase), (Code::ResponseInvalid, Phase::Userinfo));
    }
    let as_text = json_answer(200, &json!(signed));
    assert_eq!(refused(judge(&as_text, Some(SUBJECT))).code, Code::ResponseInvalid);
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
