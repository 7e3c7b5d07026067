//! The authorization response: what the page's URL turns out to be, how it is cleaned, and what is refused.

use serde_json::json;
use tokenward::error::{Code, Error};
use tokenward::protocol::callback::{Arrival, Response, recognise};

use crate::support::{
    MARK, REDIRECT, code, config, config_with, metadata, metadata_with, note, refused, rows, try_config_at,
};

rows![
    a01_code_and_state_in_the_query,
    a01_redirect_uris_as_browsers_write_them,
    a02_state_missing_altered_foreign_or_empty,
    a03_the_apps_own_parameters_stay,
    a06_iss_of_another_server,
    s05_announced_iss_missing,
    a08_iss_that_was_never_announced,
    a09_the_answer_of_another_server_at_the_shared_redirect_uri,
    a10_error_with_valid_state,
    a11_error_with_missing_or_wrong_state,
    a14_tokens_in_the_url,
    a14_answer_in_the_fragment,
    a15_sizes,
    a15_broken_encoding,
    a15_s08_repeated_and_contradictory_parameters,
    a17_prompt_none_needs_the_user,
    s06_the_way_back_from_logout,
];

const HOME: &str = REDIRECT;

fn arrival(url: &str) -> Arrival {
    recognise(url, &config())
}

#[track_caller]
fn response(url: &str) -> Response {
    match arrival(url) {
        Arrival::Response(response) => response,
        other => panic!("no response: {other:?}"),
    }
}

#[track_caller]
fn foreign(url: &str) -> (Code, String) {
    match arrival(url) {
        Arrival::Foreign { clean, error } => (note(error).code, clean),
        other => panic!("not foreign: {other:?}"),
    }
}

#[track_caller]
fn scrubbed(url: &str) -> (Code, String) {
    match arrival(url) {
        Arrival::Refused { clean, error } => (note(error).code, clean),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn not_ours(url: &str) {
    let arrival = arrival(url);
    assert!(matches!(arrival, Arrival::NotOurs), "{arrival:?}");
}

/// The code of a response, as the engine gets it.
fn validated(url: &str) -> Result<String, Error> {
    response(url).validate(&config(), &metadata()).map(|code| code.expose().to_owned())
}

#[test]
fn a01_code_and_state_in_the_query() {
    for (query, clean) in [
        ("?code=abc&state=tw.s", ""),
        ("?state=tw.s&code=abc", ""),
        ("?code=abc&state=tw.s&iss=https%3A%2F%2Fid.example.com", ""),
        ("?code=abc&state=tw.s&session_state=x.y&scope=openid", "?scope=openid"),
        ("?lang=de&code=abc&state=tw.s&theme=dark", "?lang=de&theme=dark"),
        ("?code=abc&state=tw.s#top", "#top"),
        ("?code=abc&state=tw.s#_=_", "#_=_"),
        ("?q=%C3%A9+x&code=abc&state=tw.s&flag", "?q=%C3%A9+x&flag"),
        ("?code=abc&&state=tw.s&", ""),
        ("?%63ode=abc&st%61te=tw.s", ""),
        ("?code=abc&state=tw.s&decode=x&mycode=y", "?decode=x&mycode=y"),
    ] {
        let found = response(&format!("{HOME}{query}"));
        assert_eq!(found.state, "tw.s", "{query}");
        assert_eq!(found.clean, format!("{HOME}{clean}"), "{query}");
        assert_eq!(validated(&format!("{HOME}{query}")).unwrap(), "abc", "{query}");
    }
    // The code is opaque: whatever comes is handed back as it was meant.
    for (sent, meant) in [("a%2Bb%2F%3D", "a+b/="), ("a+b", "a b"), ("%C3%A9", "é"), ("a%00b", "a\0b")] {
        assert_eq!(validated(&format!("{HOME}?code={sent}&state=tw.s")).unwrap(), meant);
    }
}

#[test]
fn a01_redirect_uris_as_browsers_write_them() {
    for (uri, page, found) in [
        ("https://app.example.com", "https://app.example.com/?code=abc&state=tw.s", true),
        ("https://app.example.com/", "https://app.example.com/?code=abc&state=tw.s", true),
        ("https://app.example.com/cb/", "https://app.example.com/cb/?code=abc&state=tw.s", true),
        ("https://app.example.com/cb", "https://app.example.com/cb/?code=abc&state=tw.s", false),
        ("https://app.example.com/cb/", "https://app.example.com/cb?code=abc&state=tw.s", false),
        ("https://app.example.com/cb?a=1", "https://app.example.com/cb?a=1&code=abc&state=tw.s", true),
        ("https://app.example.com/cb", "https://app.example.com/CB?code=abc&state=tw.s", false),
        ("https://app.example.com/cb", "https://app.example.com/other?code=abc&state=tw.s", false),
        ("https://app.example.com/cb", "https://evil.example/cb?code=abc&state=tw.s", false),
        ("https://app.example.com", "https://app.example.com.evil.example/?code=abc&state=tw.s", false),
    ] {
        let config = config_with(json!({ "redirectUri": uri }));
        let arrival = recognise(page, &config);
        assert_eq!(matches!(arrival, Arrival::Response(_)), found, "{uri} {page}");
        assert!(found || matches!(arrival, Arrival::NotOurs), "{uri} {page}");
    }
    // A long response does not hide the page's origin from the client that is created on it.
    let page = format!("http://localhost:5173/cb?code={}&state=tw.s", "c".repeat(60_000));
    let config = try_config_at(
        Some(&page),
        json!({ "issuer": "http://localhost:3000", "redirectUri": "http://localhost:5173/cb" }),
    );
    let config = config.unwrap();
    assert_eq!(config.page_origin.as_deref(), Some("http://localhost:5173"));
    assert!(matches!(recognise(&page, &config), Arrival::Response(_)));
}

#[test]
fn a02_state_missing_altered_foreign_or_empty() {
    for (query, refusal, clean) in [
        ("?code=abc", Code::StateMissing, ""),
        ("?code=abc&state=", Code::StateMissing, ""),
        ("?code=abc&state", Code::StateMissing, ""),
        ("?code=abc&state=xyz", Code::StateUnknown, ""),
        ("?code=abc&state=TW.s", Code::StateUnknown, ""),
        ("?code=abc&state=%20tw.s", Code::StateUnknown, ""),
        ("?code=abc&state=twl.s", Code::StateUnknown, ""),
        ("?code=abc&state=tw.s&state=tw.s", Code::CallbackMalformed, ""),
        ("?code=abc&state=tw.s&state=tw.t", Code::CallbackMalformed, ""),
        ("?code=abc&state=tw.s&st%61te=tw.t", Code::CallbackMalformed, ""),
        ("?code=abc&state=xyz&keep=1#f", Code::StateUnknown, "?keep=1#f"),
    ] {
        assert_eq!(foreign(&format!("{HOME}{query}")), (refusal, format!("{HOME}{clean}")), "{query}");
    }
    // Altered within our own form: it is the key of no transaction, which the store knows.
    assert_eq!(response(&format!("{HOME}?code=abc&state=tw.other")).state, "tw.other");
}

#[test]
fn a03_the_apps_own_parameters_stay() {
    for url in [
        HOME.to_owned(),
        format!("{HOME}?"),
        format!("{HOME}?page=2#top"),
        format!("{HOME}?codes=1&error_codes=2"),
        format!("{HOME}?state=open"),
        format!("{HOME}?state=tw.s"),
        format!("{HOME}?iss=x&session_state=y"),
        format!("{HOME}#code=app&state=own"),
        format!("{HOME}#/docs/access_token"),
        format!("{HOME}#access_token"),
        "https://app.example.com/shop?code=SUMMER&state=CA".into(),
        "https://app.example.com/shop?error=1".into(),
        "https://app.example.com/shop?access_token=of-another-library".into(),
        "about:blank".into(),
        String::new(),
    ] {
        not_ours(&url);
    }
    // At the redirect URI itself `?code=` of the app looks like a response; it counts only when a login is pending.
    assert_eq!(foreign(&format!("{HOME}?code=SUMMER")).0, Code::StateMissing);
}

#[test]
fn a06_iss_of_another_server() {
    for iss in [
        "https%3A%2F%2Fevil.example",
        "https%3A%2F%2Fid.example.com%2F",
        "https%3A%2F%2FID.example.com",
        "https%3A%2F%2Fid.example.com%3A443",
        "http%3A%2F%2Fid.example.com",
        "https%253A%252F%252Fid.example.com",
        "https%3A%2F%2Fid.example.com+",
        "%EF%BB%BFhttps%3A%2F%2Fid.example.com",
        MARK,
    ] {
        // (a) on success, (b) on error, whose words are not taken for those of our server.
        assert_eq!(
            code(validated(&format!("{HOME}?code=abc&state=tw.s&iss={iss}"))),
            Code::IssMismatch,
            "{iss}"
        );
        let error = refused(validated(&format!("{HOME}?error=access_denied&state=tw.s&iss={iss}")));
        assert_eq!((error.code, error.oauth_error.as_deref()), (Code::IssMismatch, None), "{iss}");
    }
}

#[test]
fn s05_announced_iss_missing() {
    let announced =
        metadata_with(&config(), json!({ "authorization_response_iss_parameter_supported": true }));
    let announced = announced.unwrap();
    let check = |query: &str| {
        response(&format!("{HOME}{query}")).validate(&config(), &announced).map(|c| c.expose().to_owned())
    };
    for query in ["?code=abc&state=tw.s", "?code=abc&state=tw.s&iss=", "?error=access_denied&state=tw.s"] {
        let error = refused(check(query));
        assert_eq!((error.code, error.oauth_error.as_deref()), (Code::IssMissing, None), "{query}");
    }
    assert_eq!(code(check("?code=abc&state=tw.s&iss=https://evil.example")), Code::IssMismatch);
    assert_eq!(check("?code=abc&state=tw.s&iss=https://id.example.com").unwrap(), "abc");
}

#[test]
fn a08_iss_that_was_never_announced() {
    assert!(!metadata().announces_iss);
    assert_eq!(validated(&format!("{HOME}?code=abc&state=tw.s&iss=https://id.example.com")).unwrap(), "abc");
    assert_eq!(
        code(validated(&format!("{HOME}?code=abc&state=tw.s&iss=https://id2.example.com"))),
        Code::IssMismatch
    );
    assert_eq!(validated(&format!("{HOME}?code=abc&state=tw.s")).unwrap(), "abc");
}

#[test]
fn a09_the_answer_of_another_server_at_the_shared_redirect_uri() {
    let other = config_with(json!({ "issuer": "https://other.example" }));
    let url = format!("{HOME}?code=abc&state=tw.s&iss=https://id.example.com");
    let Arrival::Response(found) = recognise(&url, &other) else { panic!("a response") };
    let metadata = metadata_with(&other, json!({ "issuer": "https://other.example" })).unwrap();
    assert_eq!(code(found.validate(&other, &metadata)), Code::IssMismatch);
}

#[test]
fn a10_error_with_valid_state() {
    for (error, refusal) in [
        ("access_denied", Code::AuthorizationRefused),
        ("invalid_scope", Code::AuthorizationRefused),
        ("invalid_request", Code::AuthorizationRefused),
        ("server_error", Code::AuthorizationRefused),
        ("temporarily_unavailable", Code::AuthorizationRefused),
        ("unmet_authentication_requirements", Code::AuthorizationRefused),
        ("never_heard_of", Code::AuthorizationRefused),
    ] {
        let url = format!("{HOME}?error={error}&error_description=No+%3Cb%3E&error_uri=x&state=tw.s");
        assert_eq!(response(&url).clean, HOME);
        let found = refused(validated(&url));
        assert_eq!((found.code, found.oauth_error.as_deref()), (refusal, Some(error)));
        assert_eq!(found.description.as_deref(), Some("No <b>"));
        assert!(!found.code.retryable());
    }
    // Words from outside are capped and stripped, and never in a message (`note` looks).
    let hostile = format!("{MARK}%0A%1B%5B31m%22%5C%E2%80%AE{}", "x".repeat(5000));
    let found = refused(validated(&format!("{HOME}?error={hostile}&error_description={hostile}&state=tw.s")));
    assert_eq!(found.oauth_error.as_ref().unwrap().len(), 256);
    // A description that stands twice is no description.
    let found =
        refused(validated(&format!("{HOME}?error=x&error_description=a&error_description=b&state=tw.s")));
    assert_eq!(found.description, None);
}

#[test]
fn a11_error_with_missing_or_wrong_state() {
    for (query, refusal) in [
        ("?error=access_denied", Code::StateMissing),
        ("?error=access_denied&state=", Code::StateMissing),
        ("?error=access_denied&state=xyz", Code::StateUnknown),
    ] {
        assert_eq!(foreign(&format!("{HOME}{query}")), (refusal, HOME.to_owned()), "{query}");
    }
}

#[test]
fn a14_tokens_in_the_url() {
    for (url, clean) in [
        ("#access_token=x&token_type=bearer&expires_in=3600&state=tw.s", ""),
        ("#id_token=x&state=tw.s", ""),
        ("#state=tw.s&code=c&id_token=x", ""),
        ("#refresh_token=x", ""),
        ("#access%5Ftoken=x", ""),
        ("#/access_token=x&token_type=bearer", ""),
        ("#/callback?access_token=x", ""),
        ("#?id_token=x", ""),
        ("?lang=de#access_token=x", "?lang=de"),
        ("?access_token=x&token_type=bearer&expires_in=60&scope=openid&state=tw.s&lang=de", "?lang=de"),
        ("?id_token=x", ""),
        ("?id%5Ftoken=x&keep=1#f", "?keep=1"),
        ("?/access_token=x&keep=1", "?keep=1"),
        ("?keep=1&//id_token=x#/access_token=y", "?keep=1"),
        // In both places: nothing is left that a reload could redeem.
        ("?code=abc&state=tw.s#access_token=x", ""),
        ("?code=abc&state=tw.s&lang=de#id_token=x", "?lang=de"),
        ("?code=abc&state=tw.s&id_token=x", ""),
    ] {
        let expected = (Code::FrontChannelTokens, format!("{HOME}{clean}"));
        assert_eq!(scrubbed(&format!("{HOME}{url}")), expected, "{url}");
    }
    // A leftover anywhere on the origin is scrubbed; what else the page has stays.
    assert_eq!(
        scrubbed("https://app.example.com/shop?code=SUMMER&state=CA#access_token=x&state=y"),
        (Code::FrontChannelTokens, "https://app.example.com/shop?code=SUMMER&state=CA".into())
    );
    // However long it is.
    let long = format!("{HOME}#access_token={}", "x".repeat(1_000_000));
    assert_eq!(scrubbed(&long), (Code::FrontChannelTokens, HOME.into()));
}

#[test]
fn a14_answer_in_the_fragment() {
    for (url, clean) in [
        ("#code=abc&state=tw.s", ""),
        ("#error=access_denied&state=tw.s", ""),
        ("?lang=de#state=tw.s&code=abc", "?lang=de"),
        // In both: neither is used.
        ("?code=abc&state=tw.s#code=def&state=tw.s", ""),
        ("?code=abc&state=tw.s&lang=de#error=x&state=tw.t", "?lang=de"),
    ] {
        let expected = (Code::CallbackMalformed, format!("{HOME}{clean}"));
        assert_eq!(scrubbed(&format!("{HOME}{url}")), expected, "{url}");
    }
    not_ours("https://app.example.com/elsewhere#code=abc&state=tw.s");
}

#[test]
fn a15_sizes() {
    // No assumption below 64 KiB, and well beyond.
    for size in [1, 2_048, 65_536, 200_000] {
        let long = "c".repeat(size);
        assert_eq!(validated(&format!("{HOME}?code={long}&state=tw.s")).unwrap(), long);
        assert_eq!(response(&format!("{HOME}?code=abc&state=tw.{long}")).state.len(), size + 3);
    }
    let huge = "c".repeat(1_000_000);
    for query in [
        format!("?code={huge}&state=tw.s"),
        format!("?code=abc&state=tw.{huge}"),
        format!("?state=tw.s&error={huge}"),
        format!("?code=abc&state=tw.s#{huge}"),
    ] {
        assert_eq!(scrubbed(&format!("{HOME}{query}")), (Code::CallbackMalformed, HOME.into()));
    }
    not_ours(&format!("{HOME}?q={huge}"));
    not_ours(&format!("https://app.example.com/shop?state={huge}"));
}

#[test]
fn a15_broken_encoding() {
    for bad in ["%", "%f", "%zz", "%ff", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80", "%C0%80"] {
        for query in [
            format!("?code={bad}&state=tw.s"),
            format!("?code=abc&state=tw.{bad}"),
            format!("?code=abc&state=tw.s&x={bad}"),
        ] {
            assert_eq!(foreign(&format!("{HOME}{query}")).0, Code::CallbackMalformed, "{query}");
        }
        not_ours(&format!("{HOME}?q={bad}"));
        not_ours(&format!("{HOME}?{bad}=code&state=x"));
    }
    assert_eq!(
        foreign(&format!("{HOME}?code=abc&state=tw.s&q=100%")),
        (Code::CallbackMalformed, format!("{HOME}?q=100%"))
    );
}

#[test]
fn a15_s08_repeated_and_contradictory_parameters() {
    for query in [
        "?code=a&code=b&state=tw.s",
        "?code=a&code=a&state=tw.s",
        "?code=a&%63ode=b&state=tw.s",
        "?code=a&code=&state=tw.s",
        "?code=a&error=access_denied&state=tw.s",
        "?code=&state=tw.s",
        "?code&state=tw.s",
        "?error=&state=tw.s",
        "?error=a&error=b&state=tw.s",
        "?code=a&iss=https://id.example.com&iss=https://evil.example&state=tw.s",
        "?code=a&iss=https://id.example.com&iss=https://id.example.com&state=tw.s",
    ] {
        let url = format!("{HOME}{query}");
        assert_eq!(response(&url).clean, HOME, "{query}");
        assert_eq!(code(validated(&url)), Code::CallbackMalformed, "{query}");
    }
    // Parameters of others may stand as often as they like.
    assert_eq!(validated(&format!("{HOME}?x=1&x=2&code=abc&state=tw.s&scope=a&scope=b")).unwrap(), "abc");
}

#[test]
fn a17_prompt_none_needs_the_user() {
    for error in ["login_required", "interaction_required", "consent_required", "account_selection_required"]
    {
        let found = refused(validated(&format!("{HOME}?error={error}&state=tw.s")));
        assert_eq!((found.code, found.oauth_error.as_deref()), (Code::InteractionRequired, Some(error)));
    }
}

#[test]
fn s06_the_way_back_from_logout() {
    for (url, expected) in [
        ("https://app.example.com/?state=twl.x", "https://app.example.com/"),
        ("https://app.example.com/callback?state=twl.x", "https://app.example.com/callback"),
        ("https://app.example.com/bye?a=1&state=twl.x&b=2#f", "https://app.example.com/bye?a=1&b=2#f"),
        ("https://app.example.com/?st%61te=twl.x", "https://app.example.com/"),
    ] {
        match arrival(url) {
            Arrival::FromLogout { clean } => assert_eq!(clean, expected),
            other => panic!("{url}: {other:?}"),
        }
    }
    // No state, or a foreign one, is no reason to break.
    not_ours("https://app.example.com/");
    not_ours("https://app.example.com/?state=foreign");
}
