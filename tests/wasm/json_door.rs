//! The parser that ships is the browser's: it must give what serde_json gives in native tests.

use tokenward::encoding::json::Json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn reads_what_servers_send() {
    let json = Json::parse(br#"{"a":[1,-2.5,"x\u00e9",null,true],"b":{},"__proto__":{"c":1}}"#).unwrap();
    let items = json.member("a").unwrap().as_array().unwrap();
    let expected =
        [Json::Number(1.0), Json::Number(-2.5), Json::String("xé".into()), Json::Null, Json::Bool(true)];
    assert_eq!(items, expected);
    assert_eq!(json.member("b").unwrap().members(), Some(&[][..]));
    assert_eq!(json.member("c"), None, "what looks like a prototype is a member like any other");
    assert!(json.member("__proto__").is_some());
}

#[wasm_bindgen_test]
fn b12_c17_refuses_ambiguity_and_excess() {
    let deep = [vec![b'['; 25], vec![b']'; 25]].concat();
    for bad in [
        &br#"{"sub":"a","sub":"b"}"#[..],
        br#"{"a":{"b":1,"b":1}}"#,
        b"{} {}",
        b"{",
        b"",
        br#"{"exp":1e400}"#,
        b"\xff",
        b"[1,]",
        b"NaN",
        &[b'['; 100_000],
        &deep,
    ] {
        assert_eq!(Json::parse(bad), None);
    }
}
