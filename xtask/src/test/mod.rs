//! `cargo xtask test`: every check there is, in order, with a count at the end.

mod counts;
pub mod steps;

use anyhow::{Result, ensure};
pub use counts::Counts;
use std::time::Instant;
use steps::{STEPS, Step};

/// Which steps to run.
#[derive(Debug, Default)]
pub struct Selection {
    /// Without the browsers.
    pub quick: bool,
    /// Only steps whose name is or begins with one of these.
    pub only: Vec<String>,
}

/// Runs the selected steps to the end of the list. `false` when anything failed.
pub fn run(selection: &Selection) -> Result<bool> {
    for name in &selection.only {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        ensure!(
            STEPS.iter().any(|step| step.name.starts_with(name)),
            "no step {name}; there are {}",
            known.join(", ")
        );
    }
    let chosen: Vec<&Step> = STEPS.iter().filter(|step| selection.wants(step)).collect();
    let begun = Instant::now();
    let mut total = Counts::default();
    let mut lines = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        if index > 0 && step.beside {
            continue;
        }
        let others = chosen[index + 1..].iter().take_while(|step| step.beside).count();
        let group = &chosen[index..=index + others];
        let names: Vec<&str> = group.iter().map(|step| step.name).collect();
        println!("\n=== {} ({} of {}) ===", names.join(", "), index + 1, chosen.len());
        for (counts, line) in side_by_side(group) {
            println!("--- {line}");
            lines.push(line);
            total += counts;
        }
    }
    println!("\n=== summary ({:.0} s) ===", begun.elapsed().as_secs_f64());
    for line in lines {
        println!("{line}");
    }
    if chosen.len() < STEPS.len() {
        println!("({} of {} steps were asked for)", chosen.len(), STEPS.len());
    }
    println!("\n{total}");
    Ok(total.failed == 0)
}

/// Runs steps at the same time; gives what each counted, and a line about it.
fn side_by_side(steps: &[&Step]) -> Vec<(Counts, String)> {
    let timed = |step: &Step| {
        let at = Instant::now();
        let counts = run_step(step);
        let line = format!("{:<15} {:>6.1} s  {counts}", step.name, at.elapsed().as_secs_f64());
        (counts, line)
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = steps.iter().map(|step| scope.spawn(move || timed(step))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| (Counts::one(false), "a step panicked".into())))
            .collect()
    })
}

/// A step that cannot run is a failure; without its browser, outside CI, it is skipped with the reason.
fn run_step(step: &Step) -> Counts {
    if let Some(Err(error)) = step.browser.map(crate::browsers::Browser::ensure) {
        println!("{error:#}");
        let skip = std::env::var_os("CI").is_none();
        return if skip { Counts::skipped_one() } else { Counts::one(false) };
    }
    (step.run)().unwrap_or_else(|error| {
        println!("{error:#}");
        Counts::one(false)
    })
}

impl Selection {
    fn wants(&self, step: &Step) -> bool {
        let named = self.only.is_empty() || self.only.iter().any(|name| step.name.starts_with(name.as_str()));
        named && (step.quick || !self.quick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Vec<&'static str> {
        STEPS.iter().filter(|step| selection.wants(step)).map(|step| step.name).collect()
    }

    #[test]
    fn steps_are_chosen_by_the_beginning_of_their_name() {
        let only = |name: &str| names(&Selection { quick: false, only: vec![name.into()] });
        assert_eq!(only("e2e-chromium"), ["e2e-chromium", "e2e-chromium-2", "e2e-chromium-3"]);
        assert_eq!(only("fmt"), ["fmt"]);
        assert_eq!(names(&Selection::default()).len(), STEPS.len());
    }

    #[test]
    fn quick_starts_no_browser() {
        let quick = Selection { quick: true, only: Vec::new() };
        assert!(STEPS.iter().filter(|step| quick.wants(step)).all(|step| step.browser.is_none()));
        assert!(names(&quick).len() > 5);
    }

    #[test]
    fn an_unknown_step_is_named() {
        let error = run(&Selection { quick: false, only: vec!["nothing".into()] }).unwrap_err();
        assert!(error.to_string().contains("no step nothing; there are fmt, clippy"));
    }
}
