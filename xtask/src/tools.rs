//! The tools a command needs: found, installed, or named in one line with the command that gets them.

use crate::paths;
use crate::process::Run;
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};

/// The Rust target of what ships.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The oldest Node the tools run on.
const NODE: u32 = 20;

/// The cargo that runs this program.
pub fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Adds the wasm target when the toolchain lacks it.
pub fn wasm_target() -> Result<()> {
    let lib = Run::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .dir(paths::root())
        .read()
        .context("no rustc: get Rust from https://rustup.rs")?;
    if Path::new(lib.trim()).exists() {
        return Ok(());
    }
    ensure!(
        find("rustup").is_some(),
        "this Rust has no target {WASM_TARGET}: install rustup (https://rustup.rs), or your system's package of it"
    );
    println!("add the Rust target {WASM_TARGET}");
    Run::new("rustup").args(["target", "add", WASM_TARGET]).dir(paths::root()).run()
}

/// Adds a part of the toolchain (`fmt` is in rustfmt, `clippy` in clippy) when it is not there.
pub fn component(command: &str, name: &str) -> Result<()> {
    if Run::new(cargo()).args([command, "--version"]).dir(paths::root()).works() {
        return Ok(());
    }
    ensure!(find("rustup").is_some(), "cargo {command} is missing: rustup component add {name}");
    println!("add the toolchain's {name}");
    Run::new("rustup").args(["component", "add", name]).dir(paths::root()).run()
}

/// Node itself, to be given arguments.
pub fn node() -> Run {
    Run::new("node").dir(paths::root())
}

/// A program that an npm package in `dir/node_modules` brought.
pub fn node_bin(dir: &Path, name: &str) -> Run {
    let file = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
    Run::new(dir.join("node_modules/.bin").join(file)).dir(dir).named(name)
}

/// npm, to be given arguments.
pub fn npm() -> Run {
    Run::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).named("npm")
}

/// Checks Node and npm.
pub fn need_node() -> Result<()> {
    const GET: &str = "get Node 20 or newer from https://nodejs.org";
    let version = node().arg("--version").read().context(GET)?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(major.is_some_and(|major| major >= NODE), "Node {} is too old: {GET}", version.trim());
    ensure!(npm().arg("--version").works(), "no npm beside Node: {GET}");
    Ok(())
}

/// `npm ci` in a folder whose `node_modules` is missing or made from another lock file.
pub fn npm_ci(dir: &Path) -> Result<()> {
    need_node()?;
    let lock = dir.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("{} is missing", paths::shown(&lock)))?;
    let stamp = dir.join("node_modules/.lock-installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // Installed by hand: npm's own record is as new as the lock file.
    let record = dir.join("node_modules/.package-lock.json");
    if paths::newer_than(&record, std::slice::from_ref(&lock))? {
        let modules = dir.join("node_modules");
        // npm ci empties the folder first, and through a link that is somebody else's.
        ensure!(
            !modules.is_symlink(),
            "{} is a link: remove it, or run npm ci where it points to",
            paths::shown(&modules)
        );
        println!("npm ci in {}", if dir == paths::root() { ".".into() } else { paths::shown(dir) });
        npm().args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).dir(dir).run()?;
    }
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// A program on the search path or among the tools built here.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = search_path();
    let names = [name.to_owned(), format!("{name}{}", std::env::consts::EXE_SUFFIX)];
    std::env::split_paths(&path)
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)).collect::<Vec<_>>())
        .find(|file| file.is_file())
}

/// `PATH` with the tools built here before everything else.
pub fn search_path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(built_here().join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap_or(path)
}

/// Where `cargo install` puts tools.
fn built_here() -> PathBuf {
    paths::made().join("tools")
}

/// Installs a program with cargo, which is `run`, into the checkout.
pub fn cargo_install(run: Run, name: &str, version: &str) -> Result<()> {
    println!("build {name} {version} (a minute or two, once)");
    run.args([
        "install",
        "--quiet",
        "--debug",
        "--locked",
        "--version",
        &format!("={version}"),
        name,
        "--root",
    ])
    .arg(built_here())
    .dir(paths::root())
    .named(&format!("cargo install {name}"))
    .run()
}

/// Installs Debian packages, or says which command would.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let command = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if find("apt-get").is_none() {
        bail!("install what Debian calls {}", packages.join(", "));
    }
    let root = Run::new("id").arg("-u").read().is_ok_and(|id| id.trim() == "0");
    ensure!(root, "run: sudo {command}");
    println!("{command}");
    let apt = || Run::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
    apt().arg("update").run()?;
    apt().args(["install", "-y", "--no-install-recommends"]).args(packages).run()
}
