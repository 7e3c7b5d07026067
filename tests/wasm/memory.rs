//! What is dropped is gone from linear memory.

use js_sys::Uint8Array;
use tokenward::secret::Secret;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

/// How often a text stands in linear memory. The text is built where no copy of it can lie.
fn copies_of(octets: impl Fn(u32) -> u8, length: u32) -> usize {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let memory = Uint8Array::new(&memory.buffer());
    let starts = (0..memory.length() - length).filter(|at| memory.get_index(*at) == octets(0));
    starts.filter(|at| (0..length).all(|i| memory.get_index(at + i) == octets(i))).count()
}

fn octet(i: u32) -> u8 {
    b'A' + ((i * 7 + 3) % 23) as u8
}

const LENGTH: u32 = 40;

#[wasm_bindgen_test]
fn a_dropped_secret_is_wiped() {
    let text: String = (0..LENGTH).map(|i| char::from(octet(i))).collect();
    let secret = Secret::new(text);
    let copy = secret.duplicate();
    assert!(copies_of(octet, LENGTH) >= 2, "the scan finds what is there");
    drop((secret, copy));
    assert_eq!(copies_of(octet, LENGTH), 0);
}
