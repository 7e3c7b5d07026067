//! The end that the user wants.

use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::properties::Outcome;
use crate::server::Policy;

use super::{answer, code_of, fresh, live_for, log_in, nobody, slow, somebody, sound};

#[test]
fn f10_k04_logout_during_a_refresh_wins() {
    let mut world = somebody(live_for(300), "");
    slow(&mut world, Purpose::Token, 3_000);
    let waiting = fresh(&mut world);
    world.run_for(100);
    let late = world.checker.refresh_token().map(str::to_owned);
    let out = world.logout("{}");
    assert_eq!(code_of(&world, waiting), Code::LoginRequired);
    assert_eq!(world.status(), Some(Status::SignedOut));
    world.run_for(10_000);
    let there =
        matches!(world.outcome(out), Some(Outcome::Navigate(url)) if url.contains("id_token_hint=ey"));
    assert!(there, "{:?}", world.outcome(out));
    // The token of the page and the one that came too late.
    assert_eq!(world.server.revoked.len(), 2);
    assert_eq!(Some(&world.server.revoked[0]), late.as_ref());
    assert_eq!((world.count(Event::SignedOut), world.count(Event::Renewed)), (1, 0));
    assert!(!world.timer_is_set());
    sound(&world);
}

#[test]
fn f10_a_login_is_overtaken_by_a_logout() {
    // While the metadata is fetched.
    let mut world = nobody(live_for(300), "");
    slow(&mut world, Purpose::Discovery, 1_000);
    let login = world.login("{}");
    let out = world.logout("{}");
    world.run_for(2_000);
    assert_eq!(code_of(&world, login), Code::Aborted);
    assert!(matches!(world.outcome(out), Some(Outcome::Navigate(_))));
    assert!(world.visits.is_empty());
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);

    // While the transaction is stored.
    let mut world = somebody(live_for(300), "");
    let login = world.login("{}");
    world.logout("{}");
    world.run_for(2_000);
    assert_eq!(code_of(&world, login), Code::Aborted);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);

    // While the transaction is looked for; while the code is exchanged; while keys are fetched.
    for (purpose, wait, exchanges) in
        [(Purpose::Userinfo, 0, 0), (Purpose::Token, 500, 1), (Purpose::Keys, 500, 1)]
    {
        let mut world = nobody(live_for(300), "");
        world.login("{}");
        world.run_for(500);
        let url = world.user_logs_in();
        slow(&mut world, purpose, 3_000);
        let op = world.come_back(&url);
        world.run_for(wait);
        assert!(world.outcome(op).is_none());
        world.logout(r#"{"local":true}"#);
        world.run_for(10_000);
        assert_eq!(code_of(&world, op), Code::Aborted);
        assert_eq!(world.server.exchanges, exchanges);
        assert_eq!(world.server.revoked.len(), exchanges, "what came too late is given back");
        assert_eq!(world.status(), Some(Status::SignedOut));
        assert_eq!(world.count(Event::SignedIn), 0);
        sound(&world);
    }
}

#[test]
fn k03_logout_does_not_wait_for_a_slow_revocation() {
    let mut world = somebody(live_for(300), "");
    slow(&mut world, Purpose::Revocation, 10_000);
    let out = world.logout("{}");
    world.run_for(1_400);
    assert!(world.outcome(out).is_none());
    world.run_for(200);
    assert!(matches!(world.outcome(out), Some(Outcome::Navigate(_))));
    world.run_for(20_000);
    assert_eq!(world.server.revoked.len(), 1);
    sound(&world);

    for (status, retry_after) in [(503, Some("5")), (400, None)] {
        let mut world = somebody(live_for(300), "");
        answer(&mut world, Purpose::Revocation, status, retry_after);
        let out = world.logout("{}");
        world.run_for(500);
        assert!(matches!(world.outcome(out), Some(Outcome::Navigate(_))));
        sound(&world);
    }
}

#[test]
fn k02_logout_without_the_endpoints() {
    let policy = Policy { has_revocation: false, has_end_session: false, ..live_for(300) };
    let mut world = somebody(policy, "");
    let out = world.logout("{}");
    assert!(matches!(world.outcome(out), Some(Outcome::Done)));
    let again = world.logout("{}");
    assert!(matches!(world.outcome(again), Some(Outcome::Done)));
    assert_eq!(world.count(Event::SignedOut), 1);
    sound(&world);
}

#[test]
fn k03_revoke_ends_the_session_here_whatever_the_server_says() {
    let mut world = somebody(live_for(300), "");
    answer(&mut world, Purpose::Revocation, 503, None);
    let op = world.revoke();
    assert_eq!(world.status(), Some(Status::SignedOut));
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::ServerUnavailable);
    let op = world.get_token("{}");
    assert_eq!(code_of(&world, op), Code::LoginRequired);
    log_in(&mut world);
    let op = world.revoke();
    world.run_for(500);
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    assert_eq!(world.server.revoked.len(), 1);
    sound(&world);
}
