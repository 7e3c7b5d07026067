//! The steps of `cargo xtask test`.

use super::counts::Counts;
use crate::browsers::Browser;
use crate::process::Run;
use crate::wasm::Mode;
use crate::{demo, docs, fuzz, package, paths, size, tools};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// One named part of the test run.
pub struct Step {
    /// What `--only` knows it by.
    pub name: &'static str,
    /// Whether `--quick` runs it.
    pub quick: bool,
    /// A browser without which it cannot run.
    pub browser: Option<Browser>,
    /// Whether it may run while the step before it does: both wait most of the time.
    pub beside: bool,
    /// Runs it and says how many tests ran.
    pub run: fn() -> Result<Counts>,
}

const fn step(
    name: &'static str,
    quick: bool,
    browser: Option<Browser>,
    run: fn() -> Result<Counts>,
) -> Step {
    Step { name, quick, browser, beside: false, run }
}

impl Step {
    const fn beside(self) -> Self {
        Self { beside: true, ..self }
    }
}

/// All steps, in order: what is quick and tells most comes first.
pub const STEPS: [Step; 27] = [
    step("fmt", true, None, fmt),
    step("clippy", true, None, clippy),
    step("rustdoc", true, None, rustdoc),
    step("native", true, None, native),
    step("replay", true, None, replay).beside(),
    step("xtask", true, None, xtask),
    step("build", true, None, build),
    step("oracles", true, None, oracles),
    step("facade", true, None, facade),
    step("world", true, None, world),
    step("hostile", true, None, hostile),
    step("providers", true, None, providers),
    step("types", true, None, types),
    step("package", true, None, lint_package),
    step("size", true, None, budgets),
    step("typedoc", false, None, typedoc),
    step("wasm", false, Some(Browser::Chromium), wasm),
    step("e2e-chromium", false, Some(Browser::Chromium), || e2e(Browser::Chromium, "1")),
    step("e2e-chromium-2", false, Some(Browser::Chromium), || e2e(Browser::Chromium, "2")).beside(),
    step("e2e-chromium-3", false, Some(Browser::Chromium), || e2e(Browser::Chromium, "3")).beside(),
    step("e2e-firefox", false, Some(Browser::Firefox), || e2e(Browser::Firefox, "1,2")),
    step("e2e-firefox-3", false, Some(Browser::Firefox), || e2e(Browser::Firefox, "3")).beside(),
    step("e2e-webkit", false, Some(Browser::WebKit), || e2e(Browser::WebKit, "1,2")).beside(),
    step("e2e-webkit-3", false, Some(Browser::WebKit), || e2e(Browser::WebKit, "3")).beside(),
    // With what the browsers leave of the processors.
    step("fuzz", false, None, fuzz::in_passing).beside(),
    step("packaging", false, Some(Browser::Chromium), packaging),
    step("demo", false, Some(Browser::Chromium), demo_check).beside(),
];

/// No step takes this long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(900);

fn cargo(arguments: &[&str]) -> Run {
    Run::new(tools::cargo()).args(arguments).dir(paths::root()).named("cargo")
}

fn checked(run: Run) -> Result<Counts> {
    Ok(Counts::one(run.watch(LIMIT)?.success))
}

fn cargo_tests(run: Run) -> Result<Counts> {
    let outcome = run.watch(LIMIT)?;
    Ok(Counts::from_cargo(&outcome.output).judged(outcome.success))
}

fn node_tests(run: Run) -> Result<Counts> {
    let outcome = run.env("PATH", tools::search_path()).env("NO_COLOR", "1").watch(LIMIT)?;
    Ok(Counts::from_node(&outcome.output).judged(outcome.success))
}

fn need(file: &str) -> Result<()> {
    ensure!(paths::root().join(file).exists(), "{file} is missing");
    Ok(())
}

fn fmt() -> Result<Counts> {
    tools::component("fmt", "rustfmt")?;
    let mut counts = checked(cargo(&["fmt", "--all", "--check"]))?;
    counts += checked(cargo(&["fmt", "--manifest-path", "tests/fuzz/Cargo.toml", "--check"]))?;
    Ok(counts)
}

fn clippy() -> Result<Counts> {
    tools::wasm_target()?;
    tools::component("clippy", "clippy")?;
    let mut counts = Counts::default();
    let shell = ["--package", "tokenward", "--lib", "--test", "wasm", "--target", tools::WASM_TARGET];
    let lean = ["--package", "tokenward", "--lib", "--no-default-features", "--target", tools::WASM_TARGET];
    let each: [&[&str]; 5] = [
        &["--package", "tokenward", "--all-targets"],
        &shell,
        &lean,
        &["--package", "xtask", "--all-targets"],
        &["--package", "wasm-test-runner"],
    ];
    for selection in each {
        println!("cargo clippy {}", selection.join(" "));
        counts += checked(cargo(&["clippy", "--quiet"]).args(selection).args(["--", "-D", "warnings"]))?;
    }
    println!("cargo clippy --manifest-path tests/fuzz/Cargo.toml");
    counts += checked(fuzz::on_stable("clippy").args(["--quiet", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(counts)
}

fn rustdoc() -> Result<Counts> {
    checked(docs::rustdoc().arg("--quiet"))
}

fn native() -> Result<Counts> {
    need("tests/sim/main.rs")?;
    need("tests/vectors/main.rs")?;
    cargo_tests(cargo(&["test", "--package", "tokenward", "--no-fail-fast"]))
}

/// The corpus of the fuzz targets, and its neighbourhood.
fn replay() -> Result<Counts> {
    cargo_tests(fuzz::on_stable("test"))
}

fn xtask() -> Result<Counts> {
    cargo_tests(cargo(&["test", "--package", "xtask"]))
}

fn build() -> Result<Counts> {
    package::build(Mode::Release)?;
    Ok(Counts::passed(1))
}

/// The `*.test.mjs` of a folder, to be run by Node's own test runner.
fn node_folder(folder: &str) -> Result<Run> {
    let tests: Vec<_> = paths::files(&paths::root().join(folder))?
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    ensure!(!tests.is_empty(), "{folder} has no *.test.mjs");
    Ok(tools::node().args(["--test", "--test-reporter=spec"]).args(tests).named("node --test"))
}

fn world() -> Result<Counts> {
    tools::npm_ci(&paths::root())?;
    tools::npm_ci(&paths::root().join("tests"))?;
    node_tests(node_folder("tests/world")?)
}

/// The provider that misbehaves, by itself; what meets it is in the end-to-end cases.
fn hostile() -> Result<Counts> {
    tools::npm_ci(&paths::root().join("tests"))?;
    node_tests(node_folder("tests/hostile")?)
}

/// The package beside independent implementations.
fn oracles() -> Result<Counts> {
    tools::npm_ci(&paths::root().join("tests"))?;
    need("pkg/dist/glue.js")?;
    node_tests(node_folder("tests/oracles")?)
}

fn providers() -> Result<Counts> {
    tools::npm_ci(&paths::root())?;
    tools::npm_ci(&paths::root().join("tests"))?;
    node_tests(node_folder("tests/providers")?)
}

/// The facade as the tests of its code and of its types use it, with what the build generated beside it.
fn facade_for_tests() -> Result<()> {
    tools::npm_ci(&paths::root())?;
    let compiled = paths::made().join("facade-test");
    paths::fresh(&compiled)?;
    package::facade(&compiled)?;
    for generated in ["glue.js", "inline.js", "inline-lean.js"] {
        paths::copy(&paths::package().join("dist").join(generated), &compiled.join(generated))?;
    }
    Ok(())
}

/// The tests of the facade, to be run.
pub fn facade_tests() -> Result<Run> {
    facade_for_tests()?;
    node_folder("tests/facade")
}

/// The fuzzer of the vault's messages, for so long.
pub fn vault_fuzzer(time: Duration) -> Result<Run> {
    facade_for_tests()?;
    let file = paths::root().join("tests/facade/vault-fuzz.test.mjs");
    let run = tools::node().args(["--test", "--test-reporter=spec"]).arg(file).named("node --test");
    let seed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |now| now.as_secs());
    Ok(run.env("VAULT_FUZZ_SECONDS", time.as_secs().to_string()).env("VAULT_FUZZ_SEED", seed.to_string()))
}

fn facade() -> Result<Counts> {
    node_tests(facade_tests()?)
}

/// Every project below tests/types; each of its files is a test.
fn types() -> Result<Counts> {
    facade_for_tests()?;
    tools::npm_ci(&paths::root().join("tests"))?;
    let files = paths::files(&paths::root().join("tests/types"))?;
    let mut counts = Counts::default();
    for project in files.iter().filter(|file| file.ends_with("tsconfig.json")) {
        let sources =
            files.iter().filter(|file| file.parent() == project.parent() && is_type_test(file)).count();
        let run = tools::node_bin(&paths::root(), "tsc").args(["--noEmit", "-p"]).arg(project);
        println!("tsc -p {}: {sources} files", paths::shown(project));
        counts += Counts::passed(if run.watch(LIMIT)?.success { sources as u64 } else { 0 }).judged(true);
    }
    Ok(counts.judged(true))
}

fn is_type_test(file: &Path) -> bool {
    let name = file.to_string_lossy();
    (name.ends_with(".ts") || name.ends_with(".tsx")) && !name.ends_with(".d.ts")
}

fn lint_package() -> Result<Counts> {
    let tests = paths::root().join("tests");
    tools::npm_ci(&tests)?;
    let missing = package::missing_papers(&paths::package())?;
    ensure!(missing.is_empty(), "the package has no {}", missing.join(", no "));
    let tarball = package::pack()?;
    let script = std::fs::read_to_string(paths::root().join("xtask/js/check-package.mjs"))?;
    // As text: its imports are then looked up from the folder it runs in.
    node_tests(tools::node().args(["--input-type=module", "-e"]).arg(script).arg(tarball).dir(tests))
}

fn budgets() -> Result<Counts> {
    size::check().map(Counts::passed)
}

fn typedoc() -> Result<Counts> {
    checked(docs::typedoc(&paths::made().join("typedoc"))?)
}

/// The tests of the shell, to be run.
pub fn wasm_tests() -> Result<Run> {
    need("tests/wasm/main.rs")?;
    // What the shell says in JavaScript is taken from there.
    need("pkg/dist/limit.js")?;
    tools::wasm_target()?;
    println!("compile the runner");
    let quiet = "future-incompat-report.frequency=\"never\"";
    cargo(&["build", "--package", "wasm-test-runner", "--config", quiet]).run()?;
    let runner =
        paths::cargo_target().join("debug").join(format!("wasm-test-runner{}", std::env::consts::EXE_SUFFIX));
    let driver = tools::find("chromedriver").context("no chromedriver")?;
    Ok(cargo(&["test", "--package", "tokenward", "--target", tools::WASM_TARGET, "--test", "wasm"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", paths::root().join("xtask/wasm-test-runner/webdriver.json"))
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180"))
}

fn wasm() -> Result<Counts> {
    cargo_tests(wasm_tests()?)
}

/// The end-to-end cases in one browser, to be run.
pub fn e2e_tests(browser: Browser) -> Result<Run> {
    const RUNNER: &str = "tests/e2e/run.mjs";
    need(RUNNER)?;
    prepare()?;
    let run = if browser.needs_display() {
        // Two that look for a free display at the same time may find the same.
        static DISPLAY: AtomicU32 = AtomicU32::new(99);
        let display = DISPLAY.fetch_add(20, Ordering::Relaxed).to_string();
        Run::new("xvfb-run").args(["-a", "-n", display.as_str(), "node"]).dir(paths::root())
    } else {
        tools::node()
    };
    Ok(run.args([RUNNER, "--browser", browser.name()]).named(RUNNER))
}

/// What runs in browsers needs the example pages and the tools of the tests; steps side by side make them once.
fn prepare() -> Result<()> {
    static PREPARING: Mutex<()> = Mutex::new(());
    let _preparing = PREPARING.lock();
    demo::prepare()?;
    tools::npm_ci(&paths::root().join("tests"))
}

/// Each line begins with the browser, and the part of the cases: several may be at it.
fn e2e(browser: Browser, part: &str) -> Result<Counts> {
    let run = e2e_tests(browser)?.env("PATH", tools::search_path()).env("NO_COLOR", "1");
    let outcome =
        run.args(["--part", part]).follow(LIMIT, |line| print!("{} {part}: {line}", browser.name()))?;
    Ok(Counts::from_node(&outcome.output).judged(outcome.success))
}

fn packaging() -> Result<Counts> {
    const RUNNER: &str = "tests/packaging/run.mjs";
    need(RUNNER)?;
    prepare()?;
    package::pack()?;
    node_tests(tools::node().arg(RUNNER).named(RUNNER))
}

fn demo_check() -> Result<Counts> {
    need(demo::CHECK)?;
    prepare()?;
    let outcome = demo::run_check()?;
    let counts = Counts::from_node(&outcome.output);
    Ok(if counts == Counts::default() {
        Counts::one(outcome.success)
    } else {
        counts.judged(outcome.success)
    })
}
