//! `cargo xtask docs`: the API reference of the crate and of the package.

use crate::process::Run;
use crate::{package, paths, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Languages of the examples in comments and in the README.
const LANGUAGES: [&str; 10] =
    ["bash", "css", "html", "javascript", "json", "jsx", "text", "tsx", "typescript", "vue"];

/// Writes both references to target/docs.
pub fn run() -> Result<()> {
    let docs = paths::made().join("docs");
    paths::fresh(&docs)?;
    println!("rustdoc");
    rustdoc().run()?;
    paths::copy_all(&paths::cargo_target().join("doc"), &docs.join("crate"))?;
    println!("TypeDoc");
    typedoc(&docs.join("package"))?.run()?;
    println!("target/docs/crate/tokenward/index.html and target/docs/package/index.html");
    Ok(())
}

/// The crate's reference; a missing or broken comment is an error.
pub fn rustdoc() -> Run {
    Run::new(tools::cargo())
        .args(["doc", "--package", "tokenward", "--lib", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .dir(paths::root())
        .named("cargo doc")
}

/// The package's reference; a warning is an error.
pub fn typedoc(to: &Path) -> Result<Run> {
    let tests = paths::root().join("tests");
    tools::npm_ci(&paths::root())?;
    tools::npm_ci(&tests)?;
    let template = paths::root().join("pkg-template");
    let mut run = tools::node_bin(&tests, "typedoc")
        .env("NO_COLOR", "1")
        // Links to sources would need to know where the repository is published.
        .args(["--name", "tokenward", "--treatWarningsAsErrors", "--disableSources"])
        .args(LANGUAGES.iter().flat_map(|language| ["--highlightLanguages", *language]))
        .arg("--readme")
        .arg(Some(template.join("README.md")).filter(|file| file.exists()).unwrap_or_else(|| "none".into()))
        .arg("--tsconfig")
        .arg(template.join("tsconfig.json"))
        .arg("--out")
        .arg(to);
    for source in entry_sources(&template)? {
        run = run.arg(source);
    }
    Ok(run)
}

/// The TypeScript source of every entry point.
fn entry_sources(template: &Path) -> Result<Vec<PathBuf>> {
    package::entry_points()?
        .into_iter()
        .map(|(name, types)| {
            let stem = types.strip_prefix("./dist/").and_then(|file| file.strip_suffix(".d.ts"));
            let stem = stem.with_context(|| format!("entry point {name}: no declarations in ./dist/"))?;
            let sources = ["ts", "tsx"].map(|ending| template.join("src").join(format!("{stem}.{ending}")));
            sources
                .into_iter()
                .find(|file| file.exists())
                .with_context(|| format!("entry point {name} has no source"))
        })
        .collect()
}
