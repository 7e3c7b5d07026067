//! The encodings under random input, with other implementations as judges where there are any.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;
use tokenward::encoding::json::{Json, write_string};
use tokenward::encoding::{base64url, form, url};
use tokenward::protocol::callback::{Arrival, recognise};
use tokenward::protocol::jws::{self, Algorithm};
use tokenward::protocol::return_to::local_path;

use crate::support::{self, REDIRECT};

fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// What serde_json reads, in our form.
fn ours(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => Json::Number(n.as_f64().unwrap()),
        Value::String(s) => Json::String(s.clone()),
        Value::Array(items) => Json::Array(items.iter().map(ours).collect()),
        Value::Object(members) => Json::Object(members.iter().map(|(n, v)| (n.clone(), ours(v))).collect()),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text that is nearly JSON.
fn near_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\""),
        Just("1"),
        Just("-0.5e3"),
        Just("null"),
        Just("true"),
        Just(" "),
        Just("\\"),
        Just("\"\\u00e9\""),
        Just("\"\\ud800\""),
    ];
    prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

fn repeats_a_name(text: &str) -> bool {
    text.matches("\"a\"").count() > 1 || text.matches("\"b\"").count() > 1 || text.matches("00e9").count() > 1
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn json_reads_what_serde_json_writes(value in any_json()) {
        // Read back by the judge too: its numbers may differ from those written in the last bit.
        let text = value.to_string();
        let expected = ours(&serde_json::from_str(&text).unwrap());
        prop_assert_eq!(Json::parse(text.as_bytes()), Some(expected));
    }

    #[test]
    fn json_agrees_on_what_is_none(text in near_json()) {
        let judge = serde_json::from_str::<Value>(&text).ok();
        match Json::parse(text.as_bytes()) {
            Some(found) => prop_assert_eq!(Some(found), judge.as_ref().map(ours)),
            None => prop_assert!(judge.is_none() || repeats_a_name(&text), "{}", text),
        }
    }

    #[test]
    fn json_survives_every_octet(octets in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Json::parse(&octets);
    }

    #[test]
    fn json_strings_are_strings_elsewhere(text in any::<String>()) {
        let mut out = String::new();
        write_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }

    #[test]
    fn base64url_round_trip(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = base64url::encode(&octets);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(text.len(), (octets.len() * 4).div_ceil(3));
        prop_assert_eq!(base64url::decode(&text), Some(octets));
    }

    #[test]
    fn base64url_has_one_spelling(text in "[A-Za-z0-9_=+/ -]{0,24}") {
        if let Some(octets) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&octets), text);
        }
    }

    #[test]
    fn forms_round_trip(pairs in prop::collection::vec((any::<String>(), any::<String>()), 1..6)) {
        let text = pairs.iter().fold(form::Form::new(), |form, (n, v)| form.with(n, v)).into_string();
        prop_assert!(text.is_ascii() && !text.contains(' '));
        prop_assert_eq!(form::parse(&text).unwrap(), pairs.clone());
        prop_assert_eq!(support::pairs(&text), pairs);
    }

    #[test]
    fn forms_survive_everything(text in "[a-c=&%+0-9A-Fé\u{0}]{0,40}") {
        if let Some(pairs) = form::parse(&text) {
            prop_assert!(pairs.len() <= text.len());
        }
    }

    #[test]
    fn url_parts_are_the_text(text in "https?://[a-z0-9.:@\\[\\]%/?#\\\\ é-]{0,30}") {
        if let Some(parts) = url::parse(&text) {
            let mut whole = [parts.origin, parts.path].concat();
            for (mark, part) in [('?', parts.query), ('#', parts.fragment)] {
                if let Some(part) = part {
                    whole.push(mark);
                    whole.push_str(part);
                }
            }
            prop_assert_eq!(&whole, &text);
            prop_assert!(parts.origin.starts_with(parts.scheme) && parts.origin.contains(parts.host));
            prop_assert!(!parts.origin.contains('@') && !parts.host.is_empty());
        }
    }

    /// Whatever a URL holds: no panic, and of a response nothing is left in the clean URL, so that a reload
    /// has nothing to redeem.
    #[test]
    fn callbacks_survive_everything(
        parts in prop::collection::vec(prop_oneof![
            Just("code=c"), Just("state=tw.s"), Just("state=twl.s"), Just("state=x"), Just("error=e"), Just("iss=i"),
            Just("access_token=t"), Just("id_token=t"), Just("%63ode=d"), Just("x=1"), Just("%=%"), Just("#"), Just("?"),
            Just("/"), Just("é"), Just(""),
        ], 0..8),
    ) {
        let url = format!("{REDIRECT}?{}", parts.join("&").replace("&#&", "#"));
        let config = support::config();
        let clean = match recognise(&url, &config) {
            Arrival::NotOurs => return Ok(()),
            Arrival::Response(response) => response.clean,
            Arrival::FromLogout { clean } | Arrival::Refused { clean, .. } | Arrival::Foreign { clean, .. } => clean,
        };
        prop_assert!(clean.starts_with(REDIRECT));
        let query = clean.split('#').next().unwrap_or_default();
        prop_assert!(!matches!(recognise(query, &config), Arrival::Response(_) | Arrival::Refused { .. }), "{clean}");
    }

    #[test]
    fn return_paths_stay_at_home(target in "[/\\\\a-z:.@?#%\t é]{0,16}") {
        if let Some(path) = local_path(&target, "https://app.example.com") {
            prop_assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\t']));
        }
    }

    #[test]
    fn tokens_survive_everything(token in "[A-Za-z0-9_.=-]{0,60}") {
        let _ = jws::parse(&token, Algorithm::ALL);
    }
}
