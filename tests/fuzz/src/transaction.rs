//! Records of pending logins: storage is anybody's, so a record is of this client and young, or it is nothing;
//! and what is written is what is read.

use serde_json::Value;
use tokenward::config::Config;
use tokenward::error::Code;
use tokenward::protocol::pkce::Verifier;
use tokenward::protocol::scope::Scope;
use tokenward::protocol::transaction::{LIFETIME, Transaction};
use tokenward::time::Now;
use url::Url;

use crate::support::{CLIENT, CONFIG, ISSUER, NOW, ORIGIN, REDIRECT, check_error, check_secret, saw};

/// The record.
pub fn run(data: &[u8]) {
    let Ok(record) = std::str::from_utf8(data) else { return };
    match Transaction::from_record(record, &CONFIG, NOW) {
        Ok(transaction) => {
            saw("record accepted");
            let stored: Value = serde_json::from_str(record).expect("what is accepted is JSON");
            assert_eq!((&stored["issuer"], &stored["client_id"]), (&ISSUER.into(), &CLIENT.into()));
            assert_eq!((&stored["redirect_uri"], &stored["v"].as_f64()), (&REDIRECT.into(), &Some(1.0)));
            let at = stored["at"].as_f64().expect("a time");
            assert!((NOW.wall as f64 - at).abs() <= LIFETIME as f64);
            let verifier = transaction.verifier.expose();
            assert_eq!(stored["verifier"], verifier);
            assert!((43..=128).contains(&verifier.len()) && !transaction.nonce.is_empty());
            if let Some(place) = &transaction.return_to {
                let home = Url::parse(ORIGIN).expect("a URL");
                assert_eq!(home.join(place).expect("a place").origin(), home.origin(), "{place}");
            }
            assert!(transaction.max_age.is_none_or(|age| age >= 0));
            let place = transaction.return_to.as_deref().unwrap_or_default();
            let rest =
                [&transaction.nonce, &transaction.scope.to_text(), place, &transaction.required_acr.concat()];
            check_secret(verifier, &format!("{transaction:?}"), &rest.concat());
            check_round_trip(&transaction, &CONFIG, NOW);
        }
        Err(error) => {
            check_error(&error, &[]);
            assert!(matches!(error.code, Code::TransactionInvalid | Code::TransactionExpired));
            assert!(!format!("{error:?}").contains("verifier"));
        }
    }
    // The fields of the input, each as hostile as it likes, written by ourselves.
    let mut fields = record.split('\n');
    let mut field = || fields.next().unwrap_or_default();
    let (nonce, scope, acr, max_age, place) = (field(), field(), field(), field(), field());
    let made = Transaction {
        verifier: Verifier::from_random([7; 32]),
        nonce: if nonce.is_empty() { "n".to_owned() } else { nonce.to_owned() },
        scope: Scope::parse(scope).unwrap_or_default(),
        resource: acr.split_ascii_whitespace().map(str::to_owned).collect(),
        key: Some(nonce.to_owned()).filter(|key| !key.is_empty()),
        return_to: tokenward::protocol::return_to::local_path(place, ORIGIN),
        max_age: max_age.parse::<u32>().ok().map(i64::from),
        required_acr: acr.split_ascii_whitespace().map(str::to_owned).collect(),
    };
    check_round_trip(&made, &CONFIG, NOW);
}

fn check_round_trip(transaction: &Transaction, config: &Config, now: Now) {
    let record = transaction.to_record(config, now);
    let read = Transaction::from_record(&record, config, now).expect("a record of our own");
    assert_eq!(read.verifier.expose(), transaction.verifier.expose());
    assert_eq!(read.nonce, transaction.nonce);
    assert_eq!(read.scope, transaction.scope);
    assert_eq!((&read.resource, &read.key), (&transaction.resource, &transaction.key));
    assert_eq!(read.return_to, transaction.return_to);
    assert_eq!(read.max_age, transaction.max_age);
    assert_eq!(read.required_acr, transaction.required_acr);
    let late = Now { wall: now.wall + LIFETIME + 1, ..now };
    let error = Transaction::from_record(&record, config, late).expect_err("it is too old");
    assert_eq!(error.code, Code::TransactionExpired);
}
