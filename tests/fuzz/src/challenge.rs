//! `WWW-Authenticate`: what is read is what stands there, in any spelling; what an API may ask of the user has limits.

use tokenward::encoding::json::Json;
use tokenward::protocol::challenge::{SCHEME, StepUp, parse};

use crate::support::saw;

/// A field.
pub fn run(data: &[u8]) {
    let Ok(field) = std::str::from_utf8(data) else { return };
    check_step_up(field);
    let Some(challenges) = parse(field) else { return };
    assert!(field.len() <= 8 * 1024);
    saw("challenges read");
    for challenge in &challenges {
        let Json::Object(members) = challenge else { panic!("a challenge is an object") };
        for (at, (name, value)) in members.iter().enumerate() {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert_eq!(at == 0, name == SCHEME, "the scheme comes first, and once");
            assert!(members.iter().filter(|(other, _)| other == name).count() == 1, "{name} twice");
            let text = value.as_str().expect("a text");
            assert!(!text.bytes().any(|b| b != b'\t' && b.is_ascii_control()));
            assert!(at > 0 || field.to_ascii_lowercase().contains(text));
        }
    }
    // Written with every freedom that the grammar leaves, it is the same.
    assert_eq!(parse(&written(&challenges)).as_ref(), Some(&challenges), "{field}");
}

fn written(challenges: &[Json]) -> String {
    let mut out = String::from(" ,");
    for challenge in challenges {
        let Json::Object(members) = challenge else { continue };
        for (at, (name, value)) in members.iter().enumerate() {
            let text = value.as_str().unwrap_or_default();
            match at {
                0 => out.push_str(&text.to_ascii_uppercase()),
                _ => {
                    let escaped: String = text
                        .chars()
                        .flat_map(|c| if c.is_ascii() { vec!['\\', c] } else { vec![c] })
                        .collect();
                    out.push_str(&format!("{} = \t\"{escaped}\"", name.to_ascii_uppercase()));
                }
            }
            // The first parameter stands beside its scheme.
            out.push_str(if at == 0 && members.len() > 1 { " " } else { " ,, " });
        }
    }
    out
}

fn check_step_up(field: &str) {
    let Some(wanted) = StepUp::of_challenge(field) else { return };
    saw("step-up read");
    assert!(field.to_ascii_lowercase().contains("error"));
    assert!(!wanted.acr_values.is_empty() || wanted.max_age.is_some());
    assert!(wanted.max_age.is_none_or(|age| (0..=i64::from(i32::MAX)).contains(&age)));
    assert!(wanted.acr_values.iter().map(String::len).sum::<usize>() <= 1024);
    assert!(wanted.acr_values.iter().all(|acr| !acr.is_empty() && acr.bytes().all(|b| b.is_ascii_graphic())));
}
