//! Records of sessions, as they are kept sealed: storage is anybody's, so a record is of this client and sane, or it is
//! nothing; and what is written is what is read.

use serde_json::Value;
use tokenward::config::Config;
use tokenward::protocol::record::Record;
use tokenward::protocol::scope::Scope;
use tokenward::secret::Secret;

use crate::support::{CLIENT, CONFIG, ISSUER, NOW, REDIRECT, check_secret, given, json, saw};

/// Ten years, in milliseconds: longer than any access token lives.
const MAX_LIFETIME: u64 = 315_360_000_000;

/// The record; or its fields, a line each.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(record) = Record::from_text(text, &CONFIG) {
        saw("session read");
        check(&record, text);
        check_round_trip(&record, &CONFIG);
        for (issuer, client) in [(ISSUER, "other"), ("https://other.example", CLIENT)] {
            let other = config_of(issuer, client);
            assert!(Record::from_text(text, &other).is_none(), "of another client");
        }
    } else {
        saw("session refused");
    }
    check_made(text);
}

/// What stands in a record that was accepted.
fn check(record: &Record, text: &str) {
    let stored: Value = serde_json::from_str(text).expect("what is accepted is JSON");
    assert_eq!((&stored["issuer"], &stored["client_id"]), (&ISSUER.into(), &CLIENT.into()));
    assert_eq!((&stored["v"], &stored["grant"]), (&"1".into(), &record.grant.as_str().into()));
    assert!((1..=128).contains(&record.grant.len()));
    assert_eq!(stored["access_token"], record.access_token.expose());
    assert!(!record.access_token.expose().is_empty());
    for (name, token) in [("refresh_token", &record.refresh_token), ("id_token", &record.id_token)] {
        assert_eq!(
            given(&stored, name).and_then(Value::as_str),
            token.as_ref().map(Secret::expose),
            "{name}"
        );
    }
    // Nothing that a request is made of could break out of its place.
    for token in [Some(&record.access_token), record.refresh_token.as_ref()].into_iter().flatten() {
        assert!(token.expose().bytes().all(|b| (b' '..=b'~').contains(&b)), "not printable");
    }
    assert!(record.lifetime.is_none_or(|life| life <= MAX_LIFETIME));
    for wall in [0, record.since, NOW.wall, u64::MAX] {
        let age = record.age(wall);
        assert!(wall < record.since || age == wall - record.since);
        assert!(
            wall >= record.since || age == record.lifetime.unwrap_or(0),
            "what comes from the future has expired"
        );
    }
    // Who it is comes from the ID token, and from nowhere else.
    assert_eq!(record.identity.is_some(), record.id_token.is_some());
    assert_eq!(record.claims.is_some(), record.id_token.is_some());
    if let (Some(identity), Some(claims)) = (&record.identity, &record.claims) {
        assert_eq!(claims.text("sub"), Some(identity.subject.as_str()));
        assert_eq!(identity.nonce, record.grant);
    }
    let shown = format!("{record:?}");
    // What is no secret may be shown, also when it is the same text.
    let rest = format!("{:?}", (&record.grant, &record.scope, &record.claims, &record.identity))
        + &format!("{:?}", (record.since, record.lifetime, record.ends_at, record.journal))
        + &format!("{:?}", (&record.resource, &record.key, &record.details))
        // What its members are called.
        + "refresh_token access_token";
    for token in [Some(&record.access_token), record.refresh_token.as_ref(), record.id_token.as_ref()]
        .into_iter()
        .flatten()
    {
        check_secret(token.expose(), &shown, &rest);
    }
}

/// The fields of the input, each as hostile as it likes, written by ourselves.
fn check_made(text: &str) {
    let mut fields = text.split('\n');
    let mut field = || fields.next().unwrap_or_default();
    let (grant, scope, access, refresh) = (field(), field(), field(), field());
    let number = |text: &str| text.parse::<u64>().ok();
    let (since, life, ends_at, journal) =
        (number(field()), number(field()), number(field()), number(field()));
    let secret = |text: &str| (!text.is_empty()).then(|| Secret::new(text.to_owned()));
    let made = Record {
        grant: grant.to_owned(),
        scope: Scope::parse(scope).unwrap_or_default(),
        resource: Vec::new(),
        key: None,
        bound: false,
        details: None,
        refresh_token: secret(refresh),
        access_token: Secret::new(access.to_owned()),
        lifetime: life,
        since: since.unwrap_or(NOW.wall),
        id_token: None,
        identity: None,
        claims: None,
        ends_at,
        journal,
    };
    let written = made.to_text(&CONFIG);
    // Whatever is in the fields, it is one record with these members.
    let stored: Value = serde_json::from_str(written.expose()).expect("what is written is JSON");
    assert_eq!((&stored["grant"], &stored["access_token"]), (&grant.into(), &access.into()));
    assert_eq!(stored["issuer"], ISSUER);
    if let Some(read) = Record::from_text(written.expose(), &CONFIG) {
        saw("session written and read");
        check(&read, written.expose());
        same(&read, &made);
    }
}

fn config_of(issuer: &str, client: &str) -> Config {
    let options = format!(r#"{{"issuer":"{issuer}","clientId":"{client}","redirectUri":"{REDIRECT}"}}"#);
    Config::from_options(json(&options), Some(REDIRECT)).expect("the options are right")
}

fn check_round_trip(record: &Record, config: &Config) {
    let text = record.to_text(config);
    let read = Record::from_text(text.expose(), config).expect("a record of our own");
    same(&read, record);
    assert_eq!(
        read.identity.map(|i| (i.subject, i.nonce)),
        record.identity.clone().map(|i| (i.subject, i.nonce))
    );
    assert_eq!(read.claims, record.claims);
}

fn same(read: &Record, made: &Record) {
    let secrets = |record: &Record| {
        let text = |token: &Option<Secret>| token.as_ref().map(|token| token.expose().to_owned());
        (record.access_token.expose().to_owned(), text(&record.refresh_token), text(&record.id_token))
    };
    assert_eq!(secrets(read), secrets(made));
    assert_eq!((&read.grant, &read.scope), (&made.grant, &made.scope));
    assert_eq!(read.lifetime, made.lifetime.map(|life| life.min(MAX_LIFETIME)));
    assert_eq!((read.since, read.ends_at, read.journal), (made.since, made.ends_at, made.journal));
}
