//! Claims of the ID token, at login and at refresh. Every token here is signed and verified on its way.

use ring::digest;
use serde_json::{Value, json};
use tokenward::encoding::base64url;
use tokenward::error::{Code, Error};
use tokenward::protocol::id_token::{AtLogin, Expected, Identity, check_at_hash, check_login, check_refresh};
use tokenward::protocol::jws::{Algorithm, Unverified};
use tokenward::time::Now;

use crate::signer::{ISSUER as SIGNER, NAMES, Outcome, key_set, outcome};
use crate::support::{CLIENT, ISSUER, MARK, NOW, NOW_S, code, code_at, refused, rows};

rows![
    a_good_token_of_every_algorithm,
    b01_iss_other_missing_or_nearly_the_same,
    b02_sub_missing_empty_wrong_or_long,
    b03_aud_other_or_missing,
    b03_further_audiences_only_when_trusted,
    b05_exp_missing_or_past,
    b06_iat_missing,
    b07_iat_or_nbf_in_the_future,
    b08_iat_a_week_old,
    b09_nonce_missing_other_or_of_an_earlier_login,
    nonce_that_may_be_left_out,
    auth_time_of_any_age_must_be_there,
    b11_acr_absent_or_weaker_than_required,
    b12_wrong_json_types,
    b12_fractions_are_legal,
    b13_at_hash_wrong_absent_or_of_another_hash,
    s02_auth_time_missing_or_too_old,
    h01_five_minutes_off_both_ways,
    refresh_keeps_the_identity,
    f04_f05_refresh_with_another_identity,
    f05_refresh_with_times_that_are_off,
];

const NONCE: &str = "n-of-this-login";
const ACCESS_TOKEN: &str = "SlAV32hkKG";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "248289761001", "aud": CLIENT, "nonce": NONCE,
        "iat": NOW_S - 2, "exp": NOW_S + 300, "auth_time": NOW_S - 60,
    })
}

/// The usual claims, changed; `null` takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed_by(alg: &str, claims: &Value) -> Unverified {
    let keys = key_set(&[SIGNER.jwk(alg, Some("k"))]);
    match outcome(&SIGNER.token(alg, Some("k"), claims), &keys, Algorithm::ALL) {
        Outcome::Valid(token) => token,
        other => panic!("{alg}: {other:?}"),
    }
}

fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, client_id: CLIENT, trusted_audiences: &[], leeway: 300 }
}

fn at_login() -> AtLogin<'static> {
    AtLogin { nonce: NONCE, nonce_optional: false, max_age: None, required_acr: &[], freshness: 600 }
}

fn login(changes: Value) -> Result<Identity, Error> {
    check_login(&signed_by("EdDSA", &with(changes)), &expected(), &at_login(), NOW)
}

#[test]
fn a_good_token_of_every_algorithm() {
    for alg in NAMES {
        let identity = check_login(&signed_by(alg, &claims()), &expected(), &at_login(), NOW).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let auth_time = Some((NOW_S - 60) as f64);
        assert_eq!(identity, Identity { subject: "248289761001".into(), nonce: NONCE.into(), auth_time });
    }
    // Unknown claims are ignored.
    assert!(login(json!({ "custom": { "deep": [1, null] }, "azp": "whoever", "amr": 7 })).is_ok());
    assert_eq!(login(json!({ "auth_time": null })).unwrap().auth_time, None);
}

#[test]
fn b01_iss_other_missing_or_nearly_the_same() {
    for iss in [
        json!(null),
        json!(""),
        json!(MARK),
        json!("https://evil.example"),
        json!("https://id.example.com/"),
        json!("https://ID.example.com"),
        json!("HTTPS://id.example.com"),
        json!("https://id.example.com:443"),
        json!("http://id.example.com"),
        json!("id.example.com"),
        json!(" https://id.example.com"),
        json!("https://id.example.com\u{0}"),
        json!("https://id.example.com\u{301}"),
        json!("https://id.ex\u{0430}mple.com"),
        json!("https://xn--id-example"),
        json!([ISSUER]),
        json!({ "iss": ISSUER }),
        json!(7),
    ] {
        assert_eq!(code(login(json!({ "iss": iss }))), Code::IdTokenIssuer, "{iss}");
    }
    // Punycode and Unicode, composed and decomposed, are different issuers.
    let composed = Expected { issuer: "https://xn--caf-dma.example", ..expected() };
    for iss in ["https://caf\u{e9}.example", "https://cafe\u{301}.example"] {
        let token = signed_by("EdDSA", &with(json!({ "iss": iss })));
        assert_eq!(code(check_login(&token, &composed, &at_login(), NOW)), Code::IdTokenIssuer);
    }
}

#[test]
fn b02_sub_missing_empty_wrong_or_long() {
    for sub in [
        json!(null),
        json!(""),
        json!(7),
        json!(["a"]),
        json!({}),
        json!(true),
        json!("x".repeat(256)),
        json!("\u{e9}"),
    ] {
        assert_eq!(code(login(json!({ "sub": sub }))), Code::IdTokenSubject, "{sub}");
    }
    assert!(login(json!({ "sub": "x".repeat(255) })).is_ok());
}

#[test]
fn b03_aud_other_or_missing() {
    for aud in [
        json!(null),
        json!(""),
        json!("other"),
        json!("SPA"),
        json!("spa "),
        json!("spa other"),
        json!([]),
        json!(["other"]),
        json!([["spa"]]),
        json!(["spa", 7]),
        json!(["spa", null]),
        json!({ "0": "spa" }),
        json!(7),
    ] {
        assert_eq!(code(login(json!({ "aud": aud }))), Code::IdTokenAudience, "{aud}");
    }
    for aud in [json!("spa"), json!(["spa"]), json!(["spa", "spa"])] {
        assert!(login(json!({ "aud": aud })).is_ok(), "{aud}");
    }
}

#[test]
fn b03_further_audiences_only_when_trusted() {
    let check = |trusted: &[String], aud: Value, azp: Value| {
        let token = signed_by("EdDSA", &with(json!({ "aud": aud, "azp": azp })));
        check_login(&token, &Expected { trusted_audiences: trusted, ..expected() }, &at_login(), NOW)
    };
    let api = ["api".to_owned()];
    assert_eq!(code(check(&[], json!(["spa", "api"]), json!("spa"))), Code::IdTokenAudience);
    assert_eq!(code(check(&api, json!(["spa", "api", "evil"]), json!("spa"))), Code::IdTokenAudience);
    assert_eq!(code(check(&api, json!(["api"]), json!("spa"))), Code::IdTokenAudience);
    for azp in [json!(null), json!("api"), json!(""), json!(["spa"])] {
        assert_eq!(code(check(&api, json!(["spa", "api"]), azp.clone())), Code::IdTokenAzp, "{azp}");
    }
    assert!(check(&api, json!(["spa", "api"]), json!("spa")).is_ok());
    assert!(check(&api, json!(["api", "spa", "api"]), json!("spa")).is_ok());
}

#[test]
fn b05_exp_missing_or_past() {
    for exp in [
        json!(null),
        json!(NOW_S - 300),
        json!(NOW_S - 301),
        json!(NOW_S - 86_400),
        json!(0),
        json!(-1),
        json!(-1e300),
    ] {
        assert_eq!(code(login(json!({ "exp": exp }))), Code::IdTokenExpired, "{exp}");
    }
    for exp in [json!(NOW_S - 299), json!(NOW_S), json!(NOW_S + 1), json!(1e300)] {
        assert!(login(json!({ "exp": exp })).is_ok(), "{exp}");
    }
    // Without leeway: now must be before exp.
    let strict = Expected { leeway: 0, ..expected() };
    for (exp, fresh) in [(NOW_S, false), (NOW_S + 1, true)] {
        let token = signed_by("EdDSA", &with(json!({ "exp": exp })));
        assert_eq!(check_login(&token, &strict, &at_login(), NOW).is_ok(), fresh);
    }
}

#[test]
fn b06_iat_missing() {
    assert_eq!(code(login(json!({ "iat": null }))), Code::IdTokenIssuedAt);
}

#[test]
fn b07_iat_or_nbf_in_the_future() {
    for (ahead, fine) in [(30, true), (240, true), (300, true), (301, false), (360, false), (86_400, false)] {
        for (claim, refusal) in [("iat", Code::IdTokenIssuedAt), ("nbf", Code::IdTokenNotBefore)] {
            let result = login(json!({ (claim): NOW_S + ahead, "exp": NOW_S + 100_000 }));
            if fine {
                assert!(result.is_ok(), "{claim} {ahead}");
            } else {
                assert_eq!(code(result), refusal, "{claim} {ahead}");
            }
        }
    }
    assert!(login(json!({ "nbf": NOW_S - 1_000_000 })).is_ok());
}

#[test]
fn b08_iat_a_week_old() {
    let week = 7 * 86_400;
    let old = json!({ "iat": NOW_S - week, "exp": NOW_S + week });
    assert_eq!(code_at(login(old.clone())), (Code::IdTokenIssuedAt, "too old".into()));
    assert_eq!(code(login(json!({ "iat": NOW_S - 901 }))), Code::IdTokenIssuedAt);
    assert_eq!(code(login(json!({ "iat": 0 }))), Code::IdTokenIssuedAt);
    assert!(login(json!({ "iat": NOW_S - 899 })).is_ok());
    // The window is the app's choice.
    let wide = AtLogin { freshness: 30 * 86_400, ..at_login() };
    assert!(check_login(&signed_by("EdDSA", &with(old)), &expected(), &wide, NOW).is_ok());
}

#[test]
fn b09_nonce_missing_other_or_of_an_earlier_login() {
    for nonce in [
        json!(null),
        json!(""),
        json!("n-of-an-earlier-login"),
        json!(NONCE.to_uppercase()),
        json!(format!("{NONCE} ")),
        json!([NONCE]),
        json!(7),
    ] {
        assert_eq!(code(login(json!({ "nonce": nonce }))), Code::IdTokenNonce, "{nonce}");
    }
}

/// A device grant need not know the nonce; one that is there is of this login.
#[test]
fn nonce_that_may_be_left_out() {
    let check = |nonce: Value| {
        let wanted = AtLogin { nonce_optional: true, ..at_login() };
        check_login(&signed_by("EdDSA", &with(json!({ "nonce": nonce }))), &expected(), &wanted, NOW)
    };
    assert!(check(json!(null)).is_ok() && check(json!(NONCE)).is_ok());
    for nonce in [json!(""), json!("another"), json!([NONCE]), json!(7)] {
        assert_eq!(code(check(nonce)), Code::IdTokenNonce);
    }
}

#[test]
fn auth_time_of_any_age_must_be_there() {
    let check = |auth_time: Value| {
        let wanted = AtLogin { max_age: Some(0xffff_ffff), ..at_login() };
        check_login(&signed_by("EdDSA", &with(json!({ "auth_time": auth_time }))), &expected(), &wanted, NOW)
    };
    assert!(check(json!(0)).is_ok() && check(json!(NOW_S)).is_ok());
    for wrong in [json!(null), json!("1790000000"), json!(-1)] {
        assert_eq!(code(check(wrong)), Code::IdTokenAuthTime);
    }
}

#[test]
fn b11_acr_absent_or_weaker_than_required() {
    let required = ["urn:strong".to_owned(), "urn:stronger".to_owned()];
    let check = |acr: Value| {
        let wanted = AtLogin { required_acr: &required, ..at_login() };
        check_login(&signed_by("EdDSA", &with(json!({ "acr": acr }))), &expected(), &wanted, NOW)
    };
    for acr in [
        json!(null),
        json!(""),
        json!("0"),
        json!("urn:weak"),
        json!("URN:STRONG"),
        json!("urn:strong urn:stronger"),
        json!(["urn:strong"]),
        json!(1),
    ] {
        assert_eq!(code(check(acr.clone())), Code::IdTokenAcr, "{acr}");
    }
    assert!(check(json!("urn:strong")).is_ok());
    assert!(check(json!("urn:stronger")).is_ok());
    // Asked for, but not required: no refusal.
    assert!(login(json!({ "acr": "urn:weak" })).is_ok());
}

#[test]
fn b12_wrong_json_types() {
    let number = NOW_S.to_string();
    for (claim, refusal) in [
        ("exp", Code::IdTokenExpired),
        ("iat", Code::IdTokenIssuedAt),
        ("nbf", Code::IdTokenNotBefore),
        ("auth_time", Code::IdTokenAuthTime),
    ] {
        for value in
            [json!(number), json!("123"), json!([NOW_S]), json!({}), json!(true), json!(-5), json!("")]
        {
            assert_eq!(code(login(json!({ (claim): value }))), refusal, "{claim} {value}");
        }
    }
    // Not a number of JSON, or one that no double holds: the token cannot be read at all.
    for text in ["1e400", "-1e400", "NaN", "Infinity", "0x10", "01", "1.", ".5", "+1", "1e"] {
        let payload =
            claims().to_string().replace(&format!("\"exp\":{}", NOW_S + 300), &format!("\"exp\":{text}"));
        assert!(payload.contains(&format!("\"exp\":{text}")));
        let token = SIGNER.token_of("EdDSA", r#"{"alg":"EdDSA"}"#, &payload);
        let read = tokenward::protocol::jws::parse(&token, Algorithm::ALL);
        assert_eq!(code_at(read), (Code::IdTokenMalformed, "payload".into()), "{text}");
    }
}

#[test]
fn b12_fractions_are_legal() {
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let half = NOW_S as f64 + 0.5;
    assert!(
        login(json!({ "exp": half + 10.0, "iat": half - 10.0, "nbf": half - 10.0, "auth_time": half }))
            .is_ok()
    );
    assert!(login(json!({ "exp": 1.79e9 + 600.25 })).is_ok());
}

/// The digest that the shell gives with a verdict.
pub(crate) fn digest_by(algorithm: Algorithm, text: &str) -> digest::Digest {
    let function = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => &digest::SHA256,
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => &digest::SHA384,
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::Ed25519 => &digest::SHA512,
    };
    digest::digest(function, text.as_bytes())
}

fn left_half(alg: &str, text: &str) -> String {
    let digest = digest_by(Algorithm::from_name(alg).unwrap(), text);
    base64url::encode(digest.as_ref().split_at(digest.as_ref().len() / 2).0)
}

#[test]
fn b13_at_hash_wrong_absent_or_of_another_hash() {
    for alg in NAMES {
        let digest = digest_by(Algorithm::from_name(alg).unwrap(), ACCESS_TOKEN);
        let token = |at_hash: Value| signed_by(alg, &with(json!({ "at_hash": at_hash })));
        let check = |at_hash: Value| check_at_hash(&token(at_hash).payload, digest.as_ref());
        let right = left_half(alg, ACCESS_TOKEN);
        assert!(check(json!(right)).is_ok(), "{alg}");
        // (b) Optional in the code flow.
        assert!(check(json!(null)).is_ok(), "{alg}");
        // Without a digest nothing fits.
        for hash in [json!(right), json!("")] {
            assert_eq!(code(check_at_hash(&token(hash).payload, &[])), Code::IdTokenAtHash);
        }
        // (a) Of another token, whole, cut, padded, of another type.
        let whole = base64url::encode(digest::digest(&digest::SHA256, ACCESS_TOKEN.as_bytes()).as_ref());
        for wrong in [
            json!(left_half(alg, "another token")),
            json!(whole),
            json!(right.get(..10)),
            json!(format!("{right}==")),
            json!(right.to_uppercase()),
            json!(""),
            json!(7),
            json!([right]),
        ] {
            assert_eq!(code(check(wrong.clone())), Code::IdTokenAtHash, "{alg} {wrong}");
        }
        // (c) Of another hash than `alg` implies.
        for other in NAMES {
            let hash = left_half(other, ACCESS_TOKEN);
            if hash != right {
                assert_eq!(code(check(json!(hash))), Code::IdTokenAtHash, "{alg} {other}");
            }
        }
    }
}

#[test]
fn s02_auth_time_missing_or_too_old() {
    let check = |max_age: i64, auth_time: Value| {
        let wanted = AtLogin { max_age: Some(max_age), ..at_login() };
        check_login(&signed_by("EdDSA", &with(json!({ "auth_time": auth_time }))), &expected(), &wanted, NOW)
    };
    assert_eq!(code(check(3600, json!(null))), Code::IdTokenAuthTime);
    assert_eq!(code(check(3600, json!(NOW_S - 3901))), Code::IdTokenAuthTime);
    assert_eq!(code(check(0, json!(NOW_S - 301))), Code::IdTokenAuthTime);
    assert!(check(3600, json!(NOW_S - 3899)).is_ok());
    assert!(check(0, json!(NOW_S)).is_ok());
    assert!(check(i64::from(u32::MAX), json!(0)).is_ok());
}

#[test]
fn h01_five_minutes_off_both_ways() {
    let token = signed_by("EdDSA", &with(json!({ "iat": NOW_S, "exp": NOW_S + 60, "auth_time": null })));
    for wall in [NOW.wall - 300_000, NOW.wall, NOW.wall + 300_000] {
        assert!(check_login(&token, &expected(), &at_login(), Now { wall, mono: 0 }).is_ok());
    }
    for (wall, refusal) in
        [(NOW.wall - 302_000, Code::IdTokenIssuedAt), (NOW.wall + 361_000, Code::IdTokenExpired)]
    {
        assert_eq!(code(check_login(&token, &expected(), &at_login(), Now { wall, mono: 0 })), refusal);
    }
}

fn identity() -> Identity {
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let auth_time = Some((NOW_S - 60) as f64);
    Identity { subject: "248289761001".into(), nonce: NONCE.into(), auth_time }
}

fn refresh(changes: Value) -> Result<bool, Error> {
    check_refresh(&signed_by("EdDSA", &with(changes)), &expected(), &identity(), NOW)
}

#[test]
fn refresh_keeps_the_identity() {
    for changes in [
        json!({}),
        json!({ "nonce": null }),
        json!({ "auth_time": null }),
        json!({ "nonce": null, "auth_time": null }),
        json!({ "aud": ["spa"] }),
    ] {
        assert!(refresh(changes.clone()).unwrap(), "{changes}");
    }
    // Where the login's token had no auth_time, one may appear.
    let without = Identity { auth_time: None, ..identity() };
    assert!(check_refresh(&signed_by("EdDSA", &claims()), &expected(), &without, NOW).unwrap());
}

#[test]
fn f04_f05_refresh_with_another_identity() {
    for (changes, claim) in [
        (json!({ "iss": "https://evil.example" }), "id_token_issuer"),
        (json!({ "iss": null }), "id_token_issuer"),
        (json!({ "aud": "other" }), "id_token_audience"),
        (json!({ "aud": ["spa", "other"], "azp": "spa" }), "id_token_audience"),
        (json!({ "sub": null }), "id_token_subject"),
        (json!({ "sub": "mallory" }), "sub"),
        (json!({ "sub": "248289761001 " }), "sub"),
        (json!({ "nonce": "foreign" }), "nonce"),
        (json!({ "nonce": "" }), "nonce"),
        (json!({ "nonce": 7 }), "nonce"),
        (json!({ "auth_time": NOW_S }), "auth_time"),
        (json!({ "auth_time": "123" }), "auth_time"),
    ] {
        let error = refused(refresh(changes.clone()));
        assert_eq!((error.code, error.path.as_deref()), (Code::IdentityChanged, Some(claim)), "{changes}");
    }
}

/// A clock that is off must not cost the session its only live refresh token.
#[test]
fn f05_refresh_with_times_that_are_off() {
    for changes in [
        json!({ "exp": NOW_S - 1000 }),
        json!({ "exp": null }),
        json!({ "iat": NOW_S + 1000 }),
        json!({ "iat": "123" }),
        json!({ "nbf": NOW_S + 1000 }),
    ] {
        assert!(!refresh(changes.clone()).unwrap(), "{changes}");
    }
}
