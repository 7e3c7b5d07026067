//! One request, however many want it.

use tokenward::engine::input::OpId;
use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;

use crate::network::Weather;
use crate::properties::Wish;

use super::{MINUTE, code_of, fresh, live_for, somebody, sound, token_of};

#[test]
fn f08_a_thousand_callers_at_expiry_are_one_request() {
    let mut world = somebody(live_for(300), r#""renewal":"on-demand""#);
    world.run_for(295_000);
    let callers: Vec<_> = (0..1000).map(|_| world.get_token("{}")).collect();
    world.run_for(1_000);
    assert_eq!(world.server.refreshes, 1);
    let first = token_of(&world, callers[0]);
    assert!(callers.iter().all(|op| token_of(&world, *op) == first));
    sound(&world);
}

#[test]
fn f08_a_thousand_callers_without_a_network_are_two_requests() {
    let mut world = somebody(live_for(300), r#""renewal":"on-demand""#);
    world.run_for(295_000);
    world.network.weather = Weather::DOWN;
    let callers: Vec<_> = (0..1000).map(|_| world.get_token("{}")).collect();
    world.run_for(2 * MINUTE);
    assert_eq!(world.refresh_sends().len(), 2, "the first, and its early retry");
    let failed = |op: &OpId| matches!(code_of(&world, *op), Code::NetworkFailed | Code::TimedOut);
    assert!(callers.iter().all(failed));
    assert_eq!(world.status(), Some(Status::SignedIn));
    sound(&world);
}

#[test]
fn a_refresh_goes_on_when_all_who_wait_give_up() {
    let mut world = somebody(live_for(300), r#""renewal":"on-demand""#);
    let before = world.checker.refresh_token().map(str::to_owned);
    let callers = [fresh(&mut world), fresh(&mut world)];
    for op in callers {
        world.cancel(op);
        assert_eq!(code_of(&world, op), Code::Aborted);
    }
    world.run_for(1_000);
    assert_eq!(world.count(Event::Renewed), 1);
    assert_ne!(world.checker.refresh_token().map(str::to_owned), before);
    let op = fresh(&mut world);
    world.run_for(1_000);
    token_of(&world, op);
    assert_eq!(world.server.refreshes, 2);
    sound(&world);
}

#[test]
fn s11_a_token_that_an_api_refused_is_renewed_once() {
    let mut world = somebody(live_for(300), "");
    let serial = world.checker.token.as_ref().map_or(0, |(_, serial)| *serial);
    let wish = Wish { rejected: Some(serial), ..Wish::default() };
    let args = format!(r#"{{"rejected":{serial}}}"#);
    let callers: Vec<_> = (0..20).map(|_| world.get_token_as(&args, wish.clone())).collect();
    world.run_for(1_000);
    let late = world.get_token_as(&args, wish);
    assert!(callers.iter().all(|op| token_of(&world, *op) == token_of(&world, late)));
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}
