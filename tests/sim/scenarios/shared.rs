//! One session in several tabs.

use tokenward::engine::input::Input;
use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::keeper::Locks;
use crate::network::Weather;
use crate::properties::{Outcome, Wish};
use crate::server::{Policy, Rotation};
use crate::world::World;

use super::{MINUTE, code_of, fresh, live_for, lose_answer, slow, somebody, sound, token_of};

const SEALED: &str = r#""persistence":"sealed""#;
const ON_DEMAND: &str = r#""persistence":"sealed","renewal":"on-demand""#;

/// So many tabs, one after the other, with the session of the first.
fn tabs(count: usize, policy: Policy, options: &'static str) -> World {
    let mut world = somebody(policy, options);
    while world.tabs.len() < count {
        open(&mut world);
        assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
    }
    world
}

fn open(world: &mut World) {
    world.open();
    restore(world);
}

fn restore(world: &mut World) {
    let op = world.restore_session();
    world.run_for(100);
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
}

fn statuses(world: &World) -> Vec<Status> {
    world.tabs.iter().filter_map(crate::tab::Tab::status).collect()
}

#[track_caller]
fn all_are(world: &World, status: Status) {
    assert!(statuses(world).iter().all(|known| *known == status), "{:?}\n{}", statuses(world), world.trace);
}

fn grace() -> Policy {
    Policy { rotation: Rotation::Grace(30_000), ..live_for(300) }
}

// Reload.

#[test]
fn a_reload_keeps_the_session() {
    let mut world = somebody(live_for(300), SEALED);
    let before = world.checker.token.clone().map(|(token, _)| token);
    world.run_for(MINUTE);
    world.reload();
    assert_eq!(world.status(), Some(Status::SignedOut));
    restore(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn));
    let op = world.get_token("{}");
    assert_eq!(Some(token_of(&world, op)), before, "no network");
    assert_eq!(world.server.refreshes, 0);
    let claims = world.checker.snapshot.as_ref().and_then(|s| s.claims.clone());
    assert_eq!(claims.and_then(|c| c.text("sub").map(str::to_owned)).as_deref(), Some("user-1"));
    // It is as old as it was, and renewed when it would have been.
    world.run_for(4 * MINUTE);
    assert_eq!(world.server.refreshes, 1);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn a_reload_after_the_token_ran_out_renews_at_once() {
    for options in [SEALED, ON_DEMAND] {
        let mut world = somebody(live_for(300), options);
        world.sleep(60 * MINUTE, true);
        world.reload();
        restore(&mut world);
        if options == ON_DEMAND {
            let op = world.get_token("{}");
            assert!(world.outcome(op).is_none(), "not the token of an hour ago");
        }
        world.run_for(1_000);
        assert_eq!(world.server.refreshes, 1);
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn a_record_from_the_future_has_expired() {
    let mut world = somebody(live_for(300), SEALED);
    world.run_for(1_000);
    world.jump(-3_600_000);
    world.reload();
    restore(&mut world);
    world.run_for(1_000);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn a_record_that_cannot_be_read_is_nobody() {
    let mut world = somebody(live_for(300), SEALED);
    if let Some(stored) = &mut world.keeper.stored {
        stored.record = stored.record.replace("\"v\":\"1\"", "\"v\":\"9\"");
    }
    world.reload();
    restore(&mut world);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_session_without_refresh_token_lasts_as_long_as_its_access_token() {
    let mut world = somebody(Policy { refresh_tokens: false, ..live_for(300) }, SEALED);
    world.reload();
    restore(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn));
    world.run_for(5 * MINUTE);
    assert_eq!(world.status(), Some(Status::Expired));
    assert_eq!(world.keeper.stored, None);
    world.reload();
    restore(&mut world);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn what_a_restored_session_needs_of_the_server_is_asked_for() {
    let mut world = somebody(live_for(300), SEALED);
    for sort in 0..3 {
        world.reload();
        restore(&mut world);
        let op = match sort {
            0 => world.userinfo(),
            1 => fresh(&mut world),
            _ => world.logout("{}"),
        };
        world.run_for(2_000);
        match (sort, world.outcome(op)) {
            (0, Some(Outcome::Claims)) | (1, Some(Outcome::Token { .. })) => {}
            (2, Some(Outcome::Navigate(url))) => assert!(url.contains("id_token_hint=ey")),
            (_, other) => panic!("{other:?}\n{}", world.trace),
        }
    }
    assert_eq!(world.server.revoked.len(), 1);
    assert_eq!(world.keeper.stored, None);
    sound(&world);

    let mut world = somebody(live_for(300), SEALED);
    world.reload();
    restore(&mut world);
    let op = world.revoke();
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::Done)));
    assert_eq!(world.server.revoked.len(), 1);
    sound(&world);
}

#[test]
fn a_restored_session_outlives_a_discovery_that_fails() {
    let mut world = somebody(live_for(300), SEALED);
    world.sleep(60 * MINUTE, true);
    world.network.weather = Weather::DOWN;
    world.reload();
    restore(&mut world);
    let op = world.get_token("{}");
    world.run_for(MINUTE);
    assert!(matches!(code_of(&world, op), Code::NetworkFailed | Code::TimedOut));
    assert_eq!(world.status(), Some(Status::SignedIn));
    world.network.weather = Weather::FINE;
    world.run_for(6 * MINUTE);
    assert!(world.is_live());
    sound(&world);
}

// One request.

#[test]
fn a_thousand_callers_in_ten_tabs_are_one_request() {
    for loses_hints in [0, 1000] {
        let mut world = tabs(10, live_for(300), ON_DEMAND);
        world.keeper.loses_hints = loses_hints;
        world.run_for(295_000);
        let mut callers = Vec::new();
        world.each_tab(|world| {
            for _ in 0..100 {
                callers.push((world.current, world.get_token("{}")));
            }
        });
        world.run_for(2_000);
        assert_eq!(world.server.refreshes, 1);
        let (tab, op) = callers[0];
        world.current = tab;
        let first = token_of(&world, op);
        for (tab, op) in callers {
            world.current = tab;
            assert_eq!(token_of(&world, op), first);
        }
        sound(&world);
    }
}

#[test]
fn tabs_that_renew_by_themselves_renew_once() {
    let mut world = tabs(6, live_for(300), SEALED);
    world.run_for(60 * MINUTE);
    assert!((12..=18).contains(&world.server.refreshes), "{}", world.server.refreshes);
    world.each_tab(|world| assert!(world.is_live(), "{}", world.trace));
    sound(&world);
}

#[test]
fn a_tab_that_heard_nothing_takes_what_another_brought() {
    let mut world = tabs(2, live_for(300), ON_DEMAND);
    world.keeper.loses_hints = 1000;
    world.current = 0;
    let first = fresh(&mut world);
    world.run_for(1_000);
    let token = token_of(&world, first);
    world.current = 1;
    let serial = world.checker.token.as_ref().map_or(0, |(_, serial)| *serial);
    let wish = Wish { rejected: Some(serial), ..Wish::default() };
    let second = world.get_token_as(&format!(r#"{{"rejected":{serial}}}"#), wish);
    world.run_for(1_000);
    assert_eq!(token_of(&world, second), token);
    assert_eq!(world.server.refreshes, 1);
    // One that is wanted for less is asked for all the same.
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    world.run_for(1_000);
    assert_ne!(token_of(&world, narrow), token);
    assert_eq!(world.server.refreshes, 2);
    sound(&world);
}

#[test]
fn a_refusal_of_less_leaves_nothing_behind() {
    let mut world = tabs(2, Policy { narrows: false, ..live_for(300) }, SEALED);
    let narrow = world.get_token(r#"{"scope":"profile"}"#);
    world.run_for(5_000);
    assert_eq!(code_of(&world, narrow), Code::TokenRefused);
    assert!(world.keeper.stored.as_ref().is_some_and(|stored| !stored.has_journal()));
    assert_eq!(world.server.refreshes, 1);
    all_are(&world, Status::SignedIn);
    sound(&world);
}

// Death and delay.

#[test]
fn a_tab_that_is_killed_at_any_moment_of_a_refresh_costs_nothing() {
    for moment in 0..120 {
        let mut world = tabs(3, grace(), SEALED);
        world.current = 1;
        slow(&mut world, Purpose::Token, 40);
        fresh(&mut world);
        world.run_for(moment);
        world.kill();
        let killed = world.clock.truth;
        world.run_for(6_000);
        if let Some(last) = world.refresh_sends().last().filter(|last| **last > killed) {
            assert!(last - killed < 4_000, "within the grace: {}", last - killed);
        }
        assert!(world.keeper.stored.as_ref().is_some_and(|stored| !stored.has_journal()), "after {moment}");
        world.each_tab(|world| {
            let op = fresh(world);
            world.run_for(1_000);
            token_of(world, op);
        });
        sound(&world);
    }
}

#[test]
fn the_only_tab_is_killed_and_opened_again() {
    for (policy, status) in [(grace(), Status::SignedIn), (live_for(300), Status::Expired)] {
        let mut world = somebody(policy, SEALED);
        slow(&mut world, Purpose::Token, 5_000);
        fresh(&mut world);
        world.run_for(1_000);
        world.reload();
        restore(&mut world);
        world.run_for(2_000);
        // Without a grace window the server sees a stolen token: its word ends the session, once.
        assert_eq!(world.server.refreshes, 2);
        assert_eq!(world.status(), Some(status), "{}", world.trace);
        assert_eq!(world.count(Event::SessionExpired), usize::from(status == Status::Expired));
        assert_eq!(world.keeper.stored.is_some(), status == Status::SignedIn);
        sound(&world);
    }
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut world = tabs(3, grace(), SEALED);
    lose_answer(&mut world, Purpose::Token);
    let op = fresh(&mut world);
    world.run_for(2_000);
    token_of(&world, op);
    assert_eq!(world.server.refreshes, 2);
    world.each_tab(|world| assert!(world.is_live()));
    sound(&world);
}

#[test]
fn trouble_in_one_tab_is_no_storm_in_all() {
    let mut world = tabs(6, live_for(60), SEALED);
    world.network.weather = Weather::DOWN;
    world.run_for(5 * MINUTE);
    // Six clients with a back-off of a minute; without one it would be hundreds.
    assert!(world.refresh_sends().len() < 6 * 14, "{}", world.refresh_sends().len());
    assert!(world.tabs.iter().all(|tab| tab.count(Event::SessionExpired) + tab.count(Event::SignedOut) == 0));
    world.network.weather = Weather::FINE;
    world.run_for(2 * MINUTE);
    world.each_tab(|world| assert!(world.is_live()));
    sound(&world);
}

#[test]
fn a_frozen_holder_makes_the_others_wait_and_no_more() {
    let mut world = tabs(2, live_for(300), ON_DEMAND);
    world.current = 0;
    slow(&mut world, Purpose::Token, 1_000);
    let first = fresh(&mut world);
    world.run_for(500);
    world.freeze();
    world.current = 1;
    let second = fresh(&mut world);
    world.run_for(11_000);
    assert_eq!(code_of(&world, second), Code::LockBusy);
    assert_eq!(world.status(), Some(Status::SignedIn));
    world.current = 0;
    world.thaw();
    world.run_for(1_000);
    let token = token_of(&world, first);
    world.current = 1;
    let third = world.get_token("{}");
    world.run_for(1_000);
    assert_eq!(token_of(&world, third), token);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn a_frozen_holder_of_a_lease_is_overtaken() {
    let mut world = tabs(2, grace(), ON_DEMAND);
    world.keeper.locks = Locks::Lease;
    world.current = 0;
    slow(&mut world, Purpose::Token, 1_000);
    let first = fresh(&mut world);
    world.run_for(500);
    world.freeze();
    world.run_for(46_000);
    world.server.policy.rotation = Rotation::Grace(120_000);
    world.current = 1;
    let second = fresh(&mut world);
    world.run_for(1_000);
    let token = token_of(&world, second);
    // What the frozen one hears when it wakes is out of date; it takes what is there.
    world.current = 0;
    world.thaw();
    world.run_for(1_000);
    assert_eq!(token_of(&world, first), token);
    world.each_tab(|world| {
        let op = fresh(world);
        world.run_for(1_000);
        token_of(world, op);
    });
    assert!(world.server.revoked.is_empty(), "the grant is everybody's");
    sound(&world);
}

#[test]
fn a_wait_for_the_lock_that_ends_late_does_not_take_it_away_again() {
    let mut world = tabs(2, grace(), ON_DEMAND);
    world.keeper.locks = Locks::Lease;
    // Somebody is gone with the lease.
    world.current = 0;
    fresh(&mut world);
    assert!(world.run_while(1_000, |world| world.keeper.holder().is_none()));
    world.kill();
    world.run_for(36_000);
    fresh(&mut world);
    world.run_for(1_000);
    open(&mut world);
    super::log_in(&mut world);
    world.run_for(6_900);
    // The lease ran out. Who asked for the session before the last one waits still, and is told that it waited in vain.
    world.current = 0;
    slow(&mut world, Purpose::Token, 3_000);
    let second = fresh(&mut world);
    world.run_for(5_000);
    token_of(&world, second);
    assert_eq!(world.keeper.holder(), None, "{}", world.trace);
    sound(&world);
}

#[test]
fn a_late_word_about_the_last_session_does_not_give_away_the_lock_of_this_one() {
    let mut world = tabs(2, live_for(300), ON_DEMAND);
    world.keeper.slowest = 1;
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    slow(&mut world, Purpose::Token, 100);
    world.come_back(&url);
    world.run_for(50);
    // The session there is begins to renew; that this was noted is heard late.
    fresh(&mut world);
    world.run_for(1);
    world.keeper.slowest = 8_000;
    world.run_for(1);
    assert!(world.keeper.stored.as_ref().is_some_and(crate::keeper::Stored::has_journal), "{}", world.trace);
    world.keeper.slowest = 1;
    // The new one renews too, slowly, and hears it meanwhile. The other tab waits for its turn.
    world.run_for(100);
    slow(&mut world, Purpose::Token, 12_000);
    let first = fresh(&mut world);
    world.run_for(9_000);
    world.current = 0;
    fresh(&mut world);
    world.run_for(20_000);
    world.current = 1;
    assert!(world.outcome(first).is_some(), "{}", world.trace);
    assert!(world.server.revoked.is_empty(), "{}", world.trace);
    sound(&world);
}

#[test]
fn stolen_locks_do_not_burn_the_record() {
    for moment in 0..80 {
        let mut world = tabs(3, Policy { rotation: Rotation::Grace(60_000), ..live_for(300) }, ON_DEMAND);
        let mut callers = Vec::new();
        world.each_tab(|world| callers.push(fresh(world)));
        world.run_for(moment);
        world.steal_lock();
        world.run_for(5_000);
        for (tab, op) in callers.into_iter().enumerate() {
            world.current = tab;
            token_of(&world, op);
        }
        all_are(&world, Status::SignedIn);
        sound(&world);
    }
}

// Login and logout elsewhere.

#[test]
fn login_and_logout_show_in_all_tabs() {
    let mut world = super::nobody(live_for(300), SEALED);
    for _ in 0..3 {
        open(&mut world);
    }
    world.current = 1;
    super::log_in(&mut world);
    world.run_for(1_000);
    all_are(&world, Status::SignedIn);
    world.current = 2;
    let out = world.logout("{}");
    world.run_for(2_000);
    assert!(matches!(world.outcome(out), Some(Outcome::Navigate(_))));
    all_are(&world, Status::SignedOut);
    assert_eq!(world.keeper.stored, None);
    assert_eq!(world.server.revoked.len(), 1);
    world.each_tab(|world| {
        assert_eq!((world.count(Event::SignedIn), world.count(Event::SignedOut)), (1, 1));
        assert_eq!(world.checker.token, None);
        assert!(!world.timer_is_set());
    });
    sound(&world);
}

#[test]
fn another_login_replaces_the_session_everywhere() {
    let mut world = tabs(3, live_for(300), SEALED);
    let waiting = {
        world.current = 2;
        slow(&mut world, Purpose::Token, 4_000);
        fresh(&mut world)
    };
    world.run_for(100);
    world.current = 0;
    super::log_in(&mut world);
    world.run_for(10_000);
    assert_eq!(world.tabs.iter().filter_map(|tab| tab.checker.session).collect::<Vec<_>>(), [1, 1, 1]);
    world.current = 2;
    assert_eq!(token_of(&world, waiting).split('.').nth(1), Some("1"));
    // The answer for the first login came too late.
    assert_eq!(world.server.revoked.len(), 1);
    assert!(world.server.grants[1].alive);
    sound(&world);
}

#[test]
fn a_logout_wins_over_a_refresh_elsewhere() {
    for moment in 0..150 {
        let mut world = tabs(2, live_for(300), SEALED);
        world.current = 0;
        slow(&mut world, Purpose::Token, 50);
        let waiting = fresh(&mut world);
        world.run_for(moment);
        world.current = 1;
        world.logout("{}");
        world.run_for(5_000);
        world.current = 0;
        assert!(world.outcome(waiting).is_some());
        all_are(&world, Status::SignedOut);
        assert_eq!(world.keeper.stored, None, "after {moment}\n{}", world.trace);
        assert!(!world.server.grants[0].alive);
        sound(&world);
    }
}

#[test]
fn a_logout_wins_over_everything_that_is_under_way_here() {
    for moment in 0..60 {
        let mut world = somebody(live_for(300), SEALED);
        world.reload();
        world.restore_session();
        world.run_for(moment);
        world.logout("{}");
        world.run_for(5_000);
        assert_eq!((world.status(), &world.keeper.stored), (Some(Status::SignedOut), &None));

        let mut world = super::nobody(live_for(300), SEALED);
        world.login("{}");
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&url);
        world.run_for(moment);
        world.logout("{}");
        world.run_for(5_000);
        assert_eq!((world.status(), &world.keeper.stored), (Some(Status::SignedOut), &None));
        assert!(world.outcome(op).is_some());
        sound(&world);
    }
}

#[test]
fn a_logout_waits_until_nothing_is_kept() {
    let mut world = somebody(live_for(300), SEALED);
    world.keeper.slowest = 400;
    let out = world.logout(r#"{"local":true,"revoke":false}"#);
    assert!(world.outcome(out).is_none());
    world.run_while(1_600, |world| world.outcome(out).is_none());
    assert_eq!(world.keeper.stored, None);
    sound(&world);
}

#[test]
fn the_server_ends_the_session_once_and_for_all() {
    let mut world = tabs(4, live_for(300), SEALED);
    world.server.grants[0].alive = false;
    world.each_tab(|world| {
        fresh(world);
    });
    world.run_for(3_000);
    assert_eq!(world.server.refreshes, 1, "one asks, all know");
    let ended: usize = world.tabs.iter().map(|tab| tab.count(Event::SessionExpired)).sum();
    assert_eq!(ended, 1);
    assert!(statuses(&world).iter().all(|s| matches!(s, Status::Expired | Status::SignedOut)));
    assert_eq!(world.keeper.stored, None);
    sound(&world);
}

// Hints.

#[test]
fn forged_hints_change_nothing_and_cost_little() {
    let mut world = tabs(2, live_for(300), SEALED);
    let events = world.events.len();
    for _ in 0..10_000 {
        world.inject(Input::Hint);
        world.run_for(1);
    }
    assert_eq!(world.events.len(), events);
    assert!(world.is_live());
    sound(&world);
    // Where nothing is kept they cost nothing.
    let mut world = somebody(live_for(300), "");
    world.inject(Input::Hint);
    world.run_for(1_000);
    sound(&world);
}

// Storage that fails.

#[test]
fn storage_that_fails_leaves_a_session_in_memory() {
    let mut world = super::nobody(live_for(300), SEALED);
    assert!(world.is_sealed());
    world.keeper.fails = 1000;
    restore(&mut world);
    assert!(!world.is_sealed());
    world.keeper.fails = 0;
    super::log_in(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn));
    assert_eq!(world.keeper.stored, None);
    world.run_for(10 * MINUTE);
    assert!(world.is_live());
    sound(&world);

    for moment in 0..80 {
        let mut world = somebody(grace(), SEALED);
        slow(&mut world, Purpose::Token, 30);
        let op = fresh(&mut world);
        world.run_for(moment);
        world.keeper.fails = 1000;
        world.run_for(3_000);
        token_of(&world, op);
        let op = fresh(&mut world);
        world.run_for(3_000);
        token_of(&world, op);
        assert!(!world.is_sealed());
        sound(&world);
    }
}

#[test]
fn a_look_that_fails_is_no_reason_to_go_alone() {
    let mut world = tabs(2, live_for(300), SEALED);
    world.keeper.fails = 1000;
    world.inject(Input::Hint);
    world.run_for(1_000);
    world.keeper.fails = 0;
    assert!(world.is_sealed());
    world.run_for(10 * MINUTE);
    world.each_tab(|world| assert!(world.is_sealed() && world.is_live()));
    sound(&world);
}

#[test]
fn who_is_disposed_while_it_waits_for_the_lock_gives_it_back() {
    let mut world = tabs(3, live_for(300), ON_DEMAND);
    world.current = 0;
    slow(&mut world, Purpose::Token, 1_000);
    fresh(&mut world);
    world.run_for(500);
    world.current = 1;
    fresh(&mut world);
    world.run_for(100);
    world.dispose();
    world.current = 2;
    let op = fresh(&mut world);
    world.run_for(3_000);
    token_of(&world, op);
    assert_eq!(world.keeper.holder(), None);
    // And who is disposed while it holds it.
    world.current = 0;
    slow(&mut world, Purpose::Token, 1_000);
    fresh(&mut world);
    world.run_for(500);
    assert!(world.keeper.holder().is_some());
    world.dispose();
    assert_eq!(world.keeper.holder(), None);
    sound(&world);
}

// Keys that cannot be had.

#[test]
fn while_keys_are_missing_the_lock_is_free_and_the_token_safe() {
    let mut world = tabs(2, live_for(300), ON_DEMAND);
    world.current = 0;
    world.run_for(61 * MINUTE);
    world.network.keys_down = true;
    world.network.cached_keys = None;
    let first = fresh(&mut world);
    world.run_for(25_000);
    assert_eq!(code_of(&world, first), Code::KeysUnavailable);
    assert_eq!(world.keeper.holder(), None);
    let newest = world.checker.refresh_token().map(str::to_owned);
    assert_eq!(world.keeper.stored.as_ref().and_then(|stored| stored.refresh_token()), newest);
    world.network.keys_down = false;
    world.run_for(3 * MINUTE);
    world.each_tab(|world| {
        let op = fresh(world);
        world.run_for(1_000);
        token_of(world, op);
    });
    sound(&world);
}
