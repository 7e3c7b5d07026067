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
}

impl Timer {
    const ALL: [Self; 6] = [Self::Renew, Self::Retry, Self::Expire, Self::Keys, Self::Leave, Self::Look];
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
