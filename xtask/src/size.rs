//! `cargo xtask size`: what is shipped and what an app downloads, held against the committed budgets.

use crate::{paths, tools};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// One file or bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Size {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// One line of budgets.json, with what was measured. Bytes, brotli 11; 1 KB is 1,000 bytes. The budget is
/// where it must come to; the ceiling is what a change may not exceed meanwhile, and is raised for a feature only.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    what: String,
    bytes: u64,
    ceiling: u64,
    budget: u64,
    reach: u64,
}

impl Verdict {
    fn over(&self) -> bool {
        self.bytes > self.ceiling
    }

    fn words(&self) -> &'static str {
        if self.over() {
            "OVER THE CEILING"
        } else if self.bytes > self.budget {
            "over budget, below the ceiling"
        } else if self.bytes > self.reach {
            "within budget"
        } else {
            "within reach"
        }
    }
}

/// Measures `pkg/`, prints the tables and returns how many budgets were checked.
pub fn check() -> Result<u64> {
    ensure!(paths::package().join("package.json").exists(), "no pkg/ to measure: cargo xtask build");
    let text = tools::node()
        .arg("xtask/js/measure.mjs")
        .arg(paths::package())
        .arg(paths::made().join("size"))
        .named("the size measurement")
        .read()?;
    let measured: Value = serde_json::from_str(&text)?;
    let files = sizes(&measured["files"])?;
    let bundles = sizes(&measured["bundles"])?;
    print!("{}", table("shipped file", &files));
    print!("{}", table("what an app downloads (minified)", &bundles));

    let budgets =
        std::fs::read_to_string(paths::root().join("xtask/budgets.json")).context("xtask/budgets.json")?;
    let verdicts = judge(&bundles, &serde_json::from_str(&budgets)?)?;
    let head = ["measured", "ceiling", "budget", "reach"].map(|name| format!("{name:>9}")).join(" ");
    println!("{:<42} {head}", "budget (brotli 11)");
    for verdict in &verdicts {
        let Verdict { what, bytes, ceiling, budget, reach } = verdict;
        println!("{what:<42} {bytes:>9} {ceiling:>9} {budget:>9} {reach:>9}  {}", verdict.words());
    }
    let over: Vec<&str> = verdicts.iter().filter(|v| v.over()).map(|v| v.what.as_str()).collect();
    if !over.is_empty() {
        bail!("over the ceiling: {}", over.join("; "));
    }
    Ok(verdicts.len() as u64)
}

/// `cargo xtask size`.
pub fn run() -> Result<()> {
    tools::npm_ci(&paths::root())?;
    crate::package::build_if_stale()?;
    check().map(drop)
}

fn sizes(list: &Value) -> Result<Vec<Size>> {
    let list = list.as_array().context("the size measurement printed no list")?;
    list.iter()
        .map(|item| {
            let number = |key: &str| item[key].as_u64().with_context(|| format!("no {key} in {item}"));
            let name = item["name"].as_str().context("a size without a name")?.to_owned();
            Ok(Size { name, raw: number("raw")?, gzip: number("gzip")?, brotli: number("brotli")? })
        })
        .collect()
}

fn table(title: &str, rows: &[Size]) -> String {
    let mut text = format!("{title:<52} {:>9} {:>9} {:>9}\n", "raw", "gzip 9", "brotli 11");
    for Size { name, raw, gzip, brotli } in rows {
        text += &format!("{name:<52} {raw:>9} {gzip:>9} {brotli:>9}\n");
    }
    text + "\n"
}

fn judge(bundles: &[Size], budgets: &Value) -> Result<Vec<Verdict>> {
    let budgets = budgets.as_array().context("budgets.json holds no list")?;
    ensure!(!budgets.is_empty(), "budgets.json is empty");
    budgets
        .iter()
        .map(|line| {
            let what = line["what"].as_str().context("a budget without `what`")?.to_owned();
            let number = |key: &str| line[key].as_u64().with_context(|| format!("{what}: no {key}"));
            let parts = line["sum"].as_array().with_context(|| format!("{what}: no list `sum`"))?;
            ensure!(!parts.is_empty(), "{what}: an empty `sum`");
            let mut bytes = 0;
            for part in parts {
                let size = bundles.iter().find(|size| part == size.name.as_str());
                bytes += size.with_context(|| format!("{what}: nothing measured is called {part}"))?.brotli;
            }
            let (ceiling, budget, reach) = (number("ceiling")?, number("budget")?, number("reach")?);
            ensure!(
                reach <= budget && budget <= ceiling,
                "{what}: reach, budget and ceiling are out of order"
            );
            Ok(Verdict { bytes, ceiling, budget, reach, what })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn measured(name: &str, brotli: u64) -> Size {
        Size { name: name.into(), raw: 0, gzip: 0, brotli }
    }

    fn line(parts: &[&str], ceiling: u64, budget: u64, reach: u64) -> Value {
        json!([{"what": "w", "sum": parts, "ceiling": ceiling, "budget": budget, "reach": reach}])
    }

    #[test]
    fn sums_are_compared_with_the_budget() {
        let sizes = [measured("a", 30), measured("b", 12)];
        let words = |ceiling, budget, reach| {
            let verdict = judge(&sizes, &line(&["a", "b"], ceiling, budget, reach)).unwrap().remove(0);
            assert_eq!(verdict.over(), verdict.words() == "OVER THE CEILING");
            verdict.words()
        };
        assert_eq!(words(41, 41, 20), "OVER THE CEILING");
        assert_eq!(words(42, 41, 20), "over budget, below the ceiling");
        assert_eq!(words(50, 42, 41), "within budget");
        assert_eq!(words(50, 42, 42), "within reach");
    }

    #[test]
    fn a_budget_that_measures_nothing_is_an_error() {
        let sizes = [measured("a", 30)];
        for wrong in [
            json!([]),
            json!({}),
            line(&["missing"], 1, 1, 1),
            line(&[], 1, 1, 1),
            line(&["a"], 1, 2, 1),
            json!([{"what": "w", "sum": ["a"], "ceiling": 1, "reach": 1}]),
            json!([{"what": "w", "sum": ["a"], "ceiling": 1, "budget": "1", "reach": 1}]),
        ] {
            assert!(judge(&sizes, &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_committed_budgets_can_be_read() {
        let budgets: Value = serde_json::from_str(include_str!("../budgets.json")).unwrap();
        let names = [
            "app with tokenward",
            "app with tokenward/slim, without the wasm",
            "tokenward-lean.wasm",
            "app with tokenward and a vault, main thread",
        ];
        let sizes: Vec<Size> = names.iter().map(|name| measured(name, 1_000)).collect();
        assert!(judge(&sizes, &budgets).unwrap().iter().all(|verdict| verdict.words() == "within reach"));
    }
}
