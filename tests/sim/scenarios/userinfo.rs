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
