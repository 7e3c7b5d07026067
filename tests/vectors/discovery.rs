//! Server metadata.

use serde_json::{Value, json};
use tokenward::error::{Code, Error, Phase};
use tokenward::protocol::discovery::{Metadata, from_config, judge, request};
use tokenward::protocol::http::{Caching, HttpFailure, Purpose, answered};
use tokenward::protocol::jws::Algorithm;

use crate::support::{
    ISSUER, MARK, answer, code, code_at, config, config_with, document, html, json_answer, metadata,
    metadata_with, note, refused, rows, try_config, try_config_at,
};

rows![
    the_oidc_address,
    the_rfc_8414_address,
    everything_that_is_used,
    a05_pkce_announced_or_not,
    g01_issuer_differs,
    g02_addresses_that_are_refused,
    g02_plain_http_only_on_loopback,
    g04_endpoints_on_other_origins,
    g05_what_is_no_metadata,
    g05_members_of_wrong_type,
    g05_endpoints_that_are_missing,
    static_metadata,
    overlay,
    algorithms_are_narrowed_never_widened,
];

fn address(discovery: &str, issuer: &str) -> String {
    let config = config_with(json!({ "discovery": discovery, "issuer": issuer }));
    let request = request(&config, Caching::Normal).unwrap();
    assert_eq!(
        (request.purpose, request.form.is_none(), request.bearer.is_none()),
        (Purpose::Discovery, true, true)
    );
    request.url
}

fn with(changes: Value) -> Result<Metadata, Error> {
    metadata_with(&config(), changes)
}

#[test]
fn the_oidc_address() {
    for (issuer, url) in [
        ("https://id.example.com", "https://id.example.com/.well-known/openid-configuration"),
        ("https://id.example.com/", "https://id.example.com/.well-known/openid-configuration"),
        (
            "https://id.example.com/realms/a",
            "https://id.example.com/realms/a/.well-known/openid-configuration",
        ),
        (
            "https://id.example.com/realms/a/",
            "https://id.example.com/realms/a/.well-known/openid-configuration",
        ),
        ("https://id.example.com//", "https://id.example.com//.well-known/openid-configuration"),
        ("https://id.example.com:8443", "https://id.example.com:8443/.well-known/openid-configuration"),
    ] {
        assert_eq!(address("oidc", issuer), url);
    }
}

#[test]
fn the_rfc_8414_address() {
    for (issuer, url) in [
        ("https://id.example.com", "https://id.example.com/.well-known/oauth-authorization-server"),
        ("https://id.example.com/", "https://id.example.com/.well-known/oauth-authorization-server"),
        (
            "https://id.example.com/issuer1",
            "https://id.example.com/.well-known/oauth-authorization-server/issuer1",
        ),
        ("https://id.example.com/a/b/", "https://id.example.com/.well-known/oauth-authorization-server/a/b"),
        ("https://[2001:db8::1]:1/a", "https://[2001:db8::1]:1/.well-known/oauth-authorization-server/a"),
    ] {
        assert_eq!(address("oauth", issuer), url);
    }
}

#[test]
fn everything_that_is_used() {
    let found = metadata();
    assert_eq!(found.authorization_endpoint, "https://id.example.com/authorize");
    assert_eq!(found.token_endpoint, "https://id.example.com/token");
    assert_eq!(found.jwks_uri.as_deref(), Some("https://id.example.com/jwks"));
    assert_eq!(found.userinfo_endpoint.as_deref(), Some("https://id.example.com/userinfo"));
    assert_eq!(found.end_session_endpoint.as_deref(), Some("https://id.example.com/logout"));
    assert_eq!(found.revocation_endpoint.as_deref(), Some("https://id.example.com/revoke"));
    assert_eq!(found.algorithms, Algorithm::ALL);
    assert!(!found.announces_iss);
    assert!(with(json!({ "authorization_response_iss_parameter_supported": true })).unwrap().announces_iss);
    // Unknown members are ignored, whatever they hold.
    assert!(
        with(json!({ "custom": [{}], "mtls_endpoint_aliases": { "token_endpoint": "javascript:1" } }))
            .is_ok()
    );
}

#[test]
fn a05_pkce_announced_or_not() {
    for methods in [json!(["plain"]), json!(["s256"]), json!([]), json!(["S512"])] {
        assert_eq!(
            code(with(json!({ "code_challenge_methods_supported": methods }))),
            Code::PkceUnsupported,
            "{methods}"
        );
    }
    // Not a word about PKCE: S256 is sent all the same.
    for methods in [json!(null), json!(["S256"])] {
        assert!(with(json!({ "code_challenge_methods_supported": methods })).is_ok());
    }
    // Unless the app relies on it.
    let strict = config_with(json!({ "requirePkce": true }));
    for (methods, accepted) in
        [(json!(null), false), (json!(["plain"]), false), (json!(["plain", "S256"]), true)]
    {
        let found = metadata_with(&strict, json!({ "code_challenge_methods_supported": methods }));
        match found {
            Ok(_) => assert!(accepted, "{methods}"),
            Err(error) => assert!(!accepted && error.code == Code::PkceUnsupported, "{methods}"),
        }
    }
}

#[test]
fn g01_issuer_differs() {
    for issuer in [
        json!("https://id.example.comINVALID"),
        json!("https://id.example.com/"),
        json!("https://id.example.com/other"),
        json!("https://ID.example.com"),
        json!("http://id.example.com"),
        json!("https://id.example.com:443"),
        json!("https://id.ex\u{0430}mple.com"),
        json!("https://id.example.com\u{200b}"),
        json!("https://{tenantid}.example.com"),
        json!(MARK),
        json!(""),
        json!(null),
        json!(7),
        json!([ISSUER]),
    ] {
        let error = refused(with(json!({ "issuer": issuer })));
        assert_eq!((error.code, error.phase), (Code::IssuerMismatch, Phase::Discovery), "{issuer}");
    }
    let mut without = document();
    without.as_object_mut().unwrap().remove("issuer");
    assert_eq!(code(judge(&json_answer(200, &without), &config())), Code::IssuerMismatch);
    // Two issuers in one document are none.
    let twice = document().to_string().replace('}', &format!(",\"issuer\":\"{ISSUER}\"}}"));
    assert_eq!(
        code(judge(&answer(200, "application/json", twice.as_bytes()), &config())),
        Code::MetadataInvalid
    );
}

const ENDPOINTS: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
];

#[test]
fn g02_addresses_that_are_refused() {
    for endpoint in ENDPOINTS {
        for (url, refusal) in [
            ("http://id.example.com/x", Code::InsecureUrl),
            ("http://localhost/x", Code::InsecureUrl),
            ("http://127.0.0.1:3000/x", Code::InsecureUrl),
            ("https://user@id.example.com/x", Code::MetadataInvalid),
            ("https://user:pw@id.example.com/x", Code::MetadataInvalid),
            ("https://id.example.com@evil.example/x", Code::MetadataInvalid),
            ("https://id.example.com/x#f", Code::MetadataInvalid),
            ("https://id.example.com/x#", Code::MetadataInvalid),
            ("javascript:alert(1)", Code::MetadataInvalid),
            ("data:text/html,x", Code::MetadataInvalid),
            ("blob:https://id.example.com/x", Code::MetadataInvalid),
            ("file:///etc/passwd", Code::MetadataInvalid),
            ("ftp://id.example.com/x", Code::MetadataInvalid),
            ("/relative", Code::MetadataInvalid),
            ("//id.example.com/x", Code::MetadataInvalid),
            ("https:id.example.com", Code::MetadataInvalid),
            ("https:/id.example.com", Code::MetadataInvalid),
            ("https:\\\\id.example.com", Code::MetadataInvalid),
            ("https://id.example.com\\@evil.example/", Code::MetadataInvalid),
            ("https://", Code::MetadataInvalid),
            ("https://id.example.com:0x50/", Code::MetadataInvalid),
            ("https://id.example.com:65536/", Code::MetadataInvalid),
            ("https://id.ex\u{0430}mple.com/x", Code::MetadataInvalid),
            (" https://id.example.com/x", Code::MetadataInvalid),
            ("https://id.example.com/x\n", Code::MetadataInvalid),
            ("https://id.exa\tmple.com/x", Code::MetadataInvalid),
            (MARK, Code::MetadataInvalid),
            ("", Code::MetadataInvalid),
        ] {
            let found = code_at(with(json!({ endpoint: url })));
            assert_eq!(found, (refusal, endpoint.to_owned()), "{endpoint} {url}");
        }
        let long = format!("https://id.example.com/{}", "x".repeat(10_000));
        assert_eq!(code(with(json!({ endpoint: long }))), Code::MetadataInvalid);
    }
    assert_eq!(refused(with(json!({ "jwks_uri": "http://id.example.com/x" }))).phase, Phase::Discovery);
}

#[test]
fn g02_plain_http_only_on_loopback() {
    let check = |page: &str, url: &str| {
        let redirect = format!("{page}/cb");
        let config = try_config_at(Some(page), json!({ "redirectUri": redirect })).unwrap();
        metadata_with(&config, json!({ "token_endpoint": url })).map(|m| m.token_endpoint)
    };
    for url in ["http://localhost:3000/token", "http://127.0.0.1/token", "http://[::1]:1/token"] {
        assert_eq!(check("http://localhost:5173", url).unwrap(), url);
        assert_eq!(code(check("https://app.example.com", url)), Code::InsecureUrl);
    }
    for url in [
        "http://id.example.com/token",
        "http://10.0.0.1/token",
        "http://localhost.evil.example/token",
        "http://127.0.0.1.evil.example/token",
        "http://127.1/token",
        "http://0.0.0.0/token",
        "http://2130706433/token",
    ] {
        assert_eq!(code(check("http://localhost:5173", url)), Code::InsecureUrl, "{url}");
    }
}

#[test]
fn g04_endpoints_on_other_origins() {
    for endpoint in ENDPOINTS {
        assert!(with(json!({ endpoint: "https://other.example:8443/x?p=1" })).is_ok(), "{endpoint}");
    }
    let found = with(json!({ "token_endpoint": "https://other.example/x?p=1" })).unwrap();
    assert_eq!(found.token_endpoint, "https://other.example/x?p=1");
}

#[test]
fn g05_what_is_no_metadata() {
    let body = document().to_string();
    for wrong in [
        html(200),
        html(404),
        json_answer(404, &document()),
        json_answer(401, &json!({ "error": MARK })),
        json_answer(204, &document()),
        json_answer(302, &document()),
        answer(200, "text/html", body.as_bytes()),
        answer(200, "text/plain", body.as_bytes()),
        answer(200, "", body.as_bytes()),
        answer(200, "application/json", b""),
        answer(200, "application/json", b"["),
        answer(200, "application/json", b"null"),
        answer(200, "application/json", b"\"x\""),
        json_answer(200, &json!([document()])),
        answer(200, "application/json", format!("{body}{body}").as_bytes()),
        answer(
            200,
            "application/json",
            body.replace("example", "ex\u{fffd}mple").replace('\u{fffd}', "\\ud800").as_bytes(),
        ),
        answer(200, "application/json", "[".repeat(100_000).as_bytes()),
    ] {
        let error = refused(judge(&wrong, &config()));
        assert_eq!((error.code, error.phase), (Code::MetadataInvalid, Phase::Discovery), "{wrong:?}");
    }
    // Very many names cost no more than their length.
    let many: serde_json::Map<String, Value> = (0..60_000).map(|i| (i.to_string(), json!(1))).collect();
    assert_eq!(code(judge(&json_answer(200, &Value::Object(many)), &config())), Code::IssuerMismatch);
    assert!(request(&config(), Caching::Normal).unwrap().limit <= 1_048_576, "30 MB are cut off");
    for (result, expected) in [
        (Err(HttpFailure::NoAnswer), Code::NetworkFailed),
        (Err(HttpFailure::TimedOut), Code::TimedOut),
        (Err(HttpFailure::TooLarge), Code::ResponseTooLarge),
        (Ok(html(503)), Code::ServerUnavailable),
    ] {
        assert_eq!(code(answered(&result)), expected);
    }
}

#[test]
fn g05_members_of_wrong_type() {
    for endpoint in ENDPOINTS {
        for wrong in [json!(7), json!(["https://id.example.com/x"]), json!({}), json!(true)] {
            assert_eq!(
                code_at(with(json!({ endpoint: wrong }))),
                (Code::MetadataInvalid, endpoint.to_owned())
            );
        }
    }
    for (member, wrong) in [
        ("code_challenge_methods_supported", json!("S256")),
        ("code_challenge_methods_supported", json!(["S256", 7])),
        ("code_challenge_methods_supported", json!({ "S256": true })),
        ("id_token_signing_alg_values_supported", json!("RS256")),
        ("id_token_signing_alg_values_supported", json!([null])),
        // Read as "not announced" these would switch a check off.
        ("authorization_response_iss_parameter_supported", json!("true")),
        ("authorization_response_iss_parameter_supported", json!(1)),
        ("authorization_response_iss_parameter_supported", json!([true])),
    ] {
        assert_eq!(
            code_at(with(json!({ member: wrong }))),
            (Code::MetadataInvalid, member.to_owned()),
            "{wrong}"
        );
    }
}

#[test]
fn g05_endpoints_that_are_missing() {
    for endpoint in ["authorization_endpoint", "token_endpoint"] {
        assert_eq!(code_at(with(json!({ endpoint: null }))), (Code::EndpointMissing, endpoint.to_owned()));
    }
    let found = with(json!({
        "jwks_uri": null, "userinfo_endpoint": null, "end_session_endpoint": null, "revocation_endpoint": null,
    }));
    let found = found.unwrap();
    assert_eq!((found.jwks_uri, found.userinfo_endpoint), (None, None));
    assert_eq!((found.end_session_endpoint, found.revocation_endpoint), (None, None));
}

fn of_options(options: Value) -> Result<Metadata, Error> {
    from_config(&try_config(options)?)
}

#[test]
fn static_metadata() {
    let given = json!({
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
    });
    let config = config_with(json!({ "discovery": false, "metadata": given }));
    assert!(request(&config, Caching::Normal).is_none(), "nothing is fetched");
    let found = from_config(&config).unwrap();
    assert_eq!(found.token_endpoint, "https://id.example.com/token");
    assert_eq!((found.jwks_uri, found.algorithms.as_slice()), (None, Algorithm::ALL));

    for (changes, expected) in [
        (json!({ "token_endpoint": null }), (Code::EndpointMissing, "token_endpoint")),
        (json!({ "token_endpoint": "http://id.example.com/x" }), (Code::InsecureUrl, "token_endpoint")),
        (json!({ "token_endpoint": "/token" }), (Code::MetadataInvalid, "token_endpoint")),
        (json!({ "issuer": "https://other.example" }), (Code::IssuerMismatch, "")),
        (json!({ "issuer": 7 }), (Code::IssuerMismatch, "")),
        (json!({ "code_challenge_methods_supported": ["plain"] }), (Code::PkceUnsupported, "")),
    ] {
        let mut metadata = given.clone();
        for (name, member) in changes.as_object().unwrap() {
            metadata[name] = member.clone();
        }
        let found = code_at(of_options(json!({ "discovery": false, "metadata": metadata })));
        assert_eq!(found, (expected.0, expected.1.to_owned()), "{changes}");
    }
    assert_eq!(code(of_options(json!({ "discovery": false }))), Code::EndpointMissing);
    // The issuer may be repeated.
    let mut same = given;
    same["issuer"] = json!(ISSUER);
    assert!(of_options(json!({ "discovery": false, "metadata": same })).is_ok());
}

#[test]
fn overlay() {
    let over = |metadata: Value| config_with(json!({ "metadata": metadata }));
    let config = over(json!({ "token_endpoint": "https://proxy.example.com/token", "jwks_uri": null }));
    let found = metadata_with(&config, json!({})).unwrap();
    assert_eq!(found.token_endpoint, "https://proxy.example.com/token");
    assert_eq!(found.authorization_endpoint, "https://id.example.com/authorize");
    assert_eq!(found.jwks_uri.as_deref(), Some("https://id.example.com/jwks"));
    // It repairs what the document has wrong or lacks.
    let config = over(json!({
        "userinfo_endpoint": "https://id.example.com/me", "code_challenge_methods_supported": ["S256"],
    }));
    let changes = json!({ "userinfo_endpoint": 7, "code_challenge_methods_supported": ["plain"] });
    assert_eq!(
        metadata_with(&config, changes).unwrap().userinfo_endpoint.as_deref(),
        Some("https://id.example.com/me")
    );
    // It is judged like the document, and does not lift the comparison of the issuer.
    let config = over(json!({ "token_endpoint": "http://proxy.example.com/token" }));
    assert_eq!(code(metadata_with(&config, json!({}))), Code::InsecureUrl);
    let config = over(json!({ "issuer": ISSUER }));
    assert_eq!(
        code(metadata_with(&config, json!({ "issuer": "https://evil.example" }))),
        Code::IssuerMismatch
    );
    let config = over(json!({ "issuer": "https://evil.example" }));
    assert_eq!(
        code(metadata_with(&config, json!({ "issuer": "https://evil.example" }))),
        Code::IssuerMismatch
    );
    assert_eq!(code(metadata_with(&config, json!({}))), Code::IssuerMismatch);
}

#[test]
fn algorithms_are_narrowed_never_widened() {
    let narrowed = |own: Value, announced: Value| {
        let config = config_with(json!({ "idTokenAlgorithms": own }));
        metadata_with(&config, json!({ "id_token_signing_alg_values_supported": announced }))
            .unwrap()
            .algorithms
    };
    assert_eq!(narrowed(json!(null), json!(["RS256", "HS256", "none"])), [Algorithm::Rs256]);
    assert_eq!(narrowed(json!(["ES256", "PS256"]), json!(["RS256", "ES256"])), [Algorithm::Es256]);
    assert_eq!(narrowed(json!(["ES256"]), json!(null)), [Algorithm::Es256]);
    assert_eq!(narrowed(json!(["ES256"]), json!(["RS256"])), []);
    assert_eq!(narrowed(json!(["EdDSA"]), json!(["Ed25519"])), [Algorithm::Ed25519]);
    assert_eq!(narrowed(json!(null), json!(["HS256"])), []);
    let nothing = tokenward::protocol::jws::parse("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", &[]);
    assert_eq!(note(nothing.unwrap_err()).code, Code::IdTokenAlgorithm);
}
