//! What time it is really, and what the device believes.

use tokenward::time::{Millis, Now};

/// The server's clock is the truth; the device has a wall clock that may be wrong and a monotonic clock
/// that may stand still while it sleeps.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) truth: Millis,
    wall_ahead: i64,
    paused: Millis,
    slept: Millis,
    set_back: bool,
    started: Millis,
}

/// Some day in 2023.
const START: Millis = 1_700_000_000_000;

impl Clock {
    pub(crate) fn new(wall_ahead: i64) -> Self {
        Self { truth: START, wall_ahead, paused: 0, slept: 0, set_back: false, started: START - 1234 }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            wall: self.truth.saturating_add_signed(self.wall_ahead),
            mono: self.truth - self.started - self.paused,
        }
    }

    /// Whether the age of a token as the device sees it is never less than the true one: a clock that is
    /// set back hides sleep through which the other one stood still.
    pub(crate) fn is_honest(&self) -> bool {
        !(self.set_back && self.paused > 0)
    }

    pub(crate) fn never_set_back(&self) -> bool {
        !self.set_back
    }

    /// Time that passed while the device was awake.
    pub(crate) fn awake(&self) -> Millis {
        self.truth - START - self.slept
    }

    pub(crate) fn jump(&mut self, by: i64) {
        self.wall_ahead += by;
        self.set_back |= by < 0;
    }

    pub(crate) fn woke(&mut self, slept: Millis, mono_stood_still: bool) {
        self.slept += slept;
        if mono_stood_still {
            self.paused += slept;
        }
    }
}
