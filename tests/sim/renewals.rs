//! When tokens are renewed, over random lives of tokens: before they expire, and never in a busy loop.

use proptest::prelude::*;
use proptest::test_runner::Config;
use tokenward::engine::output::Status;
use tokenward::time::Millis;

use crate::network::Weather;
use crate::server::Policy;
use crate::world::{Setup, World};

/// There, back, and a timer that is late.
const SLACK: Millis = 400;

fn config() -> Config {
    Config { cases: 96, failure_persistence: None, ..Config::default() }
}

/// Every order of magnitude as often as any other, in seconds.
fn lives() -> impl Strategy<Value = u64> {
    prop_oneof![1..10_u64, 10..60_u64, 60..600_u64, 600..7_200_u64]
}

fn options() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(""),
        Just(r#""minValidity":0"#),
        Just(r#""minValidity":60"#),
        Just(r#""minValidity":600"#),
        Just(r#""minValidity":86400"#),
    ]
}

/// Somebody is signed in, whatever the device's clock says.
fn somebody(seed: u64, lifetime: u64, wall_ahead: i64, options: &'static str) -> World {
    let policy = Policy { lifetime: Some(lifetime), ..Policy::default() };
    let mut world = World::new(Setup { seed, policy, options, wall_ahead, ..Setup::default() });
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
    world
}

fn gaps(sends: &[Millis]) -> Vec<Millis> {
    sends.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn renewals_come_before_expiry_and_not_sooner_than_needed(
        seed in any::<u64>(), lifetime in lives(), wall_ahead in -250_000..250_000_i64, options in options(),
    ) {
        let life = lifetime * 1000;
        let mut world = somebody(seed, lifetime, wall_ahead, options);
        prop_assert!(world.is_live());
        world.run_for(life * 5);
        prop_assert!(world.checker.violation.is_none(), "{:?}", world.checker.violation);
        let sends = world.refresh_sends().to_vec();
        prop_assert!(sends.len() >= 3, "{} renewals in five lives of {} s", sends.len(), lifetime);
        for gap in gaps(&sends) {
            // A second between two, and more than a third of a life.
            prop_assert!(gap >= 1000.max(life * 3 / 8), "a renewal after {} ms of {}", gap, life);
            prop_assert!(gap <= life.max(1000) + SLACK, "a renewal {} ms too late", gap - life);
            if lifetime >= 4 {
                prop_assert!(gap + SLACK <= life, "a renewal {} ms before expiry", life.saturating_sub(gap));
            }
        }
    }

    #[test]
    fn a_server_that_is_gone_is_asked_less_and_less(seed in any::<u64>(), lifetime in lives()) {
        let mut world = somebody(seed, lifetime, 0, "");
        let before = world.refresh_sends().len();
        world.network.weather = Weather::DOWN;
        world.run_for(lifetime * 1000 + 3_600_000);
        let sends = world.refresh_sends()[before..].to_vec();
        prop_assert!(sends.len() > 6, "{} attempts in an hour", sends.len());
        for (failures, gap) in gaps(&sends).into_iter().enumerate() {
            // The second comes soon: the answer may only have been lost. Then one wait, and long ones after it; none
            // is longer than a token lives, and each attempt takes up to its time limit.
            let (least, most) = match failures {
                0 => (300, 600),
                1 => (5_000, 120_000),
                _ => (240_000, 480_000),
            };
            let longest = most.min((lifetime * 1000).max(2_000));
            prop_assert!(gap >= least.min(longest / 2), "attempt {} comes after {} ms", failures + 2, gap);
            prop_assert!(gap <= longest + 20_000 + 2_000, "attempt {} comes after {} ms", failures + 2, gap);
        }
        // And found again.
        world.network.weather = Weather::FINE;
        world.run_for(600_000);
        prop_assert!(matches!(world.status(), Some(Status::SignedIn | Status::Refreshing)));
        prop_assert!(world.checker.violation.is_none(), "{:?}", world.checker.violation);
    }
}
