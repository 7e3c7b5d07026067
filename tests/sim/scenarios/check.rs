//! Whether the user is signed in at the server still, asked without a page.

use tokenward::engine::input::OpId;
use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;

use crate::properties::Outcome;
use crate::world::World;

use super::{code_of, fresh, live_for, nobody, refused_with, slow, somebody, sound};
use tokenward::protocol::http::Purpose;

/// Both ways of keeping a session.
const KEPT: [&str; 2] = ["", r#""persistence":"sealed""#];

fn begin(world: &mut World) -> String {
    world.login(r#"{"via":"check","prompt":"none"}"#);
    world.run_for(500);
    world.user_logs_in()
}

fn check(world: &mut World) -> OpId {
    let url = begin(world);
    let op = world.come_back(&url);
    world.run_for(2_000);
    op
}

fn check_refused(world: &mut World, error: &str) -> OpId {
    let url = begin(world);
    let op = world.come_back(&refused_with(&url, error));
    world.run_for(2_000);
    op
}

#[track_caller]
fn settled_well(world: &World, op: OpId) {
    assert!(matches!(world.outcome(op), Some(Outcome::Done)), "{:?}\n{}", world.outcome(op), world.trace);
}

#[test]
fn k06_the_same_user_changes_nothing() {
    for options in KEPT {
        let mut world = somebody(live_for(300), options);
        let (before, stored) = (world.checker.token.clone(), world.keeper.stored.clone());
        world.statuses.clear();
        for _ in 0..3 {
            let op = check(&mut world);
            settled_well(&world, op);
        }
        assert_eq!(world.checker.token, before);
        assert_eq!(world.keeper.stored, stored, "nothing is written");
        assert_eq!(world.events.len(), 1, "the login is the only event");
        assert!(world.statuses.iter().all(|status| *status == Status::SignedIn), "{:?}", world.statuses);
        // What came with the answer is given back.
        assert_eq!(world.server.revoked.len(), 3);
        assert!(world.server.grants[1..].iter().all(|grant| grant.scope == "openid"));
        world.run_for(290_000);
        assert_eq!(world.server.refreshes, 1, "its own grant goes on");
        sound(&world);
    }
}

#[test]
fn k06_login_required_is_believed_of_a_server_that_knew_the_user() {
    for options in KEPT {
        let mut world = somebody(live_for(300), options);
        let op = check(&mut world);
        settled_well(&world, op);
        world.server.revoked.clear();
        let op = check_refused(&mut world, "login_required");
        settled_well(&world, op);
        sound(&world);
        assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::SessionEnded))));
        assert_eq!((world.status(), world.count(Event::SessionExpired)), (Some(Status::Expired), 1));
        let words = world.checker.snapshot.as_ref().and_then(|s| s.last_error.clone());
        assert_eq!(words.and_then(|error| error.oauth_error.clone()).as_deref(), Some("login_required"));
        assert_eq!(world.keeper.stored, None);
        assert_eq!(world.server.revoked.len(), 1, "the refresh token was alive");
        // There is nothing to check any more.
        let op = world.login(r#"{"via":"check"}"#);
        world.run_for(500);
        assert_eq!(code_of(&world, op), Code::LoginRequired);
        sound(&world);
    }
}

#[test]
fn k06_login_required_of_a_server_that_gets_no_cookies_ends_nothing() {
    for options in KEPT {
        let mut world = somebody(live_for(300), options);
        for error in ["login_required", "login_required", "consent_required"] {
            let op = check_refused(&mut world, error);
            assert_eq!(code_of(&world, op), Code::InteractionRequired);
        }
        // Nor does the word of one that knew the user count for another session.
        let op = check(&mut world);
        settled_well(&world, op);
        super::log_in(&mut world);
        let op = check_refused(&mut world, "login_required");
        assert_eq!(code_of(&world, op), Code::InteractionRequired);
        assert_eq!((world.status(), world.count(Event::SessionExpired)), (Some(Status::SignedIn), 0));
        sound(&world);
    }
}

#[test]
fn k06_another_word_than_login_required_ends_nothing() {
    let mut world = somebody(live_for(300), "");
    check(&mut world);
    for error in ["consent_required", "interaction_required", "temporarily_unavailable", "access_denied"] {
        check_refused(&mut world, error);
    }
    assert_eq!((world.status(), world.count(Event::SessionExpired)), (Some(Status::SignedIn), 0));
    assert!(world.checker.snapshot.as_ref().is_some_and(|s| s.last_error.is_none()));
    sound(&world);
}

#[test]
fn k06_another_user_at_the_server_ends_the_session() {
    for options in KEPT {
        let mut world = somebody(live_for(300), options);
        world.server.user = "user-2";
        let op = check(&mut world);
        settled_well(&world, op);
        assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::IdentityChanged))));
        assert_eq!(world.count(Event::SignedIn), 1, "and the other one is not signed in");
        assert_eq!(world.server.revoked.len(), 2, "both refresh tokens are given back");
        assert!(world.checker.token.is_none() && world.keeper.stored.is_none());
        sound(&world);
    }
}

#[test]
fn k06_a_check_that_a_renewal_meets_decides_nothing() {
    for options in KEPT {
        let mut world = somebody(live_for(300), options);
        check(&mut world);
        let url = begin(&mut world);
        slow(&mut world, Purpose::Token, 3_000);
        fresh(&mut world);
        world.run_for(100);
        let op = world.come_back(&refused_with(&url, "login_required"));
        world.run_for(500);
        assert_eq!(code_of(&world, op), Code::InteractionRequired);
        world.run_for(5_000);
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn k06_a_logout_overtakes_a_check() {
    let mut world = somebody(live_for(300), "");
    let url = begin(&mut world);
    slow(&mut world, Purpose::Token, 1_000);
    let op = world.come_back(&url);
    world.run_for(200);
    world.logout(r#"{"local":true}"#);
    world.run_for(5_000);
    assert_eq!(code_of(&world, op), Code::Aborted);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn k06_a_login_overtakes_a_check() {
    let mut world = somebody(live_for(300), "");
    let url = begin(&mut world);
    slow(&mut world, Purpose::Token, 3_000);
    let op = world.come_back(&url);
    world.run_for(200);
    world.server.user = "user-2";
    super::log_in(&mut world);
    world.run_for(5_000);
    assert_eq!(code_of(&world, op), Code::LoginRequired, "it was about another session");
    assert_eq!((world.status(), world.count(Event::SessionExpired)), (Some(Status::SignedIn), 0));
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn k06_an_unproven_answer_says_nothing() {
    let mut world = somebody(live_for(300), "");
    world.server.signs_with = Some(250);
    let op = check(&mut world);
    assert_eq!(code_of(&world, op), Code::IdTokenKey);
    assert_eq!((world.status(), world.count(Event::SessionExpired)), (Some(Status::SignedIn), 0));
    world.server.signs_with = None;
    let op = check_refused(&mut world, "login_required");
    assert_eq!(code_of(&world, op), Code::InteractionRequired);
    sound(&world);
}

#[test]
fn nobody_and_no_identity_cannot_be_checked() {
    let plain = r#""scope":"api","discovery":"oauth""#;
    for mut world in [nobody(live_for(300), ""), somebody(live_for(300), plain)] {
        let op = world.login(r#"{"via":"check"}"#);
        world.run_for(500);
        assert_eq!(code_of(&world, op), Code::LoginRequired);
        sound(&world);
    }
}
