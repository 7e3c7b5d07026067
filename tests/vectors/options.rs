//! The options: every wrong one is refused with its path.

use serde_json::{Value, json};
use tokenward::config::Config;
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Phase};
use tokenward::protocol::authorize::LoginOptions;
use tokenward::protocol::logout::LogoutOptions;

use crate::support::{
    REDIRECT, code, code_at, config, config_with, refused, rows, try_config, try_config_at, value,
};

rows![
    required_options,
    unknown_options_come_with_what_is_known,
    wrong_values_name_their_path,
    s07_front_channel_grants_are_refused,
    s10_insecure_addresses,
    s08_reserved_parameters,
    login_arguments,
    a16_return_to_made_hostile,
    logout_arguments,
    j10_hostile_option_values,
];

#[test]
fn required_options() {
    for missing in ["issuer", "clientId"] {
        let error = refused(try_config(json!({ missing: null })));
        assert_eq!((error.code, error.phase), (Code::OptionMissing, Phase::Options));
        assert_eq!(error.path.as_deref(), Some(missing));
    }
    let without_page = try_config_at(None, json!({ "redirectUri": null }));
    assert_eq!(code_at(without_page), (Code::OptionMissing, "redirectUri".into()));
    let from_page = try_config_at(Some("https://app.example.com/a?b=1#c"), json!({ "redirectUri": null }));
    assert_eq!(from_page.unwrap().redirect_uri, "https://app.example.com/a");
    for nothing in [json!(null), json!({})] {
        assert_eq!(code(Config::from_options(value(&nothing), Some(REDIRECT))), Code::OptionMissing);
    }
    for no_record in [json!([]), json!("x"), json!(7)] {
        assert_eq!(code(Config::from_options(value(&no_record), Some(REDIRECT))), Code::OptionInvalid);
    }
}

#[test]
fn unknown_options_come_with_what_is_known() {
    for wrong in ["client_id", "clientid", "redirectURI", "scopes", "isuer", "zzzzzzzzzz", "__proto__x"] {
        let error = refused(try_config(json!({ wrong: "x" })));
        assert_eq!((error.code, error.path.as_deref()), (Code::OptionUnknown, Some(wrong)));
        assert!(error.known.as_ref().is_some_and(|known| known.starts_with(" issuer clientId redirectUri ")));
    }
    for (wrong, path, known) in [
        (json!({ "dangerously": { "skipNonce": true } }), "dangerously.skipNonce", "dangerously. "),
        (json!({ "metadata": { "tokenEndpoint": "x" } }), "metadata.tokenEndpoint", "metadata. issuer "),
        (json!({ "metadata": { "jwksUri": "x" } }), "metadata.jwksUri", "metadata. issuer "),
        (json!({ "metadata": { "isuer": "x" } }), "metadata.isuer", "metadata. issuer "),
    ] {
        let error = refused(try_config(wrong));
        assert_eq!((error.code, error.path.as_deref()), (Code::OptionUnknown, Some(path)));
        assert!(error.known.as_ref().is_some_and(|names| names.starts_with(known)));
    }
    // Registered members that are not used, and a server's own, are no misspellings.
    let metadata =
        json!({ "registration_endpoint": 1, "introspection_endpoint": 1, "check_session_iframe": 1, "x": 1 });
    assert!(try_config(json!({ "metadata": metadata })).is_ok());
    let long = "x".repeat(10_000);
    assert!(code_at(try_config(json!({ long: 1 }))).1.len() < 200);
}

#[test]
fn wrong_values_name_their_path() {
    for (option, wrong) in [
        ("issuer", json!("")),
        ("issuer", json!(7)),
        ("issuer", json!("id.example.com")),
        ("issuer", json!("https://id.example.com?x=1")),
        ("issuer", json!("https://id.example.com#f")),
        ("issuer", json!("https://user@id.example.com")),
        ("clientId", json!("")),
        ("clientId", json!(["spa"])),
        ("redirectUri", json!("/relative")),
        ("redirectUri", json!("https://other.example/cb")),
        ("redirectUri", json!("https://APP.example.com/cb")),
        ("redirectUri", json!("https://app.example.com:443/cb")),
        ("redirectUri", json!("https://app.example.com/cb#f")),
        ("redirectUri", json!("https://app.example.com/a/../cb")),
        ("redirectUri", json!("https://app.example.com/%2e%2e/cb")),
        ("redirectUri", json!("https://app.example.com/<cb>")),
        ("redirectUri", json!("com.example.app:/cb")),
        ("postLogoutRedirectUri", json!("/bye")),
        ("postLogoutRedirectUri", json!("javascript:alert(1)")),
        ("scope", json!(7)),
        ("scope", json!("")),
        ("scope", json!("a\"b")),
        ("scope", json!("a\tb")),
        ("discovery", json!(true)),
        ("discovery", json!("OIDC")),
        ("metadata", json!([])),
        ("metadata", json!("https://id.example.com/x")),
        ("resource", json!("api")),
        ("resource", json!("https://api.example.com/#f")),
        ("resource", json!(["https://api.example.com/", 7])),
        ("resource", json!("https://api.example.com/ x")),
        ("extraParams", json!([])),
        ("extraParams", json!("a=b")),
        ("trustedAudiences", json!("api")),
        ("trustedAudiences", json!([7])),
        ("idTokenAlgorithms", json!([])),
        ("idTokenAlgorithms", json!("RS256")),
        ("leeway", json!(-1)),
        ("leeway", json!(301)),
        ("leeway", json!("60")),
        ("requirePkce", json!("S256")),
        ("freshness", json!(0)),
        ("minValidity", json!(86_401)),
        ("minValidity", json!(1e300)),
        ("timeout", json!(0)),
        ("timeout", json!(301)),
        ("timeout", json!({})),
        ("renewal", json!("sometimes")),
        ("renewal", json!(false)),
        ("dangerously", json!("yes")),
    ] {
        assert_eq!(
            code_at(try_config(json!({ option: wrong }))),
            (Code::OptionInvalid, option.to_owned()),
            "{wrong}"
        );
    }
    for name in ["none", "HS256", "rs256", "ES512", "Ed448", "RSA-OAEP", ""] {
        let found = code_at(try_config(json!({ "idTokenAlgorithms": ["RS256", name] })));
        assert_eq!(found, (Code::OptionInvalid, "idTokenAlgorithms[1]".into()), "{name}");
    }
}

#[test]
fn s07_front_channel_grants_are_refused() {
    for wrong in ["token", "id_token", "id_token token", "code token", "code id_token", "none", "CODE", ""] {
        for options in
            [json!({ "responseType": wrong }), json!({ "extraParams": { "response_type": wrong } })]
        {
            let error = refused(try_config(options));
            assert_eq!(error.code, Code::ImplicitRefused, "{wrong}");
            assert!(error.code.hint().contains("authorization code + PKCE"));
        }
        let args = value(&json!({ "extraParams": { "response_type": wrong } }));
        assert_eq!(code(LoginOptions::from_args(&args, &config())), Code::ImplicitRefused);
    }
    assert_eq!(code(try_config(json!({ "responseType": ["code"] }))), Code::ImplicitRefused);
    assert!(try_config(json!({ "responseType": "code" })).is_ok());
}

#[test]
fn s10_insecure_addresses() {
    for (page, options, path) in [
        ("https://app.example.com/", json!({ "issuer": "http://id.example.com" }), "issuer"),
        ("https://app.example.com/", json!({ "issuer": "http://localhost:3000" }), "issuer"),
        ("http://localhost/", json!({ "issuer": "http://id.example.com" }), "issuer"),
        ("http://localhost.evil.example/", json!({ "issuer": "http://localhost" }), "issuer"),
        ("http://app.example.com/", json!({ "redirectUri": "http://app.example.com/" }), "redirectUri"),
        (
            "https://app.example.com/",
            json!({ "postLogoutRedirectUri": "http://x.example/" }),
            "postLogoutRedirectUri",
        ),
    ] {
        assert_eq!(code_at(try_config_at(Some(page), options)), (Code::InsecureUrl, path.into()), "{page}");
    }
    let local = json!({ "issuer": "http://127.0.0.1:3000", "redirectUri": "http://localhost:5173/" });
    assert!(try_config_at(Some("http://localhost:5173/"), local).is_ok());
}

#[test]
fn s08_reserved_parameters() {
    for name in [
        "client_id",
        "client_secret",
        "code",
        "code_challenge",
        "code_challenge_method",
        "code_verifier",
        "grant_type",
        "max_age",
        "nonce",
        "redirect_uri",
        "refresh_token",
        "request",
        "request_uri",
        "response_mode",
        "scope",
        "state",
    ] {
        for option in ["extraParams", "tokenParams"] {
            let found = code_at(try_config(json!({ option: { name: "x" } })));
            assert_eq!(found, (Code::OptionInvalid, format!("{option}.{name}")));
        }
        let args = value(&json!({ "extraParams": { name: "x" } }));
        let path = format!("login.extraParams.{name}");
        assert_eq!(code_at(LoginOptions::from_args(&args, &config())), (Code::OptionInvalid, path));
    }
}

#[test]
fn login_arguments() {
    let login = |args: Value| LoginOptions::from_args(&value(&args), &config());
    for (wrong, refusal, path) in [
        (json!({ "return_to": "/" }), Code::OptionUnknown, "login.return_to"),
        (json!({ "prompt": "none login" }), Code::OptionInvalid, "login.prompt"),
        (json!({ "prompt": 7 }), Code::OptionInvalid, "login.prompt"),
        (json!({ "prompt": "" }), Code::OptionInvalid, "login.prompt"),
        (json!({ "maxAge": -1 }), Code::OptionInvalid, "login.maxAge"),
        (json!({ "maxAge": "60" }), Code::OptionInvalid, "login.maxAge"),
        (json!({ "maxAge": 1e12 }), Code::OptionInvalid, "login.maxAge"),
        (json!({ "acrValues": ["a b"] }), Code::OptionInvalid, "login.acrValues"),
        (json!({ "acrValues": [""] }), Code::OptionInvalid, "login.acrValues"),
        (json!({ "requiredAcr": 7 }), Code::OptionInvalid, "login.requiredAcr"),
        (json!({ "claims": "not json" }), Code::OptionInvalid, "login.claims"),
        (json!({ "claims": "[]" }), Code::OptionInvalid, "login.claims"),
        (json!({ "claims": {} }), Code::OptionInvalid, "login.claims"),
        (
            json!({ "claims": r#"{"id_token":{"acr":{"essential":true,"values":["a b"]}}}"# }),
            Code::OptionInvalid,
            "login.claims",
        ),
        (json!({ "scope": "a\\b" }), Code::OptionInvalid, "login.scope"),
        (json!({ "resource": "x" }), Code::OptionInvalid, "login.resource"),
        (json!({ "returnTo": 7 }), Code::OptionInvalid, "login.returnTo"),
        (json!({ "extraParams": { "a": 7 } }), Code::OptionInvalid, "login.extraParams.a"),
        (json!({ "loginHint": [] }), Code::OptionInvalid, "login.loginHint"),
    ] {
        assert_eq!(code_at(login(wrong)), (refusal, path.to_owned()));
    }
    assert_eq!(code(login(json!("x"))), Code::OptionInvalid);
    for fine in [json!(null), json!({}), json!({ "prompt": "none" }), json!({ "prompt": "login consent" })] {
        assert!(login(fine).is_ok());
    }
    // Without a page there is no place of its own to return to.
    let worker = try_config_at(None, json!({})).unwrap();
    let found = LoginOptions::from_args(&value(&json!({ "returnTo": "/a" })), &worker);
    assert_eq!(code_at(found), (Code::OptionInvalid, "login.returnTo".into()));
}

#[test]
fn a16_return_to_made_hostile() {
    for hostile in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example",
        "HTTPS://app.example.com/",
        "http://app.example.com/",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "https://app.example.com:8443/",
        "https://app.example.com//evil.example",
        "https://app.example.com\\evil",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "blob:https://app.example.com/x",
        "@evil.example",
        "evil.example",
        ".evil.example",
        "%2F%2Fevil.example",
        "%5C%5Cevil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/a\u{0}",
        "\u{feff}//evil.example",
        "?x=1",
        "#x",
    ] {
        let found = LoginOptions::from_args(&value(&json!({ "returnTo": hostile })), &config());
        assert_eq!(code_at(found), (Code::OptionInvalid, "login.returnTo".into()), "{hostile:?}");
    }
    let long = format!("/{}", "x".repeat(5000));
    assert_eq!(
        code(LoginOptions::from_args(&value(&json!({ "returnTo": long })), &config())),
        Code::OptionInvalid
    );
}

#[test]
fn logout_arguments() {
    let logout = |args: Value| LogoutOptions::from_args(&value(&args), &config());
    for (wrong, refusal, path) in [
        (json!({ "Local": true }), Code::OptionUnknown, "logout.Local"),
        (json!({ "local": "yes" }), Code::OptionInvalid, "logout.local"),
        (json!({ "revoke": 1 }), Code::OptionInvalid, "logout.revoke"),
        (json!({ "postLogoutRedirectUri": "/bye" }), Code::OptionInvalid, "logout.postLogoutRedirectUri"),
        (
            json!({ "postLogoutRedirectUri": "http://x.example/" }),
            Code::OptionInvalid,
            "logout.postLogoutRedirectUri",
        ),
        (
            json!({ "postLogoutRedirectUri": "javascript:1" }),
            Code::OptionInvalid,
            "logout.postLogoutRedirectUri",
        ),
        (json!({ "logoutHint": 7 }), Code::OptionInvalid, "logout.logoutHint"),
        (json!({ "extraParams": { "state": "x" } }), Code::OptionInvalid, "logout.extraParams.state"),
        (json!({ "extraParams": { "client_id": "x" } }), Code::OptionInvalid, "logout.extraParams.client_id"),
        (
            json!({ "extraParams": { "id_token_hint": "x" } }),
            Code::OptionInvalid,
            "logout.extraParams.id_token_hint",
        ),
        (
            json!({ "extraParams": { "post_logout_redirect_uri": "http://x.example/" } }),
            Code::OptionInvalid,
            "logout.extraParams.post_logout_redirect_uri",
        ),
        (
            json!({ "logoutHint": "a", "extraParams": { "logout_hint": "b" } }),
            Code::OptionInvalid,
            "logout.extraParams.logout_hint",
        ),
    ] {
        assert_eq!(code_at(logout(wrong)), (refusal, path.to_owned()));
    }
    assert!(logout(json!(null)).unwrap().revoke);
    let said = logout(json!({ "local": true, "revoke": false })).unwrap();
    assert!(said.local && !said.revoke);
}

#[test]
fn j10_hostile_option_values() {
    // Deep nesting and very many members are no crash.
    let deep = "[".repeat(100) + &"]".repeat(100);
    assert_eq!(Json::parse(format!(r#"{{"issuer":{deep}}}"#).as_bytes()), None);
    let scope: Vec<String> = (0..501).map(|i| i.to_string()).collect();
    assert_eq!(
        code_at(try_config(json!({ "scope": scope.join(" ") }))),
        (Code::OptionInvalid, "scope".into())
    );
    // Defaults.
    let config = config_with(json!({}));
    assert_eq!(
        (config.leeway, config.freshness, config.min_validity, config.timeout),
        (300, 600, 10_000, 20_000)
    );
    assert_eq!(config.scope.to_text(), "openid");
    assert!(
        config_with(json!({ "discovery": "oauth" })).scope.is_empty(),
        "without OpenID nothing is asked for"
    );
}
