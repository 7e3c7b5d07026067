//! Tokens for tokens, RFC 8693.

use tokenward::engine::input::OpId;
use tokenward::engine::output::Event;
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::network::Fate;
use crate::properties::Outcome;
use crate::server::response;
use crate::world::World;

use super::{code_of, live_for, log_in, lose_answer, nobody, prepare, slow, somebody, sound};

#[track_caller]
fn exchanged(world: &World, op: OpId) -> &str {
    match world.outcome(op) {
        Some(Outcome::Exchanged { token, .. }) => token,
        other => panic!("{other:?}\n{}", world.trace),
    }
}

#[test]
fn the_access_token_of_the_session_is_exchanged_and_stays() {
    let mut world = somebody(live_for(300), "");
    let before = world.checker.token.clone();
    let events = world.events.len();
    let op = world.exchange_token(r#"{"audience":"https://api.example.com","scope":"profile"}"#);
    world.run_for(1_000);
    assert!(exchanged(&world, op).starts_with("xt."));
    assert_eq!((world.checker.token.clone(), world.events.len()), (before, events));
    assert_eq!((world.server.token_exchanges, world.server.refreshes), (1, 0));
    sound(&world);
}

#[test]
fn an_old_access_token_is_renewed_first() {
    let mut world = somebody(live_for(300), r#""renewal":"on-demand""#);
    world.run_for(400_000);
    let op = world.exchange_token("{}");
    world.run_for(1_000);
    exchanged(&world, op);
    assert_eq!((world.server.token_exchanges, world.server.refreshes), (1, 1));
    sound(&world);
}

#[test]
fn nobody_signed_in_has_nothing_to_exchange_but_a_token_of_their_own() {
    let mut world = nobody(live_for(300), "");
    let op = world.exchange_token("{}");
    assert_eq!(code_of(&world, op), Code::LoginRequired);
    assert_eq!(world.server.token_exchanges, 0);
    // The server does not know it.
    let args = r#"{"subjectToken":"x","subjectTokenType":"urn:ietf:params:oauth:token-type:saml2"}"#;
    let op = world.exchange_token(args);
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    assert_eq!(world.server.token_exchanges, 1);
    sound(&world);
}

#[test]
fn a_refusal_ends_no_session_and_nothing_is_asked_again() {
    let mut world = somebody(live_for(300), "");
    for error in ["invalid_grant", "invalid_target", "invalid_request"] {
        let refused = response(400, "application/json", format!(r#"{{"error":"{error}"}}"#));
        prepare(&mut world, Purpose::Token, Fate::Intercepted { after: 10, response: refused });
        let op = world.exchange_token("{}");
        world.run_for(1_000);
        assert_eq!(code_of(&world, op), Code::TokenRefused, "{error}");
    }
    lose_answer(&mut world, Purpose::Token);
    let op = world.exchange_token("{}");
    world.run_for(30_000);
    assert_eq!(code_of(&world, op), Code::NetworkFailed);
    assert_eq!(world.server.token_exchanges, 1);
    assert!(world.is_live() && world.count(Event::SessionExpired) == 0);
    sound(&world);
}

#[test]
fn a_session_that_is_over_or_another_gets_nothing_of_it() {
    for another in [false, true] {
        let mut world = somebody(live_for(300), "");
        slow(&mut world, Purpose::Token, 2_000);
        let op = world.exchange_token("{}");
        world.run_for(100);
        if another {
            log_in(&mut world);
        } else {
            world.logout("{}");
        }
        world.run_for(5_000);
        assert_eq!(code_of(&world, op), Code::LoginRequired);
        assert!(world.server.revoked.iter().any(|token| token.starts_with("xt.")));
        assert_eq!(world.is_live(), another);
        sound(&world);
    }
}

#[test]
fn other_grants_cannot_be_smuggled_in() {
    let mut world = somebody(live_for(300), "");
    for args in [
        r#"{"extraParams":{"grant_type":"refresh_token"}}"#,
        r#"{"extraParams":{"refresh_token":"x"}}"#,
        r#"{"extraParams":{"code":"x"}}"#,
        r#"{"extraParams":{"code_verifier":"x"}}"#,
        r#"{"extraParams":{"device_code":"x"}}"#,
        r#"{"extraParams":{"client_id":"x"}}"#,
        r#"{"extraParams":{"client_secret":"x"}}"#,
        r#"{"extraParams":{"subject_token":"x"}}"#,
        r#"{"extraParams":{"requested_token_type":"urn:ietf:params:oauth:token-type:refresh_token"}}"#,
        r#"{"extraParams":{"resource":"https://api.example.com"}}"#,
        r#"{"requestedTokenType":"urn:ietf:params:oauth:token-type:refresh_token"}"#,
        r#"{"subjectTokenType":"urn:ietf:params:oauth:token-type:refresh_token"}"#,
        r#"{"actorToken":"x"}"#,
        r#"{"actorTokenType":"urn:ietf:params:oauth:token-type:jwt"}"#,
        r#"{"audience":[""]}"#,
        r#"{"resource":"/relative"}"#,
    ] {
        let op = world.exchange_token(args);
        assert_eq!(code_of(&world, op), Code::OptionInvalid, "{args}");
    }
    let op = world.exchange_token(r#"{"subjectToken":"x"}"#);
    assert_eq!(code_of(&world, op), Code::OptionMissing);
    world.run_for(1_000);
    assert_eq!(world.server.token_exchanges, 0);
    sound(&world);
}
