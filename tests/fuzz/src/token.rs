//! Token and error answers: what is accepted holds everything RFC 6749 section 5.1 asks for, and what is
//! refused says nothing of what was in it.

use serde_json::Value;
use tokenward::error::Code;
use tokenward::protocol::id_token::Expected;
use tokenward::protocol::jws::Algorithm;
use tokenward::protocol::provider::Repairs;
use tokenward::protocol::userinfo::Answer;
use tokenward::protocol::{device, exchange, revocation, token, userinfo};

use crate::support::{CLIENT, ISSUER, NOW, answer, check_error, check_secret, config, given, judged, saw};

/// The corpus form of an answer.
pub fn run(data: &[u8]) {
    let response = answer(data);
    let read: Option<Value> = serde_json::from_slice(&response.body).ok();
    match token::judge(&response, Repairs::default()) {
        Ok(answer) => {
            saw("tokens accepted");
            let body = judged(&response.body);
            assert_eq!(response.status, 200);
            assert!(response.media_type().ends_with("json"));
            assert!(given(&body, "error").is_none(), "an error is an error whatever is beside it");
            let text = |name: &str| given(&body, name).and_then(Value::as_str);
            let access = answer.access_token.expose();
            assert_eq!(text("access_token"), Some(access));
            assert!(
                !access.is_empty() && access.bytes().all(|b| b.is_ascii_graphic()),
                "it goes into a header"
            );
            let kind = if answer.bound { "dpop" } else { "bearer" };
            assert!(text("token_type").is_some_and(|named| named.eq_ignore_ascii_case(kind)));
            assert_eq!(answer.lifetime, lifetime(given(&body, "expires_in")));
            let refresh = answer.refresh_token.as_ref().map(|token| token.expose());
            assert!(refresh.is_none_or(|token| !token.is_empty() && text("refresh_token") == Some(token)));
            let id_token = answer.id_token.as_ref().map(|token| token.expose());
            assert_eq!(id_token, text("id_token").filter(|token| !token.is_empty()));
            assert!(id_token.is_some() || given(&body, "id_token").is_none_or(|t| t.as_str() == Some("")));
            let words: Vec<&str> = text("scope").unwrap_or_default().split(' ').collect();
            let scope = answer.scope.as_ref().map(|scope| scope.to_text()).unwrap_or_default();
            assert!(scope.split(' ').filter(|word| !word.is_empty()).all(|word| words.contains(&word)));
            let shown = format!("{answer:?}");
            for secret in [Some(access), refresh, id_token].into_iter().flatten() {
                check_secret(secret, &shown, &scope);
            }
        }
        Err(error) => {
            check_error(&error, &["access_token", "token_type", "id_token"]);
            assert_eq!(error.status, Some(response.status));
            let expected = [
                Code::TokenRefused,
                Code::ClientSecretRequired,
                Code::ResponseInvalid,
                Code::TokenResponseInvalid,
                Code::TokenTypeUnsupported,
            ];
            assert!(expected.contains(&error.code));
            let words =
                [error.oauth_error.as_deref(), error.description.as_deref()].map(Option::unwrap_or_default);
            let body = read.unwrap_or_default();
            for name in ["access_token", "refresh_token", "id_token"] {
                if let Some(secret) = body.get(name).and_then(Value::as_str) {
                    check_secret(secret, &format!("{error:?} {error}"), &words.concat());
                }
            }
        }
    }
    check_relatives(data);
}

/// Answers of the other endpoints that a token goes to.
fn check_relatives(data: &[u8]) {
    let response = answer(data);
    let expected = Expected { issuer: ISSUER, client_id: CLIENT, trusted_audiences: &[], leeway: 300 };
    match userinfo::judge(&response, &expected, Algorithm::ALL, Some("alice"), NOW) {
        Ok(Answer::Claims(claims)) => {
            saw("userinfo accepted");
            assert_eq!(claims.text("sub"), Some("alice"));
            assert_eq!(judged(&response.body)["sub"], "alice");
        }
        Ok(Answer::Signed(token)) => {
            assert_eq!(response.media_type(), "application/jwt");
            assert_eq!((token.payload.text("sub"), token.payload.text("iss")), (Some("alice"), Some(ISSUER)));
        }
        Err(error) => {
            let path = error.path.clone().unwrap_or_default();
            assert!(path.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            check_error(&error, &[&path]);
        }
    }
    let client = config("");
    match device::judge(&response, &client) {
        Ok(answer) => {
            let shown =
                [Some(&answer.prompt.verification_uri), answer.prompt.verification_uri_complete.as_ref()];
            assert!(shown.into_iter().flatten().all(|uri| uri.starts_with("https://")));
            assert!(answer.prompt.user_code.bytes().all(|b| (b' '..=b'~').contains(&b)));
            assert!(answer.interval >= 1_000 && (1_000..=86_400_000).contains(&answer.lifetime));
        }
        Err(error) => check_error(
            &error,
            &[
                "JSON",
                "status",
                "device_code",
                "user_code",
                "verification_uri",
                "verification_uri_complete",
                "expires_in",
            ],
        ),
    }
    if let Err(error) = device::judge_poll(&response, &client) {
        check_error(&error, &["access_token", "token_type", "id_token"]);
    }
    match exchange::judge(&response, &client, None, false) {
        Ok(exchanged) => {
            let body = judged(&response.body);
            assert_eq!(
                given(&body, "issued_token_type").and_then(Value::as_str),
                Some(&*exchanged.issued_token_type)
            );
            assert_ne!(exchanged.issued_token_type, "urn:ietf:params:oauth:token-type:refresh_token");
        }
        Err(error) => check_error(&error, &["access_token", "token_type", "issued_token_type"]),
    }
    match revocation::judge(&response) {
        Ok(()) => assert!((200..300).contains(&response.status)),
        Err(error) => check_error(&error, &[]),
    }
}

/// Milliseconds; at most ten years.
fn lifetime(value: Option<&Value>) -> Option<u64> {
    let seconds = match value? {
        Value::Number(number) => number.as_f64().filter(|n| *n >= 1.0 && *n < 1e12)?.floor(),
        Value::String(text) if text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok()?
        }
        _ => return None,
    };
    (seconds >= 1.0).then_some((seconds * 1000.0).min(315_360_000_000.0) as u64)
}
