//! The table: rows, and how many tests prove each of them where.

use super::proofs::{Place, Proof};
use super::rows::Row;

/// The whole of it as text.
pub fn text(rows: &[Row], proofs: &[Proof]) -> String {
    let mut places: Vec<Place> = Vec::new();
    for proof in proofs {
        if !places.contains(&proof.place) {
            places.push(proof.place);
        }
    }
    let mut out = format!("{:<5}", "row");
    for place in &places {
        out.push_str(&format!("{:>10}", place.name()));
    }
    for row in rows {
        out.push_str(&format!("\n{:<5}", row.id));
        if let Some(planned) = &row.planned {
            out.push_str(&format!(" planned: {planned}"));
            continue;
        }
        for place in &places {
            out.push_str(&format!("{:>10}", cell(row, *place, proofs)));
        }
    }
    out.push('\n');
    out
}

fn cell(row: &Row, place: Place, proofs: &[Proof]) -> String {
    let named = || proofs.iter().filter(|proof| proof.names(&row.id, place));
    let (failed, passed) = (
        named().filter(|proof| proof.failed()).count(),
        named().filter(|p| p.proves(&row.id, place)).count(),
    );
    match (failed, passed, row.layers.contains(&place.layer)) {
        (0, 0, true) => "MISSING".to_owned(),
        (0, 0, false) => "\u{b7}".to_owned(),
        (0, passed, _) => format!("{passed} ok"),
        (failed, ..) => format!("{failed} FAILED"),
    }
}

/// The tests of one row, by place.
pub fn tests_of(id: &str, proofs: &[Proof]) -> String {
    let mut out = format!("{id}\n");
    for proof in proofs.iter().filter(|proof| proof.names(id, proof.place)) {
        out.push_str(&format!("  {:<9} {:<8} {}\n", proof.place.name(), proof.end(), proof.title));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::proofs::read;
    use crate::hostile::rows::Layer;

    #[test]
    fn cells_say_what_is_missing() {
        let row = |id: &str, planned: Option<&str>| Row {
            id: id.into(),
            attack: String::new(),
            answer: String::new(),
            layers: vec![Layer::Engine],
            planned: planned.map(str::to_owned),
        };
        let rows = [row("A01", None), row("A02", None), row("I01", Some("DPoP"))];
        let proofs = read(Place::of(Layer::Engine), "test a01_x ... ok\ntest a01_y ... ok\n");
        let text = text(&rows, &proofs);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let expected: [&[&str]; 4] =
            [&["row", "engine"], &["A01", "2", "ok"], &["A02", "MISSING"], &["I01", "planned:", "DPoP"]];
        assert_eq!(lines, expected);
        assert_eq!(tests_of("A01", &proofs).lines().count(), 3);
    }
}
