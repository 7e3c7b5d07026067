//! The authorization response: RFC 6749 section 4.1.2, RFC 9207, OIDC Core 3.1.2.5 and 3.1.2.6.

use crate::config::Config;
use crate::encoding::text::{cut, is_one_of, pieces};
use crate::encoding::{form, url};
use crate::error::{Code, Error, Result};
use crate::protocol::authorize::STATE_PREFIX;
use crate::protocol::discovery::Metadata;
use crate::protocol::logout;
use crate::secret::Secret;

/// Nothing a server sends in a URL is longer.
const MAX_LENGTH: usize = 256 * 1024;

/// What a URL turned out to be. `clean` is the URL to show instead.
#[derive(Debug)]
pub enum Arrival {
    /// Nothing for this client; the URL stays as it is.
    NotOurs,
    /// The way back from logout.
    FromLogout {
        /// Without our parameter.
        clean: String,
    },
    /// Something that must be scrubbed and refused whatever is pending.
    Refused {
        /// Without any parameter of the response.
        clean: String,
        /// Why.
        error: Error,
    },
    /// Looks like a response, but without a state of ours: it counts (as refused) only when a login is
    /// pending in this tab; otherwise it is some other code's business.
    Foreign {
        /// Without any parameter of the response.
        clean: String,
        /// Why, if it counts.
        error: Error,
    },
    /// A response with a state of ours.
    Response(Response),
}

/// A response to be matched with its transaction.
#[derive(Debug)]
pub struct Response {
    /// Without any parameter of the response.
    pub clean: String,
    /// Which transaction it answers.
    pub state: String,
    iss: Option<String>,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Code(Secret),
    Error { code: String, description: Option<String> },
    Malformed,
}

/// Parameters of a response; all of them go when the URL is cleaned.
const RESPONSE_PARAMETERS: &str = "code state iss error error_description error_uri session_state";

/// Parameters that make a response one with tokens, and what comes beside them.
const TOKENS: &str = "access_token id_token refresh_token";
const BESIDE_TOKENS: &str = "token_type expires_in scope";

/// Recognises what the page's URL carries.
pub fn recognise(page_url: &str, config: &Config) -> Arrival {
    let (base, fragment) = cut(page_url, b'#');
    let (path, query) = cut(base, b'?');
    let (query, fragment) = (query.unwrap_or_default(), fragment.unwrap_or_default());
    let at_home = is_redirect_uri(path, &config.redirect_uri);
    // Tokens in the URL are scrubbed wherever they are found, and never used; the rest of such a response
    // goes with them, so that nothing of it is redeemed after a reload. Routers that live in the fragment
    // put a path of their own in front.
    if pieces(fragment, b'?').any(has_token) || (at_home && has_token(query)) {
        let mut query = filtered(query, &|pair| !is_token(pair));
        if at_home {
            query = without(&without(&query, RESPONSE_PARAMETERS), BESIDE_TOKENS);
        }
        let clean = rebuilt(path, &query, "");
        return Arrival::Refused { clean, error: Error::new(Code::FrontChannelTokens) };
    }
    if page_url.len() > MAX_LENGTH {
        let error = Error::at(Code::CallbackMalformed, "length");
        let ours = at_home && has(query, "state");
        return if ours { Arrival::Refused { clean: path.to_owned(), error } } else { Arrival::NotOurs };
    }
    if !at_home {
        return logout_return(path, query, fragment);
    }
    // Only the query is the response mode of this client: what comes in the fragment is scrubbed, not used,
    // and makes what is in the query doubtful.
    if has(fragment, "code error") && has_state_of(fragment, STATE_PREFIX) {
        let clean = rebuilt(path, &without(query, RESPONSE_PARAMETERS), "");
        return Arrival::Refused { clean, error: Error::at(Code::CallbackMalformed, "fragment") };
    }
    if !has(query, "code error") {
        return logout_return(path, query, fragment);
    }
    // An error answer appended by OAuth servers of old style may bring a fragment of the page's own; it stays.
    let clean = rebuilt(path, &without(query, RESPONSE_PARAMETERS), fragment);
    let Some(params) = form::parse(query) else {
        return Arrival::Foreign { clean, error: Error::at(Code::CallbackMalformed, "encoding") };
    };
    let state = match single(&params, "state") {
        Some(state) if state.starts_with(STATE_PREFIX) => state.to_owned(),
        Some("") => return Arrival::Foreign { clean, error: Error::new(Code::StateMissing) },
        Some(_) => return Arrival::Foreign { clean, error: Error::new(Code::StateUnknown) },
        None => return Arrival::Foreign { clean, error: Error::at(Code::CallbackMalformed, "state") },
    };
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (code, error) = (single(&params, "code"), single(&params, "error"));
    let (iss, outcome) = match (code.map(given), error.map(given), single(&params, "iss")) {
        (Some(Some(code)), Some(None), Some(iss)) => (given(iss), Outcome::Code(Secret::new(code))),
        (Some(None), Some(Some(code)), Some(iss)) => {
            let description = single(&params, "error_description").and_then(given);
            (given(iss), Outcome::Error { code, description })
        }
        _ => (None, Outcome::Malformed),
    };
    Arrival::Response(Response { clean, state, iss, outcome })
}

/// The value of a parameter; empty when it is absent, which is the same (RFC 6749 3.1). `None` when it is
/// there more than once.
fn single<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = None;
    for (own, value) in params {
        if own == name && found.replace(value.as_str()).is_some() {
            return None;
        }
    }
    Some(found.unwrap_or_default())
}

fn logout_return(path: &str, query: &str, fragment: &str) -> Arrival {
    if has_state_of(query, logout::STATE_PREFIX) {
        return Arrival::FromLogout { clean: rebuilt(path, &without(query, "state"), fragment) };
    }
    Arrival::NotOurs
}

impl Response {
    /// Validates the response against the issuer of its transaction, which is this client's only one.
    ///
    /// # Errors
    /// `iss_mismatch`, `iss_missing`, `callback_malformed`, `authorization_refused`, `interaction_required`.
    pub fn validate(self, config: &Config, metadata: &Metadata) -> Result<Secret> {
        // RFC 9207 2.4: simple string comparison; absence is refused where the server announces it. What
        // came without being announced is accepted only when it is equal. First of all, so that an
        // error of another server is not taken for one of ours.
        match &self.iss {
            Some(iss) if *iss != config.issuer => return Err(Error::new(Code::IssMismatch)),
            None if metadata.announces_iss && !matches!(self.outcome, Outcome::Malformed) => {
                return Err(Error::new(Code::IssMissing));
            }
            _ => {}
        }
        match self.outcome {
            Outcome::Code(code) => Ok(code),
            Outcome::Malformed => Err(Error::new(Code::CallbackMalformed)),
            Outcome::Error { code, description } => {
                // OIDC Core 3.1.2.6: what prompt=none answers when the user is needed.
                const INTERACTION: &str =
                    "login_required interaction_required consent_required account_selection_required";
                let own = if is_one_of(&code, INTERACTION) {
                    Code::InteractionRequired
                } else {
                    Code::AuthorizationRefused
                };
                Err(Error::new(own).with_server_words(&code, description.as_deref()))
            }
        }
    }
}

/// Whether the page is where responses go. A browser puts a path where the redirect URI has none.
fn is_redirect_uri(path: &str, redirect_uri: &str) -> bool {
    let wanted = url::without_query(redirect_uri);
    path == wanted
        || (path.strip_suffix('/') == Some(wanted) && url::parse(wanted).is_some_and(|p| p.path.is_empty()))
}

fn has(query: &str, wanted: &str) -> bool {
    pieces(query, b'&').any(|pair| is_one_of(&name_of(pair), wanted))
}

fn has_token(query: &str) -> bool {
    pieces(query, b'&').any(is_token)
}

/// Whether a pair is a token, which a router may have put behind the slash of a path.
fn is_token(pair: &str) -> bool {
    let slashes = pair.bytes().take_while(|b| *b == b'/').count();
    cut(pair, b'=').1.is_some() && is_one_of(&name_of(pair.get(slashes..).unwrap_or_default()), TOKENS)
}

fn has_state_of(query: &str, prefix: &str) -> bool {
    let value = |pair| cut(pair, b'=').1.and_then(form::decode);
    pieces(query, b'&')
        .any(|pair| name_of(pair) == "state" && value(pair).is_some_and(|v| v.starts_with(prefix)))
}

/// The decoded name of a pair; empty when it cannot be decoded.
fn name_of(pair: &str) -> String {
    form::decode(cut(pair, b'=').0).unwrap_or_default()
}

fn without(query: &str, removed: &str) -> String {
    filtered(query, &|pair| !is_one_of(&name_of(pair), removed))
}

fn filtered(query: &str, stays: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for pair in pieces(query, b'&') {
        if !pair.is_empty() && stays(pair) {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(pair);
        }
    }
    out
}

fn rebuilt(path: &str, query: &str, fragment: &str) -> String {
    let mut out = path.to_owned();
    for (mark, part) in [('?', query), ('#', fragment)] {
        if !part.is_empty() {
            out.push(mark);
            out.push_str(part);
        }
    }
    out
}
