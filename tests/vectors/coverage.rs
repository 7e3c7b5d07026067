//! Nothing is left out: every row of the hostile-server table that this layer can show has a test, and every error
//! code that this layer can raise is raised by one.

use tokenward::error::Code;

use crate::support::{Row, refusals};
use crate::{
    callback, challenge, device, discovery, dpop, exchange, id_token, options, par, providers, record,
    requests, rfc_vectors, signatures, token, transaction, userinfo,
};

const MODULES: &[&[Row]] = &[
    callback::ROWS,
    challenge::ROWS,
    device::ROWS,
    discovery::ROWS,
    dpop::ROWS,
    exchange::ROWS,
    id_token::ROWS,
    options::ROWS,
    par::ROWS,
    providers::ROWS,
    record::ROWS,
    requests::ROWS,
    rfc_vectors::ROWS,
    signatures::ROWS,
    token::ROWS,
    transaction::ROWS,
    userinfo::ROWS,
];

/// The rows of the table that belong to the protocol, wholly or in part.
/// What is left of them needs a history, and is shown with the engine: that nothing is redeemed twice (a03), that a
/// code is not sent again (e12), when key sets are fetched (c12, c13, c16), waits (e13), pinning (g04). Row b14 is the
/// engine's alone: only it knows what was asked for.
const TABLE: &[&str] = &[
    "a01", "a02", "a03", "a04", "a05", "a06", "a08", "a09", "a10", "a11", "a14", "a15", "a16", "a17", "b01",
    "b02", "b03", "b05", "b06", "b07", "b08", "b09", "b11", "b12", "b13", "c01", "c02", "c03", "c04", "c06",
    "c07", "c09", "c11", "c12", "c13", "c16", "c17", "d02", "d03", "e01", "e02", "e03", "e04", "e06", "e08",
    "e09", "e10", "e12", "e13", "g01", "g02", "g04", "g05", "h01", "i01", "i02", "i03", "i04", "i07", "i08",
    "j06", "k02", "k03", "k09",
];

/// Codes that the protocol cannot raise, for it sees one message at a time.
const RAISED_ELSEWHERE: &[(Code, &str)] = &[
    (Code::FeatureMissing, "the lean module: tests/oracles"),
    (Code::StorageUnavailable, "the engine: the transaction could not be stored"),
    (Code::IdTokenMissing, "the engine: knows whether openid was asked for (row b14)"),
    (Code::IdTokenKey, "the engine: no candidate after the set was fetched again"),
    (Code::AlgorithmUnsupported, "the engine: the browser's verdict"),
    (Code::LoginRequired, "the engine: no session"),
    (Code::SessionEnded, "the engine: invalid_grant on refresh"),
    (Code::SessionExpired, "the engine: past its life"),
    (Code::ResourceNotGranted, "the engine: knows the grant"),
    (Code::ScopeNotGranted, "the engine: knows the grant"),
    (Code::LockBusy, "the engine: the keeper's word"),
    (Code::CallInvalid, "the wasm boundary"),
    (Code::Aborted, "the engine: the caller gave up"),
    (Code::ClientDisposed, "the engine: disposed"),
];

#[test]
fn every_row_has_a_test() {
    let names: Vec<&str> = MODULES.iter().copied().flatten().map(|(name, _)| *name).collect();
    let shown = |row: &&&str| names.iter().any(|name| name.split('_').any(|part| part == **row));
    let missing: Vec<_> = TABLE.iter().filter(|row| !shown(row)).collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
}

#[test]
fn every_code_is_raised() {
    for (_, test) in MODULES.iter().copied().flatten() {
        test();
    }
    let raised = refusals();
    for code in Code::ALL {
        let elsewhere = RAISED_ELSEWHERE.iter().find(|(other, _)| other == code);
        match (raised.contains(code), elsewhere) {
            (true, None) | (false, Some(_)) => {}
            (true, Some((_, by))) => panic!("{} is raised here, not only by {by}", code.as_str()),
            (false, None) => panic!("no test raises {}", code.as_str()),
        }
    }
}
