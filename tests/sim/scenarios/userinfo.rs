//! The userinfo endpoint.

use tokenward::error::Code;

use crate::properties::Outcome;

use super::{code_of, live_for, somebody, sound};

#[test]
fn d03_userinfo_tries_a_new_token_once() {
    let mut world = somebody(live_for(300), "");
    let (token, _) = world.checker.token.clone().expect("somebody is signed in");
    if let Some(access) = world.server.access.get_mut(&token) {
        access.issued = 0;
    }
    let op = world.userinfo();
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::Claims)));
    assert_eq!((world.server.userinfos, world.server.refreshes), (2, 1));
    world.server.refuses_userinfo = true;
    let op = world.userinfo();
    world.run_for(5_000);
    assert_eq!(code_of(&world, op), Code::UserinfoRefused);
    assert_eq!((world.server.userinfos, world.server.refreshes), (4, 2));
    sound(&world);
}

#[test]
fn userinfo_that_was_given_up_costs_no_refresh() {
    let mut world = somebody(live_for(300), "");
    world.server.refuses_userinfo = true;
    let op = world.userinfo();
    world.cancel(op);
    world.run_for(1_000);
    assert_eq!((world.server.userinfos, world.server.refreshes), (1, 0));
    sound(&world);
}

#[test]
fn d02_signed_userinfo_is_verified_with_the_issuers_keys() {
    let policy = || crate::server::Policy { signs_userinfo: true, ..live_for(300) };
    let mut world = somebody(policy(), "");
    let op = world.userinfo();
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::Claims)));
    // With a key that came meanwhile: fetched once, past the caches.
    world.server.rotate_keys(false);
    let keys = world.key_sends();
    let op = world.userinfo();
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::Claims)));
    assert_eq!(world.key_sends(), keys + 1);
    sound(&world);
    // With a key of nobody's.
    world.server.signs_with = Some(99);
    let op = world.userinfo();
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::UserinfoUnverified);
    assert!(world.is_live());
    sound(&world);
    // Keys that cannot be had are a matter of time.
    let mut world = somebody(policy(), "");
    world.server.rotate_keys(false);
    world.network.keys_down = true;
    let op = world.userinfo();
    world.run_for(30_000);
    assert_eq!(code_of(&world, op), Code::KeysUnavailable);
    sound(&world);
}

#[test]
fn signed_userinfo_of_a_session_that_is_over_is_dropped() {
    let mut world = somebody(crate::server::Policy { signs_userinfo: true, ..live_for(300) }, "");
    world.server.rotate_keys(false);
    super::slow(&mut world, tokenward::protocol::http::Purpose::Keys, 2_000);
    let op = world.userinfo();
    world.run_for(500);
    world.logout("{}");
    world.run_for(5_000);
    assert_eq!(code_of(&world, op), Code::LoginRequired);
    sound(&world);
}
