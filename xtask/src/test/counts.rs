//! How many tests ran, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were left out.
    pub skipped: u64,
}

impl Counts {
    /// So many passed.
    pub fn passed(passed: u64) -> Self {
        Self { passed, ..Self::default() }
    }

    /// One check, passed or not.
    pub fn one(passed: bool) -> Self {
        if passed { Self::passed(1) } else { Self { failed: 1, ..Self::default() } }
    }

    /// One that could not run here.
    pub fn skipped_one() -> Self {
        Self { skipped: 1, ..Self::default() }
    }

    /// The sum of cargo's and wasm-bindgen's lines `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub fn from_cargo(output: &str) -> Self {
        let mut counts = Self::default();
        for line in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
            for part in line.split([';', '.']) {
                let mut words = part.split_whitespace();
                if let (Some(Ok(number)), Some(word)) = (words.next().map(str::parse::<u64>), words.next()) {
                    match word {
                        "passed" => counts.passed += number,
                        "failed" => counts.failed += number,
                        "ignored" => counts.skipped += number,
                        _ => {}
                    }
                }
            }
        }
        counts
    }

    /// The sum of the summary lines of node:test, `# pass 3` or with the sign of its spec reporter.
    pub fn from_node(output: &str) -> Self {
        let mut counts = Self::default();
        for line in output.lines() {
            let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("\u{2139} ")) else {
                continue;
            };
            let mut words = rest.split_whitespace();
            let (Some(word), Some(Ok(number)), None) =
                (words.next(), words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match word {
                "pass" => counts.passed += number,
                "fail" | "cancelled" => counts.failed += number,
                "skipped" | "todo" => counts.skipped += number,
                _ => {}
            }
        }
        counts
    }

    /// The same, counting a run as failed that ended badly without naming a failed test, or ran none.
    pub fn judged(mut self, success: bool) -> Self {
        if self.failed == 0 && (!success || self.passed == 0) {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The plain closing line: `3 passed, 0 failed`, and what was skipped when something was.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_are_added_up() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\n\
            test result: FAILED. 10 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s\n";
        assert_eq!(Counts::from_cargo(output), Counts { passed: 12, failed: 4, skipped: 1 });
        assert_eq!(Counts::from_cargo("error[E0432]: unresolved import\n"), Counts::default());
    }

    #[test]
    fn node_summaries_of_both_reporters_are_read() {
        let tap = "TAP version 13\n# Subtest: a\nok 1 - a\n1..1\n# tests 5\n# suites 0\n# pass 3\n# fail 1\n\
            # cancelled 1\n# skipped 2\n# todo 0\n# duration_ms 42.5\n";
        assert_eq!(Counts::from_node(tap), Counts { passed: 3, failed: 2, skipped: 2 });
        let spec = "\u{2139} tests 2\n\u{2139} pass 2\n\u{2139} fail 0\n";
        assert_eq!(Counts::from_node(spec), Counts::passed(2));
        assert_eq!(Counts::from_node("# pass the parcel 3\n# pass\nfail 3\n"), Counts::default());
    }

    #[test]
    fn nothing_ran_is_a_failure() {
        assert_eq!(Counts::default().judged(true).failed, 1);
        assert_eq!(Counts::passed(3).judged(false).failed, 1);
        assert_eq!(Counts { passed: 1, failed: 2, skipped: 0 }.judged(false).failed, 2);
        assert_eq!(Counts::passed(3).judged(true), Counts::passed(3));
        assert_eq!(Counts::skipped_one().judged(true).failed, 1);
    }

    #[test]
    fn the_closing_line() {
        assert_eq!(Counts::passed(3).to_string(), "3 passed, 0 failed");
        assert_eq!(Counts { passed: 1, failed: 2, skipped: 3 }.to_string(), "1 passed, 2 failed, 3 skipped");
    }
}
