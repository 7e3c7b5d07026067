//! Any URL the page can have: what is cleaned holds nothing of a response any more, and what is accepted is
//! what an independent reader finds in it.

use std::sync::LazyLock;

use tokenward::error::Code;
use tokenward::protocol::authorize::STATE_PREFIX;
use tokenward::protocol::callback::{Arrival, recognise};
use tokenward::protocol::discovery::Metadata;
use url::form_urlencoded;

use crate::support::{CONFIG, ISSUER, METADATA, REDIRECT, check_error, check_secret, metadata, saw};

static STRICT: LazyLock<Metadata> =
    LazyLock::new(|| metadata(&CONFIG, r#","authorization_response_iss_parameter_supported":true"#));

/// What may not stand in the address after a response was cleaned.
const RESPONSE: &[&str] =
    &["code", "state", "iss", "error", "error_description", "error_uri", "session_state"];
const TOKENS: &[&str] = &["access_token", "id_token", "refresh_token"];

/// The whole input is the URL, or what follows the redirect URI.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    look_at(text);
    look_at(&format!("{REDIRECT}{text}"));
}

fn look_at(url: &str) {
    let at_home = url.split(['?', '#']).next() == Some(REDIRECT);
    let arrival = recognise(url, &CONFIG);
    let shown = format!("{arrival:?}");
    let clean = match &arrival {
        Arrival::NotOurs => {
            // What is left alone holds no token, short of other pages' queries.
            let (_, fragment) = url.split_once('#').unwrap_or((url, ""));
            let token =
                |pair: &str| pair.contains('=') && names(pair).iter().any(|name| name == "access_token");
            assert!(!fragment.split('&').any(token), "tokens are left in {url:?}");
            return;
        }
        Arrival::FromLogout { clean } | Arrival::Refused { clean, .. } | Arrival::Foreign { clean, .. } => {
            clean
        }
        Arrival::Response(response) => &response.clean,
    };

    // Nothing is invented, and nothing is moved to another place.
    let base = url.split(['?', '#']).next().unwrap_or_default();
    assert!(clean.starts_with(base), "{clean:?} is not where {url:?} is");
    let query = query_of(url);
    for pair in query_of(clean).split('&').filter(|pair| !pair.is_empty()) {
        assert!(query.split('&').any(|own| own == pair), "{pair:?} was not there");
    }
    // Nothing of the response is left, for whoever reads it and for a reload.
    if at_home && !matches!(arrival, Arrival::FromLogout { .. }) {
        for pair in query_of(clean).split('&') {
            for name in names(pair) {
                // The name of a token without one gives nothing away.
                let empty = TOKENS.contains(&name.as_str()) && !pair.contains('=');
                assert!(
                    empty || ![RESPONSE, TOKENS].concat().contains(&name.as_str()),
                    "{name} is left in {clean:?}"
                );
            }
        }
    }
    let again = recognise(clean, &CONFIG);
    assert!(matches!(again, Arrival::NotOurs | Arrival::FromLogout { .. }), "{clean:?} is still {again:?}");
    if let Arrival::FromLogout { clean } = &again {
        assert!(matches!(recognise(clean, &CONFIG), Arrival::NotOurs));
    }

    let params: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let all = |name: &str| -> Vec<&str> {
        params.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    };
    match &arrival {
        Arrival::Refused { error, .. } | Arrival::Foreign { error, .. } => {
            check_error(error, &["length", "fragment", "encoding", "state"]);
        }
        Arrival::Response(response) => {
            assert!(at_home && response.state.starts_with(STATE_PREFIX));
            assert_eq!(all("state"), [response.state.as_str()]);
            for code in all("code") {
                check_secret(code, &shown, &format!("{clean}{}{:?}", response.state, all("iss")));
            }
            judge(url, &all);
        }
        Arrival::FromLogout { .. } => saw("back from logout"),
        Arrival::NotOurs => {}
    }
}

/// A code comes out only if it is the one that stands there, alone, and the issuer is ours.
fn judge<'a>(url: &str, all: &dyn Fn(&str) -> Vec<&'a str>) {
    for (metadata, announced) in [(&METADATA, false), (&STRICT, true)] {
        let Arrival::Response(response) = recognise(url, &CONFIG) else { unreachable!("it was one") };
        match response.validate(&CONFIG, metadata) {
            Ok(code) => {
                saw("code accepted");
                assert_eq!(all("code"), [code.expose()]);
                assert!(all("error").iter().all(|error| error.is_empty()));
                match all("iss")[..] {
                    [] | [""] => assert!(!announced),
                    [iss] => assert_eq!(iss, ISSUER),
                    _ => panic!("more than one iss in {url:?}"),
                }
            }
            Err(error) => {
                check_error(&error, &[]);
                // The server's word is passed on only when the answer is the server's.
                if matches!(error.code, Code::AuthorizationRefused | Code::InteractionRequired) {
                    assert!(all("iss").iter().all(|iss| iss.is_empty() || *iss == ISSUER));
                    assert_eq!(all("error").len(), 1);
                }
            }
        }
    }
}

fn query_of(url: &str) -> &str {
    let (base, _) = url.split_once('#').unwrap_or((url, ""));
    base.split_once('?').map_or("", |(_, query)| query)
}

fn names(query: &str) -> Vec<String> {
    form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}
