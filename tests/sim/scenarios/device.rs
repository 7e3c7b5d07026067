//! A login by another device, RFC 8628.

use tokenward::engine::input::OpId;
use tokenward::engine::output::{Event, Status};
use tokenward::error::{Code, Phase};
use tokenward::protocol::http::{HttpFailure, Purpose};
use tokenward::time::Millis;

use crate::network::Fate;
use crate::properties::Outcome;
use crate::server::{Policy, response};
use crate::world::World;

use super::{answer, code_of, live_for, log_in, lose_answer, nobody, prepare, slow, somebody, sound};

/// A code is shown and nobody has entered it.
fn waiting(options: &'static str) -> (World, OpId) {
    let mut world = nobody(live_for(300), options);
    let op = world.login_with_device("{}");
    world.run_for(500);
    (world, op)
}

fn approve(world: &mut World) {
    assert!(world.server.user_decides(true, world.clock.truth));
}

fn gaps(world: &World) -> Vec<Millis> {
    world.server.devices.polls.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[track_caller]
fn signed_in(world: &World, op: OpId) {
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: None })), "{}", world.trace);
    assert_eq!(world.status(), Some(Status::SignedIn));
}

#[test]
fn the_user_enters_the_code_and_a_session_begins() {
    for options in ["", r#""persistence":"sealed""#, r#""discovery":"oauth","scope":"profile""#] {
        let (mut world, op) = waiting(options);
        let (of, code) = &world.codes[0];
        assert_eq!((*of, code.prompt.user_code.as_str()), (op, "WDJB-MJHT"));
        assert_eq!(code.prompt.verification_uri, "https://id.example.com/device");
        assert!(code.prompt.verification_uri_complete.as_deref().unwrap().ends_with("?user_code=WDJB-MJHT"));
        assert!((115_000..=125_000).contains(&(code.expires_at - world.clock.now().wall)));
        assert_eq!(world.status(), Some(Status::SigningIn));
        world.run_for(12_000);
        approve(&mut world);
        world.run_for(6_000);
        signed_in(&world, op);
        assert!(gaps(&world).iter().all(|gap| *gap >= 4_900), "{:?}", gaps(&world));
        // It is a session like any other.
        world.run_for(600_000);
        assert!(world.server.refreshes > 0 && world.is_live());
        assert!(!world.codes.is_empty() && world.count(Event::SignedIn) == 1);
        sound(&world);
    }
}

#[test]
fn the_id_token_is_verified() {
    let (mut world, op) = waiting("");
    world.server.signs_with = Some(9);
    approve(&mut world);
    world.run_for(6_000);
    assert!(matches!(code_of(&world, op), Code::IdTokenKey | Code::IdTokenSignature));
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_server_need_not_know_the_nonce_but_may_not_send_another() {
    let (mut world, op) = waiting("");
    world.server.devices.echoes_nonce = false;
    approve(&mut world);
    world.run_for(6_000);
    signed_in(&world, op);
    world.run_for(600_000);
    assert!(world.is_live());
    sound(&world);

    let (mut world, op) = waiting("");
    world.server.devices.wrong_nonce = true;
    approve(&mut world);
    world.run_for(6_000);
    assert_eq!(code_of(&world, op), Code::IdTokenNonce);
    sound(&world);
}

#[test]
fn denied_and_expired_are_told_apart() {
    let (mut world, op) = waiting("");
    assert!(world.server.user_decides(false, world.clock.truth));
    world.run_for(6_000);
    assert_eq!(code_of(&world, op), Code::DeviceDenied);
    let error = world.checker.snapshot.as_ref().and_then(|s| s.last_error.clone()).unwrap();
    assert_eq!((error.phase, error.oauth_error.as_deref()), (Phase::Token, Some("access_denied")));
    assert_eq!(world.status(), Some(Status::SignedOut));
    let polls = world.server.devices.polls.len();
    world.run_for(60_000);
    assert_eq!(world.server.devices.polls.len(), polls);
    assert!(!world.timer_is_set());
    sound(&world);

    let (mut world, op) = waiting("");
    world.run_for(119_000);
    assert!(world.outcome(op).is_none());
    world.run_for(2_000);
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    assert!(!world.timer_is_set());
    sound(&world);
}

#[test]
fn the_code_ends_by_either_clock() {
    // The device slept; the monotonic clock stood still.
    let (mut world, op) = waiting("");
    world.sleep(10 * 60_000, true);
    world.resume();
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    // The wall clock was set back.
    let (mut world, op) = waiting("");
    world.jump(-3_600_000);
    world.run_for(121_000);
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    // It jumps ahead.
    let (mut world, op) = waiting("");
    world.jump(3_600_000);
    world.run_for(1_100);
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    sound(&world);
}

/// The last wait is that for the end of the code. Then the device sleeps, and its clock is set back: the code lives on.
#[test]
fn a_code_whose_end_is_put_off_is_not_asked_for_more_often() {
    for passed in 110..120 {
        let (mut world, op) = waiting("");
        world.run_for(passed * 1_000 - 500);
        world.sleep(1_000, true);
        world.run_for(500);
        world.jump(-1_500);
        world.run_for(20_000);
        sound(&world);
        assert_eq!(code_of(&world, op), Code::DeviceExpired);
    }
}

#[test]
fn the_server_says_how_often() {
    let mut world = nobody(live_for(300), "");
    world.server.devices.interval = Some(11);
    world.login_with_device("{}");
    world.run_for(60_000);
    assert!(gaps(&world).iter().all(|gap| (10_900..13_000).contains(gap)), "{:?}", gaps(&world));
    // Five seconds if it does not.
    let mut world = nobody(live_for(300), "");
    world.server.devices.interval = None;
    world.login_with_device("{}");
    world.run_for(30_000);
    assert!(gaps(&world).iter().all(|gap| (4_900..7_000).contains(gap)), "{:?}", gaps(&world));
    // Five more each time that it is too often, for good.
    let (mut world, op) = waiting("");
    world.server.devices.slow_downs = 2;
    world.run_for(80_000);
    let gaps = gaps(&world);
    assert!((9_900..12_000).contains(&gaps[0]) && gaps[1..].iter().all(|gap| *gap >= 14_900), "{gaps:?}");
    approve(&mut world);
    world.run_for(16_000);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn a_code_that_ends_before_the_next_question_is_not_waited_for_longer() {
    let mut world = nobody(live_for(300), "");
    (world.server.devices.lifetime, world.server.devices.interval) = (30, Some(3_600));
    let op = world.login_with_device("{}");
    world.run_for(32_000);
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    assert!(world.server.devices.polls.is_empty());
    sound(&world);
}

#[test]
fn network_failures_double_the_wait_and_end_nothing() {
    let (mut world, op) = waiting("");
    for _ in 0..3 {
        prepare(&mut world, Purpose::Token, Fate::Fails { after: 10, how: HttpFailure::NoAnswer });
    }
    // 5 s, and then 10, 20 and 40 after each failure.
    world.run_for(74_000);
    assert!(world.server.devices.polls.is_empty());
    world.run_for(5_000);
    assert_eq!(world.server.devices.polls.len(), 1);
    // Afterwards it is as before.
    world.run_for(9_000);
    assert_eq!(world.server.devices.polls.len(), 3);
    approve(&mut world);
    world.run_for(6_000);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn a_busy_server_says_how_long() {
    let (mut world, op) = waiting("");
    answer(&mut world, Purpose::Token, 503, Some("40"));
    world.run_for(6_000);
    world.resume();
    world.run_for(38_000);
    world.resume();
    assert!(world.server.devices.polls.is_empty());
    approve(&mut world);
    world.run_for(3_000);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn offline_nothing_is_asked_and_online_at_once() {
    let (mut world, op) = waiting("");
    world.set_online(false);
    approve(&mut world);
    world.run_for(33_000);
    assert!(world.server.devices.polls.is_empty());
    world.set_online(true);
    world.run_for(500);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn a_page_that_comes_back_asks_at_once_but_not_too_often() {
    let (mut world, op) = waiting("");
    world.run_for(6_000);
    for _ in 0..20 {
        world.resume();
        world.run_for(100);
    }
    assert_eq!(world.server.devices.polls.len(), 1);
    approve(&mut world);
    world.freeze();
    world.run_for(60_000);
    world.thaw();
    world.run_for(500);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn a_second_question_waits_for_the_answer_to_the_first() {
    let (mut world, op) = waiting("");
    slow(&mut world, Purpose::Token, 15_000);
    world.run_for(19_000);
    assert_eq!(world.server.devices.polls.len(), 1);
    approve(&mut world);
    world.run_for(8_000);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn a_lost_answer_with_tokens_costs_the_code_and_says_so() {
    let (mut world, op) = waiting("");
    approve(&mut world);
    lose_answer(&mut world, Purpose::Token);
    world.run_for(20_000);
    let Some(Outcome::Failed(error)) = world.outcome(op) else { panic!("{}", world.trace) };
    assert_eq!((error.code, error.oauth_error.as_deref()), (Code::TokenRefused, Some("invalid_grant")));
    sound(&world);
}

#[test]
fn giving_up_gives_late_tokens_back() {
    // While the server is asked, and while the keys are fetched.
    for purpose in [Purpose::Token, Purpose::Keys] {
        let (mut world, op) = waiting("");
        approve(&mut world);
        slow(&mut world, purpose, 2_000);
        world.run_for(6_000);
        world.cancel(op);
        assert_eq!(code_of(&world, op), Code::Aborted);
        world.run_for(5_000);
        assert_eq!((world.status(), world.server.revoked.len()), (Some(Status::SignedOut), 1), "{purpose:?}");
        assert!(!world.server.grants[0].alive && world.count(Event::SignedIn) == 0);
        let polls = world.server.devices.polls.len();
        world.run_for(60_000);
        assert_eq!(world.server.devices.polls.len(), polls);
        sound(&world);
    }
}

#[test]
fn a_logout_ends_it_and_a_dispose_settles_it() {
    let (mut world, op) = waiting("");
    approve(&mut world);
    slow(&mut world, Purpose::Token, 2_000);
    world.run_for(6_000);
    world.logout("{}");
    assert_eq!(code_of(&world, op), Code::Aborted);
    world.run_for(5_000);
    assert_eq!(world.server.revoked.len(), 1);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);

    let (mut world, op) = waiting("");
    world.dispose();
    assert_eq!(code_of(&world, op), Code::ClientDisposed);
    world.run_for(60_000);
    assert!(world.server.devices.polls.is_empty());
    sound(&world);
}

#[test]
fn a_second_one_ends_the_first() {
    let (mut world, first) = waiting("");
    let second = world.login_with_device("{}");
    assert_eq!(code_of(&world, first), Code::Aborted);
    world.run_for(500);
    assert_eq!((world.codes.len(), world.status()), (2, Some(Status::SigningIn)));
    approve(&mut world);
    world.run_for(6_000);
    signed_in(&world, second);
    assert_eq!(world.server.devices.polls.len(), 1);
    sound(&world);
}

#[test]
fn a_session_that_was_there_stays_until_another_begins() {
    let mut world = somebody(live_for(300), "");
    let op = world.login_with_device("{}");
    world.run_for(500);
    assert_eq!(world.status(), Some(Status::SignedIn));
    assert!(world.server.user_decides(false, world.clock.truth));
    world.run_for(6_000);
    assert_eq!(code_of(&world, op), Code::DeviceDenied);
    assert!(world.is_live());
    let op = world.login_with_device("{}");
    world.run_for(500);
    approve(&mut world);
    world.run_for(6_000);
    signed_in(&world, op);
    // The way with a redirect is as good as ever meanwhile.
    let op = world.login_with_device("{}");
    world.run_for(500);
    log_in(&mut world);
    assert!(world.is_live() && world.outcome(op).is_none());
    world.run_for(121_000);
    assert_eq!(code_of(&world, op), Code::DeviceExpired);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn a_page_out_of_the_cache_goes_on() {
    let (mut world, op) = waiting("");
    world.restore();
    assert_eq!(world.status(), Some(Status::SigningIn));
    approve(&mut world);
    world.run_for(6_000);
    signed_in(&world, op);
    sound(&world);
}

#[test]
fn refusals_show_nothing_to_the_user() {
    for (instead, path) in [
        (r#"{"device_code":"a","user_code":"b","expires_in":60}"#, "verification_uri"),
        (
            r#"{"device_code":"a","user_code":"b","verification_uri":"javascript:alert(1)","expires_in":60}"#,
            "verification_uri",
        ),
    ] {
        let mut world = nobody(live_for(300), "");
        world.server.devices.instead = Some(instead.to_owned());
        let op = world.login_with_device("{}");
        world.run_for(1_000);
        let Some(Outcome::Failed(error)) = world.outcome(op) else { panic!("{}", world.trace) };
        assert_eq!((error.code, error.phase), (Code::ResponseInvalid, Phase::Login));
        assert_eq!(error.path.as_deref(), Some(path));
        assert!(world.codes.is_empty() && !world.timer_is_set());
        sound(&world);
    }
    let mut world = nobody(live_for(300), "");
    let refused = response(400, "application/json", r#"{"error":"unauthorized_client"}"#);
    prepare(&mut world, Purpose::Device, Fate::Intercepted { after: 10, response: refused });
    let op = world.login_with_device("{}");
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::AuthorizationRefused);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_server_without_the_endpoint_is_named() {
    let policy = Policy::default();
    let options = r#""discovery":false,"metadata":{"authorization_endpoint":"https://id.example.com/authorize","token_endpoint":"https://id.example.com/token"},"scope":"profile""#;
    let mut world = nobody(policy, options);
    let op = world.login_with_device("{}");
    let Some(Outcome::Failed(error)) = world.outcome(op) else { panic!("{}", world.trace) };
    assert_eq!(
        (error.code, error.path.as_deref()),
        (Code::EndpointMissing, Some("device_authorization_endpoint"))
    );
    for args in [r#"{"extraParams":{"device_code":"x"}}"#, r#"{"prompt":"none"}"#, r#"{"scope":7}"#] {
        let op = world.login_with_device(args);
        assert!(matches!(code_of(&world, op), Code::OptionInvalid | Code::OptionUnknown), "{args}");
    }
    sound(&world);
}
