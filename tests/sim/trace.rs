//! The last things that happened, for the reader of a failure. Off while thousands of schedules run.

use std::collections::VecDeque;
use std::fmt;

use tokenward::time::Millis;

const LENGTH: usize = 80;

#[derive(Debug, Default)]
pub(crate) struct Trace {
    on: bool,
    start: Millis,
    lines: VecDeque<String>,
}

impl Trace {
    pub(crate) fn on(start: Millis) -> Self {
        Self { on: true, start, lines: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, truth: Millis, line: impl FnOnce() -> String) {
        if !self.on {
            return;
        }
        if self.lines.len() == LENGTH {
            self.lines.pop_front();
        }
        let at = truth - self.start;
        self.lines.push_back(format!("{:>9}.{:03} {}", at / 1000, at % 1000, line()));
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
