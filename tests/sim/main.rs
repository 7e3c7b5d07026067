//! The simulated world: clients in one tab or several, one server, a network between them that loses, delays and
//! garbles, a keeper and a lock that fail, and clocks that jump and sleep. Thousands of random schedules, and the
//! situations that have a name.
//!
//! There are two kinds of schedules: `single`, of one page that keeps its session in memory, and `shared`, of tabs
//! that share a sealed one. A failing schedule names its kind and seed; `TOKENWARD_SEED=n cargo test --test sim replay`
//! runs that of both kinds again and prints the trace. `SCHEDULES=n` runs so many of each instead of the ordinary
//! number, `FIRST=n` begins with another seed, `PROGRESS=1` tells how far it is.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that is surprised shall fail")]
#![allow(clippy::print_stderr, reason = "progress is for whoever waits")]

mod chance;
mod checks;
mod clock;
mod commons;
mod devices;
mod herd;
mod hostile;
mod keeper;
mod keys;
mod network;
mod par;
mod proofs;
mod properties;
mod providers;
mod renewals;
mod sabotage;
mod scenarios;
mod schedule;
mod server;
mod shared;
mod shared_schedule;
mod tab;
mod trace;
mod world;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use properties::Tally;
use sabotage::Sabotage;

type Run = fn(u64, bool, Sabotage) -> Result<Tally, String>;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs schedules on all processors.
#[allow(clippy::disallowed_methods, reason = "how long it takes is told, and decides nothing")]
fn run_many(kind: &str, run: Run, ordinary: u64) -> Tally {
    let first = number("FIRST").unwrap_or(0);
    let end = first + number("SCHEDULES").unwrap_or(ordinary);
    let (next, failed) = (&AtomicU64::new(first), &AtomicBool::new(false));
    let (begun, shows) = (Instant::now(), number("PROGRESS").is_some());
    let step = ((end - first) / 100).max(1);
    let work = move || {
        let mut sum = Tally::default();
        while !failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            match run(seed, false, Sabotage::None) {
                Ok(tally) => sum.add(&tally),
                Err(_) => {
                    failed.store(true, Ordering::Relaxed);
                    panic!("{}", again(kind, run, seed));
                }
            }
            if shows && (seed - first + 1).is_multiple_of(step) {
                let (done, of) = (seed - first + 1, end - first);
                eprintln!("{kind}: {done} of {of} after {} s", begun.elapsed().as_secs());
            }
        }
        sum
    };
    let workers = thread::available_parallelism().map_or(1, Into::into);
    let mut sum = Tally::default();
    thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in all {
            match worker.join() {
                Ok(tally) => sum.add(&tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    eprintln!("{kind}: {sum:?}");
    sum
}

/// The same schedule with its trace.
fn again(kind: &str, run: Run, seed: u64) -> String {
    let told = run(seed, true, Sabotage::None).err();
    let told = told.unwrap_or_else(|| "does not fail when it is traced".to_owned());
    format!("{kind} {told}\nreplay: TOKENWARD_SEED={seed} cargo test --test sim replay")
}

#[test]
fn random_schedules_of_a_single_page() {
    let sum = run_many("single", schedule::run, 10_000);
    // A world in which nothing happens has all properties.
    for (what, times) in sum.all() {
        let shared = Tally::SHARED.contains(&what);
        assert!(times > 0 || shared || number("SCHEDULES").is_some(), "no schedule came to {what}");
    }
}

#[test]
fn random_schedules_of_shared_sessions() {
    let sum = run_many("shared", shared_schedule::run, 20_000);
    for (what, times) in sum.all() {
        assert!(times > 0 || number("SCHEDULES").is_some(), "no schedule came to {what}");
    }
}

#[test]
fn replay() {
    let Some(seed) = number("TOKENWARD_SEED") else { return };
    for run in [schedule::run, shared_schedule::run] {
        if let Err(told) = run(seed, true, Sabotage::None) {
            panic!("{told}");
        }
    }
}

#[test]
fn a_schedule_is_the_same_every_time() {
    for run in [schedule::run, shared_schedule::run] {
        for seed in 0..20 {
            let runs = [false, true].map(|traced| run(seed, traced, Sabotage::None).map(|t| t.all()));
            assert_eq!(runs[0], runs[1], "seed {seed}");
        }
    }
}

fn is_found_out(run: Run, sabotage: Sabotage) {
    const ENOUGH: u64 = 1_000;
    let found = (0..ENOUGH).any(|seed| {
        let told = run(seed, false, sabotage).err().unwrap_or_default();
        sabotage.complaint().iter().any(|complaint| told.contains(complaint))
    });
    assert!(found, "{sabotage:?} goes unnoticed");
}

#[test]
fn broken_clients_are_found_out() {
    let all = Sabotage::ALL.into_iter().chain(Sabotage::OF_OTHER_FLOWS);
    all.for_each(|sabotage| is_found_out(schedule::run, sabotage));
}

#[test]
fn broken_ways_to_share_are_found_out() {
    let all = Sabotage::SHARED.into_iter().chain(Sabotage::OF_OTHER_FLOWS);
    all.for_each(|sabotage| is_found_out(shared_schedule::run, sabotage));
}
