//! `WWW-Authenticate`.

use proptest::prelude::*;
use tokenward::encoding::json::Json;
use tokenward::encoding::text::words;
use tokenward::error::{Code, Error};
use tokenward::protocol::challenge::{SCHEME, StepUp, parse, with_words};
use tokenward::time::Now;

use crate::support::{MARK, answer, note, rows};

rows![
    i08_rfc_9110_section_11_6_1,
    i08_several_challenges_and_fields,
    i08_quoted_commas_and_unknown_parameters,
    i08_schemes_and_names_in_any_case,
    token68_is_not_a_parameter,
    what_breaks_the_grammar_is_nothing,
    fields_are_capped,
    the_words_of_a_refusal,
    any_text_is_read_or_refused,
    k08_rfc_9470_section_3,
    k08_absurd_values_are_no_step_up,
    k08_what_the_last_login_brought_is_not_asked_for_again,
];

fn one(field: &str) -> Json {
    let mut all = parse(field).unwrap();
    assert_eq!(all.len(), 1, "{field}");
    all.remove(0)
}

#[test]
fn i08_rfc_9110_section_11_6_1() {
    let field = "Basic realm=\"simple\", Newauth realm=\"apps\", type=1,                  title=\"Login to \\\"apps\\\"\"";
    let all = parse(field).unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].text(SCHEME) == Some("basic") && all[1].text(SCHEME) == Some("newauth"));
    assert_eq!(all[0].text("realm"), Some("simple"));
    assert_eq!(all[0].text("title"), None);
    assert_eq!(
        ["realm", "type", "title"].map(|name| all[1].text(name)),
        [Some("apps"), Some("1"), Some("Login to \"apps\"")]
    );
}

#[test]
fn i08_several_challenges_and_fields() {
    // RFC 9449 section 7.1, beside what else a server may offer; empty list elements are legal.
    for field in [
        r#"Bearer, DPoP error="use_dpop_nonce", error_description="x", algs="ES256 PS256", Negotiate"#,
        r#", ,Bearer ,DPoP  error = "use_dpop_nonce",	error_description=x , algs="ES256 PS256",, Negotiate,"#,
        r#"Bearer,DPoP ,error="use_dpop_nonce",error_description=x,algs="ES256 PS256",Negotiate abc=="#,
    ] {
        let all = parse(field).unwrap();
        assert_eq!(all.len(), 3, "{field}");
        assert!(
            all[0].text(SCHEME) == Some("bearer")
                && all[1].text(SCHEME) == Some("dpop")
                && all[2].text(SCHEME) == Some("negotiate"),
            "{field}"
        );
        assert_eq!(all[0].text("error"), None);
        assert_eq!(all[1].text("error"), Some("use_dpop_nonce"));
        assert_eq!(all[1].text("algs"), Some("ES256 PS256"));
    }
    assert_eq!(parse(""), Some(vec![]));
    assert_eq!(parse(" ,, "), Some(vec![]));
}

#[test]
fn i08_quoted_commas_and_unknown_parameters() {
    let challenge =
        one(r#"Bearer realm="a, DPoP error=\"x\", b=c", x-y.z!=1, error=invalid_token, empty="""#);
    assert_eq!(challenge.text("realm"), Some(r#"a, DPoP error="x", b=c"#));
    assert_eq!(challenge.text("error"), Some("invalid_token"));
    assert_eq!(challenge.text("empty"), Some(""));
    // Headers are handed over octet by octet: what is no ASCII is legal within quotes.
    assert_eq!(one("Bearer realm=\"caf\u{e9}\"").text("realm"), Some("caf\u{e9}"));
}

#[test]
fn i08_schemes_and_names_in_any_case() {
    for field in ["dpop ERROR=use_dpop_nonce", "DPOP error=\"use_dpop_nonce\"", "DpOp Error=use_dpop_nonce"] {
        let challenge = one(field);
        assert!(challenge.text(SCHEME) == Some("dpop"), "{field}");
        assert_eq!(challenge.text("error"), Some("use_dpop_nonce"));
    }
}

#[test]
fn token68_is_not_a_parameter() {
    for field in ["Negotiate YII+/=", "X realm", "X a==", "X error=", "X", "X  ~-._= "] {
        assert_eq!(one(field).members().map(<[_]>::len), Some(1), "{field}");
    }
    assert_eq!(one("X a=b").text("a"), Some("b"));
}

#[test]
fn what_breaks_the_grammar_is_nothing() {
    for field in [
        "error=invalid_token",
        "Bearer scope=b, error=",
        "Bearer error=a, error=b",
        "Bearer error=a, ERROR=b",
        "Bearer error=\"open",
        "Bearer error=\"open\\",
        "Bearer error=\"a\"b",
        "Bearer error=a b",
        "Bearer error=a error=b",
        "Bearer error=a; scope=b",
        "Bearer error=\"a\u{0}\"",
        "Bearer error=\"a\r\n\"",
        "Bearer err\u{e9}r=a",
        "Bearer a=b=c",
        "Bearer \"a\"",
        "Bearer x y=z",
        "(Bearer)",
        "\u{2028}",
    ] {
        assert_eq!(parse(field), None, "{field:?}");
    }
}

#[test]
fn fields_are_capped() {
    let long = |length: usize| format!("Bearer realm=\"{}\"", "x".repeat(length - 15));
    assert!(parse(&long(8 * 1024)).is_some());
    assert_eq!(parse(&long(8 * 1024 + 1)), None);
}

#[test]
fn the_words_of_a_refusal() {
    let said = |challenge: Option<&str>| {
        let mut response = answer(401, "", b"");
        response.challenge = challenge.map(str::to_owned);
        let error = note(with_words(Error::new(Code::UserinfoRefused), &response));
        (error.oauth_error.clone(), error.description.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    // RFC 6750 section 3.
    let expired =
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
    assert_eq!(said(Some(expired)), (some("invalid_token"), some("The access token expired")));
    assert_eq!(said(Some("Bearer, DPoP error=use_dpop_nonce")), (some("use_dpop_nonce"), None));
    for nothing in [None, Some("Bearer"), Some("Bearer error"), Some("Bearer error=\"")] {
        assert_eq!(said(nothing), (None, None), "{nothing:?}");
    }
    let hostile = format!("Bearer error=\"{MARK}<b>\u{e9}\", error_description=\"{}\"", MARK.repeat(900));
    assert_eq!(said(Some(&hostile)).1.map(|text| text.len()), Some(256));
}

#[test]
fn any_text_is_read_or_refused() {
    let pieces = prop::collection::vec(
        prop_oneof![
            Just("Bearer".to_owned()),
            Just("DPoP ".to_owned()),
            Just("error".to_owned()),
            Just("=".to_owned()),
            Just("\"".to_owned()),
            Just("\\".to_owned()),
            Just(", ".to_owned()),
            Just("\t".to_owned()),
            ".{0,3}",
        ],
        0..24,
    );
    proptest!(|(pieces in pieces)| {
        let field = pieces.concat();
        for challenge in parse(&field).unwrap_or_default() {
            prop_assert!(challenge.text("no such name").is_none());
        }
    });
    // Whatever is written by the rules comes back as it was.
    let token = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}";
    proptest!(|(scheme in token, name in token, value in "[\t -~\u{80}-\u{ff}]{0,20}")| {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let all = parse(&format!("{scheme} {name}=\"{quoted}\"")).unwrap();
        let scheme = scheme.to_ascii_lowercase();
        prop_assert_eq!(all[0].text(SCHEME), Some(scheme.as_str()));
        prop_assert_eq!(all[0].text(&name.to_ascii_lowercase()), Some(value.as_str()));
    });
}

fn step_up(rest: &str) -> Option<StepUp> {
    StepUp::of_challenge(&format!("Bearer error=\"insufficient_user_authentication\"{rest}"))
}

#[test]
fn k08_rfc_9470_section_3() {
    let wanted = StepUp::of_challenge(
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"A different authentication level is required\", acr_values=\"myACR\"",
    );
    assert_eq!(wanted.unwrap().acr_values, ["myACR"]);
    let wanted = StepUp::of_challenge(
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"More recent authentication is required\", max_age=\"5\"",
    );
    assert_eq!(wanted.unwrap(), StepUp { max_age: Some(5), ..StepUp::default() });
    // Of any scheme, beside others, with tokens instead of quoted strings.
    let wanted = StepUp::of_challenge(
        "Basic realm=\"x\", dpop ALGS=ES256, Error=insufficient_user_authentication, max_age=0, scope=\"a b\"",
    );
    let wanted = wanted.unwrap();
    assert_eq!(
        (wanted.max_age, wanted.scope.map(|scope| scope.to_text()).as_deref()),
        (Some(0), Some("a b"))
    );
    assert_eq!(step_up(", acr_values=\"one two\", max_age=600").unwrap().acr_values, ["one", "two"]);
}

#[test]
fn k08_absurd_values_are_no_step_up() {
    let long = format!(", acr_values=\"{}\"", "a".repeat(2_000));
    for rest in [
        "",
        ", acr_values=\"\"",
        ", max_age=\"-1\"",
        ", max_age=\"1.5\"",
        ", max_age=\"\"",
        ", max_age=99999999999",
        ", max_age=soon, acr_values=x",
        ", acr_values=\"caf\u{e9}\"",
        ", acr_values=x, scope=\"a\"b\"",
        ", acr_values=x, acr_values=y",
        &long,
    ] {
        assert_eq!(step_up(rest), None, "{rest}");
    }
    for field in
        ["", "Bearer", "Bearer error=\"invalid_token\", acr_values=x", "Bearer acr_values=x, max_age=5"]
    {
        assert_eq!(StepUp::of_challenge(field), None, "{field}");
    }
}

#[test]
fn k08_what_the_last_login_brought_is_not_asked_for_again() {
    const NOW: Now = Now { wall: 1_700_000_000_000, mono: 0 };
    let wants = |acr: &str, max_age| StepUp { acr_values: words(acr), max_age, scope: None };
    for (wanted, acr, auth_time, met) in [
        (wants("gold silver", None), Some("silver"), None, true),
        (wants("gold silver", None), Some("bronze"), None, false),
        (wants("gold", None), None, None, false),
        (wants("", Some(60)), None, Some(1_699_999_950.0), true),
        (wants("", Some(60)), None, Some(1_699_999_800.0), false),
        (wants("", Some(60)), None, None, false),
        // Leeway: a login of this moment is recent enough for anybody.
        (wants("", Some(0)), None, Some(1_699_999_995.0), true),
        (wants("gold", Some(60)), Some("gold"), Some(1_699_999_000.0), false),
        (wants("gold", Some(60)), Some("gold"), Some(1_699_999_990.0), true),
    ] {
        assert_eq!(wanted.is_met(acr, auth_time, 30, NOW), met, "{wanted:?} {acr:?} {auth_time:?}");
    }
}
