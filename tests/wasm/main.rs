//! The browser shell in a real browser: what native tests cannot reach. The whole flow against a real
//! server is the end-to-end suite's.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod exchange;
mod json_door;
mod memory;
mod support;
mod transactions;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
