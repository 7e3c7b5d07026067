//! Cutting texts and putting them together without the machinery of `fmt` and `str::pattern`, which would be
//! a tenth of the module.

/// The parts, one after the other.
pub fn concat(parts: &[&str]) -> String {
    let mut out = String::new();
    for part in parts {
        out.push_str(part);
    }
    out
}

/// The words with spaces between them.
pub fn spaced(words: &[String]) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A number in decimal digits.
pub fn decimal(number: u64) -> String {
    let mut out = String::new();
    let mut unit = 1;
    while number / unit > 9 {
        unit *= 10;
    }
    while unit > 0 {
        out.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
    out
}

/// Digits as a number, the largest one when they are too many; `None` for anything but digits.
pub fn digits(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        // A multiplication that saturates would be one of 128 bits.
        number = if number <= u64::MAX / 10 { number * 10 } else { u64::MAX };
        number = number.saturating_add(u64::from(byte - b'0'));
    }
    (!text.is_empty()).then_some(number)
}

/// What is before and after the first `mark`, an ASCII character; `None` after it when there is none.
pub fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|byte| byte == mark).unwrap_or(text.len());
    (text.get(..at).unwrap_or_default(), text.get(at + 1..))
}

/// The pieces between the marks, those without text included.
pub fn pieces(text: &str, mark: u8) -> Pieces<'_> {
    Pieces { rest: Some(text), mark }
}

/// See [`pieces`].
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: Option<&'a str>,
    mark: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (piece, rest) = cut(self.rest?, self.mark);
        self.rest = rest;
        Some(piece)
    }
}

/// Copies of the words between spaces.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in list(text) {
        words.push(word.to_owned());
    }
    words
}

/// Whether every octet is legal.
pub fn all(text: &str, legal: fn(u8) -> bool) -> bool {
    text.bytes().all(legal)
}

/// The words of a list that is one text: beside each word of a slice stood its address and its length, which do
/// not compress.
pub fn list(words: &str) -> impl Iterator<Item = &str> {
    pieces(words, b' ').filter(|word| !word.is_empty())
}

/// The word of that number in such a list, or the line in a text.
pub fn nth(list: &str, mark: u8, number: usize) -> &str {
    let mut pieces = pieces(list, mark);
    for _ in 0..number {
        pieces.next();
    }
    pieces.next().unwrap_or_default()
}

/// Where the word stands in such a list.
pub fn place(word: &str, words: &str) -> Option<usize> {
    list(words).position(|own| own == word)
}

/// Whether the word is in such a list.
pub fn is_one_of(word: &str, words: &str) -> bool {
    place(word, words).is_some()
}

/// Whether the text is in the list.
pub fn contains(list: &[String], text: &str) -> bool {
    list.iter().any(|item| item == text)
}

/// The text that octets are in UTF-8; `None` when they are not. The standard library's is made for speed, at three
/// times the size.
pub fn from_utf8(octets: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(octets.len());
    let mut rest = octets.iter();
    while let Some(first) = rest.next() {
        // How many follow, the bits of this one, and the least that may be written so.
        let (more, bits, least) = match first {
            0..=0x7f => (0, 0x7f, 0),
            0xc0..=0xdf => (1, 0x1f, 0x80),
            0xe0..=0xef => (2, 0x0f, 0x800),
            0xf0..=0xf7 => (3, 0x07, 0x1_0000),
            _ => return None,
        };
        let mut scalar = u32::from(first & bits);
        for _ in 0..more {
            let next = rest.next().filter(|next| **next & 0xc0 == 0x80)?;
            scalar = scalar << 6 | u32::from(next & 0x3f);
        }
        // Neither a surrogate nor beyond the last one.
        out.push(char::from_u32(scalar).filter(|_| scalar >= least)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_together() {
        assert_eq!(concat(&["a", "", "b"]), "ab");
        assert_eq!(spaced(&["openid".into(), "profile".into()]), "openid profile");
        for number in [0, 7, 10, 1_700_000_000_123, u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
            assert_eq!(digits(&decimal(number)), Some(number));
        }
        assert_eq!(digits("99999999999999999999999"), Some(u64::MAX));
        for bad in ["", "-1", "+1", "1 ", "x"] {
            assert_eq!(digits(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!(cut("a?b?é", b'?'), ("a", Some("b?é")));
        assert_eq!(cut("é?", b'?'), ("é", Some("")));
        assert_eq!(cut("aé", b'?'), ("aé", None));
        assert_eq!(pieces("a&&b&", b'&').collect::<Vec<_>>(), ["a", "", "b", ""]);
        assert_eq!(pieces("", b'&').collect::<Vec<_>>(), [""]);
        assert_eq!((nth("a b", b' ', 0), nth("a b", b' ', 1), nth("a b", b' ', 2)), ("a", "b", ""));
    }

    #[test]
    fn words_are_found_in_lists() {
        assert_eq!(list("a b  c").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(["b", "d", "a b", ""].map(|word| place(word, "a b  c")), [Some(1), None, None, None]);
        assert!(!is_one_of("", "") && is_one_of("a", "a"));
    }

    #[test]
    fn utf8_is_read_as_the_standard_library_reads_it() {
        let ends = [
            0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
            0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
        ];
        let check = |octets: &[u8]| {
            assert_eq!(from_utf8(octets).as_deref(), std::str::from_utf8(octets).ok(), "{octets:?}");
        };
        check(&[]);
        for a in 0..=255 {
            for b in 0..=255 {
                check(&[a]);
                check(&[a, b]);
                check(&[b'x', a, b, b'y']);
            }
        }
        for a in ends {
            for b in ends {
                for c in ends {
                    check(&[a, b, c]);
                    for d in ends {
                        check(&[a, b, c, d]);
                        check(&[a, b, c, d, b'z']);
                    }
                }
            }
        }
        for scalar in ('\0'..=char::MAX).step_by(97) {
            let text = scalar.to_string();
            assert_eq!(from_utf8(text.as_bytes()).as_ref(), Some(&text));
        }
    }
}
