//! Tests that ran and name rows, read from what the runners print.

use super::rows::Layer;
use crate::browsers::Browser;

/// Where a test ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer.
    pub layer: Layer,
    /// The engine, for end-to-end cases.
    pub engine: Option<Browser>,
}

impl Place {
    /// A layer that needs no engine of its own.
    pub fn of(layer: Layer) -> Self {
        Self { layer, engine: None }
    }

    /// As it is called in tables.
    pub fn name(self) -> &'static str {
        self.engine.map_or(self.layer.name(), Browser::name)
    }
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    Skipped,
}

/// A test that names rows.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Where it ran.
    pub place: Place,
    /// The rows.
    pub ids: Vec<String>,
    /// Its name or title.
    pub title: String,
    end: End,
}

impl Proof {
    /// Whether it passed here for this row.
    pub fn proves(&self, id: &str, place: Place) -> bool {
        self.end == End::Passed && self.names(id, place)
    }

    /// Whether it is about this row.
    pub fn names(&self, id: &str, place: Place) -> bool {
        self.place == place && self.ids.iter().any(|known| known == id)
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.end == End::Failed
    }

    /// One word for lists.
    pub fn end(&self) -> &'static str {
        match self.end {
            End::Passed => "ok",
            End::Failed => "FAILED",
            End::Skipped => "skipped",
        }
    }
}

/// The tests in the output of cargo, wasm-bindgen's runner or node:test that name rows.
pub fn read(place: Place, output: &str) -> Vec<Proof> {
    let tests = output.lines().filter_map(|line| cargo(line.trim()).or_else(|| node(line.trim())));
    tests
        .filter(|(ids, ..)| !ids.is_empty())
        .map(|(ids, title, end)| Proof { place, ids, title, end })
        .collect()
}

type Test = (Vec<String>, String, End);

/// `test module::a01_b02_what_it_shows ... ok`
fn cargo(line: &str) -> Option<Test> {
    let (name, end) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let end = match end.split_whitespace().next()? {
        "ok" => End::Passed,
        "FAILED" | "FAIL" => End::Failed,
        "ignored," | "ignored" => End::Skipped,
        _ => return None,
    };
    let name = name.rsplit("::").next()?;
    let ids = name.split('_').map(str::to_uppercase).take_while(|part| is_id(part)).collect();
    Some((ids, name.to_owned(), end))
}

/// `ok 3 - A01 B02: what it shows # SKIP why`, `not ok …`, and the same by the reporter for people.
fn node(line: &str) -> Option<Test> {
    let numbered = |rest: &'static str| line.strip_prefix(rest)?.split_once(" - ").map(|(_, title)| title);
    let signed = |sign: &'static str| line.strip_prefix(sign)?.rsplit_once(" (").map(|(title, _)| title);
    let (title, end) = if let Some(title) = numbered("ok ").or_else(|| signed("\u{2714} ")) {
        (title, End::Passed)
    } else if let Some(title) = numbered("not ok ").or_else(|| signed("\u{2716} ")) {
        (title, End::Failed)
    } else {
        (signed("\u{fe63} ")?, End::Skipped)
    };
    let (title, end) = match title.split_once(" # SKIP") {
        Some((title, _)) => (title, End::Skipped),
        None => (title, end),
    };
    // `A01 B02: …`, and `A01 in a worker: …`.
    let (names, _) = title.split_once(": ")?;
    let ids: Vec<String> = names.split(' ').take_while(|word| is_id(word)).map(str::to_owned).collect();
    Some((ids, title.to_owned(), end))
}

fn is_id(text: &str) -> bool {
    matches!(text.as_bytes(), [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(output: &str) -> Vec<(String, &'static str)> {
        let found = read(Place::of(Layer::Engine), output);
        found.iter().map(|proof| (proof.ids.join(" "), proof.end())).collect()
    }

    #[test]
    fn names_of_rust_tests() {
        let output = "running 4 tests\ntest callback::a01_code_and_state ... ok\ntest a02_a11_noise ... FAILED\n\
            test plain_name ... ok\ntest c1_not ... ok\ntest e16_x ... ignored, slow\ntest result: ok. 3 passed\n";
        let expected =
            [("A01".to_owned(), "ok"), ("A02 A11".to_owned(), "FAILED"), ("E16".to_owned(), "skipped")];
        assert_eq!(all(output), expected);
    }

    #[test]
    fn titles_of_node_tests() {
        let output = "TAP version 13\n# Subtest: A01: x\nok 1 - A01: x\n    not ok 2 - B07 C12: y - z\n\
            ok 3 - H02: frozen # SKIP not here\nok 4 - login: no row\nok 6 - J08 in a worker: x\n\u{2714} J09 J10: a (b) (1.5ms)\n\
            \u{2716} K03: failed (2ms)\n\u{fe63} K04: skipped (0.1ms) # SKIP\nok 5 - see A01: no\n";
        let expected = [
            ("A01", "ok"),
            ("B07 C12", "FAILED"),
            ("H02", "skipped"),
            ("J08", "ok"),
            ("J09 J10", "ok"),
            ("K03", "FAILED"),
            ("K04", "skipped"),
        ];
        assert_eq!(all(output), expected.map(|(ids, end)| (ids.to_owned(), end)));
    }
}
