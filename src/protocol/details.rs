//! Authorization details: RFC 9396.

use crate::config::Record;
use crate::encoding::json::Json;

/// More than this, counted in characters and a little for each value, is nothing to remember with a session.
const MAX_WEIGHT: usize = 32 * 1024;

/// What a token answer says of the details that are granted (section 7). The server may grant less than was asked
/// for, more of it, or what it made of the scope, also of other types: what it says is what is granted.
#[derive(Debug)]
pub enum Granted {
    /// Nothing.
    Unsaid,
    /// This list.
    Details(Json),
    /// Something that cannot be one.
    Malformed,
}

/// The option `authorizationDetails`: the text of a list with at least one entry, and the text that is sent (section 2).
pub fn requested<'a>(record: &mut Record<'a>) -> Option<&'a str> {
    let text = record.get("authorizationDetails")?.as_str().unwrap_or_default();
    let is_good = |json: Json| is_list(&json) && json != Json::Array(Vec::new());
    record.extra("authorizationDetails", true);
    if crate::WHOLE && !Json::parse(text.as_bytes()).is_some_and(is_good) {
        record.wrong("authorizationDetails");
    }
    Some(text)
}

/// Reads a token answer.
pub fn granted(answer: &Json) -> Granted {
    match answer.member("authorization_details").filter(|_| crate::WHOLE) {
        None => Granted::Unsaid,
        Some(list) if is_list(list) => Granted::Details(list.clone()),
        Some(_) => Granted::Malformed,
    }
}

/// What was granted before, read back.
pub(crate) fn restored(text: &str) -> Option<Json> {
    Json::parse(text.as_bytes()).filter(is_list)
}

/// Section 2: objects, each with a `type`.
fn is_list(json: &Json) -> bool {
    let is_detail = |item: &Json| item.text("type").is_some_and(|kind| !kind.is_empty());
    json.as_array().is_some_and(|items| items.iter().all(is_detail)) && weight(json) <= MAX_WEIGHT
}

fn weight(json: &Json) -> usize {
    let mut sum = 8;
    match json {
        Json::String(text) => sum += text.len(),
        Json::Array(items) => items.iter().for_each(|item| sum += weight(item)),
        Json::Object(members) => members.iter().for_each(|(name, value)| sum += name.len() + weight(value)),
        _ => {}
    }
    sum
}
