//! The record of a pending login: what is written, what is read back, and what is not believed.

use serde_json::{Value, json};
use tokenward::error::Code;
use tokenward::protocol::pkce::Verifier;
use tokenward::protocol::scope::Scope;
use tokenward::protocol::transaction::{LIFETIME, Transaction};
use tokenward::time::Now;

use crate::support::{CLIENT, ISSUER, NOW, REDIRECT, code, config, config_with, rows, try_config_at};

rows![
    round_trip,
    no_token_and_no_endpoint_is_stored,
    j06_of_another_client_or_version,
    j06_broken_members,
    too_old_or_from_the_future,
    a16_the_return_path_is_judged_again,
];

fn transaction() -> Transaction {
    Transaction {
        verifier: Verifier::from_random([7; 32]),
        nonce: "nonce \"quoted\" \\ é".into(),
        scope: Scope::parse("openid profile").unwrap(),
        resource: vec!["https://api.example.com/".into(), "urn:b".into()],
        key: Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into()),
        return_to: Some("/orders/5?x=1#é".into()),
        max_age: Some(3600),
        required_acr: vec!["urn:a".into(), "urn:b".into()],
    }
}

fn record() -> Value {
    serde_json::from_str(&transaction().to_record(&config(), NOW)).unwrap()
}

#[test]
fn round_trip() {
    let config = config();
    let read = Transaction::from_record(&transaction().to_record(&config, NOW), &config, NOW).unwrap();
    let written = transaction();
    assert_eq!(read.verifier.expose(), written.verifier.expose());
    assert_eq!((&read.nonce, &read.return_to), (&written.nonce, &written.return_to));
    assert_eq!((read.scope, read.max_age), (written.scope, written.max_age));
    assert_eq!(read.required_acr, written.required_acr);

    let least = Transaction {
        verifier: Verifier::from_random([0; 32]),
        nonce: "n".into(),
        scope: Scope::default(),
        resource: Vec::new(),
        key: None,
        return_to: None,
        max_age: None,
        required_acr: Vec::new(),
    };
    let read = Transaction::from_record(&least.to_record(&config, NOW), &config, NOW).unwrap();
    assert!(read.scope.is_empty() && read.required_acr.is_empty());
    assert_eq!((read.return_to, read.max_age), (None, None));
}

#[test]
fn no_token_and_no_endpoint_is_stored() {
    let expected = json!({
        "v": 1, "at": NOW.wall, "issuer": ISSUER, "client_id": CLIENT, "redirect_uri": REDIRECT,
        "verifier": Verifier::from_random([7; 32]).expose(), "nonce": "nonce \"quoted\" \\ é",
        "scope": "openid profile", "resource": "https://api.example.com/ urn:b", "key": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "return_to": "/orders/5?x=1#é", "max_age": "3600", "acr": "urn:a urn:b",
    });
    assert_eq!(record(), expected);
}

#[test]
fn j06_of_another_client_or_version() {
    let text = record().to_string();
    for other in [
        json!({ "issuer": "https://other.example" }),
        json!({ "clientId": "other" }),
        json!({ "redirectUri": "https://app.example.com/other" }),
    ] {
        let read = Transaction::from_record(&text, &config_with(other), NOW);
        assert_eq!(code(read), Code::TransactionInvalid);
    }
    for (member, value) in [
        ("v", json!(2)),
        ("v", json!("1")),
        ("v", json!(null)),
        ("issuer", json!("https://evil.example")),
        ("issuer", json!(null)),
        ("client_id", json!(7)),
        ("redirect_uri", json!("https://app.example.com/evil")),
    ] {
        let mut record = record();
        record[member] = value;
        let read = Transaction::from_record(&record.to_string(), &config(), NOW);
        assert_eq!(code(read), Code::TransactionInvalid, "{record}");
    }
}

#[test]
fn j06_broken_members() {
    for (member, value) in [
        ("verifier", json!(null)),
        ("verifier", json!("short")),
        ("verifier", json!("a".repeat(129))),
        ("verifier", json!(format!("{}!", "a".repeat(42)))),
        ("verifier", json!([1])),
        ("nonce", json!(null)),
        ("nonce", json!("")),
        ("nonce", json!(7)),
        ("scope", json!(null)),
        ("scope", json!("a\"b")),
        ("at", json!(null)),
        ("at", json!("now")),
        ("at", json!(-1)),
        ("max_age", json!("")),
        ("max_age", json!("-1")),
        ("max_age", json!("1.5")),
        ("max_age", json!(i64::MAX.to_string())),
        ("max_age", json!("9".repeat(100))),
    ] {
        let mut record = record();
        record[member] = value;
        let read = Transaction::from_record(&record.to_string(), &config(), NOW);
        assert_eq!(code(read), Code::TransactionInvalid, "{record}");
    }
    let text = record().to_string();
    for broken in [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "\"x\"",
        text.strip_prefix('{').unwrap(),
        &text.replace('}', ",\"v\":1}"),
        &format!("{text}x"),
    ] {
        assert_eq!(
            code(Transaction::from_record(broken, &config(), NOW)),
            Code::TransactionInvalid,
            "{broken}"
        );
    }
}

#[test]
fn too_old_or_from_the_future() {
    let text = record().to_string();
    let at = |wall: u64| Transaction::from_record(&text, &config(), Now { wall, mono: 0 });
    assert!(at(NOW.wall + LIFETIME).is_ok());
    assert!(at(NOW.wall - 300_000).is_ok(), "the clock was set back");
    for wall in [NOW.wall + LIFETIME + 1, NOW.wall - LIFETIME - 1, 0, u64::MAX] {
        assert_eq!(code(at(wall)), Code::TransactionExpired);
    }
    let mut future = record();
    future["at"] = json!(1e300);
    assert_eq!(code(Transaction::from_record(&future.to_string(), &config(), NOW)), Code::TransactionExpired);
}

#[test]
fn a16_the_return_path_is_judged_again() {
    for hostile in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "x",
    ] {
        let mut record = record();
        record["return_to"] = json!(hostile);
        let read = Transaction::from_record(&record.to_string(), &config(), NOW).unwrap();
        assert_eq!(read.return_to, None, "{hostile}");
    }
    // Where there is no page there is no path of its origin either.
    let elsewhere = try_config_at(None, json!({})).unwrap();
    assert_eq!(Transaction::from_record(&record().to_string(), &elsewhere, NOW).unwrap().return_to, None);
}
