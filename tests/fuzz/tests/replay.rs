//! The corpus, on any toolchain: every file of it through its target, and nothing of it left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tokenward_fuzz::TARGETS;

/// More than this is not hand-picked any more.
const LARGEST: u64 = 200 * 1024;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(dir: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(here(dir)).expect("the folder is there");
    entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8")).collect()
}

#[test]
fn every_seed_holds() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (name, target) in TARGETS {
        for file in names(&format!("corpus/{name}")) {
            let data = fs::read(here(&format!("corpus/{name}/{file}"))).expect("readable");
            count += 1;
            if std::panic::catch_unwind(|| target(&data)).is_err() {
                failed.push(format!("corpus/{name}/{file}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    println!("{count} seeds");
}

/// What the seeds must come to: the properties say nothing about a target that never gets anywhere.
const OUTCOMES: &[&str] = &[
    "code accepted",
    "challenges read",
    "step-up read",
    "back from logout",
    "front_channel_tokens",
    "iss_mismatch",
    "iss_missing",
    "state_unknown",
    "callback_malformed",
    "authorization_refused",
    "interaction_required",
    "metadata accepted",
    "issuer_mismatch",
    "metadata_invalid",
    "pkce_unsupported",
    "insecure_url",
    "form read",
    "scope read",
    "verifier read",
    "claims accepted at login",
    "claims accepted at refresh",
    "claims late at refresh",
    "id_token_nonce",
    "id_token_at_hash",
    "JSON read",
    "JSON refused",
    "RSA key chosen",
    "EC key chosen",
    "OKP key chosen",
    "keys_unavailable",
    "token read",
    "id_token_algorithm",
    "id_token_malformed",
    "options accepted",
    "request made",
    "arguments refused",
    "option_unknown",
    "option_invalid",
    "option_missing",
    "implicit_refused",
    "tokens accepted",
    "userinfo accepted",
    "token_refused",
    "client_secret_required",
    "token_response_invalid",
    "token_type_unsupported",
    "record accepted",
    "session read",
    "session refused",
    "session written and read",
    "transaction_invalid",
    "transaction_expired",
    "URL read",
    "loopback",
    "place at home",
    "signed-in",
    "renewed",
    "renewal-failed",
    "signed-out",
    "session-expired",
    "token handed out",
    "claims handed out",
    "device code shown",
    "token exchanged",
    "aborted",
    "login_required",
    "session_ended",
    "identity_changed",
    "id_token_signature",
    "storage_unavailable",
    "scope_not_granted",
    "network_failed",
    "client_disposed",
];

#[test]
fn the_seeds_go_everywhere() {
    for (name, target) in TARGETS {
        for file in names(&format!("corpus/{name}")) {
            target(&fs::read(here(&format!("corpus/{name}/{file}"))).expect("readable"));
        }
    }
    let seen = tokenward_fuzz::seen();
    let missing: Vec<_> = OUTCOMES.iter().filter(|outcome| !seen.contains(*outcome)).collect();
    assert!(missing.is_empty(), "no seed comes to {missing:?}");
}

/// Cut anywhere and with an octet changed: near what is meaningful is where mistakes are.
#[test]
fn every_seed_damaged_holds() {
    for (name, target) in TARGETS {
        for file in names(&format!("corpus/{name}")) {
            let data = fs::read(here(&format!("corpus/{name}/{file}"))).expect("readable");
            let stride = (data.len() / 64).max(1);
            for at in (0..data.len()).step_by(stride) {
                target(&data[..at]);
                let mut damaged = data.clone();
                damaged[at] ^= 1 << (at % 8);
                target(&damaged);
                damaged.remove(at);
                target(&damaged);
            }
        }
    }
}

#[test]
fn nothing_is_left_out() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    let binaries: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names("bins"), binaries);
    let manifest = fs::read_to_string(here("Cargo.toml")).expect("readable");
    for name in &targets {
        let binary = fs::read_to_string(here(&format!("bins/{name}.rs"))).expect("readable");
        assert!(
            binary.contains(&format!("tokenward_fuzz::{name}::run")),
            "bins/{name}.rs runs another target"
        );
        assert!(manifest.contains(&format!("path = \"bins/{name}.rs\"")), "Cargo.toml has no {name}");
        assert!(names(&format!("corpus/{name}")).len() > 2, "{name} has next to no seeds");
    }
}

#[test]
fn the_corpus_is_small() {
    let size = |name: &str| {
        let files = names(&format!("corpus/{name}"));
        files
            .iter()
            .map(|file| fs::metadata(here(&format!("corpus/{name}/{file}"))).expect("readable").len())
            .sum()
    };
    let sum: u64 = TARGETS.iter().map(|(name, _)| -> u64 { size(name) }).sum();
    assert!(sum < LARGEST, "{sum} octets");
}
