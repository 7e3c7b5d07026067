//! The rows, as `tests/hostile/rows.json` has them.

use crate::paths;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Where a row can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// `tests/vectors`.
    Protocol,
    /// `tests/sim`.
    Engine,
    /// `tests/wasm`.
    Shell,
    /// `tests/facade`.
    Facade,
    /// `tests/e2e`.
    Browsers,
}

impl Layer {
    /// All of them, from the inside out.
    pub const ALL: [Self; 5] = [Self::Protocol, Self::Engine, Self::Shell, Self::Facade, Self::Browsers];

    /// Its name in the file, in tables and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Engine => "engine",
            Self::Shell => "shell",
            Self::Facade => "facade",
            Self::Browsers => "browsers",
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// A letter and two digits.
    pub id: String,
    /// What the server or attacker does.
    pub attack: String,
    /// What this client does.
    pub answer: String,
    /// Where it has to be proven.
    pub layers: Vec<Layer>,
    /// What has to be built before it can be.
    pub planned: Option<String>,
}

/// Reads the file.
pub fn read() -> Result<Vec<Row>> {
    let path = paths::root().join("tests/hostile/rows.json");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} is missing", paths::shown(&path)))?;
    let all: Vec<Value> = serde_json::from_str(&text).context("tests/hostile/rows.json")?;
    let rows = all.iter().map(row).collect::<Result<Vec<_>>>()?;
    ensure!(rows.is_sorted_by(|a, b| a.id < b.id), "rows.json is not in order");
    Ok(rows)
}

fn row(value: &Value) -> Result<Row> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let id = text("id").context("a row without id")?;
    let words = |name: &str| text(name).with_context(|| format!("{id} has no {name}"));
    let mut layers = Vec::new();
    for name in value["layers"].as_array().into_iter().flatten() {
        let layer = Layer::ALL.into_iter().find(|layer| Some(layer.name()) == name.as_str());
        layers.push(layer.with_context(|| format!("{id}: no layer {name}"))?);
    }
    let planned = text("planned");
    if layers.is_empty() == planned.is_none() {
        bail!("{id} is either proven somewhere or planned");
    }
    let (attack, answer) = (words("attack")?, words("answer")?);
    Ok(Row { id, attack, answer, layers, planned })
}
