//! The session as it is kept, sealed, for a reload and for the other tabs: text in, text out. No endpoint is in
//! it: those come from configuration and metadata, never from storage.

use crate::config::Config;
use crate::encoding::json::{Json, write_string};
use crate::encoding::text::{decimal, digits, spaced, words};
use crate::protocol::details;
use crate::protocol::dpop::{self, Key};
use crate::protocol::id_token::Identity;
use crate::protocol::jws;
use crate::protocol::scope::Scope;
use crate::protocol::token::{MAX_LIFETIME, is_printable, is_token};
use crate::secret::Secret;
use crate::time::Millis;

/// Format of the record.
const VERSION: &str = "1";

/// Three tokens of the greatest length, and some.
const MAX_LENGTH: usize = 512 * 1024;

/// A nonce of ours is far shorter.
const MAX_GRANT: usize = 128;

/// One session.
#[derive(Debug)]
pub struct Record {
    /// Names the login, and stays through all rotations: a tab tells by it whether its session was renewed
    /// elsewhere or is another one. It is the nonce of the login.
    pub grant: String,
    /// Scope of the grant.
    pub scope: Scope,
    /// Resources the grant was asked for (RFC 8707).
    pub resource: Vec<String>,
    /// The key that the tokens are bound to, named by its thumbprint.
    pub key: Option<Key>,
    /// Whether the access token is bound to it too.
    pub bound: bool,
    /// The one live refresh token.
    pub refresh_token: Option<Secret>,
    /// The access token with the whole grant.
    pub access_token: Secret,
    /// How long it lives.
    pub lifetime: Option<Millis>,
    /// When it was requested, by the wall clock: the only one that all tabs share.
    pub since: Millis,
    /// The ID token that was verified last.
    pub id_token: Option<Secret>,
    /// Who it is, for the checks at refresh.
    pub identity: Option<Identity>,
    /// What the ID token says; read from it, not written.
    pub claims: Option<Json>,
    /// Granted authorization details.
    pub details: Option<Json>,
    /// When the server ends the session whatever is renewed, by the wall clock.
    pub ends_at: Option<Millis>,
    /// When a token request with this refresh token was begun whose outcome is not known.
    pub journal: Option<Millis>,
}

impl Record {
    /// The record as text.
    pub fn to_text(&self, config: &Config) -> Secret {
        let mut out = String::from("{");
        let mut text = |name: &str, value: &str| {
            if out.len() > 1 {
                out.push(',');
            }
            write_string(&mut out, name);
            out.push(':');
            write_string(&mut out, value);
        };
        text("v", VERSION);
        text("issuer", &config.issuer);
        text("client_id", &config.client_id);
        text("grant", &self.grant);
        text("scope", &self.scope.to_text());
        text("resource", &spaced(&self.resource));
        if let Some(key) = &self.key {
            text("key", key);
            text("token_type", if self.bound { "DPoP" } else { "Bearer" });
        }
        text("access_token", self.access_token.expose());
        let auth_time = self.identity.as_ref().and_then(|identity| identity.auth_time);
        for (name, number) in [
            ("since", Some(self.since)),
            ("lifetime", self.lifetime),
            ("ends_at", self.ends_at),
            ("journal", self.journal),
            ("auth_time", auth_time.and_then(whole)),
        ] {
            if let Some(number) = number {
                text(name, &decimal(number));
            }
        }
        if let Some(details) = &self.details {
            text("authorization_details", &details.to_text());
        }
        for (name, token) in [("refresh_token", &self.refresh_token), ("id_token", &self.id_token)] {
            if let Some(token) = token {
                text(name, token.expose());
            }
        }
        out.push('}');
        Secret::new(out)
    }

    /// Reads a record. Storage is not trusted: it is of this client and sane, or it is nothing.
    pub fn from_text(text: &str, config: &Config) -> Option<Self> {
        let json = if text.len() <= MAX_LENGTH { Json::parse(text.as_bytes())? } else { return None };
        for (name, value) in [("v", VERSION), ("issuer", &config.issuer), ("client_id", &config.client_id)] {
            if json.text(name) != Some(value) {
                return None;
            }
        }
        let number = |name: &str| match json.member(name) {
            None => Some(None),
            Some(value) => digits(value.as_str()?).map(Some),
        };
        let token = |name: &str| match json.member(name) {
            None => Some(None),
            Some(token) => token.as_str().map(|token| Some(Secret::new(token.to_owned()))),
        };
        let grant = json.text("grant").filter(|grant| !grant.is_empty() && grant.len() <= MAX_GRANT)?;
        let lifetime = number("lifetime")?;
        let refresh_token = token("refresh_token")?;
        if refresh_token.as_ref().is_some_and(|token| !is_printable(token.expose())) {
            return None;
        }
        let id_token = token("id_token")?;
        // It was verified when it came; what is in it need not be kept twice.
        let claims = match &id_token {
            Some(id_token) => Some(jws::payload(id_token.expose())?),
            None => None,
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let auth_time = number("auth_time")?.map(|seconds| seconds as f64);
        let identity = match &claims {
            Some(claims) => {
                Some(Identity { subject: claims.text("sub")?.to_owned(), nonce: grant.to_owned(), auth_time })
            }
            None => None,
        };
        Some(Self {
            grant: grant.to_owned(),
            scope: Scope::parse(json.text("scope")?)?,
            resource: words(json.text("resource").unwrap_or_default()),
            key: json.text("key").and_then(dpop::key),
            bound: json.text("token_type") == Some("DPoP"),
            refresh_token,
            access_token: Secret::new(json.text("access_token").filter(|t| is_token(t))?.to_owned()),
            lifetime: lifetime.map(|life| life.min(MAX_LIFETIME)),
            since: number("since")??,
            id_token,
            identity,
            claims,
            details: match json.member("authorization_details") {
                None => None,
                Some(text) => Some(details::restored(text.as_str()?)?),
            },
            ends_at: number("ends_at")?,
            journal: number("journal")?,
        })
    }

    /// How old the access token is. One that comes from the future was not: the clock was set back by an unknown
    /// span, and the token counts as past its life.
    pub fn age(&self, wall: Millis) -> Millis {
        wall.checked_sub(self.since).unwrap_or(self.lifetime.unwrap_or(0))
    }
}

/// RFC 7519 allows fractions of a second. Nobody sends them in `auth_time`; who does is not held to them.
fn whole(seconds: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared on the next line")]
    let number = seconds as u64;
    #[expect(clippy::cast_precision_loss, reason = "what does not fit is not equal")]
    (number as f64 == seconds).then_some(number)
}
