//! What goes out: the authorization request, logout and revocation, parameter by parameter.

use serde_json::{Value, json};
use tokenward::encoding::base64url;
use tokenward::error::{Code, Phase};
use tokenward::protocol::authorize::{AuthorizationRequest, LoginOptions, Randomness, request};
use tokenward::protocol::discovery::Metadata;
use tokenward::protocol::http::{Caching, Purpose};
use tokenward::protocol::logout::{self, LogoutOptions};
use tokenward::protocol::revocation::{self, Hint};
use tokenward::protocol::transaction::Transaction;
use tokenward::secret::Secret;

use crate::support::{
    NOW, REDIRECT, code_at, config, config_with, html, json_answer, metadata, metadata_with, owned, pairs,
    refused, rows, value,
};

rows![
    the_authorization_request,
    all_login_options,
    other_ways_are_marked_in_the_state,
    a05_pkce_without_a_word_from_the_server,
    s08_no_parameter_twice,
    what_the_call_says_goes_before_the_configuration,
    the_query_of_the_endpoint_is_kept,
    b11_acr_that_is_required,
    auth_time_that_is_required,
    authorization_details_travel_as_text,
    s09_every_request_has_secrets_of_its_own,
    k02_the_logout_request,
    k03_the_revocation_request,
];

const RANDOM: Randomness = Randomness { state: [1; 32], nonce: [2; 32], verifier: [3; 32] };

fn built(options: Value, args: Value, metadata: &Metadata) -> AuthorizationRequest {
    let config = config_with(options);
    let login = LoginOptions::from_args(&value(&args), &config).unwrap();
    request(&config, metadata, login, &RANDOM, None).unwrap()
}

fn cut(url: &str) -> (&str, Vec<(String, String)>) {
    let (base, query) = url.split_once('?').unwrap();
    (base, pairs(query))
}

#[test]
fn the_authorization_request() {
    let built = built(json!({}), json!({}), &metadata());
    let (base, sent) = cut(&built.url);
    let state = format!("tw.{}", base64url::encode(&[1; 32]));
    let nonce = base64url::encode(&[2; 32]);
    let challenge = built.transaction.verifier.challenge();
    assert_eq!(base, "https://id.example.com/authorize");
    assert_eq!(
        sent,
        owned(&[
            ("client_id", "spa"),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
    );
    assert_eq!((built.state, built.transaction.nonce.as_str()), (state, nonce.as_str()));
    assert!(nonce.len() <= 64, "some servers cut longer ones off");
    assert_eq!(built.transaction.verifier.expose(), base64url::encode(&[3; 32]));
    assert!(!built.url.contains(built.transaction.verifier.expose()), "only its hash travels");
}

/// A page knows by the state alone that somebody waits for it elsewhere.
#[test]
fn other_ways_are_marked_in_the_state() {
    let random = base64url::encode(&[1; 32]);
    for (via, mark) in [("popup", "p."), ("frame", "f."), ("quiet", "q."), ("check", "f.c.")] {
        let built = built(json!({}), json!({ "via": via }), &metadata());
        assert_eq!(built.state, format!("tw.{mark}{random}"));
        assert!(cut(&built.url).1.contains(&("state".to_owned(), built.state)));
    }
    for via in [json!("window"), json!(""), json!(true), json!("p.")] {
        let error = LoginOptions::from_args(&value(&json!({ "via": via })), &config()).unwrap_err();
        assert_eq!((error.code, error.path.as_deref()), (Code::OptionInvalid, Some("login.via")));
    }
}

#[test]
fn all_login_options() {
    let args = json!({
        "returnTo": "/orders?x=1#y", "prompt": "login consent", "loginHint": "<b>é&a=b", "maxAge": 3600.7,
        "acrValues": "urn:a urn:b", "requiredAcr": ["urn:b", "urn:c"], "claims": r#"{"userinfo":{"email":null}}"#,
        "scope": "profile openid profile", "resource": ["https://a.example/", "urn:b"], "uiLocales": "de en",
        "display": "page", "extraParams": { "audience": "x y", "ui_locales2": "" },
    });
    let built = built(json!({ "scope": "openid email" }), args, &metadata());
    let (_, sent) = cut(&built.url);
    let rest: Vec<_> = sent.into_iter().skip(8).collect();
    assert_eq!(
        rest,
        owned(&[
            ("resource", "https://a.example/"),
            ("resource", "urn:b"),
            ("prompt", "login consent"),
            ("login_hint", "<b>é&a=b"),
            ("ui_locales", "de en"),
            ("display", "page"),
            ("acr_values", "urn:a urn:b urn:c"),
            ("max_age", "3600"),
            ("claims", r#"{"userinfo":{"email":null}}"#),
            ("audience", "x y"),
            ("ui_locales2", ""),
        ])
    );
    let kept = built.transaction;
    assert_eq!(kept.scope.to_text(), "profile openid");
    assert_eq!(kept.return_to.as_deref(), Some("/orders?x=1#y"));
    assert_eq!((kept.max_age, kept.required_acr), (Some(3600), vec!["urn:b".to_owned(), "urn:c".to_owned()]));
}

#[test]
fn a05_pkce_without_a_word_from_the_server() {
    let silent = metadata_with(&config(), json!({ "code_challenge_methods_supported": null })).unwrap();
    let built = built(json!({ "scope": "profile", "discovery": "oauth" }), json!({}), &silent);
    let (_, sent) = cut(&built.url);
    for (name, value) in [("code_challenge_method", Some("S256")), ("state", None), ("nonce", None)] {
        let found: Vec<_> = sent.iter().filter(|(n, _)| n == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        assert!(value.is_none_or(|v| v == found[0].1));
    }
}

#[test]
fn s08_no_parameter_twice() {
    for (options, args, path) in [
        (json!({}), json!({ "prompt": "login", "extraParams": { "prompt": "none" } }), "extraParams.prompt"),
        (
            json!({}),
            json!({ "loginHint": "a", "extraParams": { "login_hint": "b" } }),
            "extraParams.login_hint",
        ),
        (
            json!({}),
            json!({ "resource": "urn:a", "extraParams": { "resource": "urn:b" } }),
            "extraParams.resource",
        ),
        (
            json!({ "resource": "urn:a" }),
            json!({ "extraParams": { "resource": "urn:b" } }),
            "extraParams.resource",
        ),
        (
            json!({ "extraParams": { "resource": "urn:b" } }),
            json!({ "resource": "urn:a" }),
            "extraParams.resource",
        ),
    ] {
        let config = config_with(options);
        let login = LoginOptions::from_args(&value(&args), &config).unwrap();
        let found = code_at(request(&config, &metadata(), login, &RANDOM, None));
        assert_eq!(found, (Code::OptionInvalid, path.to_owned()));
    }
}

#[test]
fn what_the_call_says_goes_before_the_configuration() {
    let options =
        json!({ "extraParams": { "prompt": "consent", "audience": "a" }, "resource": "urn:config" });
    let args = json!({ "prompt": "login", "resource": "urn:call" });
    let built = built(options, args, &metadata());
    let (_, sent) = cut(&built.url);
    let of = |name: &str| sent.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
    assert_eq!(of("prompt"), ["login"]);
    assert_eq!(of("audience"), ["a"]);
    assert_eq!(of("resource"), ["urn:call"]);
}

#[test]
fn the_query_of_the_endpoint_is_kept() {
    for (endpoint, start) in [
        ("https://id.example.com/a?p=b2c_1&x=%20", "https://id.example.com/a?p=b2c_1&x=%20&client_id=spa&"),
        ("https://id.example.com/a?", "https://id.example.com/a?client_id=spa&"),
        ("https://id.example.com", "https://id.example.com?client_id=spa&"),
    ] {
        let metadata = metadata_with(&config(), json!({ "authorization_endpoint": endpoint })).unwrap();
        let url = built(json!({}), json!({}), &metadata).url;
        assert!(url.starts_with(start), "{url}");
    }
    // The redirect URI goes out as it is written.
    let uri = "https://app.example.com/callback?a=1&b=%20";
    let built = built(json!({ "redirectUri": uri }), json!({}), &metadata());
    assert!(cut(&built.url).1.contains(&("redirect_uri".into(), uri.into())));
}

/// OIDC Core 2: who asks for `auth_time` as essential is answered with it, however long ago that was.
#[test]
fn auth_time_that_is_required() {
    let essential = r#"{"id_token":{"auth_time":{"essential":true}}}"#;
    for (args, max_age, sent) in [
        (json!({ "claims": essential }), Some(0xffff_ffff), None),
        (json!({ "claims": essential, "maxAge": 60 }), Some(60), Some("60")),
        (json!({ "claims": r#"{"id_token":{"auth_time":null}}"# }), None, None),
        (json!({ "claims": r#"{"userinfo":{"auth_time":{"essential":true}}}"# }), None, None),
    ] {
        let built = built(json!({}), args, &metadata());
        let query = cut(&built.url).1;
        let found = query.iter().find(|(name, _)| name == "max_age").map(|(_, value)| value.as_str());
        assert_eq!((built.transaction.max_age, found), (max_age, sent));
        let record = built.transaction.to_record(&config(), NOW);
        assert_eq!(Transaction::from_record(&record, &config(), NOW).unwrap().max_age, max_age);
    }
}

#[test]
fn authorization_details_travel_as_text() {
    let text = r#"[{"type":"payment","amount":12.50}]"#;
    let built = built(json!({}), json!({ "authorizationDetails": text }), &metadata());
    assert!(cut(&built.url).1.contains(&("authorization_details".into(), text.into())));
}

/// OIDC Core 5.5.1.1: essential in the claims parameter is as good as required by name.
#[test]
fn b11_acr_that_is_required() {
    for (claims, required) in [
        (r#"{"id_token":{"acr":{"essential":true,"values":["urn:a","urn:b"]}}}"#, vec!["urn:a", "urn:b"]),
        (r#"{"id_token":{"acr":{"essential":true,"value":"urn:a"}}}"#, vec!["urn:a"]),
        (r#"{"id_token":{"acr":{"essential":false,"values":["urn:a"]}}}"#, vec![]),
        (r#"{"id_token":{"acr":{"values":["urn:a"]}}}"#, vec![]),
        (r#"{"id_token":{"acr":null}}"#, vec![]),
        (r#"{"userinfo":{"acr":{"essential":true,"values":["urn:a"]}}}"#, vec![]),
        ("{}", vec![]),
    ] {
        let built = built(json!({}), json!({ "claims": claims }), &metadata());
        assert_eq!(built.transaction.required_acr, required, "{claims}");
        assert!(cut(&built.url).1.contains(&("claims".into(), claims.into())));
    }
}

#[test]
fn s09_every_request_has_secrets_of_its_own() {
    let config = config();
    let with =
        |random: &Randomness| request(&config, &metadata(), LoginOptions::default(), random, None).unwrap();
    let one = with(&RANDOM);
    let other = with(&Randomness { state: [4; 32], nonce: [5; 32], verifier: [6; 32] });
    assert_ne!(one.state, other.state);
    assert_ne!(one.transaction.nonce, other.transaction.nonce);
    assert_ne!(one.transaction.verifier.expose(), other.transaction.verifier.expose());
    let shown = format!("{RANDOM:?} {:?}", one.transaction.verifier);
    assert!(!shown.contains("[3, 3") && !shown.contains(one.transaction.verifier.expose()));
}

#[test]
fn k02_the_logout_request() {
    let state = format!("twl.{}", base64url::encode(&[9; 16]));
    let hint = Secret::new("a.b.c".into());
    let url = |options: Value, args: Value, endpoint: &str, hint: Option<&Secret>| {
        let config = config_with(options);
        let asked = LogoutOptions::from_args(&value(&args), &config).unwrap();
        logout::request(&config, endpoint, hint, &asked, [9; 16])
    };
    let endpoint = "https://id.example.com/logout";
    let back = json!({ "postLogoutRedirectUri": "https://app.example.com/bye?a=1" });
    let whole = url(back.clone(), json!({}), endpoint, Some(&hint));
    assert_eq!(
        cut(&whole),
        (
            endpoint,
            owned(&[
                ("id_token_hint", "a.b.c"),
                ("client_id", "spa"),
                ("post_logout_redirect_uri", "https://app.example.com/bye?a=1"),
                ("state", &state),
            ])
        )
    );
    // Without a way back there is no state; without an ID token, no hint.
    let least = url(json!({}), json!({}), endpoint, None);
    assert_eq!(cut(&least).1, owned(&[("client_id", "spa")]));
    // The call's own way back; hints are data; the endpoint keeps its query.
    let args = json!({
        "postLogoutRedirectUri": "https://app.example.com/x", "logoutHint": "<b>&state=evil", "uiLocales": "de",
        "extraParams": { "ref": "1" },
    });
    let full = url(back.clone(), args, "https://id.example.com/logout?p=q", Some(&hint));
    assert_eq!(
        cut(&full).1,
        owned(&[
            ("p", "q"),
            ("id_token_hint", "a.b.c"),
            ("client_id", "spa"),
            ("post_logout_redirect_uri", "https://app.example.com/x"),
            ("state", &state),
            ("ref", "1"),
            ("logout_hint", "<b>&state=evil"),
            ("ui_locales", "de"),
        ])
    );
    // An ID token too long for a URL is left out; the client is named all the same.
    let long = Secret::new("x".repeat(7000));
    let without = url(back, json!({}), endpoint, Some(&long));
    assert!(without.len() < 1000 && !without.contains("id_token_hint") && without.contains("client_id=spa"));
}

#[test]
fn k03_the_revocation_request() {
    let token = Secret::new("tok en&é".into());
    for (hint, name) in [(Hint::RefreshToken, "refresh_token"), (Hint::AccessToken, "access_token")] {
        let request = revocation::request(&config(), "https://id.example.com/revoke?p=q", &token, hint);
        assert_eq!(
            (request.purpose, request.url.as_str()),
            (Purpose::Revocation, "https://id.example.com/revoke?p=q")
        );
        assert_eq!(
            (request.caching, request.keepalive, request.bearer.is_none()),
            (Caching::Never, true, true)
        );
        let sent = pairs(request.form.as_ref().unwrap().expose());
        assert_eq!(sent, owned(&[("token", "tok en&é"), ("token_type_hint", name), ("client_id", "spa")]));
    }
    // 200 is done, body ignored, also for a token that the server does not know.
    assert!(revocation::judge(&html(200)).is_ok());
    assert!(revocation::judge(&json_answer(204, &json!({}))).is_ok());
    for status in [302, 400, 401, 403, 404, 405] {
        let error =
            refused(revocation::judge(&json_answer(status, &json!({ "error": "unsupported_token_type" }))));
        assert_eq!(
            (error.code, error.phase, error.status),
            (Code::TokenRefused, Phase::Logout, Some(status))
        );
    }
}
