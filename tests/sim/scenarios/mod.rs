//! Situations that have a name, and what their tests share.

mod beside;
mod check;
mod details;
mod device;
mod end;
mod exchange;
mod flight;
mod identity;
mod login;
mod logout;
mod resources;
mod rotation;
mod shared;
mod step_up;
mod time;
mod trouble;
mod userinfo;

use tokenward::engine::input::OpId;
use tokenward::engine::output::Status;
use tokenward::error::Code;
use tokenward::protocol::http::{HttpFailure, Purpose};
use tokenward::time::Millis;

use crate::network::{Back, Fate};
use crate::properties::{Outcome, Wish};
use crate::server::{Policy, response};
use crate::world::{Setup, World};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

pub(crate) fn nobody(policy: Policy, options: &'static str) -> World {
    World::new(Setup { seed: 1, policy, options, traced: true, ..Setup::default() })
}

/// Somebody is signed in.
pub(crate) fn somebody(policy: Policy, options: &'static str) -> World {
    let mut world = nobody(policy, options);
    log_in(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
    world
}

pub(crate) fn log_in(world: &mut World) -> OpId {
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    let op = world.come_back(&url);
    world.run_for(500);
    op
}

/// What the server says instead of a code.
pub(crate) fn refused_with(url: &str, error: &str) -> String {
    let (base, rest) = url.split_once("?code=").expect("a code came");
    let rest = rest.split_once('&').map_or("", |(_, rest)| rest);
    format!("{base}?error={error}&{rest}")
}

/// What must hold in random schedules holds here too.
#[track_caller]
pub(crate) fn sound(world: &World) {
    if let Some(violation) = world.violation() {
        panic!("{violation}\n{}", world.trace);
    }
}

#[track_caller]
pub(crate) fn token_of(world: &World, op: OpId) -> String {
    match world.outcome(op) {
        Some(Outcome::Token { token, .. }) => token.clone(),
        other => panic!("no token, but {other:?}\n{}", world.trace),
    }
}

#[track_caller]
pub(crate) fn code_of(world: &World, op: OpId) -> Code {
    match world.outcome(op) {
        Some(Outcome::Failed(error)) => error.code,
        other => panic!("no error, but {other:?}\n{}", world.trace),
    }
}

pub(crate) fn fresh(world: &mut World) -> OpId {
    world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() })
}

/// The next exchange of this kind comes to this.
pub(crate) fn prepare(world: &mut World, purpose: Purpose, fate: Fate) {
    world.network.script.push_back((purpose, fate));
}

pub(crate) fn lose_answer(world: &mut World, purpose: Purpose) {
    let back = Back::Lost { after: 20, how: HttpFailure::NoAnswer };
    prepare(world, purpose, Fate::Reaches { after: 20, back });
}

pub(crate) fn slow(world: &mut World, purpose: Purpose, after: Millis) {
    prepare(world, purpose, Fate::Reaches { after: 20, back: Back::Arrives { after } });
}

pub(crate) fn answer(world: &mut World, purpose: Purpose, status: u16, retry_after: Option<&str>) {
    let mut response = response(status, "text/html", "<html>no</html>");
    response.retry_after = retry_after.map(str::to_owned);
    prepare(world, purpose, Fate::Intercepted { after: 20, response });
}

pub(crate) fn live_for(seconds: u64) -> Policy {
    Policy { lifetime: Some(seconds), ..Policy::default() }
}
