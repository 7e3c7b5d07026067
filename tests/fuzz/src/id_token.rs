//! ID-token claims: accepted exactly when a second reading of OIDC Core 3.1.3.7 and 12.2 accepts them.

use serde_json::Value;
use tokenward::encoding::base64url;
use tokenward::encoding::json::Json;
use tokenward::error::Code;
use tokenward::protocol::id_token::{AtLogin, Expected, Identity, check_at_hash, check_login, check_refresh};
use tokenward::protocol::jws::{Algorithm, Unverified};

use crate::support::{CLIENT, ISSUER, NOW, check_error, saw};

const NONCE: &str = "n-0S6_WzA2Mj";
/// The left half of the digest of the access token.
const AT_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";
const LEEWAY: i64 = 300;
const FRESHNESS: i64 = 600;
const AUTH_TIME: f64 = 1_789_999_000.0;

/// One character that says what was asked for, then the claims.
pub fn run(data: &[u8]) {
    let Some((asked, claims)) = data.split_first() else { return };
    let Some(payload) = Json::parse(claims).filter(Json::is_object) else { return };
    let asked = Asked {
        max_age: (asked & 1 != 0).then_some(3600),
        acr: if asked & 2 != 0 { vec!["phr".to_owned(), "mfa".to_owned()] } else { Vec::new() },
        trusted: if asked & 4 != 0 { vec!["https://api.example.com".to_owned()] } else { Vec::new() },
    };
    let judge: Value = serde_json::from_slice(claims).expect("what is JSON for us is JSON");
    let token = Unverified {
        algorithm: Algorithm::Es256,
        kid: None,
        payload,
        signing_input: String::new(),
        signature: Vec::new(),
    };
    let expected =
        Expected { issuer: ISSUER, client_id: CLIENT, trusted_audiences: &asked.trusted, leeway: LEEWAY };
    let at_login = AtLogin {
        nonce: NONCE,
        nonce_optional: false,
        max_age: asked.max_age,
        required_acr: &asked.acr,
        freshness: FRESHNESS,
    };
    let digest = [base64url::decode(AT_HASH).expect("it is base64url"), vec![0; 16]].concat();
    let hash_fits = |claims: &_| check_at_hash(claims, &digest);
    let ours = check_login(&token, &expected, &at_login, NOW)
        .and_then(|identity| hash_fits(&token.payload).map(|()| identity));
    let theirs = login_is_right(&judge, &asked);
    assert_eq!(ours.is_ok(), theirs.is_some(), "{judge}: {ours:?}, {theirs:?}");
    match (ours, theirs) {
        (Ok(identity), Some((subject, auth_time))) => {
            saw("claims accepted at login");
            assert_eq!(identity, Identity { subject, nonce: NONCE.to_owned(), auth_time });
        }
        (Err(error), _) => check_error(&error, &["too old"]),
        _ => {}
    }

    for auth_time in [None, Some(AUTH_TIME)] {
        let identity = Identity { subject: "alice".to_owned(), nonce: NONCE.to_owned(), auth_time };
        let ours = check_refresh(&token, &expected, &identity, NOW)
            .and_then(|in_time| hash_fits(&token.payload).map(|()| in_time));
        let theirs = refresh_is_right(&judge, &asked, auth_time);
        assert_eq!(ours.as_ref().ok().copied(), theirs, "{judge}: {ours:?}");
        if let Ok(in_time) = ours {
            saw(if in_time { "claims accepted at refresh" } else { "claims late at refresh" });
        }
        if let Err(error) = ours {
            assert!(matches!(error.code, Code::IdentityChanged | Code::IdTokenAtHash));
            let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
            check_error(&error, &[&["sub", "nonce", "auth_time"], &codes[..]].concat());
        }
    }
}

struct Asked {
    max_age: Option<i64>,
    acr: Vec<String>,
    trusted: Vec<String>,
}

fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.get(name).filter(|value| !value.is_null())
}

/// A NumericDate: `Some(None)` when absent, `None` when it is something else.
fn date(claims: &Value, name: &str) -> Option<Option<f64>> {
    match claim(claims, name) {
        None => Some(None),
        Some(value) => value.as_f64().filter(|date| *date >= 0.0).map(Some),
    }
}

fn now() -> f64 {
    (NOW.wall / 1000) as f64
}

/// Steps 2 to 5.
fn origin_is_right(claims: &Value, asked: &Asked) -> Option<String> {
    let audiences: Vec<&str> = match claim(claims, "aud")? {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let others: Vec<&&str> = audiences.iter().filter(|audience| **audience != CLIENT).collect();
    let right = claim(claims, "iss")? == ISSUER
        && audiences.contains(&CLIENT)
        && others.iter().all(|other| asked.trusted.iter().any(|trusted| trusted == **other))
        && (others.is_empty() || claim(claims, "azp").is_some_and(|azp| azp == CLIENT));
    let subject = claim(claims, "sub")?.as_str()?;
    let legal = (1..=255).contains(&subject.len()) && subject.bytes().all(|b| b < 128);
    (right && legal).then(|| subject.to_owned())
}

/// Steps 9 and 10.
fn times_are_right(claims: &Value) -> Option<f64> {
    let (exp, iat, nbf) = (date(claims, "exp")??, date(claims, "iat")??, date(claims, "nbf")?);
    let leeway = LEEWAY as f64;
    (now() - leeway < exp && iat - leeway <= now() && nbf.is_none_or(|nbf| nbf - leeway <= now()))
        .then_some(iat)
}

fn hash_is_right(claims: &Value) -> bool {
    claim(claims, "at_hash").is_none_or(|hash| hash == AT_HASH)
}

fn login_is_right(claims: &Value, asked: &Asked) -> Option<(String, Option<f64>)> {
    let subject = origin_is_right(claims, asked)?;
    let iat = times_are_right(claims)?;
    let fresh = now() - iat <= (FRESHNESS + LEEWAY) as f64;
    let nonce = claim(claims, "nonce")? == NONCE;
    let acr = asked.acr.is_empty()
        || claim(claims, "acr").and_then(Value::as_str).is_some_and(|acr| acr == "phr" || acr == "mfa");
    let auth_time = date(claims, "auth_time")?;
    let recent =
        asked.max_age.is_none_or(|age| auth_time.is_some_and(|at| now() - at <= (age + LEEWAY) as f64));
    (fresh && nonce && acr && recent && hash_is_right(claims)).then_some((subject, auth_time))
}

/// 12.2. `Some(false)`: right but for a clock.
fn refresh_is_right(claims: &Value, asked: &Asked, auth_time: Option<f64>) -> Option<bool> {
    let same = origin_is_right(claims, asked)? == "alice"
        && claim(claims, "nonce").is_none_or(|nonce| nonce == NONCE)
        && match (claim(claims, "auth_time"), auth_time) {
            (Some(now), Some(then)) => now.as_f64() == Some(then),
            _ => true,
        };
    (same && hash_is_right(claims)).then(|| times_are_right(claims).is_some())
}
