//! An issuer: keys of all nine algorithms, and tokens signed with them. Signing and verification are `ring`'s, so
//! the code under test meets an implementation that is not its own.

use std::sync::LazyLock;

use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};
use tokenward::encoding::base64url;
use tokenward::encoding::json::Json;
use tokenward::error::Error;
use tokenward::protocol::jwks::{self, KeySet, PublicKey};
use tokenward::protocol::jws::{self, Algorithm, Unverified};

use crate::support::json_answer;

/// RFC 7515, appendix A.2.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RSA_P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const RSA_Q: &str = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const RSA_DP: &str = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const RSA_DQ: &str = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const RSA_QI: &str = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

/// The names of the nine algorithms, in the order of `Algorithm::ALL`.
pub(crate) const NAMES: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

pub(crate) struct Issuer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

/// The server's keys; of the curves, fresh ones in every run.
pub(crate) static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::new);

/// Somebody else's.
pub(crate) static ATTACKER: LazyLock<Issuer> = LazyLock::new(Issuer::new);

fn octets(text: &str) -> Vec<u8> {
    base64url::decode(text).unwrap()
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let [n, d, p, q, dp, dq, qi] = [RSA_N, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI].map(octets);
        let rsa = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: &n[..], e: &[1, 0, 1] },
            d: &d[..],
            p: &p[..],
            q: &q[..],
            dP: &dp[..],
            dQ: &dq[..],
            qInv: &qi[..],
        });
        let curve = |algorithm| {
            let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()
        };
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            rsa: rsa.unwrap(),
            p256: curve(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            p384: curve(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
        }
    }

    pub(crate) fn sign(&self, alg: &str, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |padding: &'static dyn signature::RsaEncoding| {
            let mut out = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(padding, &random, input, &mut out).unwrap();
            out
        };
        match alg {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512),
            "ES256" => self.p256.sign(&random, input).unwrap().as_ref().to_vec(),
            "ES384" => self.p384.sign(&random, input).unwrap().as_ref().to_vec(),
            "EdDSA" | "Ed25519" => self.ed25519.sign(input).as_ref().to_vec(),
            other => panic!("no key for {other}"),
        }
    }

    /// The public key of that algorithm as the server publishes it.
    pub(crate) fn jwk(&self, alg: &str, kid: Option<&str>) -> Value {
        let curve = |crv: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at((point.len() - 1) / 2);
            json!({ "kty": "EC", "crv": crv, "x": base64url::encode(x), "y": base64url::encode(y) })
        };
        let mut jwk = match alg.get(..2).unwrap() {
            "RS" | "PS" => json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB" }),
            "ES" if alg == "ES256" => curve("P-256", self.p256.public_key().as_ref()),
            "ES" => curve("P-384", self.p384.public_key().as_ref()),
            _ => {
                let x = base64url::encode(self.ed25519.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        };
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// A compact token of exactly this header and payload, signed as `alg` says.
    pub(crate) fn token_of(&self, alg: &str, header: &str, payload: &str) -> String {
        let input = [base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes())].join(".");
        let signature = base64url::encode(&self.sign(alg, input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// A token as servers make it.
    pub(crate) fn token(&self, alg: &str, kid: Option<&str>, claims: &Value) -> String {
        let mut header = json!({ "alg": alg, "typ": "JWT" });
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        self.token_of(alg, &header.to_string(), &claims.to_string())
    }
}

/// A key set as it is read from an answer.
pub(crate) fn key_set(keys: &[Value]) -> KeySet {
    jwks::judge(&json_answer(200, &json!({ "keys": keys }))).unwrap()
}

/// What becomes of a token on the way that the engine takes it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Refused before any key was looked for.
    Refused(Error),
    /// No key fits.
    NoKey,
    /// Keys fit, the signature does not.
    Invalid,
    /// Verified.
    Valid(Unverified),
}

pub(crate) fn outcome(token: &str, keys: &KeySet, allowed: &[Algorithm]) -> Outcome {
    let read = match jws::parse(token, allowed) {
        Ok(read) => read,
        Err(error) => return Outcome::Refused(error),
    };
    let candidates = keys.candidates(read.algorithm, read.kid.as_deref());
    if candidates.is_empty() {
        return Outcome::NoKey;
    }
    let fits = |key: &&PublicKey| verifies(read.algorithm, key, &read.signing_input, &read.signature);
    if candidates.iter().any(fits) { Outcome::Valid(read) } else { Outcome::Invalid }
}

/// What `crypto.subtle` does in a browser: import the JWK, verify.
pub(crate) fn verifies(algorithm: Algorithm, key: &PublicKey, input: &str, signature: &[u8]) -> bool {
    let jwk = Json::parse(key.jwk().as_bytes()).unwrap();
    let member = |name: &str| octets(jwk.member(name).and_then(Json::as_str).unwrap());
    let rsa = |parameters: &'static signature::RsaParameters| {
        let key = PublicKeyComponents { n: member("n"), e: member("e") };
        key.verify(parameters, input.as_bytes(), signature).is_ok()
    };
    let other = |algorithm: &'static dyn signature::VerificationAlgorithm, key: Vec<u8>| {
        signature::UnparsedPublicKey::new(algorithm, key).verify(input.as_bytes(), signature).is_ok()
    };
    let point = || [vec![4], member("x"), member("y")].concat();
    match algorithm {
        Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 => other(&signature::ECDSA_P256_SHA256_FIXED, point()),
        Algorithm::Es384 => other(&signature::ECDSA_P384_SHA384_FIXED, point()),
        Algorithm::Ed25519 => other(&signature::ED25519, member("x")),
    }
}
