//! The moments at which time may have passed unnoticed, or the network changed.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::encoding::text::list;
use crate::engine::input::Input;

use super::driver::Driver;
use super::globals::{global, property, this_realm};

const GLOBAL_EVENTS: &str = "pageshow online offline";
const DOCUMENT_EVENTS: &str = "visibilitychange resume";

/// Listens until it is ended.
pub(super) struct Lifecycle {
    listener: Closure<dyn FnMut(JsValue)>,
}

impl Lifecycle {
    pub(super) fn new(driver: &'static Driver) -> Self {
        let listener = Closure::new(move |event: JsValue| {
            if let Some(input) = meaning(&event) {
                driver.feed(input);
            }
        });
        let lifecycle = Self { listener };
        lifecycle.each(|target, name, listener| {
            let _ = target.add_event_listener_with_callback(name, listener);
        });
        lifecycle
    }

    fn each(&self, act: fn(&EventTarget, &str, &Function)) {
        // A worker has no document.
        for (target, names) in [(Some(this_realm()), GLOBAL_EVENTS), (global("document"), DOCUMENT_EVENTS)] {
            let Some(target) = target else { continue };
            for name in list(names) {
                act(target.unchecked_ref(), name, self.listener.as_ref().unchecked_ref());
            }
        }
    }

    pub(super) fn end(&self) {
        self.each(|target, name, listener| {
            let _ = target.remove_event_listener_with_callback(name, listener);
        });
    }
}

/// Whether the browser says there is a network; yes when it says nothing.
pub(super) fn is_online() -> bool {
    global("navigator").is_none_or(|navigator| property(&navigator, "onLine") != JsValue::FALSE)
}

fn meaning(event: &JsValue) -> Option<Input> {
    match property(event, "type").as_string().unwrap_or_default().as_str() {
        "online" => Some(Input::Online(true)),
        "offline" => Some(Input::Online(false)),
        "pageshow" if property(event, "persisted").is_truthy() => Some(Input::Restored),
        "visibilitychange" if global("document").is_some_and(|d| property(&d, "hidden").is_truthy()) => None,
        _ => Some(Input::Resumed),
    }
}
