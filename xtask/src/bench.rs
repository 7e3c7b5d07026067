//! `cargo xtask bench`: the figures of the README, beside other libraries, in headless Chromium.

use crate::browsers::Browser;
use crate::{package, paths, tools};
use anyhow::Result;

/// Builds what is stale and runs the benchmarks; arguments are passed on.
pub fn run(arguments: &[String]) -> Result<()> {
    package::build_if_stale()?;
    tools::npm_ci(&paths::root().join("tests"))?;
    Browser::Chromium.ensure()?;
    tools::node()
        .arg("tests/bench/run.mjs")
        .args(arguments)
        .env("PATH", tools::search_path())
        .named("the benchmark")
        .run()
}
