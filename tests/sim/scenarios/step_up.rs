//! What an API wants of the user (RFC 9470).

use tokenward::error::Code;

use crate::properties::Outcome;
use crate::server::Policy;
use crate::world::World;

use super::{code_of, nobody, somebody, sound};

const CHALLENGE: &str = r#"Bearer error="insufficient_user_authentication""#;

#[derive(Debug, PartialEq)]
struct Asked {
    acr_values: Vec<String>,
    max_age: Option<i64>,
    scope: Option<String>,
    met: bool,
}

/// What is asked for, and whether the last login brought it.
fn asked(world: &mut World, rest: &str) -> Option<Asked> {
    let op = world.step_up(&format!("{CHALLENGE}{rest}"));
    match world.outcome(op) {
        Some(Outcome::StepUp { acr_values, max_age, scope, met }) => {
            let (acr_values, scope) = (acr_values.clone(), scope.clone());
            Some(Asked { acr_values, max_age: *max_age, scope, met: *met })
        }
        Some(Outcome::Done) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn k08_what_an_api_asks_for_is_said_and_nothing_is_sent() {
    let mut world = somebody(Policy::default(), r#""renewal":"on-demand""#);
    let wanted = asked(&mut world, r#", acr_values="gold silver", max_age=60"#);
    let acr_values = vec!["gold".to_owned(), "silver".to_owned()];
    assert_eq!(wanted, Some(Asked { acr_values, max_age: Some(60), scope: None, met: false }));
    // More scope than was granted is asked for beside it.
    let wanted = asked(&mut world, r#", acr_values="gold", scope="profile pay""#).unwrap();
    assert_eq!((wanted.scope.as_deref(), wanted.met), (Some("openid profile email pay"), false));
    assert_eq!(asked(&mut world, ", max_age=-1"), None);
    assert_eq!(asked(&mut world, ""), None);
    world.run_for(1_000);
    assert_eq!(world.server.refreshes, 0);
    sound(&world);
}

#[test]
fn k08_nobody_is_asked_to_step_up_who_is_not_signed_in() {
    let mut world = nobody(Policy::default(), "");
    assert_eq!(asked(&mut world, ", max_age=60"), None);
    sound(&world);
}

#[test]
fn k08_a_login_that_does_not_bring_what_was_asked_for_is_refused() {
    let mut world = somebody(Policy::default(), r#""renewal":"on-demand""#);
    world.login(r#"{"requiredAcr":["gold"],"maxAge":60}"#);
    world.run_for(500);
    assert!(world.visits[0].contains("acr_values=gold") && world.visits[0].contains("max_age=60"));
    let url = world.user_logs_in();
    let op = world.come_back(&url);
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::IdTokenAcr);
    assert!(world.is_live(), "the session that was there goes on");
    sound(&world);
}
