//! Scopes as sets, and the other small grammars, under random input.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;
use tokenward::encoding::text::{decimal, digits, pieces, spaced, words};
use tokenward::protocol::pkce::Verifier;
use tokenward::protocol::scope::Scope;

fn cases() -> Config {
    Config { cases: 512, failure_persistence: None, ..Config::default() }
}

/// Few enough that sets overlap; two differ by case alone.
fn values() -> impl Strategy<Value = Vec<&'static str>> {
    let value = prop::sample::select(vec!["openid", "OpenID", "profile", "api:read", "a", "!", "~[]#"]);
    prop::collection::vec(value, 0..8)
}

fn scope(values: &[&str]) -> Scope {
    Scope::parse(&values.join(" ")).unwrap()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn scopes_are_sets(a in values(), b in values()) {
        let sets = [&a, &b].map(|values| values.iter().copied().collect::<BTreeSet<&str>>());
        let (x, y) = (scope(&a), scope(&b));
        prop_assert_eq!(x.covers(&y), sets[0].is_superset(&sets[1]));
        prop_assert_eq!(x == y, sets[0] == sets[1]);
        prop_assert_eq!(x.is_empty(), sets[0].is_empty());
        prop_assert!(sets[0].iter().all(|value| x.contains(value)));
        prop_assert_eq!(x.to_text().split(' ').filter(|v| !v.is_empty()).count(), sets[0].len());
    }

    #[test]
    fn scopes_are_written_as_they_are_read(text in "[ -~é\t]{0,40}") {
        match Scope::parse(&text) {
            Some(scope) => {
                prop_assert!(text.bytes().all(|b| matches!(b, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
                prop_assert_eq!(Scope::parse(&scope.to_text()).unwrap().to_text(), scope.to_text());
            }
            None => prop_assert!(text.contains(['"', '\\', 'é', '\t'])),
        }
    }

    #[test]
    fn numbers_are_written_and_read(number in any::<u64>(), text in "[0-9+a-]{0,24}") {
        prop_assert_eq!(decimal(number), number.to_string());
        prop_assert_eq!(digits(&decimal(number)), Some(number));
        let legal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        prop_assert_eq!(digits(&text), legal.then(|| text.parse().unwrap_or(u64::MAX)));
    }

    #[test]
    fn words_are_put_together_and_taken_apart(list in prop::collection::vec("[a-z:]{1,6}", 0..6)) {
        prop_assert_eq!(words(&spaced(&list)), list.clone());
        let joined = list.join(" ");
        prop_assert!(pieces(&joined, b' ').eq(joined.split(' ')));
    }

    #[test]
    fn verifiers_are_what_the_specification_says(octets in any::<[u8; 32]>(), text in "[A-Za-z0-9._~!-]{40,130}") {
        let made = Verifier::from_random(octets);
        prop_assert!(Verifier::from_stored(made.expose()).is_some());
        prop_assert_eq!(made.challenge().len(), 43);
        let legal = (43..=128).contains(&text.len()) && !text.contains('!');
        prop_assert_eq!(Verifier::from_stored(&text).is_some(), legal);
    }
}
