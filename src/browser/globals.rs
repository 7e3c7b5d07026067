//! Functions that exist in windows and in workers alike.

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The global object.
    #[wasm_bindgen(js_name = globalThis)]
    type Realm;

    #[wasm_bindgen(static_method_of = Realm, getter, js_class = "globalThis", js_name = self)]
    pub(super) fn itself() -> JsValue;

    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    fn reflect_get(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &Function, delay: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn monotonic() -> f64;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    pub(super) fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = verify)]
    pub(super) fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &[u8],
        data: &[u8],
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = digest)]
    pub(super) fn digest(hash: &str, data: &[u8]) -> Result<Promise, JsValue>;

    /// Octets on the JavaScript side.
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    pub(super) type Octets;

    /// Those of an `ArrayBuffer`.
    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    pub(super) fn new(buffer: &JsValue) -> Octets;

    /// Copied once.
    #[wasm_bindgen(method)]
    pub(super) fn slice(this: &Octets) -> Vec<u8>;
}

/// The global object, in windows and workers.
pub(super) fn this_realm() -> JsValue {
    Realm::itself()
}

/// A property of the global object, if it is there and may be had.
pub(super) fn global(name: &str) -> Option<JsValue> {
    let value = property(&this_realm(), name);
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A property; `undefined` when it is not there or may not be had.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    reflect_get(object, name).unwrap_or_default()
}

/// What a promise comes to, if there is one.
pub(super) async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}
