//! Key sets, RFC 7517: reading them, and choosing keys for a token. Both pure; the verification itself
//! is `crypto.subtle`'s.

use crate::encoding::base64url;
use crate::encoding::json::{Json, write_string};
use crate::encoding::text::{contains, is_one_of};
use crate::error::{Code, Error, Result};
use crate::protocol::http::{Caching, HttpRequest, HttpResponse, Purpose};
use crate::protocol::jws::Algorithm;
use crate::time::Millis;

/// More keys than this are not read.
const MAX_KEYS: usize = 100;

/// How many keys are tried for a token without `kid`.
const MAX_CANDIDATES: usize = 4;

/// RFC 7518 section 3.3: 2048 bits or more.
const MIN_RSA_OCTETS: usize = 256;

/// Beyond this a key is an attack on the verifier's time.
const MAX_RSA_OCTETS: usize = 1024;

/// A public key as it may be handed to the verifier: public members only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kid: Option<String>,
    algorithm: Option<String>,
    kty: &'static str,
    crv: Option<&'static str>,
    /// Only the members that the key type needs.
    jwk: String,
}

impl PublicKey {
    /// The key as a JWK of nothing but its public members.
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        // RFC 8725 3.1: a key that names its algorithm is used with that one only.
        (self.kty, self.crv) == algorithm.key_type()
            && self.algorithm.as_deref().is_none_or(|name| Algorithm::from_name(name) == Some(algorithm))
    }
}

/// A set of the keys that can verify signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<PublicKey>);

/// The request for the set.
pub fn request(jwks_uri: &str, caching: Caching, timeout: Millis) -> HttpRequest {
    HttpRequest::get(Purpose::Keys, jwks_uri.to_owned(), caching, timeout)
}

/// Reads the set. Keys that are not understood, not meant for signatures, too weak, or symmetric are
/// left out (RFC 7517 section 5); private members are never looked at.
///
/// # Errors
/// `keys_unavailable` when the answer is no key set or too large a one.
pub fn judge(response: &HttpResponse) -> Result<KeySet> {
    let refused = || Error::new(Code::KeysUnavailable).with_status(response.status);
    if response.status != 200 || response.media_type() == "text/html" {
        return Err(refused());
    }
    let set = Json::parse(&response.body).ok_or_else(refused)?;
    let keys = set.member("keys").and_then(Json::as_array).ok_or_else(refused)?;
    if keys.len() > MAX_KEYS {
        return Err(refused());
    }
    let mut read = Vec::new();
    for key in keys {
        if let Some(key) = read_key(key) {
            read.push(key);
        }
    }
    Ok(KeySet(read))
}

fn read_key(key: &Json) -> Option<PublicKey> {
    if key.member("use").is_some_and(|usage| usage.as_str() != Some("sig")) {
        return None;
    }
    if let Some(ops) = key.member("key_ops")
        && !contains(&ops.texts()?, "verify")
    {
        return None;
    }
    let (kty, crv) = match (key.text("kty")?, key.text("crv").unwrap_or_default()) {
        ("RSA", _) => ("RSA", None),
        ("EC", "P-256") => ("EC", Some("P-256")),
        ("EC", "P-384") => ("EC", Some("P-384")),
        ("OKP", "Ed25519") => ("OKP", Some("Ed25519")),
        _ => return None,
    };
    let jwk = match crv {
        None => {
            let (n, e) = (integer(key, "n")?, integer(key, "e")?);
            // An even exponent is none, and with 1 every text is its own signature.
            let is_exponent = e.len() <= 8 && e != [1] && e.last().is_some_and(|b| b % 2 == 1);
            if !is_exponent || !(MIN_RSA_OCTETS..=MAX_RSA_OCTETS).contains(&n.len()) {
                return None;
            }
            jwk(&[("kty", kty), ("n", &base64url::encode(&n)), ("e", &base64url::encode(&e))])
        }
        Some("Ed25519") => {
            let x = coordinate(key, "x", 32)?;
            if is_small_order(octets(key, "x")?) {
                return None;
            }
            jwk(&[("kty", kty), ("crv", "Ed25519"), ("x", &x)])
        }
        Some(crv) => {
            let length = if crv == "P-384" { 48 } else { 32 };
            let (x, y) = (coordinate(key, "x", length)?, coordinate(key, "y", length)?);
            jwk(&[("kty", kty), ("crv", crv), ("x", &x), ("y", &y)])
        }
    };
    let text = |name: &str| key.text(name).map(str::to_owned);
    Some(PublicKey { kid: text("kid"), algorithm: text("alg"), kty, crv, jwk })
}

fn jwk(members: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        write_string(&mut out, name);
        out.push(':');
        write_string(&mut out, value);
    }
    out.push('}');
    out
}

fn octets(key: &Json, name: &str) -> Option<Vec<u8>> {
    base64url::decode(key.text(name)?)
}

/// RFC 7518 section 2: integers without leading zeros. Some servers send one; some browsers refuse it.
fn integer(key: &Json, name: &str) -> Option<Vec<u8>> {
    let octets = octets(key, name)?;
    let zeros = octets.iter().take_while(|b| **b == 0).count();
    octets.get(zeros..).map(<[u8]>::to_vec)
}

/// RFC 7518 section 6.2.1.2, RFC 8037 section 2: coordinates have their full length.
fn coordinate(key: &Json, name: &str, length: usize) -> Option<String> {
    let octets = octets(key, name).filter(|octets| octets.len() == length)?;
    Some(base64url::encode(&octets))
}

/// Points of Ed25519 under which signatures of nobody verify (RFC 8725 3.4): order 1, 2, 4 and 8, and
/// their second spellings, whatever the sign. Not every browser refuses them.
fn is_small_order(mut x: Vec<u8>) -> bool {
    const ORDER_8: &str =
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU";
    if let Some(last) = x.last_mut() {
        *last &= 0x7f;
    }
    let [first, middle @ .., last] = x.as_slice() else { return true };
    let near_zero = *first <= 1 && middle.iter().all(|b| *b == 0) && *last == 0;
    let near_prime = (0xec..=0xee).contains(first) && middle.iter().all(|b| *b == 0xff) && *last == 0x7f;
    near_zero || near_prime || is_one_of(&base64url::encode(&x), ORDER_8)
}

impl KeySet {
    /// The keys to try, fewest first: those of that `kid` that fit the algorithm; without `kid`, all that
    /// fit, if they are few (OIDC Core 10.1). Empty means: no key, ask for the set again.
    pub fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Vec<&PublicKey> {
        let mut found = Vec::new();
        for key in &self.0 {
            if key.fits(algorithm) && (kid.is_none() || key.kid.as_deref() == kid) {
                found.push(key);
            }
        }
        if found.len() > MAX_CANDIDATES { Vec::new() } else { found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::http::tests::json_response;

    fn set(keys: &[String]) -> KeySet {
        judge(&json_response(200, &format!(r#"{{"keys":[{}]}}"#, keys.join(",")))).unwrap()
    }

    fn rsa(kid: &str, extra: &str) -> String {
        let n = base64url::encode(&[0xc1; 256]);
        format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"AQAB"{extra}}}"#)
    }

    fn ec(kid: &str) -> String {
        let x = base64url::encode(&[7; 32]);
        format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{x}"}}"#)
    }

    #[test]
    fn only_public_members_leave() {
        let keys = set(&[rsa("a", r#","d":"c2VjcmV0","p":"c2VjcmV0""#)]);
        let jwk = keys.candidates(Algorithm::Rs256, Some("a"))[0].jwk().to_owned();
        assert!(jwk.starts_with(r#"{"kty":"RSA","n":""#) && jwk.ends_with(r#","e":"AQAB"}"#));
        assert!(!jwk.contains("c2VjcmV0"));
    }

    #[test]
    fn weak_symmetric_encrypting_and_broken_keys_are_left_out() {
        let short = base64url::encode(&[0xc1; 128]);
        let padded = base64url::encode(&[vec![0; 128], vec![1; 128]].concat());
        for bad in [
            format!(r#"{{"kty":"RSA","n":"{short}","e":"AQAB"}}"#),
            format!(r#"{{"kty":"RSA","n":"{padded}","e":"AQAB"}}"#),
            r#"{"kty":"oct","k":"AAAA"}"#.into(),
            rsa("a", r#","use":"enc""#),
            rsa("a", r#","key_ops":["encrypt"]"#),
            r#"{"kty":"EC","crv":"P-256","x":"AA"}"#.into(),
            r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#.into(),
            r#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#.into(),
            "7".into(),
        ] {
            assert_eq!(set(std::slice::from_ref(&bad)), KeySet::default(), "{bad}");
        }
    }

    #[test]
    fn choice_by_kid_type_and_algorithm() {
        let keys =
            set(&[rsa("a", ""), rsa("b", r#","alg":"PS256","use":"sig","key_ops":["verify"]"#), ec("a")]);
        assert_eq!(keys.candidates(Algorithm::Rs256, Some("a")).len(), 1);
        assert_eq!(keys.candidates(Algorithm::Es256, Some("a")).len(), 1);
        assert_eq!(keys.candidates(Algorithm::Rs256, Some("b")).len(), 0, "b is for PS256 only");
        assert_eq!(keys.candidates(Algorithm::Ps256, None).len(), 2);
        assert_eq!(keys.candidates(Algorithm::Es256, None).len(), 1);
        assert_eq!(keys.candidates(Algorithm::Es256, Some("z")).len(), 0);
        let many: Vec<_> = (0..5).map(|i| rsa(&i.to_string(), "")).collect();
        assert_eq!(set(&many).candidates(Algorithm::Rs256, None).len(), 0, "too many to try");
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        let html =
            HttpResponse { content_type: Some("text/html".into()), ..json_response(200, r#"{"keys":[]}"#) };
        assert!(judge(&html).is_err());
        let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; 101].join(","));
        for (status, body) in
            [(404, r#"{"keys":[]}"#), (200, "[]"), (200, r#"{"keys":{}}"#), (200, ""), (200, &many)]
        {
            assert_eq!(judge(&json_response(status, body)).unwrap_err().code, Code::KeysUnavailable);
        }
    }
}
