//! `docs/hostile.md`, made from the rows.

use super::rows::{Layer, Row};
use crate::paths;
use anyhow::Result;

const PAGE: &str = "docs/hostile.md";

const HEAD: &str = "\
# The hostile-server table

<!-- Made by `cargo xtask hostile` from tests/hostile/rows.json. -->

What a server, a network or somebody beside the app can do to an OAuth client in a browser, what this client does
then, and where a test proves it. The tests have the row in their names: `cargo xtask hostile A04` runs them and names
those of row A04; `cargo xtask hostile --all` runs everything in Chromium, Firefox and WebKit and fails when a row is
not proven where this page says so.

Where: *protocol* is tests/vectors (one message at a time), *engine* is tests/sim (a history, with clocks and faults),
*shell* is tests/wasm (the WebAssembly module in Chromium), *facade* is tests/facade (the TypeScript around it),
*browsers* is tests/e2e: the whole, in three engines, against a server that was told to misbehave
(tests/hostile/provider).

What holds after every refusal: an error with a code of its own, nothing of the refused answer used or kept, no
request made with it, no text from outside in a message of ours, and a session that was there before untouched.
";

const PARTS: [(char, &str); 12] = [
    ('A', "Authorization response"),
    ('B', "ID-token claims"),
    ('C', "Signatures and key sets"),
    ('D', "Userinfo"),
    ('E', "Token endpoint"),
    ('F', "Refresh and rotation"),
    ('G', "Discovery"),
    ('H', "Time"),
    ('I', "DPoP"),
    ('J', "Other contexts and script"),
    ('K', "Logout, third-party start, step-up"),
    ('S', "Further requirements of the standards"),
];

/// Writes the page, if it changes.
pub fn write(rows: &[Row]) -> Result<()> {
    let path = paths::root().join(PAGE);
    let text = text(rows);
    if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    std::fs::create_dir_all(paths::root().join("docs"))?;
    std::fs::write(&path, text)?;
    println!("{PAGE} is written");
    Ok(())
}

fn text(rows: &[Row]) -> String {
    let mut out = HEAD.to_owned();
    for (letter, title) in PARTS {
        out.push_str(&format!("\n## {letter}. {title}\n\n| row | the other side | this client | proven |\n| --- | --- | --- | --- |\n"));
        for row in rows.iter().filter(|row| row.id.starts_with(letter)) {
            out.push_str(&format!("| {} | {} | {} | {} |\n", row.id, row.attack, row.answer, proven(row)));
        }
    }
    out
}

fn proven(row: &Row) -> String {
    match &row.planned {
        Some(what) => format!("planned: {what}"),
        None => {
            let named: Vec<&str> =
                Layer::ALL.into_iter().filter(|layer| row.layers.contains(layer)).map(Layer::name).collect();
            named.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::rows;

    #[test]
    fn the_page_is_up_to_date() {
        let page = std::fs::read_to_string(paths::root().join(PAGE)).unwrap();
        assert!(page == text(&rows::read().unwrap()), "{PAGE} is old: cargo xtask hostile --page");
    }

    #[test]
    fn every_row_is_on_the_page() {
        let rows = rows::read().unwrap();
        let page = text(&rows);
        assert!(rows.iter().all(|row| page.contains(&format!("\n| {} | ", row.id))));
    }
}
