//! `cargo xtask soak` and `cargo xtask herd`: the simulated world for longer than a test may take.

use crate::process::Run;
use crate::{paths, tools};
use anyhow::Result;

/// Schedules of each kind unless another number is asked for.
const SCHEDULES: u64 = 1_000_000;

/// Engines that stand for a million.
const SAMPLE: &str = "20000";

/// Runs random schedules of both kinds and tells how far it is.
pub fn run(schedules: Option<u64>, first: Option<u64>) -> Result<()> {
    simulation("random_schedules")
        .env("SCHEDULES", schedules.unwrap_or(SCHEDULES).to_string())
        .env("FIRST", first.unwrap_or(0).to_string())
        .env("PROGRESS", "1")
        .named("the simulation")
        .run()
}

/// Measures what a provider hears after an outage, and draws it.
pub fn herd() -> Result<()> {
    let picture = paths::root().join("docs/herd.svg");
    std::fs::create_dir_all(paths::root().join("docs"))?;
    simulation("a_million_clients").env("HERD", SAMPLE).env("HERD_SVG", &picture).named("the herd").run()?;
    println!("wrote {}", paths::shown(&picture));
    Ok(())
}

fn simulation(test: &str) -> Run {
    let arguments =
        ["test", "--release", "--package", "tokenward", "--test", "sim", "--", "--nocapture", test];
    Run::new(tools::cargo()).args(arguments).dir(paths::root())
}
