//! Situations that have a name.

use tokenward::engine::input::{Input, KeepWord, Kept, OpId};
use tokenward::engine::output::{Event, Renewal, Status};
use tokenward::error::Code;
use tokenward::protocol::http::{HttpFailure, Purpose};
use tokenward::time::Millis;

use crate::network::{Back, Fate, Weather, portal};
use crate::properties::{Outcome, Wish};
use crate::server::{Doctored, Policy, Rotation, response};
use crate::world::{HOME, Setup, World};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

fn nobody(policy: Policy, options: &'static str) -> World {
    World::new(Setup { seed: 1, policy, options, traced: true, ..Setup::default() })
}

/// Somebody is signed in.
fn somebody(policy: Policy, options: &'static str) -> World {
    let mut world = nobody(policy, options);
    log_in(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
    world
}

fn log_in(world: &mut World) -> OpId {
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    let op = world.come_back(&url);
    world.run_for(500);
    op
}

/// What must hold in random schedules holds here too.
#[track_caller]
fn sound(world: &World) {
    if let Some(violation) = &world.checker.violation {
        panic!("{violation}\n{}", world.trace);
    }
}

#[track_caller]
fn token_of(world: &World, op: OpId) -> String {
    match world.outcome(op) {
        Some(Outcome::Token { token, .. }) => token.clone(),
        other => panic!("no token, but {other:?}\n{}", world.trace),
    }
}

#[track_caller]
fn code_of(world: &World, op: OpId) -> Code {
    match world.outcome(op) {
        Some(Outcome::Failed(error)) => error.code,
        other => panic!("no error, but {other:?}\n{}", world.trace),
    }
}

fn fresh(world: &mut World) -> OpId {
    world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() })
}

/// The next exchange of this kind comes to this.
fn prepare(world: &mut World, purpose: Purpose, fate: Fate) {
    world.network.script.push_back((purpose, fate));
}

fn lose_answer(world: &mut World, purpose: Purpose) {
    let back = Back::Lost { after: 20, how: HttpFailure::NoAnswer };
    prepare(world, purpose, Fate::Reaches { after: 20, back });
}

fn slow(world: &mut World, purpose: Purpose, after: Millis) {
    prepare(world, purpose, Fate::Reaches { after: 20, back: Back::Arrives { after } });
}

fn answer(world: &mut World, purpose: Purpose, status: u16, retry_after: Option<&str>) {
    let mut response = response(status, "text/html", "<html>no</html>");
    response.retry_after = retry_after.map(str::to_owned);
    prepare(world, purpose, Fate::Intercepted { after: 20, response });
}

fn live_for(seconds: u64) -> Policy {
    Policy { lifetime: Some(seconds), ..Policy::default() }
}

// Single flight.

#[test]
fn a_thousand_callers_at_expiry_are_one_request() {
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
fn a_thousand_callers_without_a_network_are_two_requests() {
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
fn a_token_that_an_api_refused_is_renewed_once() {
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

// Time.

#[test]
fn eight_hours_of_sleep_are_noticed_at_once() {
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
fn sleep_is_noticed_without_being_asked() {
    let mut world = somebody(live_for(300), "");
    world.sleep(8 * HOUR, true);
    let woken = world.clock.truth;
    world.run_for(1_500);
    assert!(world.refresh_sends()[0] - woken <= 1_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn who_waits_while_the_device_sleeps_gets_a_token_that_lives() {
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
fn a_wall_clock_that_jumps_forward_is_noticed_within_a_second() {
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
fn a_wall_clock_that_jumps_back_keeps_no_token_alive() {
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
fn clocks_five_minutes_off_do_not_matter() {
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
fn tokens_of_two_seconds() {
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
fn an_unknown_lifetime_arms_no_timer() {
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

// Rotation.

#[test]
fn a_lost_answer_is_asked_for_again_within_the_grace() {
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
fn a_lost_answer_can_cost_the_session_and_ends_it_once() {
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
fn a_server_that_never_rotates() {
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
fn a_revoked_grant_ends_the_session_once() {
    let mut world = somebody(live_for(60), "");
    world.server.grants[0].alive = false;
    world.run_for(HOUR);
    assert_eq!(world.server.refreshes, 1);
    assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::SessionEnded))));
    assert_eq!(world.count(Event::SessionExpired), 1);
    sound(&world);
}

#[test]
fn a_narrower_scope_keeps_the_grant() {
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
fn a_scope_outside_the_grant_sends_nothing() {
    let mut world = somebody(live_for(300), "");
    let wish = Wish { beyond: true, ..Wish::default() };
    let op = world.get_token_as(r#"{"scope":"profile admin"}"#, wish);
    assert_eq!(code_of(&world, op), Code::ScopeNotGranted);
    world.run_for(1_000);
    assert!(world.refresh_sends().is_empty());
    sound(&world);
}

#[test]
fn a_refused_narrower_scope_does_not_end_the_session() {
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
fn another_login_serves_those_who_waited() {
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

// Identity.

#[test]
fn a_changed_identity_ends_the_session_and_uses_nothing() {
    for doctored in Doctored::ALL {
        let mut world = somebody(live_for(300), "");
        let before = world.checker.token.clone();
        world.server.doctor = Some(doctored);
        let op = fresh(&mut world);
        world.run_for(2_000);
        assert_eq!(code_of(&world, op), Code::IdentityChanged, "{doctored:?}");
        assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::IdentityChanged))));
        assert_eq!(world.count(Event::SessionExpired), 1);
        assert_eq!(world.count(Event::Renewed), 0);
        assert!(before.is_some() && world.checker.token.is_none());
        // The new refresh token is given back.
        assert_eq!(world.server.revoked.len(), 1, "{doctored:?}");
        assert!(world.server.revoked[0].starts_with("rt.0."));
        sound(&world);
    }
}

#[test]
fn keys_that_cannot_be_had_are_waited_for() {
    for names_keys in [true, false] {
        let mut world = somebody(Policy { names_keys, ..live_for(120) }, "");
        world.run_for(30_000);
        world.server.rotate_keys(false);
        world.network.keys_down = true;
        let op = fresh(&mut world);
        world.run_for(20 * MINUTE);
        assert_eq!(code_of(&world, op), Code::KeysUnavailable);
        assert!(world.checker.session.is_some());
        assert_eq!(world.count(Event::SessionExpired), 0);
        // One answer is held; nothing else is asked for meanwhile.
        assert_eq!(world.server.refreshes, 1);
        let op = world.get_token("{}");
        world.run_for(30_000);
        assert_eq!(code_of(&world, op), Code::KeysUnavailable);
        assert!(world.key_sends() <= 40, "{}", world.key_sends());
        world.network.keys_down = false;
        world.run_for(62_000);
        assert!(world.is_live(), "{}", world.trace);
        sound(&world);
    }
}

#[test]
fn a_user_who_looks_often_does_not_cost_the_session() {
    // While the keys cannot be had, and while they are not there yet.
    for down in [true, false] {
        let mut world = somebody(live_for(120), "");
        world.run_for(30_000);
        world.network.keys_down = down;
        let published = world.server.keys.clone();
        world.server.rotate_keys(false);
        let new = std::mem::replace(&mut world.server.keys, published);
        world.server.signs_with = new.last().copied();
        fresh(&mut world);
        world.run_for(2_000);
        let before = world.key_sends();
        for _ in 0..200 {
            world.resume();
            world.run_for(250);
        }
        let asked = world.key_sends() - before;
        assert!(asked <= if down { 51 } else { 0 }, "{asked}");
        assert!(world.checker.session.is_some());
        world.network.keys_down = false;
        world.server.keys = new;
        world.run_for(62_000);
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn unknown_keys_are_no_storm() {
    let mut world = nobody(live_for(300), "");
    world.server.signs_with = Some(250);
    for _ in 0..10 {
        world.server.keys = vec![1];
        let op = log_in(&mut world);
        assert_eq!(code_of(&world, op), Code::IdTokenKey);
        world.run_for(4_000);
    }
    assert_eq!(world.key_sends(), 2, "once, and once past the caches");
    sound(&world);

    let mut world = somebody(live_for(300), "");
    world.server.signs_with = Some(250);
    let (op, before) = (fresh(&mut world), world.key_sends());
    world.run_for(100_000);
    assert_eq!(code_of(&world, op), Code::IdTokenKey);
    assert_eq!(world.count(Event::SessionExpired), 0);
    world.run_for(2 * MINUTE);
    // Three searches in the server's present keys, a minute apart, are its word.
    assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::IdentityChanged))));
    assert_eq!(world.key_sends() - before, 3);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn a_rotated_key_is_fetched() {
    for names_keys in [true, false] {
        for keep_old in [true, false] {
            let mut world = somebody(Policy { names_keys, ..live_for(300) }, "");
            world.server.rotate_keys(keep_old);
            let op = fresh(&mut world);
            world.run_for(1_000);
            token_of(&world, op);
            assert_eq!(world.key_sends(), 2);
            sound(&world);
        }
    }
}

// Trouble.

#[test]
fn offline_it_waits_and_comes_back() {
    let mut world = somebody(live_for(60), "");
    world.set_online(false);
    world.run_for(30 * MINUTE);
    let sends = world.refresh_sends().len();
    assert!(sends <= 35, "{sends}");
    assert_eq!(world.status(), Some(Status::SignedIn));
    assert_eq!(world.checker.snapshot.as_ref().map(|s| s.renewal), Some(Renewal::WaitingForNetwork));
    world.set_online(true);
    world.run_for(1_200);
    assert!(world.is_live());
    assert_eq!(world.checker.snapshot.as_ref().map(|s| s.renewal), Some(Renewal::Live));
    assert_eq!(world.count(Event::SessionExpired), 0);
    sound(&world);
}

#[test]
fn a_server_that_is_down_is_asked_ever_less() {
    let mut world = somebody(live_for(60), "");
    world.network.weather = Weather { busy: 1000, ..Weather::FINE };
    for _ in 0..60 {
        answer(&mut world, Purpose::Token, 503, None);
    }
    world.run_for(30 * MINUTE);
    let sends = world.refresh_sends().to_vec();
    assert!((30..=60).contains(&sends.len()), "{}", sends.len());
    let waits: Vec<_> = sends.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.iter().all(|wait| (1_000..=62_000).contains(wait)), "{waits:?}");
    assert!(waits.iter().skip(6).all(|wait| *wait >= 29_000), "{waits:?}");
    assert_eq!(world.count(Event::SessionExpired), 0);
    world.network.script.clear();
    world.network.weather = Weather::FINE;
    world.run_for(62_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn retry_after_is_honoured_and_capped() {
    for (asked, least, most) in [("120", 120_000, 123_000), ("99999999999", 600_000, 663_000)] {
        let mut world = somebody(live_for(60), "");
        answer(&mut world, Purpose::Token, 503, Some(asked));
        let op = fresh(&mut world);
        world.run_for(1_000);
        assert_eq!(code_of(&world, op), Code::ServerUnavailable);
        // Neither a user nor a caller nor a network makes it come earlier.
        for _ in 0..10 {
            world.run_for(10_000);
            world.resume();
            let op = fresh(&mut world);
            assert_eq!(code_of(&world, op), Code::ServerUnavailable);
        }
        assert_eq!(world.refresh_sends().len(), 1);
        world.run_for(11 * MINUTE);
        let sends = world.refresh_sends();
        let waited = sends[1] - sends[0];
        assert!((least..=most).contains(&waited), "{asked}: {waited}");
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn a_captive_portal_costs_nothing() {
    let mut world = somebody(live_for(60), "");
    for _ in 0..5 {
        prepare(&mut world, Purpose::Token, Fate::Intercepted { after: 20, response: portal() });
    }
    let op = fresh(&mut world);
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::ResponseInvalid);
    world.run_for(5 * MINUTE);
    assert_eq!(world.count(Event::SessionExpired), 0);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn callers_wait_for_a_retry_that_is_near_and_no_other() {
    let mut world = somebody(live_for(60), "");
    world.run_for(30_000);
    world.network.weather = Weather::DOWN;
    world.run_for(5 * MINUTE);
    let sends = world.refresh_sends().len();
    // Far from the next retry: asked at once, because somebody wants it, but not again and again.
    let first = world.get_token("{}");
    assert_eq!(world.refresh_sends().len(), sends + 1);
    world.run_while(30_000, |world| world.outcome(first).is_none());
    let crowd: Vec<_> = (0..100).map(|_| world.get_token("{}")).collect();
    assert_eq!(world.refresh_sends().len(), sends + 1, "a pause between two attempts");
    assert!(crowd.iter().all(|op| world.outcome(*op).is_some()));
    sound(&world);
}

// Login.

#[test]
fn a_login_takes_three_requests_and_the_next_one_takes_one() {
    let mut world = nobody(live_for(300), "");
    let op = log_in(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: None })));
    assert_eq!((world.server.exchanges, world.key_sends()), (1, 1));
    log_in(&mut world);
    assert_eq!((world.server.exchanges, world.key_sends()), (2, 1));
    assert_eq!(world.cleaned, [HOME, HOME]);
    assert_eq!(world.count(Event::SignedIn), 2);
    sound(&world);
}

#[test]
fn the_user_lands_where_the_login_began() {
    let mut world = nobody(live_for(300), "");
    world.login(r#"{"returnTo":"/orders?x=1#top"}"#);
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    let op = world.come_back(&url);
    world.run_for(500);
    let landed = matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: Some(to) }) if to == "/orders?x=1#top");
    assert!(landed, "{:?}", world.outcome(op));
    sound(&world);
}

#[test]
fn a_callback_is_redeemed_once() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    world.statuses.clear();
    let (first, second) = (world.come_back(&url), world.come_back(&url));
    world.run_for(1_000);
    assert!(matches!(world.outcome(first), Some(Outcome::SignedIn { .. })));
    assert_eq!(code_of(&world, second), Code::StateUnknown);
    // A guard that watches must not see the user signed out in between.
    assert_eq!(world.statuses.iter().position(|s| *s == Status::SignedOut), None, "{:?}", world.statuses);
    world.reload();
    let third = world.come_back(&url);
    world.run_for(1_000);
    assert_eq!(code_of(&world, third), Code::StateUnknown);
    assert_eq!(world.server.exchanges, 1);
    assert!(world.server.grants[0].alive);
    sound(&world);
}

#[test]
fn strange_callbacks_touch_no_session() {
    let mut world = somebody(live_for(300), "");
    let before = world.checker.token.clone();
    let case = |world: &mut World, query: &str, code: Option<Code>| {
        let op = world.come_back(&format!("{HOME}{query}"));
        world.run_for(1_000);
        match code {
            Some(code) => assert_eq!(code_of(world, op), code, "{query}"),
            None => assert!(matches!(world.outcome(op), Some(Outcome::NotOurs)), "{query}"),
        }
    };
    case(&mut world, "?code=x&state=tw.unknown", Some(Code::StateUnknown));
    case(&mut world, "?code=x", None);
    case(&mut world, "?error=access_denied", None);
    case(&mut world, "#access_token=x&token_type=Bearer", Some(Code::FrontChannelTokens));
    case(&mut world, "?state=twl.x", None);
    world.login("{}");
    world.run_for(500);
    case(&mut world, "?code=x", Some(Code::StateMissing));
    case(&mut world, "?error=access_denied&state=", Some(Code::StateMissing));
    assert_eq!(world.server.exchanges, 1);
    assert_eq!(world.checker.token, before);
    assert_eq!(world.status(), Some(Status::SignedIn));
    assert!(world.cleaned.iter().all(|url| !url.contains("code=") && !url.contains("access_token")));
    sound(&world);
}

#[test]
fn the_provider_says_no() {
    for (error, code) in
        [("access_denied", Code::AuthorizationRefused), ("login_required", Code::InteractionRequired)]
    {
        let mut world = nobody(live_for(300), "");
        world.login("{}");
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&refused_with(&url, error));
        world.run_for(500);
        assert_eq!(code_of(&world, op), code);
        assert_eq!(world.status(), Some(Status::SignedOut));
        assert_eq!(world.server.exchanges, 0);
        sound(&world);
    }
}

fn last_error(world: &World) -> Option<Code> {
    world.checker.snapshot.as_ref()?.last_error.as_ref().map(|error| error.code)
}

/// What the server says instead of a code.
fn refused_with(url: &str, error: &str) -> String {
    let (base, rest) = url.split_once("?code=").expect("a code came");
    let rest = rest.split_once('&').map_or("", |(_, rest)| rest);
    format!("{base}?error={error}&{rest}")
}

#[test]
fn a_login_beside_the_page_shows_only_when_it_succeeds() {
    for (via, told) in [("popup", true), ("frame", false)] {
        let mut world = somebody(live_for(300), "");
        let args = format!(r#"{{"via":"{via}"}}"#);
        world.statuses.clear();
        for (error, code) in
            [("login_required", Code::InteractionRequired), ("access_denied", Code::AuthorizationRefused)]
        {
            world.login(&args);
            world.run_for(500);
            let url = world.user_logs_in();
            let op = world.come_back(&refused_with(&url, error));
            world.run_for(500);
            assert_eq!(code_of(&world, op), code);
            assert_eq!(last_error(&world), told.then_some(code), "{via}");
        }
        assert!(world.statuses.iter().all(|status| *status == Status::SignedIn), "{:?}", world.statuses);
        world.login(&args);
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&url);
        world.run_for(500);
        assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })));
        assert_eq!((world.count(Event::SignedIn), last_error(&world)), (2, None));
        sound(&world);
    }
}

#[test]
fn a_silent_redirect_comes_back_to_where_it_began_without_an_error() {
    let mut world = nobody(live_for(300), "");
    world.login(r#"{"via":"quiet","prompt":"none","returnTo":"/orders"}"#);
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    let op = world.come_back(&refused_with(&url, "login_required"));
    world.run_for(500);
    let landed =
        matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: Some(to) }) if to == "/orders");
    assert!(landed, "{:?}", world.outcome(op));
    assert_eq!(
        (world.status(), last_error(&world), world.count(Event::SignedIn)),
        (Some(Status::SignedOut), None, 0)
    );
    sound(&world);
}

#[test]
fn a_code_whose_answer_is_lost_is_not_sent_again() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    lose_answer(&mut world, Purpose::Token);
    let op = world.come_back(&url);
    world.run_for(MINUTE);
    assert_eq!(code_of(&world, op), Code::NetworkFailed);
    assert_eq!(world.server.exchanges, 1);
    assert_eq!(world.status(), Some(Status::SignedOut));
    log_in(&mut world);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn discovery_fails_and_the_next_login_works() {
    let mut world = nobody(live_for(300), "");
    let how = HttpFailure::NoAnswer;
    prepare(&mut world, Purpose::Discovery, Fate::Fails { after: 10, how });
    let (one, two) = (world.login("{}"), world.login("{}"));
    world.run_for(500);
    assert_eq!((code_of(&world, one), code_of(&world, two)), (Code::NetworkFailed, Code::NetworkFailed));
    assert_eq!(world.status(), Some(Status::SignedOut));
    log_in(&mut world);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn a_stored_document_that_cannot_be_used_is_fetched_again() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    world.network.cached_metadata = Some(b"<html>hotel</html>".to_vec());
    world.come_back(&url);
    world.run_for(1_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn blocked_storage_is_told() {
    let mut world = nobody(live_for(300), "");
    world.storage_blocked = true;
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::StorageUnavailable);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_login_that_was_given_up_leaves_nothing() {
    let mut world = nobody(live_for(300), "");
    slow(&mut world, Purpose::Discovery, 1_000);
    let op = world.login("{}");
    assert_eq!(world.status(), Some(Status::SigningIn));
    world.cancel(op);
    assert_eq!(world.status(), Some(Status::SignedOut));
    world.run_for(2_000);
    assert_eq!(code_of(&world, op), Code::Aborted);
    assert!(world.visits.is_empty());
    let op = world.come_back(&format!("{HOME}?code=x"));
    world.run_for(10);
    assert!(matches!(world.outcome(op), Some(Outcome::NotOurs)), "no login is pending");
    sound(&world);
}

#[test]
fn a_page_that_comes_back_out_of_the_cache_is_not_signing_in() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    assert_eq!(world.status(), Some(Status::SigningIn), "the page is being left");
    world.restore();
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

// Logout.

#[test]
fn logout_during_a_refresh_wins() {
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
fn a_login_is_overtaken_by_a_logout() {
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
fn logout_does_not_wait_for_a_slow_revocation() {
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
fn logout_without_the_endpoints() {
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
fn revoke_ends_the_session_here_whatever_the_server_says() {
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

// Userinfo.

#[test]
fn userinfo_tries_a_new_token_once() {
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

// The end.

#[test]
fn dispose_settles_everything() {
    let mut world = somebody(live_for(300), "");
    slow(&mut world, Purpose::Token, 3_000);
    slow(&mut world, Purpose::Revocation, 3_000);
    let mut all: Vec<_> = (0..10).map(|_| fresh(&mut world)).collect();
    all.push(world.userinfo());
    all.push(world.come_back(&format!("{HOME}?code=x&state=tw.x")));
    all.push(world.login("{}"));
    world.dispose();
    assert!(all.iter().all(|op| code_of(&world, *op) == Code::ClientDisposed));
    assert!(!world.timer_is_set());
    let after = [world.get_token("{}"), world.login("{}"), world.logout("{}"), world.userinfo()];
    assert!(after.iter().all(|op| code_of(&world, *op) == Code::ClientDisposed));
    let events = world.events.len();
    world.run_for(HOUR);
    world.resume();
    world.dispose();
    assert_eq!(world.events.len(), events);
    assert_eq!(world.checker.token, None);
    sound(&world);
}

#[test]
fn answers_nobody_asked_for_are_ignored() {
    let mut world = somebody(live_for(300), "");
    let (events, token) = (world.events.len(), world.checker.token.clone());
    for job in 0..50 {
        let job = tokenward::engine::input::JobId(job);
        let body = r#"{"error":"invalid_grant"}"#;
        world.inject(Input::Http(job, Ok(response(400, "application/json", body))));
        world.inject(Input::Verified(job, tokenward::engine::input::Verdict::Invalid));
        world.inject(Input::Kept(job, Kept::word(KeepWord::Failed)));
        world.inject(Input::Kept(job, Kept { revision: Some(String::new()), ..Kept::word(KeepWord::Done) }));
    }
    assert_eq!((world.events.len(), world.checker.token.clone()), (events, token));
    assert!(world.is_live());
    sound(&world);
}
