//! Functions that exist in windows and in workers alike.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn monotonic() -> f64;

    /// Octets on the JavaScript side.
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    pub(super) type Octets;

    /// Copied once.
    #[wasm_bindgen(method)]
    pub(super) fn slice(this: &Octets) -> Vec<u8>;
}

/// What a promise comes to, if there is one.
pub(super) async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}
