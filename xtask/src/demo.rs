//! `cargo xtask demo`: the example pages with a provider and an API, all on this machine.

use crate::browsers::Browser;
use crate::process::{Outcome, Run};
use crate::{package, paths, tools};
use anyhow::{Result, bail};
use std::time::{Duration, SystemTime};

/// The script that drives the demo in a headless browser.
pub const CHECK: &str = "tests/e2e/demo-check.mjs";

const CHECK_LIMIT: Duration = Duration::from_secs(480);

/// Builds what is stale, starts the demo, and waits until it is interrupted.
pub fn serve(port: Option<u16>) -> Result<()> {
    prepare()?;
    println!("start the provider, the API and the pages; Ctrl-C ends them");
    let server = tools::node().arg("www-example/server/main.mjs").named("the demo server");
    match port {
        Some(port) => server.args(["--port", &port.to_string()]),
        None => server,
    }
    .become_it()
}

/// Drives the demo in a headless browser; anything but success is an error.
pub fn check() -> Result<()> {
    prepare()?;
    Browser::Chromium.ensure()?;
    tools::npm_ci(&paths::root().join("tests"))?;
    let outcome = run_check()?;
    if !outcome.success {
        bail!("the demo does not work in a headless browser");
    }
    Ok(())
}

/// Everything that the demo serves, up to date.
pub fn prepare() -> Result<()> {
    tools::npm_ci(&paths::root())?;
    package::build_if_stale()?;
    pages_if_stale()
}

/// Runs the check itself.
pub fn run_check() -> Result<Outcome> {
    println!("drive the demo in headless Chromium");
    Run::new("node")
        .arg(CHECK)
        .dir(paths::root())
        .env("PATH", tools::search_path())
        .named("the demo check")
        .watch(CHECK_LIMIT)
}

fn pages_if_stale() -> Result<()> {
    let root = paths::root();
    let stamp = paths::made().join("pages-built");
    let example = root.join("www-example");
    let mut sources = vec![package::stamp(), root.join("package-lock.json")];
    for entry in std::fs::read_dir(&example)? {
        let path = entry?.path();
        if !path.ends_with("dist") && !path.ends_with("server") {
            sources.push(path);
        }
    }
    if example.join("dist").exists() && !paths::newer_than(&stamp, &sources)? {
        println!("the example pages are up to date");
        return Ok(());
    }
    let begun = SystemTime::now();
    println!("build the example pages");
    tools::node().arg("www-example/build.mjs").named("the build of the example pages").run()?;
    paths::stamp(&stamp, "", begun)
}
