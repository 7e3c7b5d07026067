//! PKCE, RFC 7636. S256 and nothing else.

use sha2::{Digest, Sha256};

use crate::encoding::base64url;
use crate::encoding::text::all;
use crate::secret::Secret;

/// The secret half of a PKCE pair. Used up by the token request.
#[derive(Debug)]
pub struct Verifier(Secret);

impl Verifier {
    /// Section 4.1: 32 random octets, base64url.
    pub fn from_random(octets: [u8; 32]) -> Self {
        Self(Secret::new(base64url::encode(&octets)))
    }

    /// Takes one back from the stored transaction. `None` when it is not 43 to 128 unreserved characters.
    pub fn from_stored(text: &str) -> Option<Self> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let legal = matches!(text.len(), 43..=128) && all(text, unreserved);
        legal.then(|| Self(Secret::new(text.to_owned())))
    }

    /// Section 4.2: `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`.
    pub fn challenge(&self) -> String {
        base64url::encode(&Sha256::digest(self.0.expose().as_bytes()))
    }

    /// The `code_verifier`, for the token request and the stored transaction.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = Verifier::from_random(octets);
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn stored_verifiers_are_checked() {
        assert!(Verifier::from_stored(&"a".repeat(43)).is_some());
        for bad in ["a".repeat(42), "a".repeat(129), "!".repeat(43), String::new()] {
            assert!(Verifier::from_stored(&bad).is_none());
        }
    }
}
