//! Everything the engine can ask for or tell.

use std::fmt;
use std::rc::Rc;

use crate::encoding::json::{Json, Shared};
use crate::encoding::url::without_query;
use crate::engine::input::{JobId, OpId};
use crate::error::Error;
use crate::protocol::device::Prompt;
use crate::protocol::dpop::Key;
use crate::protocol::exchange::Exchanged;
use crate::protocol::http::HttpRequest;
use crate::protocol::jws::Algorithm;
use crate::secret::Secret;
use crate::time::{Millis, Now};

/// Something to be done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Make an exchange; answered by `Input::Http`.
    Send(JobId, HttpRequest),
    /// Verify a signature; answered by `Input::Verified`.
    Verify(JobId, Verification),
    /// Keep or give something; answered by `Input::Kept`.
    Keep(JobId, Keep),
    /// Show this URL instead of the page's.
    CleanUrl(String),
    /// Wake up after so long at the latest; replaces what was asked for before. `None`: not at all.
    Wake(Option<Millis>),
    /// The access token for immediate use changed.
    Token(Option<TokenForUse>),
    /// The session changed.
    Session(Rc<Snapshot>),
    /// An operation is settled.
    Settle(OpId, Result<Reply, Error>),
    /// An operation waits for the user, who needs to know this.
    Device(OpId, DeviceCode),
    /// Tell the listeners.
    Event(Event, Option<Error>),
}

/// What outlives the page's memory.
#[derive(Debug)]
pub enum Keep {
    /// Store a pending login.
    Store {
        /// Its key.
        state: String,
        /// Its record.
        record: Secret,
    },
    /// Take a pending login out, once.
    Take {
        /// Its key; empty to ask only whether others are pending.
        state: String,
    },
    /// Read the session.
    Load,
    /// Write the session.
    Save {
        /// Its record.
        record: Secret,
        /// The writing that may be replaced. `None`: whatever is there.
        over: Option<String>,
    },
    /// Remove the session.
    Remove {
        /// The writing that may be removed. `None`: whatever is there.
        over: Option<String>,
    },
    /// Wait for the right to renew, then read the session.
    Lock,
    /// Give the right back; not answered.
    Unlock,
    /// Make a key for proofs; answered with its thumbprint, with none if it cannot be kept for the login, and as failed if
    /// there are no such keys.
    MakeKey {
        /// For this JWS algorithm.
        algorithm: &'static str,
        /// The pending login it shall be kept for; empty when it is used at once.
        state: String,
    },
    /// Find the key of a pending login again, which from now on lives in memory; answered with its thumbprint.
    TakeKey {
        /// The pending login.
        state: String,
    },
    /// Store the handle of a key beside the sealed session; not answered.
    KeepKey {
        /// Its thumbprint.
        key: Key,
    },
    /// Forget the handle of a key; not answered.
    DropKey {
        /// Its thumbprint.
        key: Key,
    },
}

/// A signature to be verified.
pub struct Verification {
    /// By which algorithm.
    pub algorithm: Algorithm,
    /// With any of these keys, as JWKs of public members.
    pub keys: Vec<String>,
    /// Over this.
    pub input: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// What the digest is wanted of, by the hash function of the algorithm.
    pub hashed: Option<Secret>,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Input and signature together are the token.
        let mut out = f.debug_struct("Verification");
        out.field("algorithm", &self.algorithm).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// What an operation gives.
pub enum Reply {
    /// Nothing.
    Done,
    /// The page must go there.
    Navigate(String),
    /// The URL was not ours.
    NotOurs,
    /// Signed in; where the user wanted to be.
    SignedIn {
        /// Path on the page's origin.
        return_to: Option<String>,
    },
    /// An access token.
    Token {
        /// The token.
        token: Secret,
        /// Which one it is, to be named when an API refuses it.
        serial: u32,
    },
    /// What a request of the app is sent with.
    Proof {
        /// The token.
        token: Secret,
        /// Which one it is.
        serial: u32,
        /// The key it is bound to; none for a Bearer token.
        key: Option<Key>,
        /// The nonce of the proof.
        nonce: Option<String>,
        /// How often the request was sent again for the sake of its proof.
        tries: i32,
        /// Whether a token was refused already.
        renewed: bool,
    },
    /// What an API wants of the user.
    StepUp {
        /// Ways of authentication of which one will do.
        acr_values: Vec<String>,
        /// How many seconds ago the user may have authenticated.
        max_age: Option<i64>,
        /// The scope that a login must ask for, when another one is wanted.
        scope: Option<String>,
        /// Whether the last login brought that already.
        met: bool,
    },
    /// Claims.
    Claims(Json),
    /// What a token was exchanged for.
    Exchanged {
        /// The new token.
        exchanged: Exchanged,
        /// When it was asked for, milliseconds since 1970.
        sent: Millis,
    },
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            // The URL of a logout holds an ID token; nothing before the query does.
            Self::Navigate(url) => f.debug_tuple("Navigate").field(&without_query(url)).finish(),
            Self::NotOurs => f.write_str("NotOurs"),
            Self::SignedIn { .. } => f.write_str("SignedIn"),
            Self::StepUp { .. } => f.write_str("StepUp"),
            Self::Proof { serial, .. } => f.debug_tuple("Proof").field(serial).finish(),
            Self::Token { serial, .. } => f.debug_tuple("Token").field(serial).finish(),
            Self::Claims(_) => f.write_str("Claims"),
            Self::Exchanged { .. } => f.write_str("Exchanged"),
        }
    }
}

/// What a user needs to log in by another device.
#[derive(Debug)]
pub struct DeviceCode {
    /// The code, and where to enter it.
    pub prompt: Prompt,
    /// Until when, milliseconds since 1970.
    pub expires_at: Millis,
}

/// The access token as the facade keeps it, so that a live token costs no call.
#[derive(Debug)]
pub struct TokenForUse {
    /// The token.
    pub token: Secret,
    /// Which one it is.
    pub serial: u32,
    /// How long it lives, from `since`.
    pub lifetime: Option<Millis>,
    /// When it was requested.
    pub since: Now,
}

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody is signed in.
    SignedOut,
    /// A login is on its way.
    SigningIn,
    /// Somebody is signed in.
    SignedIn,
    /// As before, and tokens are being renewed.
    Refreshing,
    /// The session is over without a logout.
    Expired,
}

impl Status {
    /// The name used at the JavaScript boundary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::SigningIn => "signing-in",
            Self::SignedIn => "signed-in",
            Self::Refreshing => "refreshing",
            Self::Expired => "expired",
        }
    }
}

/// Whether tokens will be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Yes.
    Live,
    /// Yes, once the server can be reached.
    WaitingForNetwork,
    /// No: there is no refresh token, or the server ended it.
    Ended,
}

impl Renewal {
    /// The name used at the JavaScript boundary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::WaitingForNetwork => "waiting-for-network",
            Self::Ended => "ended",
        }
    }
}

/// The session as apps see it: no token in it.
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    /// Where it stands.
    pub status: Status,
    /// Claims of the ID token.
    pub claims: Option<Shared>,
    /// Whether the access token is bound to a key.
    pub bound: Option<bool>,
    /// Granted authorization details.
    pub details: Option<Shared>,
    /// Scope of the grant.
    pub scope: Option<String>,
    /// When the access token expires, milliseconds since 1970.
    pub expires_at: Option<Millis>,
    /// When the tokens will be renewed by themselves, milliseconds since 1970.
    pub renews_at: Option<Millis>,
    /// When the server ends the session whatever is renewed, milliseconds since 1970.
    pub ends_at: Option<Millis>,
    /// Whether tokens will be renewed.
    pub renewal: Renewal,
    /// What went wrong last; gone after the next success.
    pub last_error: Option<Error>,
    /// Whether the session is kept sealed; otherwise in memory only.
    pub sealed: bool,
}

/// What listeners are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A login succeeded.
    SignedIn,
    /// Tokens were renewed.
    Renewed,
    /// A renewal failed; it will be tried again.
    RenewalFailed,
    /// The session was ended here.
    SignedOut,
    /// The session is over: the server ended it, or it ran out.
    SessionExpired,
}

impl Event {
    /// The name used at the JavaScript boundary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Renewed => "renewed",
            Self::RenewalFailed => "renewal-failed",
            Self::SignedOut => "signed-out",
            Self::SessionExpired => "session-expired",
        }
    }
}
