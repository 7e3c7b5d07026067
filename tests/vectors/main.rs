//! The protocol layer against published vectors, against signatures made by another implementation,
//! and against every hostile answer it must refuse, each with its code.
//!
//! A test that shows a row of the hostile-server table begins with the row's name. `coverage` checks that no row
//! and no error code of this layer is left out.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod callback;
mod challenge;
mod clocks;
mod coverage;
mod device;
mod discovery;
mod dpop;
mod encodings;
mod exchange;
mod id_token;
mod options;
mod par;
mod providers;
mod record;
mod requests;
mod rfc_vectors;
mod scopes;
mod signatures;
mod signer;
mod support;
mod token;
mod transaction;
mod userinfo;
