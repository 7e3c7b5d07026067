//! The npm package: facade, glue, wasm and papers, put together in `pkg/`.

use crate::process::Run;
use crate::wasm::{self, Extent, Mode};
use crate::{hints, inline, merge, paths, tools};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Members of pkg-template/package.json that only matter while developing.
const DEVELOPMENT_ONLY: [&str; 3] = ["devDependencies", "private", "scripts"];

/// Papers that every published package holds.
const PAPERS: [&str; 3] = ["README.md", "PROTOCOL.md", "LICENSE"];

/// Builds `pkg/`.
pub fn build(mode: Mode) -> Result<()> {
    let begun = SystemTime::now();
    let root = paths::root();
    tools::npm_ci(&root)?;
    let work = paths::made().join("package-parts");
    paths::fresh(&work)?;
    let product = wasm::build(&work, mode)?;

    // A build that fails on the way leaves the package of the last one.
    let stage = paths::made().join("package-stage");
    paths::fresh(&stage)?;
    let dist = stage.join("dist");
    println!("compile the facade");
    facade(&dist)?;
    println!("inline the wasm");
    std::fs::write(dist.join("glue.js"), &product.glue)?;
    for (extent, wasm) in [(Extent::Whole, &product.whole), (Extent::Lean, &product.lean)] {
        std::fs::write(dist.join(extent.file()), wasm)?;
        std::fs::write(dist.join(inline::file(extent)), inline::module(wasm))?;
    }
    println!("bundle the vault");
    vault(&dist)?;
    merge::core(&dist)?;
    load_test(&dist)?;
    papers(&stage)?;

    let package = paths::package();
    if package.exists() {
        std::fs::remove_dir_all(&package)?;
    }
    std::fs::rename(&stage, &package).context("could not put the package in place")?;
    paths::stamp(&stamp(), mode.name(), begun)?;
    println!(
        "pkg/ is ready ({}, wasm {} and {} bytes, {:.0} s)",
        mode.name(),
        product.whole.len(),
        product.lean.len(),
        begun.elapsed().unwrap_or_default().as_secs_f64()
    );
    Ok(())
}

/// Builds `pkg/` when it is missing, a development build, or older than its sources.
pub fn build_if_stale() -> Result<()> {
    let root = paths::root();
    let release = std::fs::read_to_string(stamp()).is_ok_and(|mode| mode == Mode::Release.name());
    let sources = [
        "src",
        "pkg-template",
        "xtask/src",
        ".cargo",
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
        "rust-toolchain.toml",
    ];
    let sources = sources.map(|source| root.join(source));
    if release && paths::package().exists() && !paths::newer_than(&stamp(), &sources)? {
        println!("pkg/ is up to date");
        return Ok(());
    }
    build(Mode::Release)
}

/// Written when a build is complete.
pub fn stamp() -> PathBuf {
    paths::made().join("package-built")
}

/// Compiles the TypeScript sources into a folder, and puts the hints of errors beside them.
pub fn facade(dist: &Path) -> Result<()> {
    let root = paths::root();
    let template = root.join("pkg-template");
    tools::node_bin(&root, "tsc").arg("-p").arg(&template).arg("--outDir").arg(dist).run()?;
    // tsc reads hand-written declarations and does not write them.
    for file in paths::files(&template.join("src"))? {
        let name = file.file_name().unwrap_or_default();
        if name.to_string_lossy().ends_with(".d.ts") {
            paths::copy(&file, &dist.join(name))?;
        }
    }
    hints::write(dist)
}

/// Makes `vault.js` one file that needs no other: it can be copied to where an app's files are, and served with a
/// policy of its own. Nothing else in the package uses its parts.
fn vault(dist: &Path) -> Result<()> {
    let entry = dist.join("vault.js");
    let text = tools::node_bin(&paths::root(), "esbuild")
        .arg(&entry)
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
        .read()?;
    ensure!(!text.contains("import(") && !text.contains("from\""), "vault.js imports another file");
    std::fs::write(entry, text)?;
    Ok(std::fs::remove_dir_all(dist.join("vault"))?)
}

/// Loads the finished glue and each module in Node, twice: each instance must be a world of its own.
fn load_test(dist: &Path) -> Result<()> {
    const SCRIPT: &str = "
        import { readFileSync } from 'node:fs';
        import { pathToFileURL } from 'node:url';
        const dir = pathToFileURL(process.argv[1] + '/');
        const { instantiate } = await import(new URL('glue.js', dir));
        const { decode } = await import(new URL('load.js', dir));
        for (const name of ['tokenward', 'tokenward-lean']) {
            const bytes = readFileSync(new URL(name + '.wasm', dir));
            const module = new WebAssembly.Module(bytes);
            const [one, two] = [await instantiate(module), await instantiate(module)];
            if (one.Core === two.Core || one.memory === two.memory) throw new Error('two instances share state');
            if (typeof one.Core !== 'function') throw new Error('the module exports no class Core');
            const { wasm, frequent } = await import(new URL(name.replace('tokenward', 'inline') + '.js', dir));
            if (!bytes.equals(decode(wasm, frequent))) throw new Error('inlined is another module than ' + name);
        }
    ";
    tools::node()
        .args(["--input-type=module", "-e", SCRIPT])
        .arg(dist)
        .named("the load test in Node")
        .read()
        .map(drop)
}

/// package.json, README, protocol and licences.
fn papers(stage: &Path) -> Result<()> {
    let root = paths::root();
    let template = root.join("pkg-template");
    let text = std::fs::read_to_string(template.join("package.json")).context("pkg-template/package.json")?;
    std::fs::write(stage.join("package.json"), published(&text, env!("CARGO_PKG_VERSION"))?)?;
    let readme =
        ["README.md", "PROTOCOL.md"].map(|name| template.join(name)).into_iter().filter(|file| file.exists());
    let licences = std::fs::read_dir(&root)?.flatten().map(|entry| entry.path()).filter(|path| {
        path.is_file() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("LICENSE"))
    });
    for file in readme.chain(licences) {
        paths::copy(&file, &stage.join(file.file_name().unwrap_or_default()))?;
    }
    for paper in missing_papers(stage)? {
        println!("warning: the package has no {paper}");
    }
    Ok(())
}

/// Papers that a package folder lacks.
pub fn missing_papers(package: &Path) -> Result<Vec<&'static str>> {
    let names: Vec<String> = std::fs::read_dir(package)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    Ok(PAPERS.into_iter().filter(|paper| !names.iter().any(|name| name.starts_with(paper))).collect())
}

/// package.json as it is published: without what is for development, of the crate's version.
fn published(text: &str, version: &str) -> Result<String> {
    let mut json: Value = serde_json::from_str(text).context("pkg-template/package.json")?;
    ensure!(
        json["version"] == version,
        "pkg-template/package.json has version {}, Cargo.toml {version}",
        json["version"]
    );
    let members = json.as_object_mut().context("pkg-template/package.json is no object")?;
    for name in DEVELOPMENT_ONLY {
        members.shift_remove(name);
    }
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

/// Every entry point with types: (name in `exports`, path of its declarations).
pub fn entry_points() -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(paths::root().join("pkg-template/package.json"))?;
    let json: Value = serde_json::from_str(&text)?;
    let exports = json["exports"].as_object().context("pkg-template/package.json has no exports")?;
    Ok(exports
        .iter()
        .filter_map(|(name, target)| Some((name.clone(), target["types"].as_str()?.to_owned())))
        .collect())
}

/// Packs `pkg/` as npm would publish it and returns the tarball.
pub fn pack() -> Result<PathBuf> {
    let to = paths::made().join("package");
    paths::fresh(&to)?;
    let text = pack_command(&to).read()?;
    let json: Value = serde_json::from_str(&text).context("npm pack did not answer in JSON")?;
    // npm 12 answers with an object by package name, older ones with a list.
    let first = json.get(0).or_else(|| json.as_object().and_then(|all| all.values().next()));
    let name = first.and_then(|pack| pack["filename"].as_str()).context("npm pack named no file")?;
    Ok(to.join(name))
}

fn pack_command(to: &Path) -> Run {
    tools::npm()
        .args(["pack", "--json", "--loglevel=error", "--pack-destination"])
        .arg(to)
        .dir(paths::package())
        .named("npm pack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_members_are_not_published() {
        let text = r#"{"name":"tokenward","version":"1.2.3","private":true,"scripts":{"x":"y"},"type":"module",
            "devDependencies":{"a":"1"},"exports":{".":"./a.js"}}"#;
        let json: Value = serde_json::from_str(&published(text, "1.2.3").unwrap()).unwrap();
        let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.len(), 4);
        assert!(!names.iter().any(|name| DEVELOPMENT_ONLY.contains(name)));
        assert!(published(text, "1.2.4").is_err());
        assert!(published("[]", "1.2.3").is_err());
    }
}
