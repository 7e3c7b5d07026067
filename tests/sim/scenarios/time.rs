//! Clocks that jump, sleep, and disagree.

use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::properties::Wish;
use crate::server::Policy;
use crate::world::{Setup, World};

use super::{DAY, HOUR, MINUTE, code_of, fresh, live_for, log_in, slow, somebody, sound, token_of};

#[test]
fn h02_eight_hours_of_sleep_are_noticed_at_once() {
    for mono_stands_still in [false, true] {
        for resumed in [false, true] {
            let mut world = somebody(live_for(300), "");
            world.sleep(8 * HOUR, mono_stands_still);
            let woken = world.clock.truth;
            if resumed {
                world.resume();
            }
            let op = world.get_token("{}");
            assert!(world.outcome(op).is_none(), "not the token of yesterday");
            assert_eq!(world.refresh_sends(), [woken]);
            world.run_for(500);
            token_of(&world, op);
            assert!(world.is_live());
            sound(&world);
        }
    }
}

#[test]
fn h02_sleep_is_noticed_without_being_asked() {
    let mut world = somebody(live_for(300), "");
    world.sleep(8 * HOUR, true);
    let woken = world.clock.truth;
    world.run_for(1_500);
    assert!(world.refresh_sends()[0] - woken <= 1_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn h02_who_waits_while_the_device_sleeps_gets_a_token_that_lives() {
    let mut world = somebody(live_for(60), "");
    world.breaks_in_sleep = 0;
    slow(&mut world, Purpose::Token, 5_000);
    let op = fresh(&mut world);
    world.run_for(100);
    world.sleep(HOUR, false);
    world.run_for(5_000);
    let token = token_of(&world, op);
    assert!(world.server.honours(&token, world.clock.truth));
    sound(&world);
}

#[test]
fn h02_a_wall_clock_that_jumps_forward_is_noticed_within_a_second() {
    let mut world = somebody(live_for(3_600), "");
    world.lateness = 0;
    world.run_for(10_000);
    assert!(world.refresh_sends().is_empty());
    world.jump(2 * 3_600_000);
    let jumped = world.clock.truth;
    world.run_for(1_500);
    assert_eq!(world.refresh_sends().len(), 1);
    assert!(world.refresh_sends()[0] - jumped <= 1_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn h02_a_wall_clock_that_jumps_back_keeps_no_token_alive() {
    let mut world = somebody(live_for(300), "");
    world.jump(-2 * 3_600_000);
    for _ in 0..40 {
        world.run_for(30_000);
        let op = world.get_token("{}");
        world.run_for(500);
        let token = token_of(&world, op);
        assert!(world.server.honours(&token, world.clock.truth));
    }
    assert!((4..=6).contains(&world.server.refreshes), "{}", world.server.refreshes);
    sound(&world);
}

#[test]
fn h01_clocks_five_minutes_off_do_not_matter() {
    for wall_ahead in [-295_000, 295_000] {
        let setup = Setup { seed: 2, policy: live_for(300), wall_ahead, traced: true, ..Setup::default() };
        let mut world = World::new(setup);
        log_in(&mut world);
        assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
        world.run_for(20 * MINUTE);
        assert!(world.is_live());
        assert!((4..=6).contains(&world.server.refreshes), "{}", world.server.refreshes);
        sound(&world);
    }
}

#[test]
fn tokens_of_thirty_days() {
    let mut world = somebody(live_for(30 * 86_400), "");
    world.sleep(29 * DAY, true);
    world.resume();
    world.run_for(HOUR);
    assert!(world.refresh_sends().is_empty());
    world.run_for(23 * HOUR);
    assert_eq!(world.refresh_sends().len(), 1);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn nobody_waits_while_all_is_well() {
    for life in [60, 300, 3_600] {
        let mut world = somebody(live_for(life), "");
        for _ in 0..500 {
            let pause = world.chance.between(1, life * 100);
            world.run_for(pause);
            let op = world.get_token("{}");
            token_of(&world, op);
        }
        assert!(world.server.refreshes > 10);
        sound(&world);
    }
}

#[test]
fn f13_tokens_of_two_seconds() {
    let mut world = somebody(live_for(2), "");
    for _ in 0..120 {
        world.run_for(5_000);
        let op = world.get_token("{}");
        world.run_for(200);
        let token = token_of(&world, op);
        assert!(!token.is_empty());
    }
    // Ten minutes: at most one a second, and the session lives by itself.
    assert!((250..=650).contains(&world.server.refreshes), "{}", world.server.refreshes);
    assert_eq!(world.count(Event::SessionExpired), 0);
    sound(&world);
}

#[test]
fn e06_an_unknown_lifetime_arms_no_timer() {
    let mut world = somebody(Policy { lifetime: None, ..Policy::default() }, "");
    assert!(!world.timer_is_set());
    world.run_for(DAY);
    world.resume();
    assert!(world.refresh_sends().is_empty());
    assert!(!world.timer_is_set());
    // Until an API refuses the token.
    let op = world.get_token_as(r#"{"rejected":1}"#, Wish { rejected: Some(1), ..Wish::default() });
    world.run_for(1_000);
    token_of(&world, op);
    assert_eq!(world.server.refreshes, 1);
    assert!(!world.timer_is_set());
    sound(&world);
}

#[test]
fn on_demand_nothing_happens_by_itself() {
    let mut world = somebody(live_for(60), r#""renewal":"on-demand""#);
    world.run_for(HOUR);
    world.resume();
    assert!(world.refresh_sends().is_empty());
    assert_eq!(world.status(), Some(Status::SignedIn));
    let op = world.get_token("{}");
    world.run_for(500);
    token_of(&world, op);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn a_session_without_refresh_token_runs_out_once() {
    let policy = Policy { refresh_tokens: false, ..live_for(60) };
    let mut world = somebody(policy, "");
    world.run_for(50_000);
    let op = world.get_token("{}");
    token_of(&world, op);
    world.run_for(HOUR);
    assert_eq!(world.count(Event::SessionExpired), 1);
    assert_eq!(world.status(), Some(Status::Expired));
    let op = world.get_token("{}");
    assert_eq!(code_of(&world, op), Code::SessionExpired);
    assert!(!world.timer_is_set());
    sound(&world);
}
