//! Proofs of possession (RFC 9449), in situations that have a name.

use tokenward::engine::input::OpId;
use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;
use tokenward::time::Millis;

use crate::properties::{Outcome, Wish};
use crate::scenarios::{code_of, log_in, lose_answer, nobody, slow, somebody, sound};
use crate::server::{Policy, Rotation};
use crate::world::World;

const REQUIRED: &str = r#""dpop":"required","renewal":"on-demand""#;
const PREFERRED: &str = r#""dpop":"preferred","renewal":"on-demand""#;
const SEALED: &str = r#""persistence":"sealed","dpop":"required","renewal":"on-demand""#;
const SEALED_PREFERRED: &str = r#""persistence":"sealed","dpop":"preferred","renewal":"on-demand""#;
const API: &str = r#""origin":"https://api.example.com""#;

fn binding() -> Policy {
    Policy { binds: true, ..Policy::default() }
}

fn renew(world: &mut World) -> OpId {
    let op = world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
    world.run_for(1_000);
    op
}

fn bound(world: &World) -> Option<bool> {
    world.checker.snapshot.as_ref()?.bound
}

fn nonces(world: &World) -> Vec<Option<&str>> {
    world.server.proofs.iter().map(|proof| proof.nonce.as_deref()).collect()
}

fn demand(world: &mut World, nonce: &str) {
    world.server.nonces = [Some(nonce.to_owned()), Some(format!("{nonce}-resource"))];
}

#[test]
fn without_the_option_no_key_is_made_and_nothing_is_proven() {
    for (policy, options) in [(binding(), r#""timeout":20"#), (binding(), r#""dpop":"off""#)] {
        let mut world = somebody(policy, options);
        renew(&mut world);
        world.userinfo();
        world.run_for(1_000);
        assert!(world.keys.is_empty() && world.key_store.away.is_empty() && world.server.proofs.is_empty());
        assert_eq!(bound(&world), Some(false));
        sound(&world);
    }
}

#[test]
fn who_prefers_proofs_sends_none_to_a_server_that_announces_none() {
    let mut world = somebody(Policy::default(), PREFERRED);
    renew(&mut world);
    assert!(world.keys.is_empty() && world.server.proofs.is_empty());
    sound(&world);
}

#[test]
fn one_key_for_the_code_and_for_the_life_of_the_refresh_token() {
    for options in [PREFERRED, REQUIRED] {
        let mut world = nobody(binding(), options);
        world.login("{}");
        world.run_for(500);
        assert!(world.visits[0].ends_with("&dpop_jkt=key.1"), "{:?}", world.visits);
        let url = world.user_logs_in();
        // The page was left: what its memory held is gone.
        world.reload();
        world.come_back(&url);
        world.run_for(500);
        assert_eq!(bound(&world), Some(true), "{}", world.trace);
        assert!(world.key_store.away.is_empty(), "the key waits no longer");
        for _ in 0..3 {
            renew(&mut world);
        }
        world.userinfo();
        world.run_for(500);
        assert_eq!(world.server.proofs.len(), 5);
        assert!(world.server.proofs.iter().all(|proof| proof.key == "key.1"));
        // Another login has another key.
        log_in(&mut world);
        renew(&mut world);
        assert_eq!(world.server.proofs.last().unwrap().key, "key.2");
        sound(&world);
    }
}

#[test]
fn i01_a_nonce_is_learned_once_and_used_until_it_is_replaced() {
    let mut world = nobody(binding(), REQUIRED);
    demand(&mut world, "a");
    log_in(&mut world);
    assert_eq!(nonces(&world), [None, Some("a")]);
    assert_eq!((world.server.exchanges, world.status()), (1, Some(Status::SignedIn)));
    renew(&mut world);
    assert_eq!(nonces(&world)[2..], [Some("a")]);
    // A new one on the way: the old one is refused once, the same refresh token goes again.
    demand(&mut world, "b");
    renew(&mut world);
    renew(&mut world);
    assert_eq!(nonces(&world)[3..], [Some("a"), Some("b"), Some("b")]);
    assert_eq!((world.server.refreshes, world.count(Event::RenewalFailed)), (3, 0));
    sound(&world);
}

#[test]
fn i01_authorization_server_and_resource_server_have_nonces_of_their_own() {
    let mut world = somebody(binding(), REQUIRED);
    demand(&mut world, "a");
    for _ in 0..2 {
        let op = world.userinfo();
        world.run_for(500);
        assert!(matches!(world.outcome(op), Some(Outcome::Claims)), "{}", world.trace);
    }
    renew(&mut world);
    // The exchange of the code came before there were nonces.
    let expected = [None, None, Some("a-resource"), Some("a-resource"), None, Some("a")];
    assert_eq!(nonces(&world), expected);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn i02_a_server_that_is_never_content_is_asked_three_times() {
    let mut world = nobody(binding(), REQUIRED);
    world.server.never_content = true;
    let op = log_in(&mut world);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    assert_eq!((world.server.proofs.len(), world.server.exchanges), (3, 0));
    world.server.never_content = false;
    log_in(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn));
    // A refresh: the same, and the session goes on.
    world.server.never_content = true;
    let before = world.server.proofs.len();
    let op = renew(&mut world);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    assert_eq!((world.server.proofs.len() - before, world.server.refreshes), (3, 0));
    world.server.never_content = false;
    world.run_for(5_000);
    let op = renew(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{}", world.trace);
    sound(&world);
}

#[test]
fn i03_a_nonce_that_cannot_be_read_is_said_and_not_guessed() {
    let mut world = somebody(binding(), REQUIRED);
    demand(&mut world, "a");
    world.server.hides_nonce = true;
    let before = world.server.proofs.len();
    let op = renew(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopNonceMissing);
    assert!(Code::DpopNonceMissing.hint().contains("Access-Control-Expose-Headers"));
    let op = world.userinfo();
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::DpopNonceMissing);
    assert_eq!(world.server.proofs.len() - before, 2);
    assert_eq!(world.status(), Some(Status::SignedIn), "the session waits for better times");
    sound(&world);
}

#[test]
fn i04_a_bearer_token_where_a_bound_one_was_expected() {
    let mut world = nobody(binding(), REQUIRED);
    world.server.downgrades = true;
    let op = log_in(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopDowngraded);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);

    let mut world = nobody(binding(), PREFERRED);
    world.server.downgrades = true;
    log_in(&mut world);
    assert_eq!((world.status(), bound(&world)), (Some(Status::SignedIn), Some(false)));
    // The refresh token is bound all the same; the access token is shown without a proof.
    renew(&mut world);
    world.userinfo();
    world.run_for(500);
    assert_eq!(world.server.proofs.len(), 2);
    sound(&world);
}

#[test]
fn i04_a_refresh_that_downgrades_ends_the_session_or_is_reported() {
    let mut world = somebody(binding(), REQUIRED);
    world.server.downgrades = true;
    let op = renew(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopDowngraded);
    assert_eq!(world.status(), Some(Status::Expired));
    sound(&world);

    let mut world = somebody(binding(), PREFERRED);
    assert_eq!(bound(&world), Some(true));
    world.server.downgrades = true;
    renew(&mut world);
    assert_eq!((world.status(), bound(&world)), (Some(Status::SignedIn), Some(false)));
    sound(&world);
}

#[test]
fn i07_no_refresh_with_another_key() {
    let mut world = somebody(binding(), REQUIRED);
    world.key_store.loses = true;
    world.keys.clear();
    let op = renew(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopKeyLost);
    assert_eq!((world.status(), world.server.refreshes), (Some(Status::Expired), 0));
    sound(&world);
}

#[test]
fn i07_a_code_whose_key_is_lost_is_not_redeemed() {
    let mut world = nobody(binding(), REQUIRED);
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.key_store.away.clear();
    let op = world.come_back(&url);
    world.run_for(500);
    assert_eq!((code_of(&world, op), world.server.exchanges), (Code::DpopKeyLost, 0));
    sound(&world);
}

#[test]
fn i07_a_browser_that_stores_no_keys_binds_the_tokens_only() {
    let mut world = nobody(binding(), REQUIRED);
    world.key_store.stores_none = true;
    world.login("{}");
    world.run_for(500);
    assert!(!world.visits[0].contains("dpop_jkt"));
    let url = world.user_logs_in();
    world.reload();
    world.come_back(&url);
    world.run_for(500);
    assert_eq!((world.status(), bound(&world)), (Some(Status::SignedIn), Some(true)));
    sound(&world);
}

#[test]
fn i07_a_browser_that_makes_no_keys() {
    let mut world = nobody(binding(), REQUIRED);
    world.key_store.makes_none = true;
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::DpopUnsupported);
    assert!(world.visits.is_empty(), "before the page is left");
    sound(&world);

    let mut world = nobody(binding(), PREFERRED);
    world.key_store.makes_none = true;
    log_in(&mut world);
    assert_eq!(bound(&world), Some(false), "{}", world.trace);
    sound(&world);
}

#[test]
fn the_server_says_by_which_algorithm_and_the_browser_whether_it_has_it() {
    let announces = |names: &str, dpop: &str| -> &'static str {
        let metadata = format!(r#""metadata":{{"dpop_signing_alg_values_supported":[{names}]}}"#);
        format!(r#""dpop":"{dpop}",{metadata},"renewal":"on-demand""#).leak()
    };
    for (names, algorithm) in [
        (r#""EdDSA","Ed25519","ES256""#, "ES256"),
        (r#""EdDSA","Ed25519","RS256""#, "Ed25519"),
        (r#""PS256","EdDSA""#, "EdDSA"),
    ] {
        let mut world = somebody(binding(), announces(names, "required"));
        renew(&mut world);
        assert_eq!((bound(&world), &world.key_store.algorithms[..]), (Some(true), &[algorithm][..]));
        sound(&world);
    }
    let only = r#""EdDSA","Ed25519""#;
    let mut world = nobody(binding(), announces(only, "required"));
    world.key_store.makes_only = Some("ES256");
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::DpopUnsupported);
    sound(&world);
    let mut world = nobody(binding(), announces(only, "preferred"));
    world.key_store.makes_only = Some("ES256");
    log_in(&mut world);
    assert_eq!(bound(&world), Some(false), "{}", world.trace);
    sound(&world);
}

#[test]
fn i07_a_sealed_session_keeps_its_key_for_every_tab_and_as_long_as_it_lasts() {
    let mut world = somebody(binding(), SEALED);
    assert_eq!(world.key_store.kept, ["key.1"]);
    world.open();
    world.restore_session();
    world.run_for(100);
    assert_eq!(bound(&world), Some(true), "{}", world.trace);
    assert!(world.keys.is_empty());
    renew(&mut world);
    assert_eq!((world.server.refreshes, world.keys.clone()), (1, vec!["key.1".to_owned()]));
    world.reload();
    world.restore_session();
    world.run_for(100);
    log_in(&mut world);
    assert_eq!(world.key_store.kept, ["key.2"], "that of the session it replaced is dropped");
    world.logout("{}");
    world.run_for(3_000);
    assert!(world.key_store.kept.is_empty() && world.keys.is_empty());
    sound(&world);
}

#[test]
fn i07_a_key_that_cannot_be_kept_makes_the_session_one_of_memory() {
    for options in [SEALED, SEALED_PREFERRED] {
        let mut world = nobody(binding(), options);
        world.key_store.stores_none = true;
        log_in(&mut world);
        assert_eq!((world.status(), bound(&world)), (Some(Status::SignedIn), Some(true)), "{}", world.trace);
        assert!(!world.is_sealed() && world.keeper.stored.is_none() && world.key_store.kept.is_empty());
        let op = renew(&mut world);
        assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{}", world.trace);
        sound(&world);
    }
}

#[test]
fn i07_a_sealed_session_whose_key_is_evicted_asks_for_a_login() {
    let mut world = somebody(binding(), SEALED);
    world.reload();
    world.key_store.loses = true;
    world.key_store.kept.clear();
    world.restore_session();
    world.run_for(100);
    let op = renew(&mut world);
    sound(&world);
    assert_eq!(code_of(&world, op), Code::DpopKeyLost);
    assert_eq!((world.status(), world.server.refreshes), (Some(Status::Expired), 0));
    assert!(world.keeper.stored.is_none(), "nobody finds it again");
    sound(&world);
}

#[test]
fn a_logout_while_the_key_is_being_kept_leaves_nothing() {
    let mut world = nobody(binding(), SEALED);
    world.keeper.slowest = 40;
    world.login("{}");
    world.run_for(1_000);
    let url = world.user_logs_in();
    let op = world.come_back(&url);
    let signed_in = world.run_while(5_000, |world| world.status() != Some(Status::SignedIn));
    assert!(signed_in && world.outcome(op).is_none(), "{}", world.trace);
    world.logout("{}");
    world.run_for(5_000);
    assert_eq!(code_of(&world, op), Code::Aborted);
    assert!(world.key_store.kept.is_empty() && world.keeper.stored.is_none(), "{}", world.trace);
    sound(&world);
}

/// The record still names the key of the session before: another tab lives by it.
#[test]
fn a_client_that_is_disposed_while_its_key_is_being_kept_drops_no_other() {
    let mut world = somebody(binding(), SEALED);
    world.open();
    world.restore_session();
    world.run_for(1_000);
    world.keeper.slowest = 40;
    world.login("{}");
    world.run_for(1_000);
    let url = world.user_logs_in();
    world.come_back(&url);
    assert!(world.run_while(5_000, |world| world.count(Event::SignedIn) < 2), "{}", world.trace);
    world.dispose();
    world.run_for(1_000);
    assert!(world.key_store.kept.contains(&"key.1".to_owned()));
    world.current = 0;
    let op = renew(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{}", world.trace);
    sound(&world);
}

#[test]
fn nothing_is_sent_again_after_a_logout() {
    let mut world = somebody(Policy { rotation: Rotation::Always, ..binding() }, REQUIRED);
    demand(&mut world, "a");
    world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
    world.logout("{}");
    world.run_for(2_000);
    assert_eq!(world.server.refreshes, 0);
    sound(&world);
}

/// A userinfo request is refused for its nonce while the device sleeps; by then the session is over.
#[test]
fn nothing_is_sent_again_for_a_session_that_is_over() {
    let mut world = somebody(Policy { refresh_tokens: false, ..binding() }, REQUIRED);
    demand(&mut world, "a");
    world.breaks_in_sleep = 0;
    world.userinfo();
    world.sleep(3_600_000, false);
    world.resume();
    world.run_for(5_000);
    assert_eq!((world.status(), world.server.userinfos), (Some(Status::Expired), 0));
    assert_eq!(world.server.proofs.len(), 2);
    sound(&world);
}

#[test]
fn a_login_that_requires_proofs_of_a_server_without_a_known_algorithm_is_refused() {
    let options = r#""dpop":"required","metadata":{"dpop_signing_alg_values_supported":["PS256"]}"#;
    let mut world = nobody(binding(), options);
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::DpopUnsupported);
    sound(&world);
}

#[test]
fn a_key_is_dropped_with_what_it_was_made_for() {
    let mut world = somebody(binding(), REQUIRED);
    // A check asks with a key of its own.
    for _ in 0..3 {
        world.login(r#"{"via":"check","prompt":"none"}"#);
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&url);
        world.run_for(1_000);
        assert!(matches!(world.outcome(op), Some(Outcome::Done)), "{}", world.trace);
    }
    assert_eq!((world.keys.clone(), world.server.exchanges), (vec!["key.1".to_owned()], 4));
    // So does a login that fails.
    world.server.signs_with = Some(250);
    let op = log_in(&mut world);
    assert_eq!(code_of(&world, op), Code::IdTokenKey);
    world.server.downgrades = true;
    let op = log_in(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopDowngraded);
    lose_answer(&mut world, Purpose::Token);
    let op = log_in(&mut world);
    assert_eq!(code_of(&world, op), Code::NetworkFailed);
    assert_eq!(world.keys, ["key.1"]);
    world.server.signs_with = None;
    world.server.downgrades = false;
    // And a device login that is given up, denied, or comes to no code.
    let op = world.login_with_device("{}");
    world.run_for(6_000);
    world.cancel(op);
    world.login_with_device("{}");
    world.run_for(500);
    assert!(world.server.user_decides(false, world.clock.truth));
    world.run_for(6_000);
    world.server.devices.instead = Some("{}".to_owned());
    world.login_with_device("{}");
    world.run_for(1_000);
    assert_eq!(world.keys, ["key.1"], "{}", world.trace);
    log_in(&mut world);
    assert_eq!(world.keys.len(), 1);
    renew(&mut world);
    world.logout(r#"{"local":true}"#);
    world.run_for(1_000);
    assert!(world.keys.is_empty());
    sound(&world);
}

// A login by another device.

/// A code is shown; the user enters it, or not.
fn show_code(policy: Policy, options: &'static str) -> (World, OpId) {
    let mut world = nobody(policy, options);
    let op = world.login_with_device("{}");
    world.run_for(500);
    (world, op)
}

fn enter_code(world: &mut World) {
    assert!(world.server.user_decides(true, world.clock.truth));
    world.run_for(6_000);
}

#[test]
fn a_device_login_makes_the_key_of_its_session() {
    for options in [REQUIRED, PREFERRED, SEALED] {
        let (mut world, op) = show_code(binding(), options);
        world.run_for(6_000);
        enter_code(&mut world);
        assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })), "{}", world.trace);
        assert_eq!(bound(&world), Some(true));
        renew(&mut world);
        world.userinfo();
        world.run_for(500);
        let exchanges = world.server.devices.polls.len() + 2;
        assert_eq!((world.server.proofs.len(), world.keys.clone()), (exchanges, vec!["key.1".to_owned()]));
        assert!(world.server.proofs.iter().all(|proof| proof.key == "key.1"));
        assert_eq!(world.key_store.kept.len(), usize::from(options == SEALED));
        sound(&world);
    }
}

#[test]
fn a_device_login_proves_nothing_where_nothing_is_read() {
    for (policy, options) in [(Policy::default(), PREFERRED), (binding(), r#""dpop":"off""#)] {
        let (mut world, op) = show_code(policy, options);
        enter_code(&mut world);
        assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })), "{}", world.trace);
        assert!(bound(&world) == Some(false) && world.keys.is_empty() && world.server.proofs.is_empty());
        sound(&world);
    }
}

#[test]
fn a_device_login_without_a_key_shows_no_code_or_goes_without_proofs() {
    let unread = r#""dpop":"required","metadata":{"dpop_signing_alg_values_supported":["RS256"]}"#;
    let (world, op) = show_code(binding(), unread);
    assert_eq!(code_of(&world, op), Code::DpopUnsupported);
    assert!(world.codes.is_empty() && world.status() == Some(Status::SignedOut));
    sound(&world);
    for (options, result) in [(REQUIRED, None), (PREFERRED, Some(false))] {
        let mut world = nobody(binding(), options);
        world.key_store.makes_none = true;
        let op = world.login_with_device("{}");
        world.run_for(500);
        if result.is_none() {
            assert_eq!(code_of(&world, op), Code::DpopUnsupported);
            assert!(world.codes.is_empty());
        } else {
            enter_code(&mut world);
        }
        assert_eq!(bound(&world), result, "{}", world.trace);
        sound(&world);
    }
}

#[test]
fn i01_a_question_for_tokens_gets_the_nonce_it_wants() {
    let (mut world, op) = show_code(binding(), REQUIRED);
    demand(&mut world, "a");
    world.run_for(12_000);
    // What is refused for its nonce is no question: the interval is kept to.
    assert_eq!(nonces(&world), [None, Some("a"), Some("a")]);
    assert_eq!(world.server.devices.polls.len(), 2);
    demand(&mut world, "b");
    enter_code(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })), "{}", world.trace);
    assert_eq!(nonces(&world)[3..], [Some("a"), Some("b")]);
    renew(&mut world);
    assert_eq!(nonces(&world)[5..], [Some("b")]);
    sound(&world);
}

#[test]
fn i02_i03_a_question_that_cannot_be_proven_ends_the_device_login() {
    let (mut world, op) = show_code(binding(), REQUIRED);
    world.server.never_content = true;
    world.run_for(20_000);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    assert_eq!((world.server.proofs.len(), world.server.devices.polls.len()), (3, 0));
    sound(&world);

    let (mut world, op) = show_code(binding(), REQUIRED);
    demand(&mut world, "a");
    world.server.hides_nonce = true;
    world.run_for(20_000);
    assert_eq!(code_of(&world, op), Code::DpopNonceMissing);
    assert_eq!(world.server.proofs.len(), 1);
    sound(&world);
}

#[test]
fn i04_a_device_login_that_gets_a_bearer_token() {
    for (options, result) in [(REQUIRED, None), (PREFERRED, Some(false))] {
        let (mut world, op) = show_code(binding(), options);
        world.server.downgrades = true;
        enter_code(&mut world);
        assert_eq!(bound(&world), result, "{}", world.trace);
        if result.is_none() {
            assert_eq!(code_of(&world, op), Code::DpopDowngraded);
        }
        sound(&world);
    }
}

#[test]
fn i07_a_device_login_whose_key_is_lost_ends() {
    let (mut world, op) = show_code(binding(), REQUIRED);
    world.key_store.loses = true;
    world.keys.clear();
    enter_code(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopKeyLost);
    assert!(world.server.devices.polls.is_empty() && world.status() == Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_device_login_is_given_up_or_overtaken_while_its_key_is_made() {
    for disposes in [false, true] {
        let mut world = nobody(binding(), REQUIRED);
        world.keeper.slowest = 2_000;
        let op = world.login_with_device("{}");
        world.run_for(200);
        assert!(world.outcome(op).is_none(), "{}", world.trace);
        if disposes {
            world.logout(r#"{"local":true}"#);
        } else {
            world.cancel(op);
        }
        world.run_for(10_000);
        assert_eq!(code_of(&world, op), Code::Aborted);
        assert!(world.codes.is_empty() && world.status() == Some(Status::SignedOut));
        sound(&world);
    }
}

// Tokens for tokens.

#[track_caller]
fn exchanged(world: &World, op: OpId) -> (String, &'static str) {
    match world.outcome(op) {
        Some(Outcome::Exchanged { token, token_type }) => (token.clone(), *token_type),
        other => panic!("{other:?}\n{}", world.trace),
    }
}

fn exchange(world: &mut World) -> OpId {
    let op = world.exchange_token(r#"{"audience":"https://partner.example.com"}"#);
    world.run_for(1_000);
    op
}

const OWN: &str = r#"{"subjectToken":"x","subjectTokenType":"urn:ietf:params:oauth:token-type:saml2"}"#;

#[test]
fn an_exchange_is_proven_by_the_key_of_the_session() {
    for options in [REQUIRED, PREFERRED] {
        let mut world = somebody(binding(), options);
        let op = exchange(&mut world);
        let (token, kind) = exchanged(&world, op);
        assert_eq!(kind, "DPoP");
        assert_eq!(world.server.access[&token].key.as_deref(), Some("key.1"));
        assert!(world.server.proofs.iter().all(|proof| proof.key == "key.1"));
        // So is that of a token that the app has from elsewhere.
        let op = world.exchange_token(OWN);
        world.run_for(1_000);
        assert_eq!(code_of(&world, op), Code::TokenRefused);
        assert_eq!((world.server.proofs.len(), world.server.token_exchanges), (3, 2));
        sound(&world);
    }
    let mut world = somebody(Policy::default(), PREFERRED);
    let op = exchange(&mut world);
    assert_eq!(exchanged(&world, op).1, "Bearer");
    assert!(world.server.proofs.is_empty());
    sound(&world);
}

#[test]
fn an_exchanged_token_is_proven_by_the_key_that_it_is_bound_to() {
    let mut world = somebody(binding(), PREFERRED);
    let op = exchange(&mut world);
    let (token, _) = exchanged(&world, op);
    let args = format!(r#"{{{API},"nonce":"n1","token":"{token}"}}"#);
    let op = world.proof(&args);
    match world.outcome(op) {
        Some(Outcome::Proof { token: given, key, nonce, .. }) => {
            assert_eq!((given, key.as_deref(), nonce.as_deref()), (&token, Some("key.1"), Some("n1")));
        }
        other => panic!("{other:?}"),
    }
    let op = world.proof(&format!(r#"{{{API},"token":"a b"}}"#));
    assert_eq!(code_of(&world, op), Code::OptionInvalid);
    world.logout(r#"{"local":true}"#);
    world.run_for(1_000);
    let op = world.proof(&args);
    assert_eq!(code_of(&world, op), Code::LoginRequired, "the key is gone");
    sound(&world);
}

#[test]
fn i01_an_exchange_gets_the_nonce_it_wants() {
    let mut world = somebody(binding(), REQUIRED);
    demand(&mut world, "a");
    let op = exchange(&mut world);
    assert_eq!(exchanged(&world, op).1, "DPoP");
    assert_eq!((nonces(&world), world.server.token_exchanges), (vec![None, None, Some("a")], 1));
    sound(&world);
}

#[test]
fn i04_an_exchange_that_gets_a_bearer_token() {
    let mut world = somebody(binding(), REQUIRED);
    world.server.downgrades = true;
    let op = exchange(&mut world);
    assert_eq!(code_of(&world, op), Code::DpopDowngraded);
    assert_eq!(world.status(), Some(Status::SignedIn), "the session is not touched by it");
    sound(&world);
    let mut world = somebody(binding(), PREFERRED);
    world.server.downgrades = true;
    let op = exchange(&mut world);
    assert_eq!(exchanged(&world, op).1, "Bearer");
    sound(&world);
}

#[test]
fn where_tokens_must_be_bound_nobody_exchanges_without_a_session() {
    let mut world = nobody(binding(), REQUIRED);
    let op = world.exchange_token(OWN);
    world.run_for(1_000);
    assert_eq!((code_of(&world, op), world.server.token_exchanges), (Code::LoginRequired, 0));
    sound(&world);
    // One that prefers them asks without.
    let mut world = nobody(binding(), PREFERRED);
    let op = world.exchange_token(OWN);
    world.run_for(1_000);
    assert_eq!((code_of(&world, op), world.server.token_exchanges), (Code::TokenRefused, 1));
    sound(&world);
}

#[test]
fn an_exchange_is_not_sent_again_for_a_session_that_is_over() {
    for another in [false, true] {
        let mut world = somebody(binding(), REQUIRED);
        demand(&mut world, "a");
        slow(&mut world, Purpose::Token, 2_000);
        let op = world.exchange_token(OWN);
        world.run_for(100);
        if another {
            log_in(&mut world);
        } else {
            world.logout(r#"{"local":true}"#);
        }
        world.run_for(5_000);
        assert_eq!((code_of(&world, op), world.server.token_exchanges), (Code::LoginRequired, 0));
        sound(&world);
    }
}

#[test]
fn i07_an_exchange_whose_key_is_lost_is_not_sent() {
    let mut world = somebody(binding(), REQUIRED);
    world.key_store.loses = true;
    world.keys.clear();
    let op = exchange(&mut world);
    assert_eq!((code_of(&world, op), world.server.token_exchanges), (Code::DpopKeyLost, 0));
    sound(&world);
}

// Requests of the app.

/// What a request is sent with: its token, and nonce and number of tries of its proof.
#[track_caller]
fn sent(world: &World, op: OpId) -> (String, u32, Option<String>, i32, bool) {
    match world.outcome(op) {
        Some(Outcome::Proof { token, serial, nonce, tries, renewed, .. }) => {
            (token.clone(), *serial, nonce.clone(), *tries, *renewed)
        }
        other => panic!("no proof, but {other:?}\n{}", world.trace),
    }
}

fn ask(world: &mut World, answer: &str) -> OpId {
    let op = world.proof(&format!("{{{API}{answer}}}"));
    world.run_for(1_000);
    op
}

fn again(op: &(String, u32, Option<String>, i32, bool)) -> String {
    let nonce = op.2.as_ref().map_or("null".to_owned(), |nonce| format!("\"{nonce}\""));
    format!(r#""sent":{{"serial":{},"nonce":{nonce},"tries":{},"renewed":{}}}"#, op.1, op.3, op.4)
}

const DEMANDS: &str = r#""status":401,"challenge":"Bearer, dpop ERROR=\"use_dpop_nonce\"""#;

#[test]
fn i01_an_api_gets_the_nonce_it_wants() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    assert_eq!((first.2.clone(), first.3), (None, 0));
    let op = ask(&mut world, &format!(r#",{},{DEMANDS},"nonce":"n1""#, again(&first)));
    let second = sent(&world, op);
    assert_eq!((second.0.clone(), second.2.as_deref(), second.3), (first.0.clone(), Some("n1"), 1));
    // A nonce on a good answer is the next one; this answer is the result.
    let op = ask(&mut world, &format!(r#",{},"status":200,"nonce":"n2""#, again(&second)));
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    let op = ask(&mut world, "");
    assert_eq!(sent(&world, op).2.as_deref(), Some("n2"));
    // Each origin has its own.
    let op = world.proof(r#"{"origin":"https://other.example.com"}"#);
    world.run_for(100);
    assert_eq!(sent(&world, op).2, None);
    assert_eq!(world.server.refreshes, 0);
    sound(&world);
}

#[test]
fn i02_an_api_that_is_never_content() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let mut last = sent(&world, op);
    for nonce in ["n1", "n2"] {
        let op = ask(&mut world, &format!(r#",{},{DEMANDS},"nonce":"{nonce}""#, again(&last)));
        last = sent(&world, op);
    }
    for nonce in ["n2", "n3"] {
        let op = ask(&mut world, &format!(r#",{},{DEMANDS},"nonce":"{nonce}""#, again(&last)));
        assert!(matches!(world.outcome(op), Some(Outcome::Done)), "{nonce}");
    }
    assert_eq!(world.server.refreshes, 0);
    sound(&world);
}

#[test]
fn i03_an_api_whose_nonce_cannot_be_read() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    for nonce in ["", r#","nonce":null"#, r#","nonce":"a, b""#, r#","nonce":"a\\b""#, r#","nonce":"""#] {
        let op = ask(&mut world, &format!(",{},{DEMANDS}{nonce}", again(&first)));
        assert_eq!(code_of(&world, op), Code::DpopNonceMissing, "{nonce}");
    }
    sound(&world);
}

#[test]
fn i06_a_refused_token_is_worth_one_new_one_and_a_proof_for_it() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    let refused = r#""status":401,"challenge":"DPoP error=\"invalid_token\"""#;
    let op = ask(&mut world, &format!(",{},{refused}", again(&first)));
    let second = sent(&world, op);
    assert!(second.4 && second.0 != first.0 && second.1 != first.1);
    let op = ask(&mut world, &format!(",{},{refused}", again(&second)));
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn i07_an_invalid_proof_is_made_anew_once() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    let refused = r#""status":401,"challenge":"DPoP error=invalid_dpop_proof""#;
    let op = ask(&mut world, &format!(",{},{refused}", again(&first)));
    let second = sent(&world, op);
    assert_eq!((second.0.clone(), second.3), (first.0, 1));
    let op = ask(&mut world, &format!(",{},{refused}", again(&second)));
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    assert_eq!(world.server.refreshes, 0);
    sound(&world);
}

#[test]
fn a_body_that_cannot_be_sent_again_still_teaches_the_nonce() {
    let mut world = somebody(binding(), REQUIRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    let op = ask(&mut world, &format!(r#",{},{DEMANDS},"nonce":"n1","last":true"#, again(&first)));
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    let op = ask(&mut world, "");
    assert_eq!(sent(&world, op).2.as_deref(), Some("n1"));
}

#[test]
fn nonces_of_many_servers_are_capped() {
    let mut world = somebody(binding(), REQUIRED);
    for server in 0..40 {
        world.proof(&format!(r#"{{"origin":"https://{server}.example.com","nonce":"n{server}"}}"#));
    }
    let mut remembered = |server: u64| {
        let op = world.proof(&format!(r#"{{"origin":"https://{server}.example.com"}}"#));
        sent(&world, op).2
    };
    assert_eq!(remembered(39).as_deref(), Some("n39"));
    assert_eq!(remembered(8).as_deref(), Some("n8"));
    assert_eq!(remembered(7), None);
}

#[test]
fn i08_a_bearer_challenge_alone_is_no_reason_to_show_the_token_without_its_proof() {
    let mut world = somebody(binding(), PREFERRED);
    let op = ask(&mut world, "");
    let first = sent(&world, op);
    let op = ask(&mut world, &format!(r#",{},"status":401,"challenge":"Bearer""#, again(&first)));
    match world.outcome(op) {
        Some(Outcome::Proof { key, .. }) => assert_eq!(key.as_deref(), Some("key.1")),
        other => panic!("{other:?}"),
    }
    sound(&world);
}

/// An hour of a session whose server replaces its nonce every few minutes.
#[test]
fn an_hour_with_changing_nonces() {
    const MINUTE: Millis = 60_000;
    let mut world = somebody(binding(), r#""dpop":"required""#);
    for minute in 0..60 {
        if minute % 7 == 0 {
            demand(&mut world, &format!("n{minute}"));
        }
        world.run_for(MINUTE);
    }
    assert!(world.is_live(), "{}", world.trace);
    assert_eq!(world.count(Event::RenewalFailed), 0);
    assert!(world.server.refreshes >= 12, "{}", world.server.refreshes);
    sound(&world);
}
