//! Key sets: what is handed to the verifier is public, of a known type, strong enough, and stood in the set.

use serde_json::Value;
use tokenward::protocol::jwks::judge;
use tokenward::protocol::jws::Algorithm;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::{answer, check_error, check_secret, judged, saw};

/// The corpus form of an answer.
pub fn run(data: &[u8]) {
    let response = answer(data);
    let set = match judge(&response) {
        Ok(set) => set,
        Err(error) => return check_error(&error, &[]),
    };
    let body = judged(&response.body);
    let keys = body["keys"].as_array().expect("a set has keys");
    assert!(keys.len() <= 100);
    let kids = keys.iter().filter_map(|key| key.get("kid").and_then(Value::as_str));
    for kid in kids.map(Some).chain([None, Some("no such key")]) {
        for algorithm in Algorithm::ALL {
            let candidates = set.candidates(*algorithm, kid);
            assert!(kid.is_some() || candidates.len() <= 4, "too many to try");
            for candidate in candidates {
                check_key(candidate.jwk(), *algorithm, kid, keys);
            }
        }
    }
    assert!(
        set.candidates(Algorithm::Rs256, Some("no such key")).is_empty()
            || body.to_string().contains("no such")
    );
}

fn octets(jwk: &Value, name: &str) -> Vec<u8> {
    let text = jwk[name].as_str().expect("a text");
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn check_key(text: &str, algorithm: Algorithm, kid: Option<&str>, keys: &[Value]) {
    saw(match algorithm.key_type().0 {
        "RSA" => "RSA key chosen",
        "EC" => "EC key chosen",
        _ => "OKP key chosen",
    });
    let jwk: Value = serde_json::from_str(text).expect("a JWK");
    let members: Vec<&str> = jwk.as_object().expect("an object").keys().map(String::as_str).collect();
    let (kty, crv) = algorithm.key_type();
    assert_eq!((jwk["kty"].as_str(), jwk.get("crv").and_then(Value::as_str)), (Some(kty), crv));
    let public: &[&str] = match kty {
        "RSA" => {
            let n = octets(&jwk, "n");
            assert!((256..=1024).contains(&n.len()) && n[0] != 0, "2048 to 8192 bits");
            let e = octets(&jwk, "e");
            assert!(e.last().is_some_and(|last| last % 2 == 1) && e != [1]);
            &["e", "kty", "n"]
        }
        "EC" => {
            let length = if crv == Some("P-384") { 48 } else { 32 };
            assert!(octets(&jwk, "x").len() == length && octets(&jwk, "y").len() == length);
            &["crv", "kty", "x", "y"]
        }
        _ => {
            assert_eq!(octets(&jwk, "x").len(), 32);
            &["crv", "kty", "x"]
        }
    };
    assert!(members.iter().all(|name| public.contains(name)) && members.len() == public.len(), "{text}");
    // It is one of those of the set, meant for this.
    let is_it = |key: &&Value| {
        let same = |name: &str| match kty {
            // A leading zero is taken off.
            "RSA" => key[name].as_str().is_some_and(|own| {
                let own = URL_SAFE_NO_PAD.decode(own).unwrap_or_default();
                let zeros = own.iter().take_while(|b| **b == 0).count();
                own[zeros..] == octets(&jwk, name)
            }),
            _ => key[name] == jwk[name],
        };
        let named = key.get("kid").and_then(Value::as_str);
        let usage = key.get("use").is_none_or(|usage| usage.is_null() || usage == "sig");
        let alg = key.get("alg").and_then(Value::as_str);
        public.iter().filter(|name| !matches!(**name, "kty" | "crv")).all(|name| same(name))
            && key["kty"] == kty
            && (kid.is_none() || named == kid)
            && usage
            && alg.is_none_or(|alg| Algorithm::from_name(alg) == Some(algorithm))
    };
    let key = keys.iter().find(is_it).unwrap_or_else(|| panic!("{text} is not in the set"));
    let shown = ["n", "e", "x", "y"].map(|name| key[name].as_str().unwrap_or_default()).concat();
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        if let Some(private) = key.get(name).and_then(Value::as_str) {
            check_secret(private, text, &shown);
        }
    }
}
