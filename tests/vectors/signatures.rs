//! Signatures and key sets.

use ring::hmac;
use serde_json::{Value, json};
use tokenward::encoding::base64url;
use tokenward::error::Code;
use tokenward::protocol::http::{Caching, HttpFailure, Purpose, answered};
use tokenward::protocol::jwks::{self, KeySet};
use tokenward::protocol::jws::{self, Algorithm};

use crate::signer::{ATTACKER, ISSUER, NAMES, Outcome, key_set, outcome, verifies};
use crate::support::{answer, code, code_at, html, json_answer, note, rows};

rows![
    c01_all_nine_algorithms_verify,
    c01_only_what_the_allow_list_holds,
    c02_one_bit_of_payload_or_signature,
    c03_alg_none_in_every_spelling,
    c04_macs_with_public_values_as_secret,
    c06_ed25519_by_both_names_and_no_other_curve,
    c06_small_order_points_are_no_keys,
    c07_ecdsa_signatures_in_any_other_form,
    c09_keys_named_by_the_token_are_not_used,
    c11_tokens_without_kid,
    c11_one_kid_for_several_keys,
    c12_unknown_kid_asks_for_the_set_again,
    c13_a_new_kid_each_time_finds_nothing,
    c16_what_is_no_key_set,
    c16_s04_keys_that_are_left_out,
    c17_malformed_compact_forms,
    c17_s03_headers_that_are_not_of_an_id_token,
    keys_leave_as_public_members_only,
];

/// The signature is what is tested here: any claims will do.
fn claims() -> Value {
    json!({ "iss": "https://id.example.com", "sub": "alice" })
}

fn is_refused(token: &str, keys: &KeySet) -> Code {
    match outcome(token, keys, Algorithm::ALL) {
        Outcome::Refused(error) => note(error).code,
        other => panic!("not refused: {other:?}"),
    }
}

fn header(text: &str) -> String {
    base64url::encode(text.as_bytes())
}

#[test]
fn c01_all_nine_algorithms_verify() {
    for (name, algorithm) in NAMES.into_iter().zip(Algorithm::ALL) {
        assert_eq!(Algorithm::from_name(name), Some(*algorithm));
        assert_eq!(Algorithm::from_name(algorithm.as_str()), Some(*algorithm));
        let keys = key_set(&[ISSUER.jwk(name, Some("k"))]);
        let Outcome::Valid(read) = outcome(&ISSUER.token(name, Some("k"), &claims()), &keys, &[*algorithm])
        else {
            panic!("{name} must verify");
        };
        assert_eq!(read.algorithm, *algorithm);
        // The RSA keys of the two parties are the same one here; of the curves, they are not.
        if !algorithm.key_type().0.eq("RSA") {
            let forged = ATTACKER.token(name, Some("k"), &claims());
            assert!(matches!(outcome(&forged, &keys, &[*algorithm]), Outcome::Invalid), "{name}");
        }
    }
}

#[test]
fn c01_only_what_the_allow_list_holds() {
    for (name, algorithm) in NAMES.into_iter().zip(Algorithm::ALL) {
        let others: Vec<_> = Algorithm::ALL.iter().copied().filter(|a| a != algorithm).collect();
        let token = ISSUER.token(name, Some("k"), &claims());
        assert_eq!(code(jws::parse(&token, &others)), Code::IdTokenAlgorithm, "{name}");
        assert_eq!(code(jws::parse(&token, &[])), Code::IdTokenAlgorithm, "{name}");
    }
}

#[test]
fn c02_one_bit_of_payload_or_signature() {
    for name in NAMES {
        let keys = key_set(&[ISSUER.jwk(name, Some("k"))]);
        let token = ISSUER.token(name, Some("k"), &claims());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let octets = base64url::decode(signature).unwrap();
        for at in [0, octets.len() / 2, octets.len() - 1] {
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            let token = format!("{input}.{}", base64url::encode(&flipped));
            assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::Invalid), "{name} {at}");
        }
        let (head, _) = input.split_once('.').unwrap();
        let other = json!({ "iss": "https://id.example.com", "sub": "alicf" });
        let token = format!("{head}.{}.{signature}", header(&other.to_string()));
        assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::Invalid), "{name}");
        // The header is signed too.
        let head = header(&json!({ "alg": name, "kid": "k" }).to_string());
        let token = format!("{head}.{}.{signature}", header(&claims().to_string()));
        assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::Invalid), "{name}");
    }
}

#[test]
fn c03_alg_none_in_every_spelling() {
    let payload = header(&claims().to_string());
    let keys = key_set(&[ISSUER.jwk("RS256", None)]);
    for head in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"NONE"}"#,
        r#"{"alg":"nOnE"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["RS256"]}"#,
        r#"{"alg":256}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"rs256"}"#,
        r#"{"alg":"RS256 "}"#,
        r#"{"alg":"RS1"}"#,
        r#"{"alg":"ES256K"}"#,
        r#"{"alg":"ES512"}"#,
        r#"{"alg":"RSA-OAEP"}"#,
    ] {
        for signature in ["", "AAAA"] {
            assert_eq!(
                is_refused(&format!("{}.{payload}.{signature}", header(head)), &keys),
                Code::IdTokenAlgorithm,
                "{head}"
            );
        }
    }
    // An allowed algorithm and nothing where its signature should be.
    for name in NAMES {
        let token = format!("{}.{payload}.", header(&json!({ "alg": name }).to_string()));
        assert_eq!(is_refused(&token, &keys), Code::IdTokenSignature, "{name}");
    }
}

#[test]
fn c04_macs_with_public_values_as_secret() {
    let jwk = ISSUER.jwk("RS256", Some("k"));
    let keys = key_set(&[jwk.clone(), json!({ "kty": "oct", "kid": "k", "alg": "HS256", "k": "c3Bh" })]);
    let n = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
    // SubjectPublicKeyInfo of the RSA key, and its PEM.
    let integer = |bytes: &[u8]| [&[0x02, 0x82, 0x01, 0x01, 0x00], bytes].concat();
    let sequence = |content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82], &length[..], content].concat()
    };
    let key = sequence(&[integer(&n), vec![0x02, 3, 1, 0, 1]].concat());
    let length = u16::try_from(key.len() + 1).unwrap().to_be_bytes();
    let bits = [&[0x03, 0x82], &length[..], &[0], &key].concat();
    let rsa_encryption = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let der = sequence(&[&rsa_encryption[..], &bits].concat());
    let body = base64url::encode(&der).replace('-', "+").replace('_', "/");
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    for secret in [pem.as_bytes(), &der, jwk.to_string().as_bytes(), &n, b"spa", b""] {
        for (name, algorithm) in
            [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
        {
            let head = header(&json!({ "alg": name, "kid": "k" }).to_string());
            let input = format!("{head}.{}", header(&claims().to_string()));
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
            let token = format!("{input}.{}", base64url::encode(tag.as_ref()));
            assert_eq!(is_refused(&token, &keys), Code::IdTokenAlgorithm);
        }
    }
}

#[test]
fn c06_ed25519_by_both_names_and_no_other_curve() {
    let keys = key_set(&[ISSUER.jwk("EdDSA", Some("k"))]);
    for name in ["EdDSA", "Ed25519"] {
        let token = ISSUER.token(name, Some("k"), &claims());
        assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::Valid(_)), "{name}");
        // A key that names itself by the other name is the same key.
        for own in ["EdDSA", "Ed25519"] {
            let mut jwk = ISSUER.jwk("EdDSA", Some("k"));
            jwk["alg"] = json!(own);
            assert!(matches!(outcome(&token, &key_set(&[jwk]), Algorithm::ALL), Outcome::Valid(_)));
        }
    }
    for name in ["Ed448", "ed25519", "EDDSA", "X25519"] {
        let token =
            format!("{}.e30.{}", header(&json!({ "alg": name }).to_string()), header(&"s".repeat(64)));
        assert_eq!(is_refused(&token, &keys), Code::IdTokenAlgorithm, "{name}");
    }
    // EdDSA with a key of another curve: there is no such key.
    let x = ISSUER.jwk("EdDSA", None)["x"].clone();
    for jwk in [
        json!({ "kty": "OKP", "crv": "Ed448", "kid": "k", "x": base64url::encode(&[7; 57]) }),
        json!({ "kty": "OKP", "crv": "X25519", "kid": "k", "x": x }),
        json!({ "kty": "OKP", "kid": "k", "x": x }),
        json!({ "kty": "EC", "crv": "Ed25519", "kid": "k", "x": x, "y": x }),
        json!({ "kty": "RSA", "crv": "Ed25519", "kid": "k", "x": x }),
    ] {
        let token = ISSUER.token("EdDSA", Some("k"), &claims());
        assert!(
            matches!(outcome(&token, &key_set(std::slice::from_ref(&jwk)), Algorithm::ALL), Outcome::NoKey),
            "{jwk}"
        );
    }
}

#[test]
fn c06_small_order_points_are_no_keys() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(text.get(i..i + 2).unwrap(), 16).unwrap())
            .collect()
    };
    let p_and = |low: u8| [&[low][..], &[0xff; 30], &[0x7f]].concat();
    let mut points: Vec<Vec<u8>> = vec![
        vec![0; 32],
        [&[1][..], &[0; 31]].concat(),
        p_and(0xec),
        p_and(0xed),
        p_and(0xee),
        hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ];
    for point in points.clone() {
        let mut negative = point;
        negative[31] |= 0x80;
        points.push(negative);
    }
    for point in points {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(&point) });
        assert_eq!(key_set(&[jwk]), KeySet::default(), "{point:02x?}");
    }
    // Why: under the neutral element, R = neutral and s = 0 sign everything.
    let forged = [&[1][..], &[0; 63]].concat();
    let neutral =
        ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, [&[1][..], &[0; 31]].concat());
    assert!(neutral.verify(b"anything at all", &forged).is_ok());
}

#[test]
fn c07_ecdsa_signatures_in_any_other_form() {
    for (name, half) in [("ES256", 32), ("ES384", 48)] {
        let keys = key_set(&[ISSUER.jwk(name, None)]);
        let token = ISSUER.token(name, None, &claims());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let raw = base64url::decode(signature).unwrap();
        let (r, s) = raw.split_at(half);
        let with = |signature: &[u8]| format!("{input}.{}", base64url::encode(signature));
        let integer = |part: &[u8]| {
            let pad: &[u8] = if part[0] > 0x7f { &[0] } else { &[] };
            [&[2, u8::try_from(part.len() + pad.len()).unwrap()], pad, part].concat()
        };
        let content = [integer(r), integer(s)].concat();
        let der = [&[0x30, u8::try_from(content.len()).unwrap()], &content[..]].concat();
        for wrong in [&der[..], &raw[1..], &[&raw[..], &[0]].concat(), &[&[0], &raw[..]].concat(), r] {
            assert_eq!(is_refused(&with(wrong), &keys), Code::IdTokenSignature, "{name} {}", wrong.len());
        }
        // Right length, numbers out of range: the verifier's word.
        let (zero, most) = (vec![0; half], vec![0xff; half]);
        for wrong in [
            [&zero[..], s].concat(),
            [r, &zero].concat(),
            [&zero[..], &zero].concat(),
            [&most[..], s].concat(),
            [r, &most].concat(),
        ] {
            assert!(matches!(outcome(&with(&wrong), &keys, Algorithm::ALL), Outcome::Invalid), "{name}");
        }
    }
}

#[test]
fn c09_keys_named_by_the_token_are_not_used() {
    for name in ["ES256", "EdDSA"] {
        let keys = key_set(&[ISSUER.jwk(name, Some("k"))]);
        for extra in [
            json!({ "jwk": ATTACKER.jwk(name, Some("k")) }),
            json!({ "jku": "https://evil.example/jwks" }),
            json!({ "x5u": "https://evil.example/chain.pem" }),
            json!({ "x5c": ["AAAA"], "x5t": "AAAA", "x5t#S256": "AAAA" }),
        ] {
            let mut head = json!({ "alg": name, "kid": "k" });
            for (member, value) in extra.as_object().unwrap() {
                head[member] = value.clone();
            }
            let forged = ATTACKER.token_of(name, &head.to_string(), &claims().to_string());
            assert!(matches!(outcome(&forged, &keys, Algorithm::ALL), Outcome::Invalid), "{name} {extra}");
            // The issuer may say so too; it changes nothing.
            let honest = ISSUER.token_of(name, &head.to_string(), &claims().to_string());
            assert!(matches!(outcome(&honest, &keys, Algorithm::ALL), Outcome::Valid(_)), "{name} {extra}");
            assert!(matches!(outcome(&honest, &KeySet::default(), Algorithm::ALL), Outcome::NoKey));
        }
    }
}

#[test]
fn c11_tokens_without_kid() {
    let token = ISSUER.token("ES256", None, &claims());
    let ours = ISSUER.jwk("ES256", Some("a"));
    let others: Vec<Value> = (0..4).map(|_| ATTACKER.jwk("ES256", Some("z"))).collect();
    // (a) One fitting key.
    assert!(matches!(
        outcome(&token, &key_set(std::slice::from_ref(&ours)), Algorithm::ALL),
        Outcome::Valid(_)
    ));
    // (b) Several: tried, as long as they are few.
    let few = [&others[..3], std::slice::from_ref(&ours)].concat();
    assert!(matches!(outcome(&token, &key_set(&few), Algorithm::ALL), Outcome::Valid(_)));
    assert!(matches!(outcome(&token, &key_set(&others), Algorithm::ALL), Outcome::Invalid));
    let many = [&others[..], std::slice::from_ref(&ours)].concat();
    assert!(matches!(outcome(&token, &key_set(&many), Algorithm::ALL), Outcome::NoKey));
    // (c) One fitting among others of other type, use, operation or algorithm.
    let mut among = vec![ISSUER.jwk("RS256", None), ISSUER.jwk("ES384", None), ISSUER.jwk("EdDSA", None)];
    for (member, value) in [
        ("use", json!("enc")),
        ("alg", json!("ECDH-ES")),
        ("alg", json!("ES384")),
        ("key_ops", json!(["deriveKey"])),
        ("key_ops", json!("verify")),
    ] {
        let mut key = ATTACKER.jwk("ES256", None);
        key[member] = value;
        among.push(key);
    }
    assert!(matches!(outcome(&token, &key_set(&among), Algorithm::ALL), Outcome::NoKey));
    let mut marked = ours;
    marked["use"] = json!("sig");
    marked["key_ops"] = json!(["verify"]);
    marked["alg"] = json!("ES256");
    among.push(marked);
    assert!(matches!(outcome(&token, &key_set(&among), Algorithm::ALL), Outcome::Valid(_)));
}

#[test]
fn c11_one_kid_for_several_keys() {
    let keys = key_set(&[
        ISSUER.jwk("RS256", Some("k")),
        ATTACKER.jwk("ES256", Some("k")),
        ISSUER.jwk("ES256", Some("k")),
        ISSUER.jwk("EdDSA", Some("k")),
    ]);
    for name in NAMES.into_iter().filter(|name| *name != "ES384") {
        let token = ISSUER.token(name, Some("k"), &claims());
        assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::Valid(_)), "{name}");
    }
    // An RSA key for PS256 is not one for RS256.
    let mut pss = ISSUER.jwk("PS256", Some("k"));
    pss["alg"] = json!("PS256");
    let keys = key_set(&[pss]);
    let by = |name: &str| outcome(&ISSUER.token(name, Some("k"), &claims()), &keys, Algorithm::ALL);
    assert!(matches!(by("PS256"), Outcome::Valid(_)));
    assert!(matches!(by("RS256"), Outcome::NoKey));
    assert!(matches!(by("PS512"), Outcome::NoKey));
}

#[test]
fn c12_unknown_kid_asks_for_the_set_again() {
    let token = ISSUER.token("ES256", Some("new"), &claims());
    let before = key_set(&[ATTACKER.jwk("ES256", Some("old"))]);
    assert!(matches!(outcome(&token, &before, Algorithm::ALL), Outcome::NoKey));
    let after = key_set(&[ATTACKER.jwk("ES256", Some("old")), ISSUER.jwk("ES256", Some("new"))]);
    assert!(matches!(outcome(&token, &after, Algorithm::ALL), Outcome::Valid(_)));
    // A token with `kid` is not tried with a key that has none, nor with one of another case.
    let nameless = key_set(&[ISSUER.jwk("ES256", None), ISSUER.jwk("ES256", Some("NEW"))]);
    assert!(matches!(outcome(&token, &nameless, Algorithm::ALL), Outcome::NoKey));
}

#[test]
fn c13_a_new_kid_each_time_finds_nothing() {
    let keys = key_set(&[ISSUER.jwk("EdDSA", Some("k"))]);
    for i in 0..100 {
        let token = ISSUER.token("EdDSA", Some(&format!("random-{i}")), &claims());
        assert!(matches!(outcome(&token, &keys, Algorithm::ALL), Outcome::NoKey));
    }
}

#[test]
fn c16_what_is_no_key_set() {
    let request = jwks::request("https://id.example.com/jwks", Caching::Normal, 20_000);
    assert_eq!((request.purpose, request.url.as_str()), (Purpose::Keys, "https://id.example.com/jwks"));
    assert!(request.form.is_none() && request.bearer.is_none());
    assert!(request.limit <= 1024 * 1024, "a set of 50 MB is cut off");

    let key = ISSUER.jwk("ES256", Some("k"));
    let many: Vec<Value> = (0..10_000).map(|i| json!({ "kty": "x", "kid": i.to_string() })).collect();
    for wrong in [
        html(200),
        answer(200, "text/html", json!({ "keys": [key] }).to_string().as_bytes()),
        json_answer(404, &json!({ "keys": [key] })),
        json_answer(204, &json!({ "keys": [key] })),
        json_answer(200, &json!({ "keys": many })),
        json_answer(200, &json!({ "keys": key })),
        json_answer(200, &json!({ "keys": null })),
        json_answer(200, &json!([key])),
        json_answer(200, &key),
        answer(200, "application/json", b""),
        answer(200, "application/json", b"{\"keys\":[\xff]}"),
        answer(200, "application/json", br#"{"keys":[],"keys":[]}"#),
        answer(200, "application/json", br#"{"keys":[]} trailing"#),
    ] {
        assert_eq!(code(jwks::judge(&wrong)), Code::KeysUnavailable, "{wrong:?}");
    }
    for (result, expected) in [
        (Ok(json_answer(503, &json!({}))), Code::ServerUnavailable),
        (Err(HttpFailure::NoAnswer), Code::NetworkFailed),
        (Err(HttpFailure::TimedOut), Code::TimedOut),
        (Err(HttpFailure::TooLarge), Code::ResponseTooLarge),
    ] {
        assert_eq!(code(answered(&result)), expected);
    }
    // Servers serve key sets under several types.
    for media in ["application/json", "application/jwk-set+json", "text/plain", ""] {
        let found =
            jwks::judge(&answer(200, media, json!({ "keys": [key] }).to_string().as_bytes())).unwrap();
        assert_eq!(found.candidates(Algorithm::Es256, Some("k")).len(), 1, "{media}");
    }
}

#[test]
fn c16_s04_keys_that_are_left_out() {
    let rsa =
        |n: Vec<u8>, e: &[u8]| json!({ "kty": "RSA", "n": base64url::encode(&n), "e": base64url::encode(e) });
    let modulus = |octets: usize| [vec![0xc1; octets - 1], vec![1]].concat();
    let coordinate = |octets: usize| base64url::encode(&vec![7; octets]);
    let ec = |crv: &str, x: usize, y: usize| json!({ "kty": "EC", "crv": crv, "x": coordinate(x), "y": coordinate(y) });
    let good = ISSUER.jwk("ES256", None);
    let changed = |member: &str, value: Value| {
        let mut key = good.clone();
        key[member] = value;
        key
    };
    for left_out in [
        rsa(modulus(128), &[1, 0, 1]),
        rsa([vec![0; 128], modulus(128)].concat(), &[1, 0, 1]),
        rsa(modulus(255), &[1, 0, 1]),
        rsa(modulus(1025), &[1, 0, 1]),
        rsa(modulus(256), &[1]),
        rsa(modulus(256), &[0, 0, 1]),
        rsa(modulus(256), &[2]),
        rsa(modulus(256), &[0]),
        rsa(modulus(256), &[]),
        rsa(modulus(256), &[0xff; 9]),
        json!({ "kty": "RSA", "n": base64url::encode(&modulus(256)) }),
        json!({ "kty": "RSA", "n": 7, "e": "AQAB" }),
        json!({ "kty": "RSA", "n": format!("{}==", base64url::encode(&modulus(256))), "e": "AQAB" }),
        ec("P-256", 31, 32),
        ec("P-256", 32, 33),
        ec("P-256", 0, 0),
        ec("P-256", 48, 48),
        ec("P-384", 32, 32),
        ec("P-521", 66, 66),
        ec("secp256k1", 32, 32),
        changed("kty", json!("ec")),
        changed("crv", json!(7)),
        changed("y", Value::Null),
        changed("use", json!("enc")),
        changed("use", json!(7)),
        changed("key_ops", json!([])),
        changed("key_ops", json!(["sign"])),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": coordinate(31) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": coordinate(33) }),
        json!({}),
        json!(null),
        json!("key"),
        json!([good]),
    ] {
        assert_eq!(key_set(std::slice::from_ref(&left_out)), KeySet::default(), "{left_out}");
        // And it does not spoil its neighbours.
        assert_eq!(key_set(&[left_out, good.clone()]).candidates(Algorithm::Es256, None).len(), 1);
    }
}

#[test]
fn c17_malformed_compact_forms() {
    let token = ISSUER.token("EdDSA", Some("k"), &claims());
    let keys = key_set(&[ISSUER.jwk("EdDSA", Some("k"))]);
    let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let big = header(&json!({ "alg": "EdDSA", "x": "x".repeat(1_000_000) }).to_string());
    for (malformed, part) in [
        (String::new(), "parts"),
        (format!("{head}.{payload}"), "parts"),
        (format!("{token}.{signature}"), "parts"),
        (format!("{token}..."), "parts"),
        (json!({ "payload": payload, "protected": head, "signature": signature }).to_string(), "parts"),
        (format!("{head}=.{payload}.{signature}"), "header"),
        (format!(" {token}"), "header"),
        (format!("{head}\n.{payload}.{signature}"), "header"),
        (format!(".{payload}.{signature}"), "header"),
        (format!("{}.{payload}.{signature}", header("[]")), "header"),
        (format!("{}.{payload}.{signature}", header("\"EdDSA\"")), "header"),
        (format!("{}.{payload}.{signature}", header(r#"{"alg":"EdDSA","alg":"EdDSA"}"#)), "header"),
        (format!("{}.{payload}.{signature}", header(r#"{"alg":"EdDSA"} "x""#)), "header"),
        (
            format!("{}.{payload}.{signature}", base64url::encode(b"{\"alg\":\"EdDSA\",\"x\":\"\xff\"}")),
            "header",
        ),
        (format!("{head}.{payload}=.{signature}"), "payload"),
        (format!("{head}.{payload} .{signature}"), "payload"),
        (format!("{head}..{signature}"), "payload"),
        (format!("{head}.{}.{signature}", header(r#"{"sub":"a","sub":"b"}"#)), "payload"),
        (format!("{head}.{}.{signature}", header(r#"{"a":{"b":1,"b":2}}"#)), "payload"),
        (format!("{head}.{}.{signature}", header(r#"{"exp":1e400}"#)), "payload"),
        (format!("{head}.{}.{signature}", header("[]")), "payload"),
        (format!("{head}.{}.{signature}", base64url::encode(b"{\"sub\":\"\xc3\x28\"}")), "payload"),
        (
            format!("{head}.{}.{signature}", header(&format!("{}1{}", "[".repeat(5000), "]".repeat(5000)))),
            "payload",
        ),
        (format!("{head}.{payload}.{signature}="), "signature"),
        (format!("{head}.{payload}.{signature}\n"), "signature"),
        (format!("{head}.{payload}.{}", signature.replace(char::is_alphanumeric, "+")), "signature"),
        (format!("{big}.{payload}.{signature}"), "length"),
        ("\u{1f980}.\u{1f980}.\u{1f980}".into(), "header"),
    ] {
        assert_eq!(
            code_at(jws::parse(&malformed, Algorithm::ALL)),
            (Code::IdTokenMalformed, part.to_owned())
        );
        assert!(matches!(outcome(&malformed, &keys, Algorithm::ALL), Outcome::Refused(_)));
    }
    // Five parts are a JWE.
    for encrypted in [format!("{head}.a.b.c.d"), "....".into()] {
        assert_eq!(code(jws::parse(&encrypted, Algorithm::ALL)), Code::IdTokenEncrypted);
    }
    // The one spelling of base64url: stray bits at the end make another text of the same octets.
    let last = signature.chars().last().unwrap();
    let near = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    let respelt = format!("{head}.{payload}.{}{near}", signature.strip_suffix(last).unwrap());
    assert!(!matches!(outcome(&respelt, &keys, Algorithm::ALL), Outcome::Valid(_)));
}

#[test]
fn c17_s03_headers_that_are_not_of_an_id_token() {
    for (member, value, part) in [
        ("crit", json!(["b64"]), "crit"),
        ("crit", json!(["exp"]), "crit"),
        ("crit", json!([]), "crit"),
        ("crit", json!(null), "crit"),
        ("b64", json!(false), "crit"),
        ("b64", json!(true), "crit"),
        ("typ", json!("at+jwt"), "typ"),
        ("typ", json!("logout+jwt"), "typ"),
        ("typ", json!("dpop+jwt"), "typ"),
        ("typ", json!("secevent+jwt"), "typ"),
        ("typ", json!("application/at+jwt"), "typ"),
        ("typ", json!(""), "typ"),
        ("typ", json!(7), "typ"),
        ("kid", json!(7), "kid"),
        ("kid", json!(["k"]), "kid"),
    ] {
        let mut head = json!({ "alg": "EdDSA", "kid": "k" });
        head[member] = value;
        let token = ISSUER.token_of("EdDSA", &head.to_string(), &claims().to_string());
        assert_eq!(
            code_at(jws::parse(&token, Algorithm::ALL)),
            (Code::IdTokenMalformed, part.to_owned()),
            "{head}"
        );
    }
    for typ in [json!("JWT"), json!("jwt"), json!(null)] {
        let head = json!({ "alg": "EdDSA", "typ": typ, "cty": "x", "unknown": [1] });
        let token = ISSUER.token_of("EdDSA", &head.to_string(), &claims().to_string());
        assert!(jws::parse(&token, Algorithm::ALL).is_ok(), "{head}");
    }
}

#[test]
fn keys_leave_as_public_members_only() {
    let mut key = ISSUER.jwk("RS256", Some("k"));
    for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth", "x5c", "ext", "key_ops"] {
        key[private] = if private == "key_ops" { json!(["verify", "sign"]) } else { json!("c2VjcmV0") };
    }
    // One leading zero, as some servers write it and some browsers refuse it.
    let n = base64url::decode(key["n"].as_str().unwrap()).unwrap();
    key["n"] = json!(base64url::encode(&[&[0], &n[..]].concat()));
    let set = key_set(&[key]);
    let found = set.candidates(Algorithm::Rs256, Some("k"));
    let expected = json!({ "kty": "RSA", "n": base64url::encode(&n), "e": "AQAB" });
    assert_eq!(serde_json::from_str::<Value>(found[0].jwk()).unwrap(), expected);
    let token = jws::parse(&ISSUER.token("RS256", Some("k"), &claims()), Algorithm::ALL).unwrap();
    assert!(verifies(Algorithm::Rs256, found[0], &token.signing_input, &token.signature));

    let mut key = ISSUER.jwk("ES384", None);
    key["d"] = json!("c2VjcmV0");
    let set = key_set(&[key]);
    let found = set.candidates(Algorithm::Es384, None);
    assert_eq!(serde_json::from_str::<Value>(found[0].jwk()).unwrap(), ISSUER.jwk("ES384", None));
}
