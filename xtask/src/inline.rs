//! `inline.js` and `inline-lean.js`: the wasm file as text, so that the default entry needs no asset URL.
//!
//! A frequent octet is one character, any other two: that compresses nearly as well as the octets themselves,
//! where base64 of compressed octets cannot be compressed any more. ASCII only, and nothing that any kind of
//! string literal would escape: bundlers pass it on as it is. `load.ts` decodes it.

use crate::wasm::Extent;
use std::fmt::Write as _;

/// What the file is called.
pub fn file(extent: Extent) -> &'static str {
    match extent {
        Extent::Whole => "inline.js",
        Extent::Lean => "inline-lean.js",
    }
}

/// The digits: printable ASCII without quotes and backslash.
fn digits() -> Vec<char> {
    (' '..='~').filter(|c| !r#""'`\"#.contains(*c)).collect()
}

/// How many digits stand for an octet each. Each of those left begins a page of the rarer octets.
const FREQUENT: usize = 89;

/// An ES module that exports the text as `wasm`, and the octets that are one digit as `frequent`.
pub fn module(wasm: &[u8]) -> String {
    let mut counts = [0_usize; 256];
    for octet in wasm {
        counts[usize::from(*octet)] += 1;
    }
    let mut order: Vec<u8> = (0..=u8::MAX).collect();
    order.sort_by_key(|octet| std::cmp::Reverse(counts[usize::from(*octet)]));
    let (frequent, rare) = order.split_at_mut(FREQUENT);
    rare.sort_unstable();

    let digits = digits();
    let frequent = &placed(frequent, &digits);
    let mut code = vec![String::new(); 256];
    for (octet, digit) in frequent.iter().zip(&digits) {
        code[usize::from(*octet)].push(*digit);
    }
    for (index, octet) in rare.iter().enumerate() {
        let (page, at) = (FREQUENT + index / digits.len(), index % digits.len());
        code[usize::from(*octet)].extend([digits[page], digits[at]]);
    }

    let mut out = String::from("export const wasm = \"");
    out.extend(wasm.iter().map(|octet| code[usize::from(*octet)].as_str()));
    let _ = writeln!(out, "\";\nexport const frequent = {frequent:?};");
    out
}

/// Which frequent octet each digit stands for. Text in the module stays text, and what is near stays near: both
/// compress better than an order by frequency does.
fn placed(frequent: &[u8], digits: &[char]) -> Vec<u8> {
    let is_own = |octet: &u8| digits.iter().take(frequent.len()).any(|digit| *digit == char::from(*octet));
    let mut others: Vec<u8> = frequent.iter().copied().filter(|octet| !is_own(octet)).collect();
    others.sort_unstable();
    let mut others = others.into_iter();
    let own = |digit: &char| frequent.iter().copied().find(|octet| char::from(*octet) == *digit);
    digits.iter().take(frequent.len()).filter_map(|digit| own(digit).or_else(|| others.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_enough_for_every_octet() {
        let digits = digits().len();
        assert_eq!(digits, 91);
        assert!(FREQUENT + (digits - FREQUENT) * digits >= 256);
    }

    #[test]
    fn frequent_octets_are_one_character() {
        let text = module(&[9, 9, 9, 7, 7, 0xFF]);
        let [seven, nine, last] = [7, 9, 0xFF].map(|octet| code_of(&text, octet));
        assert!(text.starts_with(&format!(
            "export const wasm = \"{}{}{last}\"",
            nine.repeat(3),
            seven.repeat(2)
        )));
    }

    #[test]
    fn text_stays_text() {
        let text = module(b"https://id.example.com");
        assert!(text.starts_with("export const wasm = \"https://id.example.com\";"), "{text}");
    }

    /// The digit of a frequent octet.
    fn code_of(text: &str, octet: u8) -> String {
        let (_, list) = text.split_once('[').unwrap();
        let place = list.trim_end().trim_end_matches("];").split(", ").position(|n| n == octet.to_string());
        digits()[place.unwrap()].to_string()
    }

    #[test]
    fn every_octet_has_a_code_of_its_own() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let text = module(&all);
        let coded = text.split('"').nth(1).unwrap();
        assert_eq!(coded.len(), FREQUENT + 2 * (256 - FREQUENT));
        assert!(coded.bytes().all(|b| (b' '..=b'~').contains(&b) && !b"\"'`\\".contains(&b)));
    }
}
