//! Signature verification by `crypto.subtle`.

use wasm_bindgen::prelude::*;

use crate::engine::input::Verdict;
use crate::engine::output::Verification;
use crate::secret::Secret;

use super::exports::Host;
use super::globals::{Octets, settled};

/// Tries the keys one after the other.
pub(super) async fn check(verification: Verification, host: &Host) -> Verdict {
    let Verification { algorithm, keys, input, signature, hashed } = &verification;
    let hashed = hashed.as_ref().map(Secret::expose);
    let mut list = String::new();
    for jwk in keys {
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(jwk);
    }
    list.push(']');
    let verdict = host.verify(algorithm.as_str(), &list, signature, input, hashed);
    match settled(verdict).await {
        Ok(digest) if digest.is_object() => Verdict::Valid(digest.unchecked_into::<Octets>().slice()),
        Ok(verdict) if verdict == JsValue::FALSE => Verdict::Invalid,
        _ => Verdict::Unsupported,
    }
}
