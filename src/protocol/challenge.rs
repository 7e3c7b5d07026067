//! `WWW-Authenticate`, RFC 9110 section 11.6.1: what a resource server wants instead. Several challenges may
//! stand in one field, and several fields come joined by commas.

use crate::encoding::json::{Json, member};
use crate::encoding::text::{all, contains, cut, digits, from_utf8, words};
use crate::error::Error;
use crate::protocol::http::HttpResponse;
use crate::protocol::id_token::oldest;
use crate::protocol::scope::Scope;
use crate::time::Now;

/// A longer field is nothing a server sends in good faith.
const MAX_LENGTH: usize = 8 * 1024;

/// RFC 9470 section 3.
const INSUFFICIENT: &str = "insufficient_user_authentication";

/// More names of ways to authenticate are nothing a login should carry.
const MAX_VALUES: usize = 1024;

/// The name under which a challenge has its scheme.
pub const SCHEME: &str = "";

/// Reads a field: each challenge is an object of texts, names and scheme in lower case. `None` for a field that
/// breaks the grammar: half understood, it would be guesswork.
pub fn parse(field: &str) -> Option<Vec<Json>> {
    let mut challenges = Vec::new();
    let mut rest = Some(field);
    if field.len() > MAX_LENGTH {
        return None;
    }
    while let Some(text) = rest {
        let (element, after) = cut_element(text);
        rest = after;
        let element = element.trim_ascii();
        // Section 5.6.1.2: elements of the list may be empty.
        if element.is_empty() {
            continue;
        }
        let mut named = param(element);
        if named.is_none() {
            let (scheme, value) = cut(element, b' ');
            let value = value.unwrap_or_default().trim_ascii();
            if !is_token(scheme) {
                return None;
            }
            challenges.push(Json::Object(vec![text_member(SCHEME, scheme.to_ascii_lowercase())]));
            named = param(value);
            if named.is_none() && !is_token68(value) {
                return None;
            }
        }
        if let Some(named) = named {
            let Some(Json::Object(members)) = challenges.last_mut() else { return None };
            // Section 11.2: each name once.
            if member(members, &named.0).is_some() {
                return None;
            }
            members.push(named);
        }
    }
    Some(challenges)
}

/// What a resource server says of a request it refused (RFC 6750 section 3), where CORS lets it be read.
pub fn with_words(error: Error, response: &HttpResponse) -> Error {
    if !crate::WHOLE {
        return error;
    }
    let challenges = response.challenge.as_deref().and_then(parse).unwrap_or_default();
    match challenges.iter().find(|challenge| challenge.text("error").is_some()) {
        Some(challenge) => {
            let word = challenge.text("error").unwrap_or_default();
            error.with_server_words(word, challenge.text("error_description"))
        }
        None => error,
    }
}

/// What an API wants of the user before it answers (RFC 9470 section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    /// Ways of authentication of which one will do; empty for any.
    pub acr_values: Vec<String>,
    /// How many seconds ago the user may have authenticated.
    pub max_age: Option<i64>,
    /// What the token must be good for.
    pub scope: Option<Scope>,
}

impl StepUp {
    /// Reads a field of a 401. `None` when it asks for no step-up, or for one that no login could bring.
    pub fn of_challenge(field: &str) -> Option<Self> {
        let challenges = parse(field)?;
        // Section 3: of any scheme.
        let own = challenges.iter().find(|challenge| challenge.text("error") == Some(INSUFFICIENT))?;
        let acr_values = own.text("acr_values").map(words).unwrap_or_default();
        let max_age = match own.text("max_age") {
            Some(text) => Some(i64::from(i32::try_from(digits(text)?).ok()?)),
            None => None,
        };
        let scope = match own.text("scope") {
            Some(text) => Some(Scope::parse(text).filter(|scope| !scope.is_empty())?),
            None => None,
        };
        let legal = |value: &String| all(value, |b| b.is_ascii_graphic());
        let asks = !acr_values.is_empty() || max_age.is_some();
        let length = own.text("acr_values").map_or(0, str::len);
        (asks && length <= MAX_VALUES && acr_values.iter().all(legal)).then_some(Self {
            acr_values,
            max_age,
            scope,
        })
    }

    /// Whether the user has authenticated so: another login would bring nothing new (section 5).
    pub fn is_met(&self, acr: Option<&str>, auth_time: Option<f64>, leeway: i64, now: Now) -> bool {
        let in_a_way = self.acr_values.is_empty() || acr.is_some_and(|acr| contains(&self.acr_values, acr));
        let recently =
            self.max_age.is_none_or(|age| auth_time.is_some_and(|at| at >= oldest(age, leeway, now)));
        in_a_way && recently
    }
}

/// Up to a comma outside of quotes, and what is behind it.
fn cut_element(text: &str) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' if !quoted => return (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            _ => {}
        }
    }
    (text, None)
}

/// `name = value`, section 11.2.
fn param(text: &str) -> Option<(String, Json)> {
    let (name, value) = cut(text, b'=');
    let (name, value) = (name.trim_ascii_end(), value?.trim_ascii_start());
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => Some(value).filter(|value| is_token(value))?.to_owned(),
    };
    is_token(name).then(|| text_member(&name.to_ascii_lowercase(), value))
}

fn text_member(name: &str, value: String) -> (String, Json) {
    (name.to_owned(), Json::String(value))
}

/// What is left of a quoted string, up to the mark that ends it and the text (section 5.6.4).
fn unquoted(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    loop {
        let byte = match bytes.next()? {
            b'"' => break,
            b'\\' => bytes.next()?,
            byte => byte,
        };
        if byte != b'\t' && byte.is_ascii_control() {
            return None;
        }
        out.push(byte);
    }
    if bytes.next().is_some() { None } else { from_utf8(&out) }
}

/// Section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && all(
            text,
            |b| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'z' | b'|' | b'~' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.'),
        )
}

/// Section 11.2; also nothing at all.
fn is_token68(text: &str) -> bool {
    let (text, padding) = cut(text, b'=');
    all(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
        && padding.is_none_or(|padding| !text.is_empty() && all(padding, |b| b == b'='))
}
