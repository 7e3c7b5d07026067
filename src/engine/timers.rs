//! One table of deadlines, one wake-up.

use crate::time::{Deadline, Millis, Now};

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// Renew before the access token expires.
    Renew,
    /// Try a failed renewal again.
    Retry,
    /// The access token expires and cannot be renewed.
    Expire,
    /// Try to get the keys again.
    Keys,
    /// Leave for the provider's logout without waiting longer.
    Leave,
    /// Look at what is kept: another tab may have changed it.
    Look,
    /// Ask whether the user has entered the code.
    Poll,
}

impl Timer {
    const ALL: [Self; 7] =
        [Self::Renew, Self::Retry, Self::Expire, Self::Keys, Self::Leave, Self::Look, Self::Poll];
}

/// A place for the deadline of every timer, in the order of [`Timer::ALL`].
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Deadline>; Timer::ALL.len()]);

impl Timers {
    /// Sets a deadline; the one before it is forgotten.
    pub(super) fn set(&mut self, timer: Timer, now: Now, after: Millis) {
        self.set_at(timer, Deadline::new(now, after));
    }

    pub(super) fn set_at(&mut self, timer: Timer, deadline: Deadline) {
        self.0[timer as usize] = Some(deadline);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// How long a timer runs still.
    pub(super) fn remaining(&self, timer: Timer, now: Now) -> Option<Millis> {
        self.0[timer as usize].map(|deadline| deadline.remaining(now))
    }

    /// Takes out one that is due.
    pub(super) fn take_due(&mut self, now: Now) -> Option<Timer> {
        let due = Timer::ALL.into_iter().find(|timer| self.remaining(*timer, now) == Some(0))?;
        self.clear(due);
        Some(due)
    }

    /// How long until the next one.
    pub(super) fn next(&self, now: Now) -> Option<Millis> {
        Timer::ALL.into_iter().filter_map(|timer| self.remaining(timer, now)).min()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(usize, Millis),
        Clear(usize),
        Pass { wall: i64, mono: Millis },
        Take,
    }

    fn step() -> impl Strategy<Value = Step> {
        let timer = 0..Timer::ALL.len();
        prop_oneof![
            (timer.clone(), 0..10_000_u64).prop_map(|(timer, after)| Step::Set(timer, after)),
            timer.prop_map(Step::Clear),
            (-5_000..20_000_i64, 0..20_000_u64).prop_map(|(wall, mono)| Step::Pass { wall, mono }),
            Just(Step::Take),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Beside a list of deadlines that is searched.
        #[test]
        fn the_table_is_a_list(steps in prop::collection::vec(step(), 0..60)) {
            let mut now = Now { wall: 1_000_000, mono: 1_000 };
            let mut table = Timers::default();
            let mut list: Vec<(Timer, Deadline)> = Vec::new();
            for step in steps {
                match step {
                    Step::Set(timer, after) => {
                        let timer = Timer::ALL[timer];
                        table.set(timer, now, after);
                        list.retain(|(known, _)| *known != timer);
                        list.push((timer, Deadline::new(now, after)));
                    }
                    Step::Clear(timer) => {
                        table.clear(Timer::ALL[timer]);
                        list.retain(|(known, _)| *known != Timer::ALL[timer]);
                    }
                    Step::Pass { wall, mono } => {
                        now = Now { wall: now.wall.saturating_add_signed(wall), mono: now.mono + mono };
                    }
                    // What is due is taken once; what is not stays.
                    Step::Take => while let Some(timer) = table.take_due(now) {
                        let at = list.iter().position(|(known, _)| *known == timer).unwrap();
                        prop_assert!(list.remove(at).1.reached(now));
                    },
                }
                prop_assert_eq!(table.next(now), list.iter().map(|(_, deadline)| deadline.remaining(now)).min());
                for timer in Timer::ALL {
                    let known = list.iter().find(|(known, _)| *known == timer);
                    prop_assert_eq!(table.remaining(timer, now), known.map(|(_, deadline)| deadline.remaining(now)));
                }
                if matches!(step, Step::Take) {
                    prop_assert!(table.next(now).is_none_or(|wait| wait > 0), "woken for nothing");
                }
            }
        }
    }
}
