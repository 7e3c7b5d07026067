//! Options and arguments of calls: what gets through is safe to use without looking again, and the request made
//! of it is one that every server reads the same.

use serde_json::Value;
use tokenward::config::{Config, Discovery};
use tokenward::encoding::json::Json;
use tokenward::error::{Code, Phase};
use tokenward::protocol::authorize::{LoginOptions, Randomness, STATE_PREFIX, request};
use tokenward::protocol::discovery::{Metadata, from_config};
use tokenward::protocol::logout::LogoutOptions;
use url::Url;

use crate::support::{CONFIG, METADATA, ORIGIN, REDIRECT, first_line, saw};

/// What belongs to the protocol alone.
const OURS: &[&str] = &["client_secret", "code", "code_verifier", "refresh_token", "request", "request_uri"];

/// The first line is the options, the second the arguments of `login()`, the third those of `logout()`.
pub fn run(data: &[u8]) {
    let (options, rest) = first_line(data);
    let (login, rest) = first_line(rest);
    let (logout, _) = first_line(rest);
    let pages = [None, Some("https://app.example.com/callback?x=1#y"), Some("http://localhost:5173/")];
    for page in pages {
        let Some(json) = Json::parse(options.as_bytes()) else { continue };
        match Config::from_options(json, page) {
            Ok(config) => {
                saw("options accepted");
                check(&config, page, options);
                if let Ok(metadata) = from_config(&config) {
                    call(&config, &metadata, login, logout);
                }
            }
            Err(error) => {
                saw(error.code.as_str());
                assert_eq!(error.phase, Phase::Options);
                assert!(error.path.is_some() || error.code == Code::OptionInvalid, "{error:?}");
                let legal = [
                    Code::OptionUnknown,
                    Code::OptionMissing,
                    Code::OptionInvalid,
                    Code::ImplicitRefused,
                    Code::InsecureUrl,
                ];
                assert!(legal.contains(&error.code));
            }
        }
    }
    call(&CONFIG, &METADATA, login, logout);
}

fn check(config: &Config, page: Option<&str>, text: &str) {
    let options: Value = serde_json::from_str(text).expect("what is accepted is JSON");
    assert_eq!(options["issuer"], config.issuer.as_str());
    assert_eq!(options["clientId"], config.client_id.as_str());
    assert!(!config.client_id.is_empty());
    let on_loopback = page.is_some_and(|page| page.starts_with("http://localhost"));
    assert_eq!(config.page_on_loopback, on_loopback);
    for url in [Some(&config.issuer), Some(&config.redirect_uri), config.post_logout_redirect_uri.as_ref()] {
        let Some(url) = url else { continue };
        assert!(url.starts_with("https://") || on_loopback, "{url}");
        if let Ok(url) = Url::parse(url) {
            assert!(url.username().is_empty() && url.password().is_none());
        }
    }
    assert!(!config.issuer.contains(['?', '#']));
    if let (Some(page), Ok(redirect)) = (page, Url::parse(&config.redirect_uri)) {
        assert_eq!(redirect.origin(), Url::parse(page).expect("a page").origin());
        assert!(redirect.fragment().is_none());
    }
    assert!((0..=300).contains(&config.leeway) && config.freshness >= 1 && config.timeout >= 1000);
    assert!(config.timeout <= 300_000 && config.min_validity <= 86_400_000);
    assert!(config.discovery != Discovery::Oidc || config.scope.contains("openid"));
    assert!(!config.algorithms.is_empty());
    for (name, _) in config.extra_params.iter().chain(&config.token_params) {
        assert!(!OURS.contains(&name.as_str()), "{name} is ours");
    }
}

fn call(config: &Config, metadata: &Metadata, login: &str, logout: &str) {
    let random = Randomness { state: [1; 32], nonce: [2; 32], verifier: [3; 32] };
    let args = Json::parse(login.as_bytes()).unwrap_or(Json::Null);
    let made = LoginOptions::from_args(&args, config)
        .and_then(|options| request(config, metadata, options, &random, None));
    match made {
        Ok(made) => {
            saw("request made");
            let verifier = made.transaction.verifier.expose();
            assert!(!made.url.contains(verifier) && !format!("{made:?}").contains(verifier));
            assert!(made.url.starts_with(&metadata.authorization_endpoint));
            check_place(config, made.transaction.return_to.as_deref());
            let url = Url::parse(&made.url);
            let Ok(url) = url else { return };
            // What the endpoint has in its own query is the server's business.
            let own = metadata.authorization_endpoint.contains('?');
            let all = |wanted: &str| -> Vec<String> {
                let pairs = url.query_pairs();
                pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
            };
            for (name, value) in [
                ("client_id", config.client_id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", &config.redirect_uri),
                ("code_challenge_method", "S256"),
                ("code_challenge", &made.transaction.verifier.challenge()),
                ("nonce", &made.transaction.nonce),
                ("state", &made.state),
            ] {
                assert!(own || all(name) == [value], "{name}: {:?}", all(name));
            }
            assert!(made.state.starts_with(STATE_PREFIX));
            assert_eq!(all("max_age").last().cloned(), made.transaction.max_age.map(|age| age.to_string()));
            for name in OURS {
                assert!(own || all(name).is_empty(), "{name} is ours");
            }
            for (name, _) in url.query_pairs() {
                assert!(own || name == "resource" || all(&name).len() == 1, "{name} stands twice");
            }
        }
        Err(error) => {
            saw("arguments refused");
            assert!(matches!(error.phase, Phase::Options), "{error:?}");
        }
    }
    let args = Json::parse(logout.as_bytes()).unwrap_or(Json::Null);
    if let (Ok(options), Some(endpoint)) =
        (LogoutOptions::from_args(&args, config), &metadata.end_session_endpoint)
    {
        let url = tokenward::protocol::logout::request(config, endpoint, None, &options, [4; 16]);
        assert!(url.starts_with(endpoint));
    }
}

/// Wherever the user is sent back to is on the page's origin.
fn check_place(config: &Config, place: Option<&str>) {
    let (Some(place), Some(origin)) = (place, &config.page_origin) else { return };
    let base = Url::parse(origin).expect("an origin");
    assert_eq!(base.join(place).expect("a place").origin(), base.origin(), "{place}");
    assert!(origin != ORIGIN || REDIRECT.starts_with(origin.as_str()));
}
