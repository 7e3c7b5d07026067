//! DPoP, RFC 9449: proof of possession of a key, with every request that shows a token or gets one. What is decided
//! is decided here: when a proof is due, with which nonce, and whether a refusal is worth another. The proof itself
//! is put together where the key is, outside of this module's memory.

use crate::WHOLE;
use crate::encoding::json::Json;
use crate::encoding::text::{all, contains};
use crate::error::{Code, Error, Result};
use crate::protocol::challenge::{self, SCHEME};
use crate::protocol::discovery::Metadata;
use crate::protocol::http::{HttpResponse, Purpose};

/// A longer nonce is nothing a header should carry.
const MAX_NONCE: usize = 1024;

/// Of how many servers the nonce is remembered.
const MAX_SERVERS: usize = 32;

/// How often a request is sent again for the sake of its proof, if the server really has something new to say.
const MAX_TRIES: i32 = 2;

/// Algorithms of proofs by their JWS names, the best first: every browser makes keys for ES256. Ed25519 has two names: its
/// own (RFC 9864), and the one it shares with Ed448 (RFC 8037).
const ALGORITHMS: [&str; 3] = ["ES256", "Ed25519", "EdDSA"];

/// The one that is used with a server that announces these; empty if there is none.
pub(super) fn algorithm(announced: &[String]) -> &'static str {
    ALGORITHMS.into_iter().find(|name| contains(announced, name)).unwrap_or_default()
}

/// A key for proofs, named by its thumbprint (RFC 7638).
#[cfg(feature = "whole")]
pub type Key = String;

/// There is none in the lean module: what would be done with one is left out wherever it stands.
#[cfg(not(feature = "whole"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {}

#[cfg(not(feature = "whole"))]
impl std::ops::Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        match *self {}
    }
}

/// The key with that thumbprint.
#[cfg(feature = "whole")]
pub fn key(thumbprint: &str) -> Option<Key> {
    Some(thumbprint.to_owned())
}

/// None.
#[cfg(not(feature = "whole"))]
pub fn key(_: &str) -> Option<Key> {
    None
}

/// What the app wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Bearer tokens.
    Off,
    /// Tokens that are bound to a key where the server offers them.
    Preferred,
    /// Tokens that are bound to a key.
    Required,
}

impl Policy {
    /// By which algorithm requests to this server are proven, if they are.
    ///
    /// # Errors
    /// `dpop_unsupported` when they must, and the server announces that it cannot read them.
    pub fn wants_proof(self, metadata: &Metadata) -> Result<Option<&'static str>> {
        match (self, metadata.proofs) {
            _ if !WHOLE => Ok(None),
            (Self::Off, _) | (Self::Preferred, None | Some("")) => Ok(None),
            // Section 5.1 does not oblige a server to announce it.
            (Self::Required, None) => Ok(Some(ALGORITHMS[0])),
            (Self::Required, Some("")) => Err(Error::new(Code::DpopUnsupported)),
            (_, announced) => Ok(announced),
        }
    }

    /// Judges the type of an access token (section 5). `proved`: a proof was sent for it.
    ///
    /// # Errors
    /// `token_type_unsupported` for a token that is bound to a key we do not have, `dpop_downgraded` for one that
    /// should be bound.
    pub fn permits(self, bound: bool, proved: bool) -> Result<()> {
        let code = match (bound, proved) {
            _ if !WHOLE => return Ok(()),
            (true, false) => Code::TokenTypeUnsupported,
            (false, _) if self == Self::Required => Code::DpopDowngraded,
            _ => return Ok(()),
        };
        Err(Error::new(code))
    }
}

/// The proof that a request shall carry. Made anew each time it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// By which key.
    pub key: Key,
    /// With the server's last nonce.
    pub nonce: Option<String>,
    /// How often the request was sent again for the sake of its proof.
    pub tries: i32,
}

impl Proof {
    /// One by that key, if there is one.
    pub fn by(key: Option<Key>) -> Option<Self> {
        key.map(|key| Self { key, nonce: None, tries: 0 })
    }

    /// Whether the request is worth another proof, and if so, with which nonce: the server refused it before it
    /// used code or token (sections 8 and 9). One that says the same again has nothing more to say.
    ///
    /// # Errors
    /// `dpop_nonce_missing` when a nonce is demanded and cannot be read.
    pub fn again(&mut self, demand: Option<Demand>, offered: Option<&str>) -> Result<bool> {
        let is_new = offered.is_some() && offered != self.nonce.as_deref();
        let worth = match demand {
            None => false,
            Some(Demand::Nonce) if offered.is_none() => return Err(Error::new(Code::DpopNonceMissing)),
            Some(Demand::Nonce) => is_new && self.tries < MAX_TRIES,
            // The clock may have stood on the edge of a second.
            Some(Demand::Proof) => self.tries == 0,
        };
        if is_new {
            self.nonce = offered.map(str::to_owned);
        }
        self.tries += 1;
        Ok(worth)
    }
}

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It must hold the nonce that comes along.
    Nonce,
    /// It is not valid.
    Proof,
}

impl Demand {
    fn from_word(word: Option<&str>) -> Option<Self> {
        match word? {
            "use_dpop_nonce" => Some(Self::Nonce),
            "invalid_dpop_proof" => Some(Self::Proof),
            _ => None,
        }
    }

    /// Section 8: what the authorization server says, in the body. Section 9: what a resource server says.
    pub fn of_answer(purpose: Purpose, response: &HttpResponse) -> Option<Self> {
        match (purpose, response.status) {
            (Purpose::Userinfo, 401) => Self::of_challenge(response.challenge.as_deref()),
            (Purpose::Token, 400 | 401) if response.is_json() => {
                Self::from_word(Json::parse(&response.body)?.text("error"))
            }
            _ => None,
        }
    }

    /// Section 9: in a challenge of its own scheme.
    pub fn of_challenge(field: Option<&str>) -> Option<Self> {
        let challenges = challenge::parse(field?)?;
        let own = challenges.iter().find(|challenge| challenge.text(SCHEME) == Some("dpop"));
        Self::from_word(own?.text("error"))
    }
}

/// The last nonce of each server, the one that was heard from last at the end.
#[derive(Debug, Default)]
pub struct Nonces(Vec<(String, String)>);

impl Nonces {
    /// The last nonce of a server: an origin, or nothing for the authorization server. Even on one origin, the two
    /// do not know each other's (section 8.2).
    pub fn of(&self, server: &str) -> Option<&str> {
        let (_, nonce) = self.0.iter().find(|(known, _)| known == server)?;
        Some(nonce)
    }

    /// Remembers what a `DPoP-Nonce` header says, if it is one nonce (section 8.1), and gives it.
    pub fn learn(&mut self, server: &str, header: Option<&str>) -> Option<String> {
        let nonce = header.filter(|text| is_nonce(text))?.to_owned();
        let known = self.0.iter().position(|(known, _)| known == server);
        if known.is_some() || self.0.len() >= MAX_SERVERS {
            self.0.remove(known.unwrap_or(0));
        }
        self.0.push((server.to_owned(), nonce.clone()));
        Some(nonce)
    }
}

fn is_nonce(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NONCE
        && all(text, |b| matches!(b, b'!' | b'#'..=b'[' | b']'..=b'~'))
}
