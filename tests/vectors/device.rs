//! The device grant, RFC 8628.

use serde_json::{Value, json};
use tokenward::encoding::form;
use tokenward::error::{Code, Error, Phase};
use tokenward::protocol::device::{
    DeviceAnswer, DeviceOptions, Polled, judge, judge_poll, poll_request, request,
};
use tokenward::protocol::http::Purpose;
use tokenward::protocol::pkce::Verifier;
use tokenward::secret::Secret;

use crate::support::{MARK, code_at, config, config_with, html, json_answer, metadata, refused, rows, value};

rows![
    the_requests_of_sections_3_1_and_3_4,
    options_of_a_device_login,
    the_answer_of_section_3_2,
    what_is_shown_to_a_user_is_checked,
    the_answers_of_section_3_5,
];

fn verifier() -> Verifier {
    Verifier::from_random([7; 32])
}

fn options(args: Value) -> Result<DeviceOptions, Error> {
    DeviceOptions::from_args(&value(&args))
}

#[test]
fn the_requests_of_sections_3_1_and_3_4() {
    let config = config_with(json!({ "scope": "openid api", "extraParams": { "audience": "a", "x": "1" } }));
    let details = r#"[{"type":"payment"}]"#;
    let asked = options(json!({
        "resource": "https://api.example.com", "authorizationDetails": details, "extraParams": { "x": "2" },
    }));
    let endpoint = "https://id.example.com/device_authorization";
    let sent = request(&config, endpoint, &asked.unwrap(), &verifier(), "n");
    assert_eq!((sent.purpose, sent.url.as_str()), (Purpose::Device, endpoint));
    let params = form::parse(sent.form.as_ref().unwrap().expose()).unwrap();
    let challenge = verifier().challenge();
    let expected = [
        ("client_id", "spa"),
        ("scope", "openid api"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("authorization_details", details),
        ("resource", "https://api.example.com"),
        ("x", "2"),
        ("audience", "a"),
    ];
    assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let poll = poll_request(&config, &metadata(), &Secret::new(MARK.into()), &verifier());
    assert!(!format!("{poll:?}").contains(MARK));
    let params = form::parse(poll.form.as_ref().unwrap().expose()).unwrap();
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", MARK),
        ("code_verifier", verifier().expose()),
        ("client_id", "spa"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(params, expected);
}

#[test]
fn options_of_a_device_login() {
    for (args, path) in [
        (json!({ "scope": "a\"b" }), "loginWithDevice.scope"),
        (json!({ "resource": "here" }), "loginWithDevice.resource"),
        (json!({ "authorizationDetails": "[]" }), "loginWithDevice.authorizationDetails"),
        (json!({ "extraParams": { "grant_type": "x" } }), "loginWithDevice.extraParams.grant_type"),
        (json!({ "extraParams": { "device_code": "x" } }), "loginWithDevice.extraParams.device_code"),
    ] {
        assert_eq!(code_at(options(args)), (Code::OptionInvalid, path.to_owned()));
    }
    assert_eq!(refused(options(json!({ "returnTo": "/" }))).code, Code::OptionUnknown);
}

fn answer(changes: Value) -> Result<DeviceAnswer, Error> {
    let mut body = json!({
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS", "user_code": "WDJB-MJHT",
        "verification_uri": "https://example.com/device",
        "verification_uri_complete": "https://example.com/device?user_code=WDJB-MJHT",
        "expires_in": 1800, "interval": 5,
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    judge(&json_answer(200, &body), &config())
}

#[test]
fn the_answer_of_section_3_2() {
    let good = answer(json!({})).unwrap();
    assert_eq!((good.lifetime, good.interval), (1_800_000, 5_000));
    assert_eq!(good.prompt.user_code, "WDJB-MJHT");
    assert_eq!(good.prompt.verification_uri, "https://example.com/device");
    assert!(!format!("{good:?}").contains("GmRhm"));
    let least =
        answer(json!({ "verification_uri_complete": null, "interval": null, "unknown": [] })).unwrap();
    assert_eq!((least.interval, least.prompt.verification_uri_complete), (5_000, None));
    for (interval, is) in [(json!("9"), 9_000), (json!(0), 5_000), (json!(-1), 5_000), (json!("x"), 5_000)] {
        assert_eq!(answer(json!({ "interval": interval })).unwrap().interval, is);
    }
    let long = answer(json!({ "expires_in": 1e11 })).unwrap();
    assert_eq!(long.lifetime, 86_400_000);
    for (changes, path) in [
        (json!({ "device_code": null }), "device_code"),
        (json!({ "device_code": "é" }), "device_code"),
        (json!({ "user_code": "" }), "user_code"),
        (json!({ "user_code": 7 }), "user_code"),
        (json!({ "expires_in": null }), "expires_in"),
        (json!({ "expires_in": 0 }), "expires_in"),
    ] {
        assert_eq!(code_at(answer(changes)), (Code::ResponseInvalid, path.to_owned()));
    }
    for response in [html(200), json_answer(200, &json!([])), json_answer(404, &json!({}))] {
        let error = refused(judge(&response, &config()));
        assert_eq!((error.code, error.phase), (Code::ResponseInvalid, Phase::Login));
    }
    let error = refused(judge(&json_answer(400, &json!({ "error": "unauthorized_client" })), &config()));
    assert_eq!((error.code, error.phase), (Code::AuthorizationRefused, Phase::Login));
    let error = refused(judge(&json_answer(401, &json!({ "error": "invalid_client" })), &config()));
    assert_eq!(error.code, Code::ClientSecretRequired);
}

#[test]
fn what_is_shown_to_a_user_is_checked() {
    for uri in [
        json!("javascript:alert(1)"),
        json!("JavaScript:alert(1)"),
        json!("data:text/html,x"),
        json!("http://example.com/device"),
        json!("//example.com/device"),
        json!("/device"),
        json!("https://user:pass@example.com/"),
        json!("https://exa mple.com/"),
        json!("https:\\\\example.com"),
        json!(["https://example.com/"]),
        json!(""),
    ] {
        for member in ["verification_uri", "verification_uri_complete"] {
            let mut changes = json!({});
            changes[member] = uri.clone();
            assert_eq!(code_at(answer(changes)), (Code::ResponseInvalid, member.to_owned()), "{uri}");
        }
    }
    for user_code in ["a\u{202e}b", "a\nb", "é", &"x".repeat(65)] {
        assert_eq!(refused(answer(json!({ "user_code": user_code }))).code, Code::ResponseInvalid);
    }
}

#[test]
fn the_answers_of_section_3_5() {
    let said = |error: &str| {
        let body = json!({ "error": error, "error_description": MARK });
        judge_poll(&json_answer(400, &body), &config())
    };
    assert!(matches!(said("authorization_pending"), Ok(Polled::Pending { slower: false })));
    assert!(matches!(said("slow_down"), Ok(Polled::Pending { slower: true })));
    for (error, code) in [
        ("access_denied", Code::DeviceDenied),
        ("expired_token", Code::DeviceExpired),
        ("invalid_grant", Code::TokenRefused),
        ("invalid_client", Code::ClientSecretRequired),
        ("Authorization_Pending", Code::TokenRefused),
    ] {
        let refused = refused(said(error));
        assert_eq!((refused.code, refused.oauth_error.as_deref()), (code, Some(error)));
    }
    let tokens = json!({ "access_token": "a", "token_type": "Bearer" });
    assert!(matches!(judge_poll(&json_answer(200, &tokens), &config()), Ok(Polled::Tokens(_))));
    assert_eq!(refused(judge_poll(&html(200), &config())).code, Code::ResponseInvalid);
}
