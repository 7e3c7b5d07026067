//! Signature verification by `crypto.subtle`.

use js_sys::JSON;
use wasm_bindgen::prelude::*;

use crate::engine::input::Verdict;
use crate::engine::output::Verification;
use crate::protocol::jws::Algorithm;

use super::globals::{self, Octets, import_key, property, settled, verify};

/// Tries the keys one after the other.
pub(super) async fn check(verification: Verification) -> Verdict {
    let Ok(algorithm) = JSON::parse(parameters(verification.algorithm)) else { return Verdict::Unsupported };
    let Ok(usages) = JSON::parse(r#"["verify"]"#) else { return Verdict::Unsupported };
    let mut verdict = Verdict::Invalid;
    for jwk in &verification.keys {
        let key = JSON::parse(jwk).and_then(|jwk| import_key("jwk", &jwk, &algorithm, false, &usages));
        let valid = settled(key)
            .await
            .and_then(|key| verify(&algorithm, &key, &verification.signature, verification.input.as_bytes()));
        match settled(valid).await {
            Ok(valid) if valid.is_truthy() => return digest(&verification).await,
            Ok(_) => {}
            Err(error) if is_about_support(&error) => verdict = Verdict::Unsupported,
            // The browser found the key or the signature malformed.
            Err(_) => {}
        }
    }
    verdict
}

/// The verdict on what is signed, with the digest that is wanted beside.
async fn digest(verification: &Verification) -> Verdict {
    let Some(text) = &verification.hashed else { return Verdict::Valid(Vec::new()) };
    let digest = globals::digest(verification.algorithm.hash(), text.expose().as_bytes());
    settled(digest).await.map_or(Verdict::Unsupported, |digest| Verdict::Valid(Octets::new(&digest).slice()))
}

/// `NotSupportedError`, or no `crypto.subtle` at all.
fn is_about_support(error: &JsValue) -> bool {
    let name = property(error, "name").as_string();
    matches!(name.as_deref(), Some("NotSupportedError" | "TypeError"))
}

/// Parameters that serve for the import of the key and for the verification.
fn parameters(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        Algorithm::Rs384 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-384"}"#,
        Algorithm::Rs512 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-512"}"#,
        Algorithm::Ps256 => r#"{"name":"RSA-PSS","hash":"SHA-256","saltLength":32}"#,
        Algorithm::Ps384 => r#"{"name":"RSA-PSS","hash":"SHA-384","saltLength":48}"#,
        Algorithm::Ps512 => r#"{"name":"RSA-PSS","hash":"SHA-512","saltLength":64}"#,
        Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        Algorithm::Es384 => r#"{"name":"ECDSA","namedCurve":"P-384","hash":"SHA-384"}"#,
        Algorithm::Ed25519 => r#"{"name":"Ed25519"}"#,
    }
}
