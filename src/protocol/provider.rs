//! Token answers that are nearly what the specification says. Each repair has a name and is made only when the option
//! `repairs` asks for it: a server that needs none keeps the whole strictness.

use crate::encoding::form;
use crate::encoding::json::{Json, write_string};
use crate::encoding::text::{cut, from_utf8, pieces, place, spaced};
use crate::protocol::http::HttpResponse;
use crate::protocol::scope::Scope;

/// One repair; also its place in [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Answers in form encoding are read (GitHub).
    FormAnswer,
    /// Scope as a list, with commas, or in a member named `scopes` (Twitch, GitHub, Bitbucket).
    ScopeList,
    /// `BearerToken` is Bearer (Apigee).
    BearerType,
    /// Errors under other names, and other words for a refresh token that is no good any more (Apigee, GitHub, Monzo,
    /// Twitch).
    ErrorNames,
    /// A refresh repeats the scope of the login, whose answer lists only a part of it (Entra ID, Azure AD B2C).
    ScopeOnRefresh,
}

/// The names of the repairs in the option.
pub const NAMES: &str = "form-answer scope-list bearer-type error-names scope-on-refresh";

/// What the servers say of a refresh token that is expired, used up or revoked.
const DEAD: &str =
    "bad_refresh_token|unauthorized.bad_refresh_token|invalid refresh token|refresh token expired";

/// The repairs that are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs(u8);

impl Repairs {
    /// Adds one; `false` when no repair has that name.
    pub fn add(&mut self, name: &str) -> bool {
        let place = place(name, NAMES);
        self.0 |= place.map_or(0, |place| 1 << place);
        place.is_some()
    }

    /// Whether it is made.
    pub fn include(self, repair: Repair) -> bool {
        crate::WHOLE && self.0 & (1 << repair as u8) != 0
    }
}

/// The object in a token answer.
pub fn read(response: &HttpResponse, repairs: Repairs) -> Option<Json> {
    let json = if response.is_json() {
        Json::parse(&response.body)?
    } else if repairs.include(Repair::FormAnswer)
        && response.media_type() == "application/x-www-form-urlencoded"
    {
        from_form(&response.body)?
    } else {
        return None;
    };
    json.is_object().then_some(json)
}

/// The parameters as texts of an object. Its parser refuses one that is there twice (RFC 6749 3.2).
fn from_form(body: &[u8]) -> Option<Json> {
    let mut text = String::from("{");
    for (name, value) in form::parse(&from_utf8(body)?)? {
        if text.len() > 1 {
            text.push(',');
        }
        write_string(&mut text, &name);
        text.push(':');
        write_string(&mut text, &value);
    }
    text.push('}');
    Json::parse(text.as_bytes())
}

/// The error in an answer, and its description.
pub fn refusal(json: &Json, repairs: Repairs) -> Option<(&str, Option<&str>)> {
    let (error, description) = (json.member("error"), json.text("error_description"));
    if !repairs.include(Repair::ErrorNames) || json.member("access_token").is_some() {
        return Some((error?.as_str().unwrap_or("unknown"), description));
    }
    let error = error.or(json.member("ErrorCode")).or(json.member("code")).or(json.member("message"))?;
    let error = error.as_str().unwrap_or("unknown");
    let description = description.or(json.text("Error")).or(json.text("message"));
    let dead = |text: &str| pieces(DEAD, b'|').any(|words| words.eq_ignore_ascii_case(text));
    // Monzo says after a further dot what became of the token.
    let evicted = error.strip_suffix(".evicted").unwrap_or(error);
    if dead(evicted) || description.is_some_and(dead) {
        return Some(("invalid_grant", description));
    }
    Some((error, description))
}

/// Whether a token of this type is used as a Bearer token (RFC 6749 7.1: case-insensitive).
pub fn is_bearer(kind: &str, repairs: Repairs) -> bool {
    kind.eq_ignore_ascii_case("Bearer")
        || (repairs.include(Repair::BearerType) && kind.eq_ignore_ascii_case("BearerToken"))
}

/// The granted scope. `None`: as asked for.
pub fn scope(json: &Json, repairs: Repairs) -> Option<Scope> {
    if repairs.include(Repair::ScopeOnRefresh) {
        return None;
    }
    let (mut value, mut list, mut mark) = (json.member("scope"), None, b' ');
    if repairs.include(Repair::ScopeList) {
        value = value.or(json.member("scopes"));
        list = value?.texts().map(|list| spaced(&list));
        if value?.as_str().is_some_and(|text| cut(text, b',').1.is_some()) {
            mark = b',';
        }
    }
    let text = list.as_deref().or(value?.as_str())?;
    Scope::parse_by(text, mark).filter(|scope| !scope.is_empty())
}
