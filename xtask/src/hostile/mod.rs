//! `cargo xtask hostile`: every row of the hostile-server table, and the tests that prove it.
//!
//! What counts is what ran: ids are read from the titles of tests in the output of their runners. Where a row has to
//! be proven is written in `tests/hostile/rows.json`, and `docs/hostile.md` is made from that.

mod page;
mod proofs;
mod rows;
mod table;

use crate::browsers::Browser;
use crate::process::Run;
use crate::test::steps;
use crate::{demo, package, paths, tools};
use anyhow::{Context, Result, bail, ensure};
use proofs::{Place, Proof};
use rows::{Layer, Row};
use std::time::Duration;

/// What to run and show.
#[derive(Debug, Default)]
pub struct Selection {
    /// Engines the end-to-end cases run in.
    pub browsers: Vec<Browser>,
    /// Rows whose tests are named one by one.
    pub rows: Vec<String>,
}

/// All cases of one engine take minutes, not hours.
const LIMIT: Duration = Duration::from_secs(1800);

/// Titles that begin with a row.
const TITLED: &str = "^[A-Z]\\d\\d[ :]";

/// Runs the tests, prints the table and writes the page. `false`: a row is missing or failed.
pub fn run(selection: &Selection) -> Result<bool> {
    let rows = rows::read()?;
    for id in &selection.rows {
        ensure!(rows.iter().any(|row| row.id == *id), "no row {id}");
    }
    let mut proofs = Vec::new();
    for (layer, name) in [(Layer::Protocol, "vectors"), (Layer::Engine, "sim")] {
        // Random schedules prove no row by name, and take their time.
        let arguments = [
            "test",
            "--package",
            "tokenward",
            "--test",
            name,
            "--",
            "--skip",
            "random_schedules",
            "--skip",
            "broken_clients",
        ];
        let run = Run::new(tools::cargo()).args(arguments).dir(paths::root()).named(name);
        collect(&mut proofs, Place::of(layer), run)?;
    }
    package::build_if_stale()?;
    collect(&mut proofs, Place::of(Layer::Facade), on_path(steps::facade_tests()?))?;
    if !selection.browsers.is_empty() {
        Browser::Chromium.ensure()?;
        collect(&mut proofs, Place::of(Layer::Shell), steps::wasm_tests()?)?;
    }
    for browser in &selection.browsers {
        browser.ensure()?;
        demo::prepare()?;
        let run = on_path(steps::e2e_tests(*browser)?).args(["--whole", "--only", TITLED]);
        collect(&mut proofs, Place { layer: Layer::Browsers, engine: Some(*browser) }, run)?;
    }
    println!("\n{}", table::text(&rows, &proofs));
    for id in &selection.rows {
        println!("{}", table::tests_of(id, &proofs));
    }
    page::write(&rows)?;
    let problems = problems(&rows, &proofs);
    for problem in &problems {
        println!("{problem}");
    }
    let planned = rows.iter().filter(|row| row.planned.is_some()).count();
    println!(
        "\n{} rows: {} to be proven, {planned} planned; {} tests; {} problems",
        rows.len(),
        rows.len() - planned,
        proofs.len(),
        problems.len()
    );
    Ok(problems.is_empty())
}

/// Writes the page of the docs.
pub fn page() -> Result<()> {
    page::write(&rows::read()?)
}

/// Drives another library through the rows that apply to it.
pub fn peer(name: &str) -> Result<()> {
    const RUNNER: &str = "tests/hostile/peers/run.mjs";
    tools::npm_ci(&paths::root())?;
    tools::npm_ci(&paths::root().join("tests"))?;
    package::build_if_stale()?;
    Browser::Chromium.ensure()?;
    tools::node()
        .args([RUNNER, "--peer", name])
        .env("PATH", tools::search_path())
        .named("the peer's run")
        .run()
}

/// The engine of this name.
pub fn browser(name: &str) -> Result<Browser> {
    let all = [Browser::Chromium, Browser::Firefox, Browser::WebKit];
    all.into_iter().find(|browser| browser.name() == name).with_context(|| format!("no browser {name}"))
}

/// With the tools built here. Not for cargo, which would compile C code of the tests' dependencies anew.
fn on_path(run: Run) -> Run {
    run.env("PATH", tools::search_path())
}

fn collect(proofs: &mut Vec<Proof>, place: Place, run: Run) -> Result<()> {
    println!("\n=== {} ===", place.name());
    let outcome = run.env("NO_COLOR", "1").watch(LIMIT)?;
    let found = proofs::read(place, &outcome.output);
    if found.is_empty() && !outcome.success {
        bail!("{} did not run", place.name());
    }
    proofs.extend(found);
    Ok(())
}

/// What is wrong: rows that nothing proves where they should be proven, tests that failed, and what the table does
/// not know of.
fn problems(rows: &[Row], proofs: &[Proof]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    for proof in proofs {
        if !places.contains(&proof.place) {
            places.push(proof.place);
        }
        if proof.failed() {
            problems.push(format!("FAILED in {}: {}", proof.place.name(), proof.title));
        }
        for id in proof.ids.iter().filter(|id| !rows.iter().any(|row| row.id == **id)) {
            problems.push(format!(
                "{id}: no such row, but a test in {}: {}",
                proof.place.name(),
                proof.title
            ));
        }
    }
    for row in rows {
        for place in &places {
            let proven = proofs.iter().any(|proof| proof.proves(&row.id, *place));
            let wanted = row.planned.is_none() && row.layers.contains(&place.layer);
            if wanted && !proven {
                problems.push(format!("{}: nothing proves it in {}", row.id, place.name()));
            } else if proven && !wanted {
                problems.push(format!(
                    "{}: proven in {}, which rows.json does not say",
                    row.id,
                    place.name()
                ));
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, layers: &[Layer], planned: Option<&str>) -> Row {
        let (attack, answer) = (String::new(), String::new());
        Row { id: id.into(), attack, answer, layers: layers.to_vec(), planned: planned.map(str::to_owned) }
    }

    #[test]
    fn a_row_must_be_proven_where_it_says_and_nowhere_else() {
        let rows = [
            row("A01", &[Layer::Engine], None),
            row("A02", &[Layer::Engine], None),
            row("I01", &[], Some("later")),
        ];
        let output = "test x::a01_it_holds ... ok\ntest x::i01_too_early ... ok\ntest x::z99_nothing ... ok\n\
            test x::a01_but_not_here ... FAILED\n";
        let found = problems(&rows, &proofs::read(Place::of(Layer::Engine), output));
        let told = |text: &str| assert!(found.iter().any(|problem| problem.starts_with(text)), "{found:?}");
        told("A02: nothing proves it in engine");
        told("I01: proven in engine");
        told("Z99: no such row");
        told("FAILED in engine");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn engines_have_names() {
        assert_eq!(browser("webkit").unwrap(), Browser::WebKit);
        assert!(browser("lynx").is_err());
    }
}
