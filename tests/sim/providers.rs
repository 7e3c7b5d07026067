//! What the options of a provider's preset change in a session's life.

use tokenward::engine::input::OpId;
use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;
use tokenward::time::Millis;

use crate::network::Fate;
use crate::properties::{Outcome, Wish};
use crate::server::{Policy, response};
use crate::world::{Setup, World};

const DAY: Millis = 86_400_000;

fn somebody(policy: Policy, options: &'static str) -> World {
    let mut world = World::new(Setup { seed: 1, policy, options, traced: true, ..Setup::default() });
    log_in(&mut world);
    world
}

fn log_in(world: &mut World) {
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
    assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
}

fn fresh(world: &mut World) -> OpId {
    let op = world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
    world.run_for(3_000);
    op
}

fn ends_at(world: &World) -> Option<Millis> {
    world.checker.snapshot.as_ref().and_then(|snapshot| snapshot.ends_at)
}

#[test]
fn a_session_that_the_server_ends_at_a_fixed_time_says_when() {
    let mut world = somebody(Policy::default(), r#""sessionLifetime":86400"#);
    let first = ends_at(&world).unwrap();
    let left = first - world.clock.now().wall;
    assert!((DAY - 2_000..=DAY).contains(&left), "{left}");
    // No renewal moves it, the next login does, and without a session there is none.
    world.run_for(20 * 60_000);
    assert!(world.server.refreshes >= 3);
    assert_eq!(ends_at(&world), Some(first));
    log_in(&mut world);
    assert!(ends_at(&world).unwrap() > first);
    world.logout(r#"{"local":true}"#);
    world.run_for(2_000);
    assert_eq!(ends_at(&world), None);

    assert_eq!(ends_at(&somebody(Policy::default(), "")), None);
}

#[test]
fn the_scope_is_repeated_only_where_the_repair_says_so() {
    // This server refuses a refresh that names a scope.
    let refuses = Policy { narrows: false, ..Policy::default() };
    let mut world = somebody(refuses.clone(), "");
    let op = fresh(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{}", world.trace);

    let mut world = somebody(refuses, r#""repairs":["scope-on-refresh"]"#);
    let op = fresh(&mut world);
    let Some(Outcome::Failed(error)) = world.outcome(op) else { panic!("{}", world.trace) };
    assert_eq!((error.code, error.oauth_error.as_deref()), (Code::TokenRefused, Some("invalid_scope")));

    let mut world = somebody(Policy::default(), r#""repairs":["scope-on-refresh"]"#);
    let op = fresh(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{}", world.trace);
    assert_eq!(world.status(), Some(Status::SignedIn));
}

/// GitHub's word for a refresh token that is used up, with its status 200.
const DEAD: &str = r#"{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}"#;

#[test]
fn another_word_for_a_dead_refresh_token_ends_the_session_where_the_repair_says_so() {
    for (options, ends) in [(r#""repairs":["error-names"]"#, true), ("", false)] {
        let mut world = somebody(Policy::default(), options);
        let answer = response(200, "application/json", DEAD);
        world.network.script.push_back((Purpose::Token, Fate::Intercepted { after: 20, response: answer }));
        let op = fresh(&mut world);
        let Some(Outcome::Failed(error)) = world.outcome(op) else { panic!("{}", world.trace) };
        assert_eq!(error.code, if ends { Code::SessionEnded } else { Code::TokenRefused });
        assert_eq!(world.count(Event::SessionExpired), usize::from(ends));
        assert_eq!(world.status() == Some(Status::Expired), ends);
    }
}
