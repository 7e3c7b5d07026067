//! Forms, base64url, scopes, numbers and cut texts: there and back, and as others read them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokenward::encoding::text::{cut, decimal, digits, pieces};
use tokenward::encoding::{base64url, form};
use tokenward::protocol::pkce::Verifier;
use tokenward::protocol::scope::Scope;
use url::form_urlencoded;

use crate::support::saw;

/// Any octets; as text, if they are text.
pub fn run(data: &[u8]) {
    let coded = base64url::encode(data);
    assert_eq!(coded, URL_SAFE_NO_PAD.encode(data));
    assert_eq!(base64url::decode(&coded).as_deref(), Some(data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The one legal spelling, and no other.
    assert_eq!(base64url::decode(text), URL_SAFE_NO_PAD.decode(text).ok());
    check_forms(text);
    check_scopes(text);

    if let Some(verifier) = Verifier::from_stored(text) {
        saw("verifier read");
        assert_eq!(verifier.expose(), text);
        assert!((43..=128).contains(&text.len()) && verifier.challenge().len() == 43);
    }
    match (digits(text), text.parse::<u64>()) {
        (Some(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        (Some(ours), Err(_)) => assert_eq!(ours, u64::MAX, "only what is too large for them"),
        (None, theirs) => assert!(theirs.is_err() || text.starts_with('+')),
    }
    let number = u64::from_le_bytes(std::array::from_fn(|i| data.get(i).copied().unwrap_or_default()));
    assert_eq!(decimal(number), number.to_string());
    assert_eq!(Some(cut(text, b'&')), Some(text.split_once('&').map_or((text, None), |(a, b)| (a, Some(b)))));
    assert!(pieces(text, b'.').eq(text.split('.')));
}

fn check_forms(text: &str) {
    let theirs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    if let Some(ours) = form::parse(text) {
        saw("form read");
        assert_eq!(ours, theirs);
        let mut written = form::Form::new();
        for (name, value) in &ours {
            written.add(name, value);
        }
        let written = written.into_string();
        let mut judge = form_urlencoded::Serializer::new(String::new());
        assert_eq!(written, judge.extend_pairs(&ours).finish());
        assert_eq!(form::parse(&written), Some(ours));
    }
    let one = form::Form::new().with(text, text).into_string();
    assert_eq!(form::parse(&one), Some(vec![(text.to_owned(), text.to_owned())]));
    assert!(one.bytes().all(|b| b.is_ascii_graphic()));
}

fn check_scopes(text: &str) {
    let Some(scope) = Scope::parse(text) else { return };
    saw("scope read");
    let written = scope.to_text();
    let again = Scope::parse(&written).expect("a scope of our own");
    assert_eq!(again.to_text(), written);
    assert_eq!(again, scope);
    assert!(scope.covers(&again) && scope.covers(&Scope::default()));
    let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
    assert_eq!(scope.is_empty(), values.is_empty());
    assert!(values.iter().all(|value| scope.contains(value)));
    let reversed: Vec<&str> = values.iter().rev().copied().collect();
    assert_eq!(Scope::parse(&reversed.join(" ")).as_ref(), Some(&scope));
    assert!(!scope.contains(""));
}
