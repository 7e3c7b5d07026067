//! application/x-www-form-urlencoded, as queries and token requests use it (RFC 6749 appendix B).

use crate::encoding::text::{cut, from_utf8, pieces};

/// Parameters in the order they were added.
#[derive(Debug, Default)]
pub struct Form(String);

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one parameter.
    pub fn add(&mut self, name: &str, value: &str) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode_into(&mut self.0, name);
        self.0.push('=');
        encode_into(&mut self.0, value);
        self
    }

    /// Adds one parameter if it has a value. RFC 6749 3.1: a parameter without a value counts as absent.
    pub fn add_some(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() { self } else { self.add(name, value) }
    }

    /// With one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    /// The encoded text.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Parses a query or fragment without its `?` or `#`. `None` when the percent-encoding or the UTF-8 is broken.
pub fn parse(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for pair in pieces(text, b'&') {
        if !pair.is_empty() {
            let (name, value) = cut(pair, b'=');
            pairs.push((decode(name)?, decode(value.unwrap_or_default())?));
        }
    }
    Some(pairs)
}

/// Decodes one name or value. `None` when the percent-encoding or the UTF-8 is broken.
pub fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            _ => byte,
        });
    }
    from_utf8(&out)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_rfc_6749_appendix_b() {
        let mut form = Form::new().with("a", " %&+£€");
        form.add_some("empty", "");
        assert_eq!(form.into_string(), "a=+%25%26%2B%C2%A3%E2%82%AC");
    }

    #[test]
    fn round_trip() {
        let text = "scope=openid+profile&x=%2B%26%3D%c3%a9&flag&=v&&";
        let parsed = parse(text).unwrap();
        let expected = [("scope", "openid profile"), ("x", "+&=é"), ("flag", ""), ("", "v")];
        assert_eq!(parsed, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn broken_encoding_is_refused() {
        for bad in ["a=%", "a=%1", "a=%zz", "a=%ff", "%c3=1", "a=%ed%a0%80"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
