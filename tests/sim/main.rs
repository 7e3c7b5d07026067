//! The simulated world: one client, one server, a network between them that loses, delays and garbles, and
//! clocks that jump and sleep. Thousands of random schedules, and the situations that have a name.
//!
//! A failing schedule names its seed; `TOKENWARD_SEED=n cargo test --test sim replay` runs it again and
//! prints its trace. `SCHEDULES=n` runs more of them than the ordinary ten thousand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that is surprised shall fail")]

mod chance;
mod clock;
mod network;
mod properties;
mod renewals;
mod sabotage;
mod scenarios;
mod schedule;
mod server;
mod trace;
mod world;

use properties::Tally;
use sabotage::Sabotage;

const SCHEDULES: u64 = 10_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_schedules() {
    let mut sum = Tally::default();
    for seed in 0..number("SCHEDULES").unwrap_or(SCHEDULES) {
        match schedule::run(seed, false, Sabotage::None) {
            Ok(tally) => sum.add(&tally),
            Err(_) => panic!("{}", again(seed, Sabotage::None)),
        }
    }
    println!("{sum:#?}");
    // A world in which nothing happens has all properties.
    for (what, times) in sum.all() {
        assert!(times > 0, "no schedule came to {what}");
    }
}

/// The same schedule with its trace.
fn again(seed: u64, sabotage: Sabotage) -> String {
    let told = schedule::run(seed, true, sabotage).err();
    let told = told.unwrap_or_else(|| "does not fail when it is traced".to_owned());
    format!("{told}\nreplay: TOKENWARD_SEED={seed} cargo test --test sim replay")
}

#[test]
fn replay() {
    if let Some(seed) = number("TOKENWARD_SEED")
        && let Err(told) = schedule::run(seed, true, Sabotage::None)
    {
        panic!("{told}");
    }
}

#[test]
fn a_schedule_is_the_same_every_time() {
    for seed in 0..20 {
        let runs = [false, true].map(|traced| schedule::run(seed, traced, Sabotage::None).map(|t| t.all()));
        assert_eq!(runs[0], runs[1], "seed {seed}");
    }
}

#[test]
fn broken_clients_are_found_out() {
    const ENOUGH: u64 = 400;
    for sabotage in Sabotage::ALL {
        let found = (0..ENOUGH).find_map(|seed| {
            let told = schedule::run(seed, false, sabotage).err()?;
            sabotage.complaint().iter().any(|complaint| told.contains(complaint)).then_some(seed)
        });
        assert!(found.is_some(), "{sabotage:?} goes unnoticed");
    }
}
