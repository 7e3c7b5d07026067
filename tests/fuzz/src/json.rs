//! JSON: accepted exactly when another parser accepts it, no name stands twice and it is not too deep; and read
//! the same.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use tokenward::encoding::json::{Json, write_string};

use crate::support::saw;

/// As deep as arrays and objects may nest.
const MAX_DEPTH: usize = 24;

/// The text.
pub fn run(data: &[u8]) {
    let ours = Json::parse(data);
    let theirs = serde_json::from_slice::<Strict>(data).ok().filter(|json| json.1 <= MAX_DEPTH);
    match (ours, theirs) {
        (Some(ours), Some(Strict(theirs, _))) => {
            saw("JSON read");
            assert!(same(&ours, &theirs), "{ours:?} is not {theirs:?}");
            let written = write(&ours);
            assert_eq!(Json::parse(written.as_bytes()), Some(ours), "{written}");
        }
        (None, None) => saw("JSON refused"),
        (ours, theirs) => panic!("we read {ours:?}, the judge {:?}", theirs.map(|json| json.0)),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let mut out = String::new();
        write_string(&mut out, text);
        assert_eq!(serde_json::from_str::<String>(&out).ok().as_deref(), Some(text));
    }
}

/// The order of members is not compared: there is none in JSON.
fn same(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            let find = |name: &String| theirs.iter().find(|(own, _)| own == name);
            ours.len() == theirs.len()
                && ours.iter().all(|(name, value)| find(name).is_some_and(|(_, other)| same(value, other)))
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        _ => ours == theirs,
    }
}

fn write(json: &Json) -> String {
    let list = |items: Vec<String>| items.join(",");
    let text = |text: &str| {
        let mut out = String::new();
        write_string(&mut out, text);
        out
    };
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => serde_json::to_string(number).expect("a finite number"),
        Json::String(value) => text(value),
        Json::Array(items) => format!("[{}]", list(items.iter().map(write).collect())),
        Json::Object(members) => {
            let member = |(name, value): &(String, Json)| format!("{}:{}", text(name), write(value));
            format!("{{{}}}", list(members.iter().map(member).collect()))
        }
    }
}

/// A value without repeated names, and how deep it nests.
struct Strict(Json, usize);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Json::Null, 0))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Json::Bool(value), 0))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(Json::Number(value as f64), 0))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(Json::Number(value as f64), 0))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(Json::Number(value), 0))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Json::String(value.to_owned()), 0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Strict, A::Error> {
        let (mut items, mut deepest) = (Vec::new(), 0);
        while let Some(Strict(item, depth)) = from.next_element()? {
            items.push(item);
            deepest = deepest.max(depth);
        }
        Ok(Strict(Json::Array(items), deepest + 1))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Strict, A::Error> {
        let (mut members, mut names, mut deepest) = (Vec::new(), HashSet::new(), 0);
        while let Some((name, Strict(value, depth))) = from.next_entry::<String, Strict>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a name stands twice"));
            }
            members.push((name, value));
            deepest = deepest.max(depth);
        }
        Ok(Strict(Json::Object(members), deepest + 1))
    }
}
