//! Options, the pending login, and the way back.

use tokenward::encoding::json::Json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{REDIRECT_URI, client, create, network, options, parameter, parse_js, restore, text};

#[wasm_bindgen_test]
fn wrong_options_throw_a_record_with_code_and_path() {
    let Err(error) = create(&options(r#","clientID":"x""#)) else { panic!("accepted") };
    assert_eq!(text(&error, &["code"]), "option_unknown");
    assert_eq!(text(&error, &["path"]), "clientID");
    assert!(text(&error, &["known"]).starts_with(" issuer clientId "));
    let Err(error) = create(r#"{"issuer":7}"#) else { panic!("accepted") };
    assert_eq!(
        (text(&error, &["code"]), text(&error, &["path"])),
        ("option_invalid".into(), "issuer".into())
    );
}

#[wasm_bindgen_test]
async fn a01_a03_a_login_is_stored_once_and_taken_once() {
    let client = client("");
    let url = client.begin_login(1, "{}").await;
    let state = parameter(&url, "state");
    let record = client.stored();
    let names: Vec<_> = record.members().unwrap().iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["v", "at", "issuer", "client_id", "redirect_uri", "verifier", "nonce", "scope", "resource", "acr"];
    assert_eq!(names, expected, "no token and no endpoint is written");

    let server = network(&parameter(&url, "nonce")).await;
    let back = format!(r#"{{"url":"{REDIRECT_URI}?code=c1&state={state}"}}"#);
    client.call(2, "handleRedirect", &back);
    assert_eq!(client.count_stored(), 0, "taken before anything is sent");
    client.call(3, "handleRedirect", &back);
    let second = client.settled(3).await;
    assert_eq!(text(&second, &["value", "code"]), "state_unknown");
    let first = client.settled(2).await;
    restore();

    assert_eq!(first.member("ok"), Some(&Json::Bool(true)), "{first:?}");
    assert_eq!(client.logged("cleaned").as_array().unwrap()[0].as_str(), Some(REDIRECT_URI));
    let sessions = client.logged("sessions");
    let last = sessions.as_array().unwrap().last().unwrap();
    assert_eq!(text(last, &["status"]), "signed-in");
    assert_eq!(text(last, &["claims", "name"]), "Ada");
    assert!(client.has_plain_claims(), "a claim is no prototype");
    let asked = parse_js(&js_sys::Reflect::get(&server, &"asked".into()).unwrap());
    let asked = asked.as_array().unwrap();
    assert_eq!(asked.len(), 2, "one token request, one for the keys");
    let token = asked.iter().find(|a| text(a, &["url"]).ends_with("/token")).unwrap();
    for (name, value) in [
        ("method", "POST"),
        ("credentials", "omit"),
        ("redirect", "error"),
        ("cache", "no-store"),
        ("referrerPolicy", "no-referrer"),
    ] {
        assert_eq!(text(token, &[name]), value, "{name}");
    }
    let headers = token.member("headers").unwrap().as_array().unwrap();
    let headers: Vec<_> = headers.iter().map(|h| h.as_array().unwrap()[0].as_str().unwrap()).collect();
    assert_eq!(headers, ["accept", "content-type"], "no header that would need a preflight");
    assert!(text(token, &["body"]).contains("grant_type=authorization_code&code=c1"));
    client.core.dispose();
}

#[wasm_bindgen_test]
async fn a_disposed_client_settles_everything() {
    super::support::silence();
    let client = create(&options("").replace("\"discovery\":false,", "")).ok().unwrap();
    client.call(1, "login", "{}");
    assert!(client.is_open(1));
    client.core.dispose();
    client.call(2, "getToken", "{}");
    client.core.happened(0);
    restore();
    assert_eq!(client.logged("rested"), Json::Number(1.0), "its shell listens to nothing any more");
    assert_eq!(client.logged("waits").as_array().unwrap().last(), Some(&Json::Number(-1.0)));
    for op in [1, 2] {
        assert_eq!(text(&client.settled(op).await, &["value", "code"]), "client_disposed");
    }
}
