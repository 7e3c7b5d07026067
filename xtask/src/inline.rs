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
        let head = "export const wasm = \"   !!";
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains("\";\nexport const frequent = [9, 7, 255, 0, 1,"), "{text}");
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
