//! Proofs of possession (RFC 9449): what is decided about them. The proofs themselves are made in the facade, and so are
//! the vectors of sections 4 to 7 and of RFC 7638 tested there.

use serde_json::json;
use tokenward::config::Config;
use tokenward::error::Code;
use tokenward::protocol::authorize::{LoginOptions, Randomness, request};
use tokenward::protocol::dpop::{Demand, Nonces, Policy, Proof};
use tokenward::protocol::http::{HttpFailure, HttpResponse, Purpose, answered};
use tokenward::protocol::provider::Repairs;
use tokenward::protocol::token;

use crate::support::{
    answer, code, code_at, config, config_with, json_answer, metadata_with, pairs, rows, try_config,
};

rows![
    the_option,
    when_proofs_are_sent,
    i04_which_token_types_are_accepted,
    i01_section_8_the_authorization_server_demands_a_nonce,
    i01_section_9_a_resource_server_demands_a_nonce,
    i02_when_another_proof_is_worth_it,
    i03_what_is_a_nonce,
    section_8_2_nonces_by_server,
    section_10_the_code_is_bound_too,
    i07_no_key,
];

/// The thumbprint of section 6.
const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

#[test]
fn the_option() {
    for (given, policy) in [
        (json!(null), Policy::Off),
        (json!("off"), Policy::Off),
        (json!("preferred"), Policy::Preferred),
        (json!("required"), Policy::Required),
    ] {
        assert_eq!(config_with(json!({ "dpop": given })).dpop, policy);
    }
    for wrong in [json!("on"), json!(true), json!(""), json!({}), json!("Required")] {
        assert_eq!(code_at(try_config(json!({ "dpop": wrong }))), (Code::OptionInvalid, "dpop".into()));
    }
    let with = |params: &str| code(try_config(json!({ params: { "dpop_jkt": JKT } })));
    assert_eq!((with("extraParams"), with("tokenParams")), (Code::OptionInvalid, Code::OptionInvalid));
}

#[test]
fn when_proofs_are_sent() {
    let wants = |policy: Policy, announced: serde_json::Value| {
        let metadata =
            metadata_with(&config(), json!({ "dpop_signing_alg_values_supported": announced })).unwrap();
        policy.wants_proof(&metadata)
    };
    // The first of ours, whatever comes first in the list.
    for (announced, algorithm) in [
        (json!(["RS256", "ES256"]), Some("ES256")),
        (json!(["EdDSA", "Ed25519", "ES256"]), Some("ES256")),
        (json!(["EdDSA", "Ed25519"]), Some("Ed25519")),
        (json!(["PS256", "EdDSA"]), Some("EdDSA")),
        (json!(null), None),
        (json!(["RS256", "Ed448", "ES384", "es256"]), None),
        (json!([]), None),
    ] {
        assert_eq!(wants(Policy::Off, announced.clone()).unwrap(), None);
        assert_eq!(wants(Policy::Preferred, announced.clone()).unwrap(), algorithm);
        let required = wants(Policy::Required, announced.clone());
        match algorithm {
            Some(_) => assert_eq!(required.unwrap(), algorithm),
            None if announced.is_null() => {
                assert_eq!(required.unwrap(), Some("ES256"), "section 5.1: announcing is optional");
            }
            None => assert_eq!(code(required), Code::DpopUnsupported),
        }
    }
    let wrong = metadata_with(&config(), json!({ "dpop_signing_alg_values_supported": "ES256" }));
    assert_eq!(code_at(wrong), (Code::MetadataInvalid, "dpop_signing_alg_values_supported".into()));
}

#[test]
fn i04_which_token_types_are_accepted() {
    let judged = |kind: &str, policy: Policy, proved: bool| {
        let body = json!({ "access_token": "x", "token_type": kind, "refresh_token": "y" });
        token::judge(&json_answer(200, &body), Repairs::default())
            .and_then(|answer| answer.permitted(policy, proved))
    };
    for kind in ["DPoP", "dpop", "DPOP"] {
        assert!(judged(kind, Policy::Preferred, true).unwrap().bound);
        assert!(judged(kind, Policy::Required, true).unwrap().bound);
        assert_eq!(code(judged(kind, Policy::Off, false)), Code::TokenTypeUnsupported);
        assert_eq!(code(judged(kind, Policy::Preferred, false)), Code::TokenTypeUnsupported);
    }
    for kind in ["Bearer", "bearer"] {
        assert!(!judged(kind, Policy::Off, false).unwrap().bound);
        assert!(!judged(kind, Policy::Preferred, true).unwrap().bound);
        assert_eq!(code(judged(kind, Policy::Required, true)), Code::DpopDowngraded);
        assert_eq!(code(judged(kind, Policy::Required, false)), Code::DpopDowngraded);
    }
}

#[test]
fn i01_section_8_the_authorization_server_demands_a_nonce() {
    let demand = |response: HttpResponse| Demand::of_answer(Purpose::Token, &response);
    let says =
        |error: &str| json!({ "error": error, "error_description": "Authorization server requires nonce" });
    assert_eq!(demand(json_answer(400, &says("use_dpop_nonce"))), Some(Demand::Nonce));
    assert_eq!(demand(json_answer(401, &says("use_dpop_nonce"))), Some(Demand::Nonce));
    assert_eq!(demand(json_answer(400, &says("invalid_dpop_proof"))), Some(Demand::Proof));
    for other in [
        json_answer(400, &says("invalid_grant")),
        json_answer(200, &says("use_dpop_nonce")),
        json_answer(403, &says("use_dpop_nonce")),
        json_answer(400, &json!({ "error": ["use_dpop_nonce"] })),
        answer(400, "text/plain", br#"{"error":"use_dpop_nonce"}"#),
        answer(400, "application/json", b"{"),
    ] {
        assert_eq!(demand(other), None);
    }
}

#[test]
fn i01_section_9_a_resource_server_demands_a_nonce() {
    let demand = |status: u16, challenge: &str| {
        let mut response = json_answer(status, &json!({ "error": "use_dpop_nonce" }));
        response.challenge = Some(challenge.to_owned()).filter(|text| !text.is_empty());
        Demand::of_answer(Purpose::Userinfo, &response)
    };
    // Section 9, and section 7.1 with another challenge beside it.
    let of_the_rfc =
        r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#;
    assert_eq!(demand(401, of_the_rfc), Some(Demand::Nonce));
    assert_eq!(demand(401, r#"Bearer, DPoP algs="ES256 PS256", error=use_dpop_nonce"#), Some(Demand::Nonce));
    assert_eq!(demand(401, r#"dpop ERROR="invalid_dpop_proof""#), Some(Demand::Proof));
    for other in [
        "",
        "DPoP",
        r#"DPoP error="invalid_token""#,
        r#"Bearer error="use_dpop_nonce""#,
        r#"Bearer error="use_dpop_nonce", DPoP algs="ES256""#,
        r#"Bearer realm="DPoP error=use_dpop_nonce""#,
        r#"DPoP error="use_dpop_nonce"#,
    ] {
        assert_eq!(demand(401, other), None, "{other}");
    }
    assert_eq!(demand(400, of_the_rfc), None);
    assert_eq!(demand(403, of_the_rfc), None);
}

#[test]
fn i02_when_another_proof_is_worth_it() {
    let mut proof = Proof::by(Some(JKT.into())).unwrap();
    assert!(!proof.clone().again(None, Some("n1")).unwrap(), "nothing was refused");
    assert!(proof.again(Some(Demand::Nonce), Some("n1")).unwrap());
    assert_eq!((proof.nonce.as_deref(), proof.key.as_str()), (Some("n1"), JKT));
    assert!(!proof.clone().again(Some(Demand::Nonce), Some("n1")).unwrap(), "the same nonce again");
    assert!(proof.again(Some(Demand::Nonce), Some("n2")).unwrap());
    assert!(!proof.again(Some(Demand::Nonce), Some("n3")).unwrap(), "two are enough");
    let mut proof = Proof::by(Some(JKT.into())).unwrap();
    assert!(proof.again(Some(Demand::Proof), None).unwrap());
    assert!(!proof.again(Some(Demand::Proof), None).unwrap());
}

#[test]
fn i03_what_is_a_nonce() {
    let learned = |header: Option<&str>| Nonces::default().learn("", header);
    let most = "x".repeat(1024);
    for nonce in ["eyJ7S_zG.eyJH0-Z.HX4w-7v", "!#[]~", "a,b", &most] {
        assert_eq!(learned(Some(nonce)).as_deref(), Some(nonce));
    }
    // Two of them come as one field with a comma and a space.
    let more = "x".repeat(1025);
    for wrong in ["", "a b", "a, b", "a\"b", "a\\b", "a\u{7f}", "\u{e9}", "a\n", &more] {
        assert_eq!(learned(Some(wrong)), None, "{wrong}");
    }
    assert_eq!(learned(None), None);
    let refused = Proof::by(Some(JKT.into())).unwrap().again(Some(Demand::Nonce), None);
    assert_eq!(code(refused), Code::DpopNonceMissing);
}

#[test]
fn section_8_2_nonces_by_server() {
    let mut nonces = Nonces::default();
    nonces.learn("", Some("as"));
    nonces.learn("https://id.example.com", Some("rs"));
    assert_eq!((nonces.of(""), nonces.of("https://id.example.com")), (Some("as"), Some("rs")));
    assert_eq!(nonces.of("https://id.example.com:8443"), None);
    nonces.learn("", Some("newer"));
    nonces.learn("", Some("not a nonce"));
    assert_eq!(nonces.of(""), Some("newer"));
    for server in 0..31 {
        nonces.learn(&server.to_string(), Some("n"));
    }
    // The one that was heard of longest ago goes first.
    assert_eq!((nonces.of("https://id.example.com"), nonces.of("")), (None, Some("newer")));
}

#[test]
fn section_10_the_code_is_bound_too() {
    let config: Config = config();
    let metadata = metadata_with(&config, json!({})).unwrap();
    let random = Randomness { state: [1; 32], nonce: [2; 32], verifier: [3; 32] };
    let with = |key: Option<&str>| {
        let asked =
            request(&config, &metadata, LoginOptions::default(), &random, key.map(str::to_owned)).unwrap();
        let query = pairs(asked.url.split_once('?').unwrap().1);
        let sent = query.into_iter().find(|(name, _)| name == "dpop_jkt").map(|(_, value)| value);
        (sent, asked.transaction.key)
    };
    assert_eq!(with(Some(JKT)), (Some(JKT.into()), Some(JKT.into())));
    assert_eq!(with(None), (None, None));
}

#[test]
fn i07_no_key() {
    assert_eq!(code(answered(&Err(HttpFailure::NoProof))), Code::DpopKeyLost);
}
