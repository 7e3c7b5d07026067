//! Limits of one exchange: time over headers and body, and octets.

use tokenward::encoding::json::Json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{create, deafness, flood, options, parse_js, restore, silence, text};

/// A client that must ask for metadata first.
fn discovering(extra: &str) -> super::support::Client {
    let with_discovery = options(extra).replace("\"discovery\":false,", "");
    create(&with_discovery).unwrap_or_else(|error| panic!("{error:?}"))
}

#[wasm_bindgen_test]
async fn e16_an_answer_that_never_comes_is_timed_out_and_aborted() {
    let state = silence();
    let client = discovering(r#","timeout":1"#);
    client.call(1, "login", "{}");
    let settled = client.settled(1).await;
    restore();
    assert_eq!(text(&settled, &["value", "code"]), "timed_out");
    assert_eq!(settled.member("value").unwrap().member("retryable"), Some(&Json::Bool(true)));
    assert_eq!(parse_js(&state).member("aborted"), Some(&Json::Bool(true)));
    client.core.dispose();
}

#[wasm_bindgen_test]
async fn e16_the_time_limit_does_not_count_on_the_body_to_hear_of_it() {
    let state = deafness();
    let client = discovering(r#","timeout":1"#);
    client.call(1, "login", "{}");
    let settled = client.settled(1).await;
    restore();
    assert_eq!(text(&settled, &["value", "code"]), "timed_out");
    assert_eq!(parse_js(&state).member("aborted"), Some(&Json::Bool(true)));
    client.core.dispose();
}

#[wasm_bindgen_test]
async fn e16_a_body_that_never_ends_is_cut() {
    let state = flood();
    let client = discovering("");
    client.call(1, "login", "{}");
    let settled = client.settled(1).await;
    restore();
    assert_eq!(text(&settled, &["value", "code"]), "response_too_large");
    let state = parse_js(&state);
    assert_eq!(state.member("aborted"), Some(&Json::Bool(true)));
    assert!(state.member("chunks").unwrap().as_f64().unwrap() < 20.0);
    client.core.dispose();
}

#[wasm_bindgen_test]
async fn who_cancels_stops_waiting_and_nothing_else() {
    silence();
    let client = discovering("");
    client.call(1, "login", "{}");
    assert!(client.is_open(1));
    client.core.cancel(1);
    restore();
    assert_eq!(text(&client.settled(1).await, &["value", "code"]), "aborted");
    client.core.dispose();
}

#[wasm_bindgen_test]
async fn an_unknown_call_is_refused() {
    let client = discovering("");
    client.call(1, "exportRefreshToken", "{}");
    assert_eq!(text(&client.settled(1).await, &["value", "code"]), "call_invalid");
    client.core.dispose();
}
