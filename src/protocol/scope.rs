//! Scope, RFC 6749 section 3.3: case-sensitive, space-separated, order without meaning.

use crate::encoding::text::{all, contains, pieces, spaced};

/// More values than this are no scope; they are compared one by one.
const MAX_VALUES: usize = 500;

/// A set of scope values in the order they were first named.
#[derive(Clone, Debug, Default)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses; `None` when a character is not allowed (`%x21 / %x23-5B / %x5D-7E`), or for far too many values.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_by(text, b' ')
    }

    /// The same for values with another mark between them.
    pub fn parse_by(text: &str, mark: u8) -> Option<Self> {
        let mut values: Vec<String> = Vec::new();
        for value in pieces(text, mark).filter(|v| !v.is_empty()) {
            if !all(value, |b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return None;
            }
            if !contains(&values, value) {
                if values.len() == MAX_VALUES {
                    return None;
                }
                values.push(value.to_owned());
            }
        }
        Some(Self(values))
    }

    /// The values with spaces between them.
    pub fn to_text(&self) -> String {
        spaced(&self.0)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the value is in it.
    pub fn contains(&self, value: &str) -> bool {
        contains(&self.0, value)
    }

    /// Whether every value of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|value| self.contains(value))
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }
}

impl Eq for Scope {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repeats_are_cosmetic_and_case_is_not() {
        let scope = Scope::parse("openid  profile openid").unwrap();
        assert_eq!(scope.to_text(), "openid profile");
        assert_eq!(scope, Scope::parse("profile openid").unwrap());
        assert_ne!(scope, Scope::parse("OpenID profile").unwrap());
        assert!(scope.covers(&Scope::parse("profile").unwrap()));
        assert!(!scope.covers(&Scope::parse("profile email").unwrap()));
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "é", "a\nb"] {
            assert!(Scope::parse(bad).is_none(), "{bad:?}");
        }
    }
}
