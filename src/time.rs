//! Two clocks. The wall clock may be set; the monotonic clock may stop while the device sleeps.
//! An age is the larger difference of the two, so that everything expires on the earlier.

/// Milliseconds.
pub type Millis = u64;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970 (`Date.now()`); may jump both ways.
    pub wall: Millis,
    /// Milliseconds since some start (`performance.now()`); never goes back, may pause in sleep. What was before
    /// the start wraps around zero.
    pub mono: Millis,
}

impl Now {
    /// How long ago `earlier` was: the larger of the two differences, so a paused or a set-back
    /// clock never makes something look younger.
    pub fn since(self, earlier: Self) -> Millis {
        let wall = self.wall.saturating_sub(earlier.wall);
        let mono = self.mono.wrapping_sub(earlier.mono).cast_signed().max(0).cast_unsigned();
        wall.max(mono)
    }

    /// So long ago, by both clocks; the monotonic one may say less than zero.
    #[must_use]
    pub fn ago(self, age: Millis) -> Self {
        Self { wall: self.wall.saturating_sub(age), mono: self.mono.wrapping_sub(age) }
    }

    /// Whole seconds since 1970, as tokens count them.
    pub fn unix_seconds(self) -> i64 {
        i64::try_from(self.wall / 1000).unwrap_or(i64::MAX)
    }
}

/// A point that is reached when either clock says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    from: Now,
    after: Millis,
}

impl Deadline {
    /// `after` milliseconds from `from`.
    pub fn new(from: Now, after: Millis) -> Self {
        Self { from, after }
    }

    /// How long to wait still; zero when it is reached.
    pub fn remaining(self, now: Now) -> Millis {
        self.after.saturating_sub(now.since(self.from))
    }

    /// Whether it is reached.
    pub fn reached(self, now: Now) -> bool {
        self.remaining(now) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Now = Now { wall: 1_000_000, mono: 5_000 };

    #[test]
    fn age_counts_sleep_and_survives_a_clock_set_back() {
        let slept = Now { wall: START.wall + 8 * 3_600_000, mono: START.mono + 20 };
        assert_eq!(slept.since(START), 8 * 3_600_000);
        let set_back = Now { wall: START.wall - 300_000, mono: START.mono + 7_000 };
        assert_eq!(set_back.since(START), 7_000);
    }

    #[test]
    fn what_was_before_the_page_ages_by_both_clocks() {
        let before = START.ago(8_000);
        assert_eq!(START.since(before), 8_000);
        let set_back = Now { wall: 0, mono: START.mono + 1_000 };
        assert_eq!(set_back.since(before), 9_000);
        assert_eq!(before.since(START), 0);
        assert!(Deadline::new(before, 8_000).reached(START));
    }

    #[test]
    fn deadline_is_reached_by_the_earlier_clock() {
        let deadline = Deadline::new(START, 10_000);
        assert!(!deadline.reached(Now { wall: START.wall + 9_999, mono: START.mono + 9_999 }));
        assert!(deadline.reached(Now { wall: START.wall + 10_000, mono: START.mono }));
        assert!(deadline.reached(Now { wall: 0, mono: START.mono + 10_000 }));
    }
}
