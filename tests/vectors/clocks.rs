//! Ages and deadlines under random clocks, also such as no device has.

use proptest::prelude::*;
use proptest::test_runner::Config;
use tokenward::time::{Deadline, Millis, Now};

fn cases() -> Config {
    Config { cases: 1024, failure_persistence: None, ..Config::default() }
}

fn millis() -> impl Strategy<Value = Millis> {
    prop_oneof![0..100_u64, 0..100_000_000_u64, any::<u64>(), Just(0), Just(u64::MAX)]
}

/// The monotonic clock of a page that has run for ages. The upper half of the range is for what was before it.
fn mono() -> impl Strategy<Value = Millis> {
    prop_oneof![0..100_u64, 0..100_000_000_u64, 0..1_u64 << 61]
}

fn moment() -> impl Strategy<Value = Now> {
    (millis(), mono()).prop_map(|(wall, mono)| Now { wall, mono })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_age_is_the_larger_of_two(now in moment(), earlier in moment()) {
        let age = now.since(earlier);
        let differences = [(now.wall, earlier.wall), (now.mono, earlier.mono)].map(|(a, b)| i128::from(a) - i128::from(b));
        prop_assert_eq!(i128::from(age), differences[0].max(differences[1]).max(0));
        prop_assert_eq!(now.since(now), 0);
    }

    #[test]
    fn a_clock_that_is_set_makes_nothing_younger(start in moment(), passed in 0..1_000_000_000_u64, wall in millis()) {
        let later = Now { wall, mono: start.mono + passed };
        prop_assert!(later.since(start) >= passed);
    }

    #[test]
    fn ages_do_not_exceed_their_parts(a in moment(), b in moment(), c in moment()) {
        prop_assert!(c.since(a) <= b.since(a).saturating_add(c.since(b)));
    }

    #[test]
    fn a_deadline_is_reached_once_and_for_all(
        start in moment(), after in 0..1_000_000_u64, passed in 0..2_000_000_u64, more in mono(), wall in millis(),
    ) {
        let deadline = Deadline::new(start, after);
        let now = Now { wall, mono: start.mono + passed };
        prop_assert_eq!(deadline.reached(now), now.since(start) >= after);
        prop_assert_eq!(deadline.remaining(now), after.saturating_sub(now.since(start)));
        if passed >= after {
            prop_assert!(deadline.reached(now));
            // The monotonic clock does not go back.
            let later = Now { wall: more, mono: now.mono + more };
            prop_assert!(deadline.reached(later));
        }
    }

    #[test]
    fn seconds_are_whole_ones(now in moment()) {
        let seconds = u64::try_from(now.unix_seconds()).unwrap();
        prop_assert!(seconds * 1000 <= now.wall && now.wall - seconds * 1000 < 1000);
    }
}
