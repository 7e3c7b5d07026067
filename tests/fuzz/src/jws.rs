//! Compact tokens: what is read is what stands there, of an allowed algorithm, with nothing that changes its
//! meaning.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokenward::protocol::jws::{Algorithm, parse};

use crate::support::{check_error, check_secret, saw};

/// The token itself; or, if it begins with a brace, header, payload and signature in lines of their own, which
/// are encoded first.
pub fn run(data: &[u8]) {
    if data.first() == Some(&b'{') {
        let mut parts = data.splitn(3, |b| *b == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part));
        let (head, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        look_at(&format!("{head}.{body}.{}", parts.next().unwrap_or_default()));
        // With as many octets as an algorithm asks for, so that their number hides nothing.
        for length in [64, 96, 256] {
            look_at(&format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(vec![7; length])));
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        look_at(text);
    }
}

fn look_at(token: &str) {
    for allowed in [Algorithm::ALL, &[Algorithm::Es256, Algorithm::Ed25519], &[]] {
        let read = match parse(token, allowed) {
            Ok(read) => read,
            Err(error) => {
                check_error(
                    &error,
                    &["length", "parts", "header", "payload", "signature", "crit", "typ", "kid"],
                );
                for part in token.split('.') {
                    check_secret(part, &format!("{error:?} {error}"), "");
                }
                continue;
            }
        };
        saw("token read");
        let parts: Vec<&str> = token.split('.').collect();
        let [head, body, signature] = parts[..] else { panic!("{} parts", parts.len()) };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url of the one spelling");
        let object = |part: &str| -> Value {
            let value: Value = serde_json::from_slice(&decoded(part)).expect("JSON");
            assert!(value.is_object());
            value
        };
        let header = object(head);
        object(body);
        assert!(read.payload.is_object());
        assert_eq!(read.signing_input, format!("{head}.{body}"));
        assert_eq!(read.signature, decoded(signature));
        assert!(allowed.contains(&read.algorithm));
        let name = header["alg"].as_str().expect("a name");
        assert_eq!(Algorithm::from_name(name), Some(read.algorithm));
        assert!(!name.eq_ignore_ascii_case("none") && !name.starts_with("HS"));
        assert!(header.get("crit").is_none() && header.get("b64").is_none());
        let typ = header.get("typ").filter(|typ| !typ.is_null());
        assert!(typ.is_none_or(|typ| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("jwt"))));
        assert_eq!(read.kid.as_deref(), header.get("kid").and_then(Value::as_str));
        assert!(!read.signature.is_empty());
        let shown = format!("{read:?}");
        for part in [body, signature] {
            check_secret(part, &shown, read.kid.as_deref().unwrap_or_default());
        }
    }
}
