//! Everything that can happen to the engine.

use crate::encoding::json::Json;
use crate::error::{Code, Error, Result};
use crate::protocol::dpop::{self, Key, Policy};
use crate::protocol::http::HttpResult;
use crate::secret::Secret;
use crate::time::Now;

/// What is lent to the engine for one call: the time, and a source of random octets.
#[derive(Debug)]
pub struct Ambient<'a> {
    /// Both clocks.
    pub now: Now,
    /// Randomness.
    pub entropy: &'a mut dyn Entropy,
}

/// A source of random octets fit for secrets.
pub trait Entropy: std::fmt::Debug {
    /// Fills the buffer.
    fn fill(&mut self, out: &mut [u8]);
}

impl Ambient<'_> {
    /// Fresh random octets.
    pub fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.entropy.fill(&mut out);
        out
    }

    /// A number from 0 up to, not including, `bound`; for jitter, not for secrets.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { u64::from_le_bytes(self.octets()) % bound }
    }
}

/// An operation of the app: a promise that settles exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId(pub u32);

/// An exchange or other job that was asked for and will be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId(pub u32);

/// What the app asks for. Arguments are checked by the engine, so that every caller gets the same errors.
#[derive(Debug)]
pub enum Call {
    /// Begin a login.
    Login(Json),
    /// Look at the page's URL.
    HandleRedirect {
        /// The whole URL.
        url: String,
    },
    /// An access token.
    GetToken(Json),
    /// What a request of the app is sent with; of the facade's own making.
    Proof(Json),
    /// What the challenge of an API asks of the user.
    StepUp(Json),
    /// The claims of the userinfo endpoint.
    Userinfo,
    /// End the session.
    Logout(Json),
    /// Give the tokens back and forget them.
    Revoke,
    /// Take up the session that is kept sealed, if there is one.
    Restore,
    /// Log in by another device.
    LoginWithDevice(Json),
    /// Exchange a token for another.
    ExchangeToken(Json),
}

/// What a signature verification came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One of the keys fits; with the digest, where one was wanted.
    Valid(Vec<u8>),
    /// None of the keys fits.
    Invalid,
    /// This browser does not know the algorithm.
    Unsupported,
}

/// The keeper's answer.
#[derive(Debug)]
pub struct Kept {
    /// How it went.
    pub word: KeepWord,
    /// The record, where one was asked for and is there.
    pub record: Option<Secret>,
    /// Which writing of the record that is, also of the one just written. For a pending login: set when others are
    /// pending beside it.
    pub revision: Option<String>,
}

impl Kept {
    /// An answer that brings nothing.
    pub fn word(word: KeepWord) -> Self {
        Self { word, record: None, revision: None }
    }

    /// The thumbprint of a key that was made or found.
    pub(super) fn key(self) -> Option<Key> {
        dpop::key(self.record?.expose())
    }

    /// The same of one that had to be made.
    ///
    /// # Errors
    /// `dpop_unsupported` where proofs are required and this browser has no such keys.
    pub(super) fn made_key(self, policy: Policy) -> Result<Option<Key>> {
        match self.word {
            KeepWord::Failed if policy == Policy::Required => Err(Error::new(Code::DpopUnsupported)),
            _ => Ok(self.key()),
        }
    }
}

/// How a job of the keeper went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepWord {
    /// Done; a record that is not there is none.
    Done,
    /// Somebody else holds the lock, and held it as long as one may wait.
    Busy,
    /// The record is not the one that should have been replaced; the one that is there comes along.
    Conflict,
    /// Storage is missing, forbidden, full, or cannot be read.
    Failed,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// The app calls.
    Call(OpId, Call),
    /// The app gives up waiting.
    Cancel(OpId),
    /// An exchange came to an end.
    Http(JobId, HttpResult),
    /// A verification came to an end.
    Verified(JobId, Verdict),
    /// What was asked of the keeper came to an end.
    Kept(JobId, Kept),
    /// The wake-up that was asked for.
    Tick,
    /// The page was shown or resumed: time may have passed unnoticed, and a user may be looking.
    Resumed,
    /// The page came back out of the back/forward cache: a login it had left for did not happen.
    Restored,
    /// The browser says whether there is a network.
    Online(bool),
    /// What is kept may have changed. A hint: anybody can have said so.
    Hint,
    /// The client is disposed.
    Dispose,
}
