//! What is known of the user who is signed in.

use crate::encoding::json::Shared;
use crate::encoding::text::contains;
use crate::protocol::dpop::Key;
use crate::protocol::id_token::Identity;
use crate::protocol::scope::Scope;
use crate::secret::Secret;
use crate::time::{Millis, Now};

use super::output::TokenForUse;
use super::tokens::Given;

/// How many narrowed access tokens are kept beside the main one.
const MAX_NARROWED: usize = 8;

/// A grant and its tokens.
#[derive(Debug)]
pub(super) struct Session {
    /// Answers to requests of an earlier session are told by it.
    pub(super) generation: u32,
    /// Names the login; the same in every tab that shares the session.
    pub(super) grant: String,
    /// Who it is; none when the app does plain OAuth.
    pub(super) identity: Option<Identity>,
    /// Claims of the ID token.
    pub(super) claims: Option<Shared>,
    /// Granted authorization details (RFC 9396), of the main access token.
    pub(super) details: Option<Shared>,
    /// Scope of the grant, which a narrowed access token does not change (RFC 6749 section 6).
    pub(super) scope: Scope,
    /// Resources it was asked for (RFC 8707).
    pub(super) resource: Vec<String>,
    /// The key that the refresh token may be bound to, named by its thumbprint: the same for its whole life.
    pub(super) key: Option<Key>,
    /// The one live refresh token.
    pub(super) refresh_token: Option<Secret>,
    /// The access token with the whole grant.
    pub(super) access: AccessToken,
    /// When tokens will be renewed by themselves, milliseconds since 1970.
    pub(super) renews_at: Option<Millis>,
    /// When the server ends the session whatever is renewed, milliseconds since 1970.
    pub(super) ends_at: Option<Millis>,
    /// Access tokens that were asked for with less.
    pub(super) narrowed: Vec<(Target, AccessToken)>,
}

/// Which access token of the grant.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// Less than the whole scope.
    pub(super) scope: Option<Scope>,
    /// For these resources only (RFC 8707).
    pub(super) resource: Vec<String>,
}

impl PartialEq for Target {
    /// The order and repetition of resources mean nothing.
    fn eq(&self, other: &Self) -> bool {
        let covers = |a: &[String], b: &[String]| b.iter().all(|uri| contains(a, uri));
        self.scope == other.scope
            && covers(&self.resource, &other.resource)
            && covers(&other.resource, &self.resource)
    }
}

impl Target {
    pub(super) fn is_main(&self) -> bool {
        self.scope.is_none() && self.resource.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) token: Secret,
    /// Whether it is bound to the key of the session.
    pub(super) bound: bool,
    pub(super) serial: u32,
    pub(super) lifetime: Option<Millis>,
    /// When it was requested: its age counts from here, whatever the server's clock says.
    pub(super) since: Now,
}

impl AccessToken {
    /// Whether it lives for `min_validity` still. No token has to live longer than half its life:
    /// otherwise a short-lived one would never be good enough.
    pub(super) fn serves(&self, min_validity: Millis, now: Now) -> bool {
        self.lifetime.is_none_or(|life| self.remaining(now) > min_validity.min(life / 2))
    }

    /// Whether it is not expired.
    pub(super) fn lives(&self, now: Now) -> bool {
        self.lifetime.is_none() || self.remaining(now) > 0
    }

    fn remaining(&self, now: Now) -> Millis {
        self.lifetime.map_or(Millis::MAX, |life| life.saturating_sub(now.since(self.since)))
    }

    pub(super) fn expires_at(&self) -> Option<Millis> {
        self.lifetime.map(|life| self.since.wall.saturating_add(life))
    }

    pub(super) fn for_use(&self) -> TokenForUse {
        TokenForUse {
            token: self.token.duplicate(),
            serial: self.serial,
            lifetime: self.lifetime,
            since: self.since,
        }
    }
}

impl Session {
    /// The token for a target.
    pub(super) fn token(&self, target: &Target) -> Option<&AccessToken> {
        if target.is_main() {
            return Some(&self.access);
        }
        self.narrowed.iter().find(|(known, _)| known == target).map(|(_, token)| token)
    }

    /// One of its tokens, to be handed out.
    pub(super) fn give(&self, token: &AccessToken) -> Given {
        let key = self.key.clone().filter(|_| token.bound);
        Given { token: token.token.duplicate(), serial: token.serial, key }
    }

    /// Puts a new token in the place of its predecessor.
    pub(super) fn adopt(&mut self, target: &Target, token: AccessToken) {
        if target.is_main() {
            self.access = token;
            return;
        }
        let known = self.narrowed.iter().position(|(known, _)| known == target);
        if known.is_some() || self.narrowed.len() >= MAX_NARROWED {
            self.narrowed.remove(known.unwrap_or(0));
        }
        self.narrowed.push((target.clone(), token));
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.subject.as_str())
    }
}
