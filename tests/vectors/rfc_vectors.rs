//! The examples of the specifications themselves.

use tokenward::encoding::json::Json;
use tokenward::error::Code;
use tokenward::protocol::id_token::{AtLogin, Expected, check_at_hash, check_login};
use tokenward::protocol::jwks::{self, KeySet};
use tokenward::protocol::jws::{self, Algorithm};
use tokenward::protocol::pkce::Verifier;
use tokenward::time::Now;

use crate::id_token::digest_by;
use crate::signer::{Outcome, outcome, verifies};
use crate::support::{answer, code_at, rows};

rows![
    rfc_7636_appendix_b,
    rfc_7515_a_2_rs256,
    rfc_7515_a_3_es256,
    rfc_7515_a_4_es512_is_not_offered,
    rfc_7515_a_1_hs256_and_a_5_none_are_refused,
    rfc_8037_a_4_ed25519,
    oidc_core_a_2_and_a_3_id_tokens,
    at_hash_examples,
];

/// The claims of RFC 7515, appendix A.
const CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const RS256_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const ED25519_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// OIDC Core, appendix A.7.
const CORE_KEY: &str = r#"{"kty":"RSA","kid":"1e9gdk7","n":"w7Zdfmece8iaB0kiTY8pCtiBtzbptJmP28nSWwtdjRu0f2GFpajvWE4VhfJAjEsOcwYzay7XGN0b-X84BfC8hmCTOj2b2eHT7NsZegFPKRUQzJ9wW8ipn_aDJWMGDuB1XyqT1E7DYqjUCEOD1b4FLpy_xPn6oV_TYOfQ9fZdbE5HGxJUzekuGcOKqOQ8M7wfYHhHHLxGpQVgL0apWuP2gDDOdTtpuld4D2LK1MZK99s9gaSjRHE8JDb1Z4IGhEcEyzkxswVdPndUWzfvWBBWXWxtSUvQGBRkuy1BHOa4sP6FKjWEeeF7gm7UMs2Nm2QUgNZw6xvEDGaLk4KASdIxRQ","e":"AQAB"}"#;
const CORE_A_2: &str = "eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ.ewogImlzcyI6ICJodHRwOi8vc2VydmVyLmV4YW1wbGUuY29tIiwKICJzdWIiOiAiMjQ4Mjg5NzYxMDAxIiwKICJhdWQiOiAiczZCaGRSa3F0MyIsCiAibm9uY2UiOiAibi0wUzZfV3pBMk1qIiwKICJleHAiOiAxMzExMjgxOTcwLAogImlhdCI6IDEzMTEyODA5NzAsCiAibmFtZSI6ICJKYW5lIERvZSIsCiAiZ2l2ZW5fbmFtZSI6ICJKYW5lIiwKICJmYW1pbHlfbmFtZSI6ICJEb2UiLAogImdlbmRlciI6ICJmZW1hbGUiLAogImJpcnRoZGF0ZSI6ICIwMDAwLTEwLTMxIiwKICJlbWFpbCI6ICJqYW5lZG9lQGV4YW1wbGUuY29tIiwKICJwaWN0dXJlIjogImh0dHA6Ly9leGFtcGxlLmNvbS9qYW5lZG9lL21lLmpwZyIKfQ.rHQjEmBqn9Jre0OLykYNnspA10Qql2rvx4FsD00jwlB0Sym4NzpgvPKsDjn_wMkHxcp6CilPcoKrWHcipR2iAjzLvDNAReF97zoJqq880ZD1bwY82JDauCXELVR9O6_B0w3K-E7yM2macAAgNCUwtik6SjoSUZRcf-O5lygIyLENx882p6MtmwaL1hd6qn5RZOQ0TLrOYu0532g9Exxcm-ChymrB4xLykpDj3lUivJt63eEGGN6DH5K6o33TcxkIjNrCD4XB1CKKumZvCedgHHF3IAK4dVEDSUoGlH9z4pP_eWYNXvqQOjGs-rDaQzUHl6cQQWNiDpWOl_lxXjQEvQ";
const CORE_A_3: &str = "eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ.ewogImlzcyI6ICJodHRwOi8vc2VydmVyLmV4YW1wbGUuY29tIiwKICJzdWIiOiAiMjQ4Mjg5NzYxMDAxIiwKICJhdWQiOiAiczZCaGRSa3F0MyIsCiAibm9uY2UiOiAibi0wUzZfV3pBMk1qIiwKICJleHAiOiAxMzExMjgxOTcwLAogImlhdCI6IDEzMTEyODA5NzAsCiAiYXRfaGFzaCI6ICI3N1FtVVB0alBmeld0RjJBbnBLOVJRIgp9.F9gRev0Dt2tKcrBkHy72cmRqnLdzw9FLCCSebV7mWs7o_sv2O5s6zMky2kmhHTVx9HmdvNnx9GaZ8XMYRFeYk8L5NZ7aYlA5W56nsG1iWOou_-gji0ibWIuuf4Owaho3YSoi7EvsTuLFz6tq-dLyz0dKABMDsiCmJ5wqkPUDTE3QTXjzbUmOzUDli-gCh5QPuZAq0cNW3pf_2n4zpvTYtbmj12cVcxGIMZby7TMWESRjQ9_o3jvhVNcCGcE0KAQXejhA1ocJhNEvQNqMFGlBb6_0RxxKjDZ-Oa329eGDidOvvp0h5hoES4a8IuGKS7NOcpp-aFwp0qVMDLI-Xnm-Pg";
const CORE_ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

fn set(key: &str) -> KeySet {
    jwks::judge(&answer(200, "application/json", format!(r#"{{"keys":[{key}]}}"#).as_bytes())).unwrap()
}

#[test]
fn rfc_7636_appendix_b() {
    let octets = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
        214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let verifier = Verifier::from_random(octets);
    assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let stored = Verifier::from_stored(verifier.expose()).unwrap();
    assert_eq!(stored.challenge(), verifier.challenge());
}

#[test]
fn rfc_7515_a_2_rs256() {
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.{RS256_SIGNATURE}");
    let Outcome::Valid(read) = outcome(&token, &set(RS256_KEY), Algorithm::ALL) else {
        panic!("must verify")
    };
    assert_eq!(read.payload.member("iss").and_then(Json::as_str), Some("joe"));
    assert_eq!(read.payload.member("exp").and_then(Json::as_f64), Some(1_300_819_380.0));
    assert_eq!(read.payload.member("http://example.com/is_root").and_then(Json::as_bool), Some(true));
    assert!(matches!(outcome(&token, &set(CORE_KEY), Algorithm::ALL), Outcome::Invalid));
    assert!(matches!(outcome(&token, &set(ES256_KEY), Algorithm::ALL), Outcome::NoKey));
}

#[test]
fn rfc_7515_a_3_es256() {
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{ES256_SIGNATURE}");
    assert!(matches!(outcome(&token, &set(ES256_KEY), Algorithm::ALL), Outcome::Valid(_)));
    let elsewhere = format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{}", ES256_SIGNATURE.replace('D', "E"));
    assert!(matches!(outcome(&elsewhere, &set(ES256_KEY), Algorithm::ALL), Outcome::Invalid));
}

#[test]
fn rfc_7515_a_4_es512_is_not_offered() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    assert_eq!(code_at(jws::parse(token, Algorithm::ALL)).0, Code::IdTokenAlgorithm);
}

#[test]
fn rfc_7515_a_1_hs256_and_a_5_none_are_refused() {
    let mac = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let none = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    for token in [mac, none] {
        assert_eq!(code_at(jws::parse(&token, Algorithm::ALL)).0, Code::IdTokenAlgorithm);
    }
}

/// The payload of this example is plain text, so the token as a whole is none for this client; key and signature are.
#[test]
fn rfc_8037_a_4_ed25519() {
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let set = set(ED25519_KEY);
    let keys = set.candidates(Algorithm::Ed25519, None);
    let octets = tokenward::encoding::base64url::decode(signature).unwrap();
    assert!(verifies(Algorithm::Ed25519, keys[0], input, &octets));
    assert!(!verifies(Algorithm::Ed25519, keys[0], "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZQ", &octets));
    let token = format!("{input}.{signature}");
    assert_eq!(code_at(jws::parse(&token, Algorithm::ALL)), (Code::IdTokenMalformed, "payload".into()));
}

/// OIDC Core, appendix A.2 and A.3: two whole ID tokens, from the key set to the last claim.
#[test]
fn oidc_core_a_2_and_a_3_id_tokens() {
    for token in [CORE_A_2, CORE_A_3] {
        let Outcome::Valid(read) = outcome(token, &set(CORE_KEY), &[Algorithm::Rs256]) else {
            panic!("must verify")
        };
        let expected = Expected {
            issuer: "http://server.example.com",
            client_id: "s6BhdRkqt3",
            trusted_audiences: &[],
            leeway: 0,
        };
        let login = AtLogin {
            nonce: "n-0S6_WzA2Mj",
            nonce_optional: false,
            max_age: None,
            required_acr: &[],
            freshness: 600,
        };
        let at = |seconds: u64| Now { wall: seconds * 1000, mono: 0 };
        let identity = check_login(&read, &expected, &login, at(1_311_281_000)).unwrap();
        assert_eq!(identity.subject, "248289761001");
        let digest = digest_by(read.algorithm, CORE_ACCESS_TOKEN);
        assert!(check_at_hash(&read.payload, digest.as_ref()).is_ok());
        let late = check_login(&read, &expected, &login, at(1_311_281_970));
        assert_eq!(code_at(late).0, Code::IdTokenExpired);
    }
}

/// The first is of OIDC Core A.3, the others of the conformance suite of the OpenID Foundation.
#[test]
fn at_hash_examples() {
    for (algorithm, token, hash) in [
        (Algorithm::Rs256, CORE_ACCESS_TOKEN, "77QmUPtjPfzWtF2AnpK9RQ"),
        (Algorithm::Rs256, "1940a308-d492-3660-a9f8-46723cc582e9", "JrZY9MtYVEIIJUx-DDBmww"),
        (Algorithm::Es256, "dNZX1hEZ9wBCzNL40Upu646bdzQA", "wfgvmE9VxjAudsl9lc6TqA"),
        (Algorithm::Es384, "dNZX1hEZ9wBCzNL40Upu646bdzQA", "phZaPQJosyg-qi-OIYyQ3xJB9wsHYEEz"),
        (Algorithm::Rs512, "dNZX1hEZ9wBCzNL40Upu646bdzQA", "8xltSlOGYrWy8W9yNvRlEth1i_bXW-JROWPLvCv5zog"),
        (Algorithm::Ed25519, "dNZX1hEZ9wBCzNL40Upu646bdzQA", "8xltSlOGYrWy8W9yNvRlEth1i_bXW-JROWPLvCv5zog"),
    ] {
        let claims = Json::Object(vec![("at_hash".into(), Json::String(hash.into()))]);
        assert!(check_at_hash(&claims, digest_by(algorithm, token).as_ref()).is_ok(), "{algorithm:?}");
    }
}
