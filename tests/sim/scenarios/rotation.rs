//! What becomes of refresh tokens.

use tokenward::engine::output::Event;
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::properties::{Outcome, Wish};
use crate::server::{Policy, Rotation};

use super::{HOUR, MINUTE, code_of, fresh, live_for, lose_answer, slow, somebody, sound, token_of};

#[test]
fn f07_a_lost_answer_is_asked_for_again_within_the_grace() {
    let policy = Policy { rotation: Rotation::Grace(10_000), ..live_for(300) };
    let mut world = somebody(policy, "");
    lose_answer(&mut world, Purpose::Token);
    let op = fresh(&mut world);
    world.run_for(2_000);
    token_of(&world, op);
    let sends = world.refresh_sends();
    assert_eq!(sends.len(), 2);
    assert!(sends[1] - sends[0] <= 700);
    assert_eq!((world.count(Event::RenewalFailed), world.count(Event::SessionExpired)), (1, 0));
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn f06_f07_a_lost_answer_can_cost_the_session_and_ends_it_once() {
    let mut world = somebody(live_for(300), "");
    lose_answer(&mut world, Purpose::Token);
    let callers: Vec<_> = (0..50).map(|_| fresh(&mut world)).collect();
    world.run_for(2_000);
    assert!(callers.iter().all(|op| code_of(&world, *op) == Code::SessionEnded));
    assert_eq!(world.count(Event::SessionExpired), 1);
    let sends = world.refresh_sends().len();
    world.run_for(HOUR);
    world.resume();
    let op = world.get_token("{}");
    assert_eq!(code_of(&world, op), Code::SessionEnded);
    assert_eq!((sends, world.refresh_sends().len()), (2, 2));
    assert_eq!(world.count(Event::SessionExpired), 1);
    assert!(!world.timer_is_set());
    sound(&world);
}

#[test]
fn f02_a_server_that_never_rotates() {
    for rotation in [Rotation::Never, Rotation::Echo] {
        let mut world = somebody(Policy { rotation, ..live_for(60) }, "");
        let token = world.checker.refresh_token().map(str::to_owned);
        world.run_for(10 * MINUTE);
        assert!((9..=16).contains(&world.server.refreshes), "{}", world.server.refreshes);
        assert_eq!(world.checker.refresh_token().map(str::to_owned), token);
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn f06_a_revoked_grant_ends_the_session_once() {
    let mut world = somebody(live_for(60), "");
    world.server.grants[0].alive = false;
    world.run_for(HOUR);
    assert_eq!(world.server.refreshes, 1);
    assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::SessionEnded))));
    assert_eq!(world.count(Event::SessionExpired), 1);
    sound(&world);
}

#[test]
fn f11_a_narrower_scope_keeps_the_grant() {
    let mut world = somebody(live_for(300), "");
    let main = world.get_token("{}");
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    world.run_for(500);
    let (main, narrow) = (token_of(&world, main), token_of(&world, narrow));
    assert_ne!(main, narrow);
    assert_eq!(world.server.access[&narrow].scope, "profile");
    let scope = world.checker.snapshot.as_ref().and_then(|snapshot| snapshot.scope.clone());
    assert_eq!(scope.as_deref(), Some("openid profile email"));
    // Both are kept, whatever the order the scope is written in.
    let again = world.get_token(r#"{"scope":"profile profile"}"#);
    assert_eq!(token_of(&world, again), narrow);
    let whole = world.get_token(r#"{"scope":"email profile openid"}"#);
    assert_eq!(token_of(&world, whole), main);
    assert_eq!(world.server.refreshes, 1);
    // The refresh token that came with the narrow one buys the whole scope.
    let op = fresh(&mut world);
    world.run_for(500);
    let token = token_of(&world, op);
    assert_eq!(world.server.access[&token].scope, "openid profile email");
    sound(&world);
}

#[test]
fn f12_a_scope_outside_the_grant_sends_nothing() {
    let mut world = somebody(live_for(300), "");
    let wish = Wish { beyond: true, ..Wish::default() };
    let op = world.get_token_as(r#"{"scope":"profile admin"}"#, wish);
    assert_eq!(code_of(&world, op), Code::ScopeNotGranted);
    world.run_for(1_000);
    assert!(world.refresh_sends().is_empty());
    sound(&world);
}

#[test]
fn f12_a_refused_narrower_scope_does_not_end_the_session() {
    let mut world = somebody(Policy { narrows: false, ..live_for(300) }, "");
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    let main = fresh(&mut world);
    world.run_for(1_000);
    assert_eq!(code_of(&world, narrow), Code::TokenRefused);
    token_of(&world, main);
    assert!(world.is_live());
    world.run_for(10 * MINUTE);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn f09_f12_a_refused_narrower_scope_does_not_conclude_a_lost_answer() {
    let policy = Policy { narrows: false, rotation: Rotation::Grace(4_000), ..live_for(300) };
    let mut world = somebody(policy, r#""renewal":"on-demand""#);
    lose_answer(&mut world, Purpose::Token);
    lose_answer(&mut world, Purpose::Token);
    let lost = fresh(&mut world);
    world.run_for(1_500);
    assert_eq!(code_of(&world, lost), Code::NetworkFailed);
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    world.run_for(500);
    assert_eq!(code_of(&world, narrow), Code::TokenRefused);
    // By then the old token is not tolerated any more.
    world.run_for(10_000);
    let main = fresh(&mut world);
    world.run_for(1_000);
    token_of(&world, main);
    sound(&world);
}

#[test]
fn f10_another_login_serves_those_who_waited() {
    let mut world = somebody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    slow(&mut world, Purpose::Token, 15_000);
    let main = fresh(&mut world);
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    world.server.policy.refresh_tokens = false;
    let op = world.come_back(&url);
    world.run_for(2_000);
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })));
    let token = token_of(&world, main);
    assert_eq!(world.server.access[&token].grant, 1);
    assert_eq!(code_of(&world, narrow), Code::SessionExpired);
    // The late answer to the first session is given back.
    world.server.policy.refresh_tokens = true;
    world.run_for(20_000);
    assert_eq!(world.server.revoked.len(), 1);
    sound(&world);
}
