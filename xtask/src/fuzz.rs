//! The fuzz targets of tests/fuzz: on a nightly toolchain by libFuzzer, and their corpus on this one.

use crate::process::Run;
use crate::test::{Counts, steps::vault_fuzzer};
use crate::{paths, tools};
use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const CARGO_FUZZ: (&str, &str) = ("cargo-fuzz", "0.13.2");

/// One input may not take longer, in seconds, nor more memory, in megabytes.
const INPUT_LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1024"];

/// Larger inputs than this find nothing that smaller ones do not, and take longer.
const LONGEST_INPUT: &str = "-max_len=4096";

/// How often a target says that it lives.
const PROGRESS: Duration = Duration::from_secs(15);

/// What reads messages is TypeScript: it is fuzzed in Node (`tests/facade/vault-fuzz.test.mjs`), and in passing there.
const VAULT: &str = "vault";

/// A run does not take longer beyond its time than this.
const LIMIT: Duration = Duration::from_secs(300);

/// Fuzzes each target for so long; `only`: those. `false` when one found something.
pub fn run(each: Duration, only: &[String]) -> Result<bool> {
    let mut all = targets()?;
    all.push(VAULT.to_owned());
    for name in only {
        ensure!(all.contains(name), "no target {name}; there are {}", all.join(", "));
    }
    let mut chosen: Vec<_> = all.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect();
    let vault = chosen.pop_if(|name| name == VAULT).is_some();
    let held = chosen.is_empty() || fuzz(chosen, each, |program| Run::new(program))?.failed == 0;
    Ok((!vault || vault_fuzzer(each)?.watch(each + LIMIT)?.success) && held)
}

/// Half a minute for each target, while browsers wait for each other. Without a nightly toolchain, outside CI, it is skipped
/// with the reason.
pub fn in_passing() -> Result<Counts> {
    match prepare(|program| Run::humble(program)) {
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("{error:#}");
            Ok(Counts::skipped_one())
        }
        Err(error) => Err(error),
        Ok(()) => fuzz(targets()?, Duration::from_secs(30), |program| Run::humble(program)),
    }
}

/// Cargo, here and now, on the crate of the targets.
pub fn on_stable(command: &str) -> Run {
    let run = Run::new(tools::cargo()).arg(command).dir(paths::root()).named("cargo");
    run.args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"]).arg(made())
}

fn made() -> PathBuf {
    paths::made().join("fuzz")
}

/// The names of the targets, which are those of their binaries.
fn targets() -> Result<Vec<String>> {
    let files = paths::files(&paths::root().join("tests/fuzz/bins"))?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

/// Whatever this program's own toolchain is.
fn nightly(program: &str) -> Run {
    nightly_as(|program| Run::new(program), program)
}

fn nightly_as(how: fn(&OsStr) -> Run, program: &str) -> Run {
    let run = how(OsStr::new("rustup")).args(["run", "nightly", program]).dir(paths::root());
    run.env("PATH", tools::search_path()).named(&format!("nightly {program}"))
}

fn prepare(how: fn(&OsStr) -> Run) -> Result<()> {
    const GET: &str = "rustup toolchain install nightly --profile minimal";
    if !nightly("rustc").arg("--version").works() {
        ensure!(tools::find("rustup").is_some(), "fuzzing needs rustup (https://rustup.rs), and then: {GET}");
        println!("{GET}");
        let install = Run::new("rustup").args(["toolchain", "install", "nightly", "--profile", "minimal"]);
        install.run().with_context(|| format!("no nightly toolchain; get it with: {GET}"))?;
    }
    if tools::find(CARGO_FUZZ.0).is_none() {
        tools::cargo_install(how(tools::cargo().as_os_str()), CARGO_FUZZ.0, CARGO_FUZZ.1)?;
    }
    Ok(())
}

/// Builds all, then runs them, as many at a time as there are processors.
fn fuzz(targets: Vec<String>, each: Duration, how: fn(&OsStr) -> Run) -> Result<Counts> {
    prepare(how)?;
    println!("build {} targets", targets.len());
    // The crate and what it uses here have no unsafe code of their own: without the sanitizer twice as much is tried.
    let build = nightly_as(how, "cargo");
    let build = build.args(["fuzz", "build", "--fuzz-dir", "tests/fuzz", "--features", "libfuzzer"]);
    build.args(["--sanitizer", "none", "--target-dir"]).arg(made()).read()?;
    let version = nightly("rustc").arg("-vV").read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let binaries = made().join(host).join("release");

    let width = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    println!("{} targets, {} s each, {width} at a time", targets.len(), each.as_secs());
    let queue = Mutex::new(targets);
    let counts = Mutex::new(Counts::default());
    let next = || queue.lock().ok().and_then(|mut queue| (!queue.is_empty()).then(|| queue.remove(0)));
    std::thread::scope(|scope| {
        for _ in 0..width {
            scope.spawn(|| {
                while let Some(name) = next() {
                    let held =
                        one(how(binaries.join(&name).as_os_str()), &name, each).unwrap_or_else(|error| {
                            println!("{name}: {error:#}");
                            false
                        });
                    if let Ok(mut counts) = counts.lock() {
                        *counts += Counts::one(held);
                    }
                }
            });
        }
    });
    Ok(counts.into_inner().unwrap_or_default())
}

/// Whether one target found nothing.
fn one(run: Run, name: &str, time: Duration) -> Result<bool> {
    let dir = |kind: &str| made().join(kind).join(name);
    let (found, findings) = (dir("corpus"), dir("artifacts"));
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&findings)?;
    let tests = paths::root().join("tests/fuzz");
    let run = run
        .arg(format!("-max_total_time={}", time.as_secs()))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg(format!("-dict={}", tests.join("tokenward.dict").display()))
        .args(INPUT_LIMITS)
        .args([LONGEST_INPUT, "-print_final_stats=1"])
        // What is new goes into the first; the committed one is only read.
        .args([found, tests.join("corpus").join(name)])
        .dir(paths::root())
        .named(name);
    let mut said = Instant::now();
    // What was collected before is read first, and counts for nothing.
    let outcome = run.follow(time + LIMIT, |line| {
        if line.starts_with('#') && said.elapsed() > PROGRESS {
            said = Instant::now();
            println!("{name:<12} {}", line.trim_end());
        }
    })?;
    if outcome.success {
        println!("{name:<12} {} inputs, nothing found", executed(&outcome.output));
        return Ok(true);
    }
    let tail: Vec<&str> = outcome.output.lines().filter(|line| !line.starts_with('#')).collect();
    println!("{}", tail.join("\n"));
    println!(
        "{name}: the input is in {}; once it holds, keep it in tests/fuzz/corpus/{name}",
        paths::shown(&findings)
    );
    Ok(false)
}

/// What libFuzzer says at the end: `stat::number_of_executed_units: 4711`.
fn executed(output: &str) -> &str {
    let line = output.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    line.map_or("?", str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_known_by_their_binaries() {
        let names = targets().unwrap();
        assert!(names.contains(&"engine".to_owned()) && names.len() > 9, "{names:?}");
        let error = run(Duration::from_secs(1), &["nothing".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no target nothing; there are callback"));
    }

    #[test]
    fn the_number_of_inputs_is_read() {
        assert_eq!(executed("#1 x\nstat::number_of_executed_units: 4711\nstat::peak_rss_mb: 40\n"), "4711");
        assert_eq!(executed("crash"), "?");
    }
}
