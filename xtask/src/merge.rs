//! What every page loads becomes one file. Parts that are loaded on demand share modules with it, and bundlers make a
//! chunk of each set of modules that different entries share: five small files compress worse than one, and a page
//! without a bundler asks for fewer.

use crate::{paths, tools};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The module that takes in all that it imports.
const CORE: &str = "client.js";

/// What only parts on demand import, but more than one of those that belong to the same page, and too small for a file.
const SHARED: [&str; 1] = ["whole.js"];

/// Merges the compiled modules in a folder.
pub fn core(dist: &Path) -> Result<()> {
    let mut modules = BTreeMap::new();
    for file in paths::files(dist)? {
        if let Some(name) = file.strip_prefix(dist)?.to_str().filter(|name| name.ends_with(".js")) {
            modules.insert(name.replace('\\', "/"), std::fs::read_to_string(&file)?);
        }
    }
    let merged = reached(&modules)?;
    let names: Vec<&str> = merged.iter().flat_map(|module| exports(&modules[*module])).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    ensure!(unique.len() == names.len(), "two of {merged:?} export the same name");

    let entry = dist.join("core-entry.js");
    std::fs::write(
        &entry,
        merged.iter().map(|module| format!("export * from './{module}';\n")).collect::<String>(),
    )?;
    let on_demand = modules.keys().filter(|name| !merged.contains(name.as_str()));
    let text = tools::node_bin(&paths::root(), "esbuild")
        .arg(&entry)
        .args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"])
        .args(on_demand.map(|name| format!("--external:./{name}")))
        .read()?;
    std::fs::remove_file(entry)?;
    std::fs::write(dist.join(CORE), text)?;

    for module in merged.iter().filter(|module| **module != CORE) {
        std::fs::remove_file(dist.join(module))?;
    }
    for (name, text) in modules.iter().filter(|(name, _)| !merged.contains(name.as_str())) {
        std::fs::write(dist.join(name), elsewhere(text, &merged))?;
    }
    Ok(())
}

/// What the core imports, and what that does; not what is imported on demand.
fn reached(modules: &BTreeMap<String, String>) -> Result<BTreeSet<&str>> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = SHARED.into_iter().filter(|name| modules.contains_key(*name)).collect();
    next.push(CORE);
    while let Some(name) = next.pop() {
        let (name, text) = modules.get_key_value(name).with_context(|| format!("no module {name}"))?;
        if reached.insert(name.as_str()) {
            next.extend(imports(text).filter_map(|import| import.strip_prefix("./")));
        }
    }
    Ok(reached)
}

/// Where a module as tsc writes it takes names from: the last text of a line that begins so.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let statements = text.lines().filter(|line| {
        let statement = line.starts_with("import ") || line.starts_with("export ");
        statement && line.ends_with("';") && line.contains(" from '")
    });
    statements.filter_map(|line| line.strip_suffix("';")?.rsplit('\'').next())
}

/// A module that takes from the core what it took from one of the merged modules.
fn elsewhere(text: &str, merged: &BTreeSet<&str>) -> String {
    let mut text = text.to_owned();
    for module in merged {
        for folder in ["./", "../"] {
            text = text.replace(&format!(" from '{folder}{module}';"), &format!(" from '{folder}{CORE}';"));
        }
    }
    text
}

/// The names that it declares and exports.
fn exports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let declaration = line.strip_prefix("export ")?;
        let declaration = declaration.strip_prefix("async ").unwrap_or(declaration);
        let name =
            ["const ", "class ", "function "].iter().find_map(|word| declaration.strip_prefix(word))?;
        name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_exports_are_found() {
        let text = "import { a } from './a.js';\nexport * from './b.js';\nexport const one = () => import('./c.js');\n\
                    export class Two extends one {\nexport async function three() {\nconst four = 4;\n";
        assert_eq!(imports(text).collect::<Vec<_>>(), ["./a.js", "./b.js"]);
        assert_eq!(exports(text).collect::<Vec<_>>(), ["one", "Two", "three"]);
    }

    #[test]
    fn what_was_merged_is_taken_from_the_core() {
        let merged = BTreeSet::from(["a.js", CORE]);
        let text = "import { a } from './a.js';\nimport { b } from './b.js';\nimport { c } from '../a.js';\n";
        let moved = "import { a } from './client.js';\nimport { b } from './b.js';\nimport { c } from '../client.js';\n";
        assert_eq!(elsewhere(text, &merged), moved);
    }

    #[test]
    fn what_is_loaded_on_demand_is_not_reached() {
        let modules = [
            (CORE, "import { a } from './a.js';\nexport const one = () => import('./c.js');\n"),
            ("a.js", "import { b } from './b.js';\n"),
            ("b.js", "import { a } from './a.js';\n"),
            ("c.js", "import { a } from './a.js';\n"),
        ];
        let modules = modules.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(reached(&modules).unwrap().into_iter().collect::<Vec<_>>(), ["a.js", "b.js", CORE]);
    }
}
