//! The bodies of the fuzz targets: each takes any octets and asserts what must hold whatever they are. The
//! binaries hand them to libFuzzer; `tests/replay.rs` hands them the corpus, on any toolchain.

pub mod callback;
pub mod challenge;
pub mod discovery;
pub mod encodings;
pub mod engine;
pub mod id_token;
pub mod json;
pub mod jwks;
pub mod jws;
pub mod options;
pub mod record;
mod support;
pub mod token;
pub mod transaction;
pub mod url;

pub use support::seen;

/// A target: its name and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All of them. A new one is a module here, a row here, a binary in `bins/` and in `Cargo.toml`, and seeds in
/// `corpus/`; `tests/replay.rs` fails when one of these is missing.
pub const TARGETS: &[Target] = &[
    ("callback", callback::run),
    ("challenge", challenge::run),
    ("discovery", discovery::run),
    ("encodings", encodings::run),
    ("engine", engine::run),
    ("id_token", id_token::run),
    ("json", json::run),
    ("jwks", jwks::run),
    ("jws", jws::run),
    ("options", options::run),
    ("record", record::run),
    ("token", token::run),
    ("transaction", transaction::run),
    ("url", url::run),
];
