//! `inline.js` and `inline-lean.js`: the wasm file as text, so that the default entry needs no asset URL.
//!
//! A frequent octet is one character, any other two: that compresses nearly as well as the octets themselves,
//! where base64 of compressed octets cannot be compressed any more. ASCII only, and nothing that any kind of
//! string literal would escape: bundlers pass it on as it is. `load.ts` decodes it.
//!
//! Which character stands for which octet is free, and matters: brotli takes this file for text and codes each character by
//! the kinds of the two before it (RFC 7932 7.1). Octets after which the same is to be expected get characters of one kind.

use crate::wasm::Extent;
use std::collections::BTreeMap;
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
    let start = placed(frequent, &digits);
    let frequent = &by_kind(&start, &coded(wasm, &start, rare, &digits), &digits);
    let text = coded(wasm, frequent, rare, &digits);

    let mut out = String::from("export const wasm = \"");
    out.extend(text.iter().map(|digit| digits[usize::from(*digit) % digits.len()]));
    let _ = writeln!(out, "\";\nexport const frequent = {frequent:?};");
    out
}

/// The octets as digits, by number; of the second ones of rare octets, which stand for something else, by number from
/// the number of digits on.
fn coded(wasm: &[u8], frequent: &[u8], rare: &[u8], digits: &[char]) -> Vec<u8> {
    let number = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    let mut code = vec![Vec::new(); 256];
    for (index, octet) in frequent.iter().enumerate() {
        code[usize::from(*octet)] = vec![number(index)];
    }
    for (index, octet) in rare.iter().enumerate() {
        code[usize::from(*octet)] =
            vec![number(FREQUENT + index / digits.len()), number(digits.len() + index % digits.len())];
    }
    wasm.iter().flat_map(|octet| code[usize::from(*octet)].iter().copied()).collect()
}

/// Which frequent octet each digit stands for, to begin with: text in the module stays text, what is near stays near.
fn placed(frequent: &[u8], digits: &[char]) -> Vec<u8> {
    let is_own = |octet: &u8| digits.iter().take(frequent.len()).any(|digit| *digit == char::from(*octet));
    let mut others: Vec<u8> = frequent.iter().copied().filter(|octet| !is_own(octet)).collect();
    others.sort_unstable();
    let mut others = others.into_iter();
    let own = |digit: &char| frequent.iter().copied().find(|octet| char::from(*octet) == *digit);
    digits.iter().take(frequent.len()).filter_map(|digit| own(digit).or_else(|| others.next())).collect()
}

/// How often two octets change places in a search for a better order, and how many searches there are.
const ROUNDS: u32 = 40_000;
const SEARCHES: u64 = 4;

/// What is repeated more often than that is copied rather than coded.
const COUNTED: u32 = 8;

/// The same octets in an order that makes the text easier to foresee: simulated annealing over the entropy that is left
/// when the kinds of the two characters before are known. `text` is in the order of `start`; always the same for the same.
fn by_kind(start: &[u8], text: &[u8], digits: &[char]) -> Vec<u8> {
    let mut threes: BTreeMap<&[u8], u32> = BTreeMap::new();
    for three in text.windows(3) {
        *threes.entry(three).or_default() += 1;
    }
    let threes: Vec<([usize; 3], u32)> = threes
        .into_iter()
        .map(|(three, count)| ([three[0], three[1], three[2]].map(usize::from), count.min(COUNTED)))
        .collect();
    let logarithm: Vec<f64> =
        (0..=text.len() as u32 + 1).map(|n| f64::from(n) * f64::from(n.max(1)).log2()).collect();
    let bits = |kinds: &[(usize, usize)]| -> f64 {
        let mut counts = vec![0_u32; 64 * kinds.len()];
        let mut sums = [0_u32; 64];
        for ([before, last, next], count) in &threes {
            let kind = kinds[*last].0 | kinds[*before].1;
            counts[kind * kinds.len() + next] += count;
            sums[kind] += count;
        }
        let log = |count: &u32| logarithm[*count as usize];
        sums.iter().map(log).sum::<f64>() - counts.iter().map(log).sum::<f64>()
    };

    let search = |seed: u64| {
        // What stands for a rare octet keeps its characters.
        let mut kinds: Vec<(usize, usize)> =
            digits.iter().chain(digits).map(|digit| kinds_of(*digit)).collect();
        let mut order: Vec<usize> = (0..start.len()).collect();
        let mut now = bits(&kinds);
        let warmth = now * 0.0003;
        let mut chance = Chance(seed);
        for round in 0..ROUNDS {
            let (a, b) = (chance.below(start.len()), chance.below(start.len()));
            if kinds[a] == kinds[b] {
                continue;
            }
            kinds.swap(a, b);
            let then = bits(&kinds);
            let left = 1.0 - f64::from(round) / f64::from(ROUNDS);
            if then < now || chance.part() < ((now - then) / (warmth * left)).exp() {
                now = then;
                order.swap(a, b);
            } else {
                kinds.swap(a, b);
            }
        }
        (now, order)
    };
    let found = (1..=SEARCHES).map(search).min_by(|(one, _), (other, _)| one.total_cmp(other));
    let Some((_, order)) = found else { return start.to_vec() };
    // `order[digit]` is the character that stands for what the digit stood for.
    let mut octets = start.to_vec();
    for (digit, place) in order.into_iter().enumerate() {
        octets[place] = start[digit];
    }
    octets
}

/// The kind of a character as the last one and as the one before it (RFC 7932 7.1, `Lut0` and `Lut1`).
fn kinds_of(digit: char) -> (usize, usize) {
    let vowel = "AEIOUaeiou".contains(digit);
    let last = match digit {
        ' ' => 8,
        '%' => 20,
        '(' | '<' | '[' | '{' => 24,
        ')' | '>' | ']' | '}' => 28,
        ',' | ':' | ';' => 32,
        '.' => 36,
        '=' => 40,
        '0'..='9' => 44,
        'A'..='Z' => 52 - 4 * usize::from(vowel),
        'a'..='z' => 60 - 4 * usize::from(vowel),
        _ => 12,
    };
    let before = match digit {
        ' ' => 0,
        '0'..='9' | 'A'..='Z' => 2,
        'a'..='z' => 3,
        _ => 1,
    };
    (last, before)
}

/// Numbers at random that are always the same (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
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
    fn the_order_is_always_the_same_and_of_the_same_octets() {
        let digits = digits();
        let octets: Vec<u8> = (0..40_u32).map(|n| u8::try_from(n * n % 41).unwrap()).collect();
        let text: Vec<u8> = (0..4000_u32).map(|n| u8::try_from(n * n * 7 % 37).unwrap()).collect();
        let (one, two) = (by_kind(&octets, &text, &digits), by_kind(&octets, &text, &digits));
        assert_eq!(one, two);
        let sorted = |mut list: Vec<u8>| {
            list.sort_unstable();
            list
        };
        assert_eq!(sorted(one), sorted(octets));
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
