//! Servers and networks that fail.

use tokenward::engine::output::{Event, Renewal, Status};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::network::{Fate, Weather, portal};

use super::{MINUTE, answer, code_of, fresh, live_for, prepare, somebody, sound};

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
fn e13_a_server_that_is_down_is_asked_ever_less() {
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
fn e13_retry_after_is_honoured_and_capped() {
    for (asked, least, most) in [("120", 120_000, 183_000), ("99999999999", 600_000, 663_000)] {
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
fn e01_a_captive_portal_costs_nothing() {
    let mut world = somebody(live_for(60), "");
    for _ in 0..5 {
        prepare(&mut world, Purpose::Token, Fate::Intercepted { after: 20, response: portal() });
    }
    let op = fresh(&mut world);
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::ResponseInvalid);
    world.run_for(8 * MINUTE);
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
