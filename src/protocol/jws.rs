//! Compact JWS, RFC 7515, reduced to what an ID token may be (RFC 8725).

use crate::encoding::text::{concat, nth, pieces, place};
use std::fmt;

use crate::encoding::base64url;
use crate::encoding::json::Json;
use crate::error::{Code, Error, Result};

/// The longest ID token that is read.
const MAX_LENGTH: usize = 128 * 1024;

/// The signature algorithms of this client, all asymmetric: `none` and the MACs do not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519: `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864).
    Ed25519,
}

impl Algorithm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Ed25519,
    ];

    // In the order of the variants; the last one has two.
    const NAMES: &str = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 Ed25519 EdDSA";

    /// Its `alg` name.
    pub fn as_str(self) -> &'static str {
        nth(Self::NAMES, b' ', self as usize)
    }

    /// By its `alg` name, case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        let place = place(name, Self::NAMES)?;
        // The last two are one.
        Self::ALL.get(place.min(Self::ALL.len() - 1)).copied()
    }

    /// `kty` and, for curves, `crv` of a fitting key.
    pub fn key_type(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                ("RSA", None)
            }
            Self::Es256 => ("EC", Some("P-256")),
            Self::Es384 => ("EC", Some("P-384")),
            Self::Ed25519 => ("OKP", Some("Ed25519")),
        }
    }

    /// Length of a signature where the algorithm fixes it (RFC 7518 section 3.4, RFC 8037 section 3.1).
    fn signature_length(self) -> Option<usize> {
        match self {
            Self::Es256 | Self::Ed25519 => Some(64),
            Self::Es384 => Some(96),
            _ => None,
        }
    }
}

/// A token cut into its parts; its signature is not verified yet.
pub struct Unverified {
    /// The algorithm, on the allow-list.
    pub algorithm: Algorithm,
    /// Key identifier.
    pub kid: Option<String>,
    /// The claims. To be believed only when the signature fits.
    pub payload: Json,
    /// What was signed.
    pub signing_input: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest is the token.
        let mut out = f.debug_struct("Unverified");
        out.field("algorithm", &self.algorithm).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Cuts and reads a compact JWS. The allow-list is asked before anything else of the token counts.
///
/// # Errors
/// `id_token_malformed` with the part, `id_token_encrypted`, `id_token_algorithm`.
pub fn parse(token: &str, allowed: &[Algorithm]) -> Result<Unverified> {
    let malformed = |part: &str| Error::at(Code::IdTokenMalformed, part);
    if token.len() > MAX_LENGTH {
        return Err(malformed("length"));
    }
    let mut parts = pieces(token, b'.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed("parts"));
    };
    match parts.count() {
        0 => {}
        2 => return Err(Error::new(Code::IdTokenEncrypted)),
        _ => return Err(malformed("parts")),
    }
    let head = object(header).ok_or_else(|| malformed("header"))?;

    // RFC 8725 3.1: an explicit list of algorithms, never the token's word alone.
    let name = head.text("alg");
    let algorithm = name
        .and_then(Algorithm::from_name)
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| Error::new(Code::IdTokenAlgorithm))?;
    // RFC 7515 4.1.11: we understand no extension, so any `crit` makes the token invalid. An embedded
    // key (`jwk`, `x5c`) or address of one (`jku`, `x5u`) is not looked at: keys come from the issuer.
    if head.members().is_some_and(|m| m.iter().any(|(n, _)| n == "crit" || n == "b64")) {
        return Err(malformed("crit"));
    }
    // RFC 8725 3.11: another kind of JWT is not an ID token.
    if let Some(typ) = head.member("typ")
        && !typ.as_str().is_some_and(|t| t.eq_ignore_ascii_case("JWT"))
    {
        return Err(malformed("typ"));
    }
    let kid = match head.member("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or_else(|| malformed("kid"))?.to_owned()),
    };
    let payload_json = object(payload).ok_or_else(|| malformed("payload"))?;
    let signature = base64url::decode(signature).ok_or_else(|| malformed("signature"))?;
    let fits = algorithm.signature_length().map_or(!signature.is_empty(), |length| signature.len() == length);
    if !fits {
        return Err(Error::new(Code::IdTokenSignature));
    }
    Ok(Unverified {
        algorithm,
        kid,
        payload: payload_json,
        signing_input: concat(&[header, ".", payload]),
        signature,
    })
}

/// What a token says that was verified before.
pub(crate) fn payload(token: &str) -> Option<Json> {
    object(pieces(token, b'.').nth(1)?)
}

fn object(part: &str) -> Option<Json> {
    base64url::decode(part).and_then(|bytes| Json::parse(&bytes)).filter(Json::is_object)
}
