//! The record of a session: what is written, what is read back, and what is not believed.

use serde_json::{Value, json};
use tokenward::encoding::base64url;
use tokenward::encoding::json::Json;
use tokenward::protocol::id_token::Identity;
use tokenward::protocol::record::Record;
use tokenward::protocol::scope::Scope;
use tokenward::secret::Secret;

use crate::support::{CLIENT, ISSUER, NOW, config, config_with, rows};

rows![
    round_trip,
    nothing_but_the_session_is_written,
    j06_of_another_client_or_version,
    j06_broken_members,
    j06_too_large,
    age_counts_by_the_wall_clock,
    auth_time_with_a_fraction,
];

const DETAILS: &str = r#"[{"amount":12.5,"type":"payment \"x\""}]"#;
const CLAIMS: &str = r#"{"sub":"ada","n":1.5,"nested":{"a":[true,null]}}"#;

fn id_token() -> String {
    format!("e30.{}.c2ln", base64url::encode(CLAIMS.as_bytes()))
}

fn secret(text: impl Into<String>) -> Secret {
    Secret::new(text.into())
}

fn full() -> Record {
    Record {
        grant: "nonce-of-the-login".into(),
        scope: Scope::parse("openid profile").unwrap(),
        resource: vec!["https://api.example.com/".into()],
        key: Some("thumbprint".into()),
        bound: true,
        refresh_token: Some(secret("refresh \"token\"")),
        access_token: secret("access-token"),
        lifetime: Some(300_000),
        since: NOW.wall,
        id_token: Some(secret(id_token())),
        identity: Some(Identity {
            subject: "ada".into(),
            nonce: "nonce-of-the-login".into(),
            auth_time: Some(1_790_000_000.0),
        }),
        claims: None,
        details: Json::parse(DETAILS.as_bytes()),
        ends_at: Some(NOW.wall + 9),
        journal: Some(NOW.wall + 7),
    }
}

fn least() -> Record {
    Record {
        lifetime: None,
        resource: Vec::new(),
        key: None,
        bound: false,
        refresh_token: None,
        id_token: None,
        identity: None,
        details: None,
        ends_at: None,
        journal: None,
        scope: Scope::default(),
        ..full()
    }
}

fn read(text: &str) -> Option<Record> {
    Record::from_text(text, &config())
}

fn written(record: &Record) -> Value {
    serde_json::from_str(record.to_text(&config()).expose()).unwrap()
}

#[test]
fn round_trip() {
    for record in [full(), least()] {
        let back = read(record.to_text(&config()).expose()).unwrap();
        assert_eq!((&back.grant, &back.scope), (&record.grant, &record.scope));
        assert_eq!((&back.refresh_token, &back.access_token), (&record.refresh_token, &record.access_token));
        assert_eq!(
            (back.lifetime, back.since, back.ends_at, back.journal),
            (record.lifetime, record.since, record.ends_at, record.journal)
        );
        assert_eq!((&back.resource, &back.key, back.bound), (&record.resource, &record.key, record.bound));
        assert_eq!((&back.identity, &back.id_token), (&record.identity, &record.id_token));
        let claims = record.id_token.as_ref().map(|_| Json::parse(CLAIMS.as_bytes()).unwrap());
        assert_eq!(back.claims, claims);
        assert_eq!(back.details, record.details);
    }
}

#[test]
fn nothing_but_the_session_is_written() {
    let expected = json!({
        "v": "1", "issuer": ISSUER, "client_id": CLIENT, "grant": "nonce-of-the-login",
        "scope": "openid profile", "resource": "https://api.example.com/", "key": "thumbprint", "token_type": "DPoP", "access_token": "access-token", "refresh_token": "refresh \"token\"",
        "id_token": id_token(), "since": NOW.wall.to_string(), "lifetime": "300000",
        "ends_at": (NOW.wall + 9).to_string(), "journal": (NOW.wall + 7).to_string(), "auth_time": "1790000000",
        "authorization_details": DETAILS,
    });
    assert_eq!(written(&full()), expected);
    let names: Vec<_> = written(&least()).as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 8, "{names:?}");
}

#[test]
fn j06_of_another_client_or_version() {
    let text = full().to_text(&config());
    for other in [json!({ "issuer": "https://other.example" }), json!({ "clientId": "other" })] {
        assert!(Record::from_text(text.expose(), &config_with(other)).is_none());
    }
    // An endpoint in it is not looked at.
    let mut more = written(&full());
    more["token_endpoint"] = json!("https://evil.example/token");
    assert!(read(&more.to_string()).is_some());
}

#[test]
fn j06_broken_members() {
    let long = "x".repeat(65 * 1024);
    for (member, value) in [
        ("v", json!("2")),
        ("v", json!(1)),
        ("v", json!(null)),
        ("issuer", json!("https://evil.example")),
        ("issuer", json!(null)),
        ("client_id", json!(7)),
        ("grant", json!(null)),
        ("grant", json!("")),
        ("grant", json!("x".repeat(129))),
        ("scope", json!(null)),
        ("scope", json!("a\"b")),
        ("access_token", json!(null)),
        ("access_token", json!("")),
        ("access_token", json!("a b")),
        ("access_token", json!("a\r\nb")),
        ("access_token", json!(long)),
        ("refresh_token", json!("")),
        ("refresh_token", json!("é")),
        ("refresh_token", json!(long)),
        ("refresh_token", json!(["x"])),
        ("since", json!(null)),
        ("since", json!(7)),
        ("since", json!("-7")),
        ("since", json!("1e3")),
        ("lifetime", json!("")),
        ("lifetime", json!("1.5")),
        ("lifetime", json!(true)),
        ("ends_at", json!("soon")),
        ("journal", json!("now")),
        ("authorization_details", json!([{ "type": "payment" }])),
        ("authorization_details", json!("payment")),
        ("authorization_details", json!(r#"[{"amount":1}]"#)),
        ("auth_time", json!("then")),
        ("id_token", json!("")),
        ("id_token", json!("x")),
        ("id_token", json!("a.b.c")),
        ("id_token", json!(format!("e30.{}.x", base64url::encode(b"[]")))),
        ("id_token", json!(format!("e30.{}.x", base64url::encode(b"{}")))),
        ("id_token", json!(format!("e30.{}.x", base64url::encode(br#"{"sub":7}"#)))),
    ] {
        let mut record = written(&full());
        record[member] = value;
        assert!(read(&record.to_string()).is_none(), "{record}");
    }
    let text = written(&full()).to_string();
    for broken in [
        "",
        "null",
        "[]",
        "{}",
        "\"x\"",
        text.strip_prefix('{').unwrap(),
        &text.replace("\"1\"", "\"1\",\"v\":\"1\""),
        &format!("{text}x"),
    ] {
        assert!(read(broken).is_none(), "{broken}");
    }
}

#[test]
fn j06_too_large() {
    let mut record = written(&full());
    record["more"] = json!("x".repeat(512 * 1024));
    assert!(read(&record.to_string()).is_none());
    let mut record = written(&full());
    record["lifetime"] = json!("9".repeat(100));
    assert_eq!(read(&record.to_string()).unwrap().lifetime, Some(315_360_000_000));
}

#[test]
fn age_counts_by_the_wall_clock() {
    let record = full();
    assert_eq!(record.age(NOW.wall), 0);
    assert_eq!(record.age(NOW.wall + 9_000), 9_000);
    assert_eq!(record.age(NOW.wall - 1), 300_000, "from the future: past its life");
    assert_eq!(least().age(NOW.wall - 1), 0, "used until it is refused");
}

#[test]
fn auth_time_with_a_fraction() {
    let mut record = full();
    for odd in [1.5, -1.0, 1e300, f64::NAN] {
        record.identity.as_mut().unwrap().auth_time = Some(odd);
        assert_eq!(read(record.to_text(&config()).expose()).unwrap().identity.unwrap().auth_time, None);
    }
}
