//! The one door for JSON. What it lets in is decided here: one value, nesting bounded, no member name twice
//! (RFC 7519 section 4). Behind it stands the parser of the platform: the
//! browser's own, which costs no bytes, or serde_json where there is no browser. Numbers are `f64`.

use std::ops::Deref;
use std::rc::Rc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::encoding::text::from_utf8;

/// Nothing that this client reads nests deeper.
pub(crate) const MAX_DEPTH: usize = 24;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, and JavaScript's `undefined`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object; each name stands once, order is kept.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Parses UTF-8 text. `None` for anything but one well-formed value.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = from_utf8(bytes)?;
        let names = count_names(&text)?;
        // The parser lets the last of two members of one name win, however each is spelt: one is missing then.
        platform::parse(&text).filter(|json| json.count_members() == names)
    }

    /// The value as text.
    pub fn to_text(&self) -> String {
        platform::write(self)
    }

    /// How many members there are, at every depth.
    fn count_members(&self) -> usize {
        let mut count = 0;
        match self {
            Self::Array(items) => items.iter().for_each(|item| count += item.count_members()),
            Self::Object(members) => members.iter().for_each(|(_, value)| count += 1 + value.count_members()),
            _ => {}
        }
        count
    }

    /// The member of that name; `None` when it is absent or null, or when this is no object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        member(self.members()?, name)
    }

    /// Takes a member out; `None` when it is absent or null, or when this is no object.
    pub fn take(&mut self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        let at = members.iter().position(|(own, value)| own == name && !matches!(value, Self::Null))?;
        Some(members.remove(at).1)
    }

    /// The texts of an array of nothing else.
    pub fn texts(&self) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for item in self.as_array()? {
            texts.push(item.as_str()?.to_owned());
        }
        Some(texts)
    }

    /// The text of the member of that name; `None` when it is anything else.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The members of an object.
    pub fn members(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

/// A value that several hold. It never changes, and is equal only to itself.
#[derive(Clone, Debug)]
pub struct Shared(Rc<Json>);

impl From<Json> for Shared {
    fn from(value: Json) -> Self {
        Self(Rc::new(value))
    }
}

impl Deref for Shared {
    type Target = Json;

    fn deref(&self) -> &Json {
        &self.0
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The member of that name, unless it is absent or null.
pub fn member<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    match members.iter().find(|(n, _)| n == name)? {
        (_, Json::Null) => None,
        (_, value) => Some(value),
    }
}

/// A JSON string literal appended to `out`.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                out.push_str("\\u00");
                out.push_str(if c < '\u{10}' { "0" } else { "1" });
                out.push(char::from(b"0123456789abcdef"[c as usize & 15]));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Counts the names in text that is JSON; `None` when it nests too deep. Text that is no JSON may pass: the
/// parser behind refuses it.
fn count_names(text: &str) -> Option<usize> {
    let (mut names, mut depth, mut in_string) = (0, 0, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            _ if in_string => {}
            b'{' | b'[' if depth == MAX_DEPTH => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            // Outside of strings a colon stands behind every name, and nowhere else.
            b':' => names += 1,
            _ => {}
        }
    }
    Some(names)
}

#[cfg(target_arch = "wasm32")]
mod platform {
    use js_sys::{Array, JSON, Object};
    use serde::Serialize;
    use serde_wasm_bindgen::Serializer;
    use wasm_bindgen::{JsCast, JsValue};

    use super::{Json, MAX_DEPTH};

    pub(super) fn parse(text: &str) -> Option<Json> {
        from_js(&JSON::parse(text).ok()?, MAX_DEPTH)
    }

    pub(super) fn write(value: &Json) -> String {
        let plain = value.serialize(&Serializer::json_compatible()).unwrap_or_default();
        JSON::stringify(&plain).map(String::from).unwrap_or_default()
    }

    /// Reads plain data: own enumerable members, arrays, primitives. `None` for everything else.
    pub(crate) fn from_js(value: &JsValue, depth: usize) -> Option<Json> {
        if value.is_null() || value.is_undefined() {
            return Some(Json::Null);
        }
        if let Some(text) = value.as_string() {
            return Some(Json::String(text));
        }
        if let Some(flag) = value.as_bool() {
            return Some(Json::Bool(flag));
        }
        if let Some(number) = value.as_f64() {
            return number.is_finite().then_some(Json::Number(number));
        }
        let depth = depth.checked_sub(1)?;
        if let Some(array) = value.dyn_ref::<Array>() {
            let mut items = Vec::new();
            for index in 0..array.length() {
                items.push(from_js(&array.get(index), depth)?);
            }
            return Some(Json::Array(items));
        }
        if !value.is_object() {
            return None;
        }
        let entries = Object::entries(value.unchecked_ref());
        let mut members = Vec::new();
        for index in 0..entries.length() {
            let entry: Array = entries.get(index).unchecked_into();
            members.push((entry.get(0).as_string()?, from_js(&entry.get(1), depth)?));
        }
        Some(Json::Object(members))
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    use super::Json;

    pub(super) fn parse(text: &str) -> Option<Json> {
        Some(convert(serde_json::from_str(text).ok()?))
    }

    pub(super) fn write(value: &Json) -> String {
        serde_json::to_string(value).unwrap_or_default()
    }

    fn convert(value: serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(flag) => Json::Bool(flag),
            serde_json::Value::Number(number) => Json::Number(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Json::String(text),
            serde_json::Value::Array(items) => Json::Array(items.into_iter().map(convert).collect()),
            serde_json::Value::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (name, convert(value))).collect())
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use platform::from_js;

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(value) => to.serialize_f64(*value),
            Self::String(value) => to.serialize_str(value),
            Self::Array(items) => to.collect_seq(items),
            Self::Object(members) => {
                let mut map = to.serialize_map(None)?;
                for (name, value) in members {
                    // Members are assigned, and this one would be the object's prototype. As a member it would
                    // become the prototype of whatever an app assigns it to: it is not given out at all.
                    if name != "__proto__" {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_send() {
        let json = Json::parse(br#"{"a":[1,-2.5,"x\u00e9",null,true],"b":{}}"#).unwrap();
        assert_eq!(json.member("a").unwrap().as_array().unwrap().len(), 5);
        assert_eq!(json.member("missing"), None);
        assert_eq!(json.member("b").unwrap().members(), Some(&[][..]));
    }

    #[test]
    fn refuses_ambiguity_and_excess() {
        assert_eq!(Json::parse(br#"{"sub":"a","sub":"b"}"#), None);
        assert_eq!(Json::parse(br#"{"a":{"b":1,"b":1}}"#), None);
        assert_eq!(Json::parse(b"{} {}"), None);
        assert_eq!(Json::parse(br#"{"exp":1e400}"#), None);
        assert_eq!(Json::parse(b"\xff"), None);
        assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), None);
        assert_eq!(Json::parse(format!("{}{}", "[".repeat(25), "]".repeat(25)).as_bytes()), None);
        assert!(Json::parse(format!("{}{}", "[".repeat(24), "]".repeat(24)).as_bytes()).is_some());
        // In another spelling, too; and escaped names are names.
        assert_eq!(Json::parse(br#"{"sub":"a","\u0073ub":"b"}"#), None);
        assert_eq!(Json::parse(br#"[{"a":1},{"a":{"x\/":1,"x/":2}}]"#), None);
        assert!(
            Json::parse(br#"{"https:\/\/example.com\/roles":["a:b",":","\"x\":"],"a":{"a":{}}}"#).is_some()
        );
    }

    #[test]
    fn written_strings_read_back() {
        for text in ["", "a\"b\\c", "\u{0}\n\u{1f}\u{7f}é😀</script>"] {
            let mut out = String::new();
            write_string(&mut out, text);
            assert_eq!(Json::parse(out.as_bytes()), Some(Json::String(text.to_owned())));
        }
    }
}
