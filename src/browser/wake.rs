//! The one wake-up: `setTimeout`, replaced whenever the engine asks for another.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::engine::input::Input;
use crate::time::Millis;

use super::driver::Driver;
use super::globals::{clear_timeout, set_timeout};

/// `setTimeout` counts in a signed 32-bit number; beyond it a wait would end at once.
const LONGEST: Millis = i32::MAX as Millis;

pub(super) struct Wake {
    callback: Closure<dyn FnMut(JsValue)>,
    timer: RefCell<Option<JsValue>>,
}

impl Wake {
    pub(super) fn new(driver: &'static Driver) -> Self {
        // Timers call without arguments; with one, all callbacks of the module share their shim.
        let callback = Closure::new(move |_: JsValue| driver.feed(Input::Tick));
        Self { callback, timer: RefCell::new(None) }
    }

    /// Wakes up after so long, or earlier; `None`: not at all.
    pub(super) fn set(&self, after: Option<Millis>) {
        if let Some(timer) = self.timer.take() {
            clear_timeout(&timer);
        }
        if let Some(after) = after {
            let delay = i32::try_from(after.min(LONGEST)).unwrap_or(i32::MAX);
            let timer = set_timeout(self.callback.as_ref().unchecked_ref(), delay);
            self.timer.replace(Some(timer));
        }
    }
}
