//! The clocks and the randomness that are lent to the engine.

use crate::engine::input::Entropy;
use crate::time::{Millis, Now};

use super::globals::monotonic;

/// Reads both clocks.
pub(super) fn now() -> Now {
    Now { wall: millis(js_sys::Date::now()), mono: millis(monotonic()) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn millis(value: f64) -> Millis {
    value as Millis
}

/// The browser's cryptographic randomness.
#[derive(Debug)]
pub(super) struct Random;

impl Entropy for Random {
    fn fill(&mut self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Without randomness there is no state, nonce or verifier worth having.
            panic!("no randomness");
        }
    }
}
