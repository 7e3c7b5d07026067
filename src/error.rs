//! One table of everything that can go wrong: code, phase, whether a retry can help, and what to do.
//!
//! A code is stable and closed; the server's own words travel beside it, capped, never in the message.
//!
//! Hints are for whoever reads an error, and few pages ever have one: the module that ships leaves them out. The build
//! makes a part of the package of them that is loaded when an error is made.

use std::fmt;

use crate::encoding::text::{concat, nth};

/// Where in a session's life an error belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the options.
    Options,
    /// Finding and checking the server's metadata.
    Discovery,
    /// Building the authorization request.
    Login,
    /// Judging the authorization response.
    Callback,
    /// Exchanging the code.
    Token,
    /// Checking the ID token.
    Verification,
    /// Renewing tokens.
    Refresh,
    /// Using the session.
    Session,
    /// Asking the userinfo endpoint.
    Userinfo,
    /// Ending the session.
    Logout,
    /// The engine itself.
    Engine,
}

impl Phase {
    /// The name used at the JavaScript boundary.
    pub fn as_str(self) -> &'static str {
        // In the order of the variants.
        const NAMES: &str =
            "options discovery login callback token verification refresh session userinfo logout engine";
        nth(NAMES, b' ', self as usize)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $phase:ident, $retry:literal, $hint:literal;)+) => {
        /// The closed list of error codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            // Texts instead of slices: see `text::list`. A word, a line and a row stand for every variant, in the
            // same order.
            const NAMES: &'static str = concat!($($name, " ",)+);
            #[cfg(not(target_arch = "wasm32"))]
            const HINTS: &'static [&'static str] = &[$($hint,)+];
            const ROWS: &'static [(Phase, bool)] = &[$((Phase::$phase, $retry),)+];
        }
    };
}

codes! {
    // options
    /// An option that does not exist.
    OptionUnknown = "option_unknown", Options, false, "Remove the option or correct its name.";
    /// A required option is missing.
    OptionMissing = "option_missing", Options, false, "Set the option.";
    /// An option has the wrong type or value.
    OptionInvalid = "option_invalid", Options, false, "Correct the value of the option.";
    /// The implicit or hybrid grant was asked for.
    ImplicitRefused = "implicit_refused", Options, false, "Use responseType 'code' (or leave it out): authorization code + PKCE needs no secret. Enable it for this client at the server.";
    /// A URL is not https, and page and server are not both on loopback.
    InsecureUrl = "insecure_url", Options, false, "Use https. Plain http works only between a loopback page and a loopback server.";
    /// The lean module has no part for what was asked.
    FeatureMissing = "feature_missing", Options, false, "The lean module has no part for it: set the option engine to 'whole', and with slim bring tokenward.wasm.";

    // any exchange
    /// No readable answer: offline, connection lost, CORS refused, or blocked by CSP.
    NetworkFailed = "network_failed", Session, true, "Check the connection, the server's CORS setting for this origin, and connect-src of the page's CSP.";
    /// No complete answer within the time limit.
    TimedOut = "timed_out", Session, true, "Try again, or raise the option timeout.";
    /// The server answered 5xx or 429.
    ServerUnavailable = "server_unavailable", Session, true, "The server is overloaded or failing: try again later.";
    /// The answer is larger than the cap.
    ResponseTooLarge = "response_too_large", Session, false, "The server's answer is not what this endpoint should send.";
    /// The answer is not what the endpoint should send.
    ResponseInvalid = "response_invalid", Session, false, "Check that the endpoint's address is right and that nothing on the way replaces its answer.";

    // discovery
    /// The document names another issuer.
    IssuerMismatch = "issuer_mismatch", Discovery, false, "Set issuer to exactly the value in the server's metadata, trailing slash included.";
    /// The document is not usable metadata.
    MetadataInvalid = "metadata_invalid", Discovery, false, "Check the issuer, or give the endpoints in the option metadata.";
    /// Needed endpoint is not in the metadata.
    EndpointMissing = "endpoint_missing", Discovery, false, "The server does not offer this endpoint: add it to the option metadata, or do without.";
    /// The server announces PKCE methods, S256 not among them.
    PkceUnsupported = "pkce_unsupported", Discovery, false, "Enable PKCE with S256 for this client at the server.";

    // login
    /// The transaction could not be stored before leaving the page.
    StorageUnavailable = "storage_unavailable", Login, false, "Session storage is blocked: allow it for this site.";

    // callback
    /// The response carries no state although a login is pending.
    StateMissing = "state_missing", Callback, false, "Start the login again.";
    /// The state belongs to no pending login of this tab.
    StateUnknown = "state_unknown", Callback, false, "The login was finished already, expired, or was begun elsewhere: start it again.";
    /// The pending login is too old.
    TransactionExpired = "transaction_expired", Callback, false, "Start the login again.";
    /// The stored transaction is not of this client.
    TransactionInvalid = "transaction_invalid", Callback, false, "Start the login again.";
    /// Repeated or contradictory parameters, or broken encoding.
    CallbackMalformed = "callback_malformed", Callback, false, "Start the login again.";
    /// The `iss` parameter names another server (RFC 9207).
    IssMismatch = "iss_mismatch", Callback, false, "The response came from another server than the one asked: do not go on.";
    /// The server announces `iss` but did not send it (RFC 9207).
    IssMissing = "iss_missing", Callback, false, "The response may come from another server: do not go on.";
    /// Tokens came in the URL.
    FrontChannelTokens = "front_channel_tokens", Callback, false, "Tokens in the URL are never used. Switch the client at the server from implicit to authorization code + PKCE.";
    /// The server refused the authorization request.
    AuthorizationRefused = "authorization_refused", Callback, false, "See oauthError and description.";
    /// The server needs to show a page to the user.
    InteractionRequired = "interaction_required", Callback, false, "Call login() without prompt 'none'.";

    // token
    /// The token endpoint answered with an OAuth error.
    TokenRefused = "token_refused", Token, false, "See oauthError and description.";
    /// The server asks for a client secret, which a browser cannot keep.
    ClientSecretRequired = "client_secret_required", Token, false, "Register a public client (no secret, PKCE), or point metadata.token_endpoint at a small proxy of your own that adds the secret.";
    /// The token answer breaks RFC 6749 section 5.1.
    TokenResponseInvalid = "token_response_invalid", Token, false, "The server's token answer cannot be used.";
    /// A token type that is not Bearer, nor DPoP where a proof was sent.
    TokenTypeUnsupported = "token_type_unsupported", Token, false, "Have the server issue Bearer tokens to this client, or set dpop.";
    /// The server announces no algorithm for proofs (RFC 9449) that this browser has keys for, and the option `dpop`
    /// requires them.
    DpopUnsupported = "dpop_unsupported", Login, false, "Have the server accept DPoP with ES256, which every browser has, or set dpop to 'preferred'.";
    /// The token is not bound to the key, and the option `dpop` requires it.
    DpopDowngraded = "dpop_downgraded", Token, false, "Have the server bind this client's tokens (DPoP), or set dpop to 'preferred'.";
    /// The key is gone.
    DpopKeyLost = "dpop_key_lost", Token, false, "Call login().";
    /// A server demands a nonce that cannot be read, or is none.
    DpopNonceMissing = "dpop_nonce_missing", Token, false, "Have the server name DPoP-Nonce in Access-Control-Expose-Headers.";
    /// The user, or the server's policy, refused the login of a device (RFC 8628 3.5).
    DeviceDenied = "device_denied", Token, false, "Offer another way to log in.";
    /// Nobody entered the code in time (RFC 8628 3.5).
    DeviceExpired = "device_expired", Token, true, "Call loginWithDevice() again for a new code.";
    /// `openid` was asked for, but there is no ID token.
    IdTokenMissing = "id_token_missing", Token, false, "Enable OpenID Connect for the client, or remove openid from scope.";

    // ID token, OIDC Core 3.1.3.7
    /// Not a compact JWS.
    IdTokenMalformed = "id_token_malformed", Verification, false, "The server's ID token cannot be read.";
    /// Encrypted ID tokens are not supported.
    IdTokenEncrypted = "id_token_encrypted", Verification, false, "Turn ID-token encryption off for this client.";
    /// The algorithm is not allowed.
    IdTokenAlgorithm = "id_token_algorithm", Verification, false, "Have the server sign with RS256, PS256, ES256 or EdDSA, or extend idTokenAlgorithms.";
    /// No key of the server fits the ID token.
    IdTokenKey = "id_token_key", Verification, false, "The server's key set has no key for this ID token.";
    /// The key set could not be had.
    KeysUnavailable = "keys_unavailable", Verification, true, "Check that the server's jwks_uri can be read from this origin (CORS, CSP).";
    /// The signature is wrong.
    IdTokenSignature = "id_token_signature", Verification, false, "Do not trust this answer: start again, and report it if it stays.";
    /// This browser cannot verify the algorithm.
    AlgorithmUnsupported = "algorithm_unsupported", Verification, false, "Have the server sign with RS256 or ES256, which every browser verifies.";
    /// `iss` is another issuer (step 2).
    IdTokenIssuer = "id_token_issuer", Verification, false, "Set issuer to exactly the value the server puts into its tokens.";
    /// `aud` is not this client, or names others too (step 3).
    IdTokenAudience = "id_token_audience", Verification, false, "Check clientId.";
    /// `azp` is another client (steps 4 and 5).
    IdTokenAzp = "id_token_azp", Verification, false, "Check clientId.";
    /// `exp` is missing or past (step 9).
    IdTokenExpired = "id_token_expired", Verification, false, "Check this device's clock.";
    /// `iat` is missing, in the future or too old (step 10).
    IdTokenIssuedAt = "id_token_issued_at", Verification, false, "Check this device's clock.";
    /// `nbf` is in the future.
    IdTokenNotBefore = "id_token_not_before", Verification, false, "Check this device's clock.";
    /// `nonce` is missing or another (step 11).
    IdTokenNonce = "id_token_nonce", Verification, false, "Start the login again.";
    /// `acr` is missing or not one of those required (step 12).
    IdTokenAcr = "id_token_acr", Verification, false, "The user did not authenticate in the way that was required.";
    /// `auth_time` is missing or too old (step 13).
    IdTokenAuthTime = "id_token_auth_time", Verification, false, "Ask the user to log in again.";
    /// `sub` is missing or malformed.
    IdTokenSubject = "id_token_subject", Verification, false, "The server's ID token cannot be used.";
    /// `at_hash` does not fit the access token.
    IdTokenAtHash = "id_token_at_hash", Verification, false, "The access token is not the one the ID token was issued with: do not go on.";

    // session
    /// Nobody is signed in.
    LoginRequired = "login_required", Session, false, "Call login().";
    /// The server ended the session (`invalid_grant`).
    SessionEnded = "session_ended", Refresh, false, "Call login().";
    /// The access token is past its life and there is no refresh token.
    SessionExpired = "session_expired", Session, false, "Call login(), and ask for offline_access to have a refresh token.";
    /// A refresh answered for another user or issuer.
    IdentityChanged = "identity_changed", Refresh, false, "The session was ended for safety: call login().";
    /// Another tab holds the right to renew, and held it as long as one waits for it.
    LockBusy = "lock_busy", Refresh, true, "Another tab is renewing the session and does not come to an end: try again later.";
    /// The scope was not granted at login.
    ScopeNotGranted = "scope_not_granted", Session, false, "Call login() with the wider scope.";

    /// The resource was not asked for at login.
    ResourceNotGranted = "resource_not_granted", Session, false, "Call login() with this resource, or name it in the option resource.";

    // userinfo
    /// The answer is about another user.
    UserinfoSubject = "userinfo_subject", Userinfo, false, "Nothing of the answer was used.";
    /// The answer is signed and cannot be shown to be the issuer's, for this client (OIDC Core 5.3.2).
    UserinfoUnverified = "userinfo_unverified", Userinfo, false, "Check the server's keys, and the algorithm it signs userinfo with.";
    /// The userinfo endpoint refused the token.
    UserinfoRefused = "userinfo_refused", Userinfo, false, "See oauthError and description.";

    // engine
    /// A wrong call over the wasm boundary.
    CallInvalid = "call_invalid", Engine, false, "Correct the argument that the path names.";
    /// The caller's signal was aborted.
    Aborted = "aborted", Session, false, "The caller gave up; nothing else changed.";
    /// The client was disposed.
    ClientDisposed = "client_disposed", Engine, false, "Create a new client.";
}

impl Code {
    /// The code as apps see it.
    pub fn as_str(self) -> &'static str {
        nth(Self::NAMES, b' ', self as usize)
    }

    /// Where it belongs unless the place that raised it knows better.
    pub fn phase(self) -> Phase {
        Self::ROWS[self as usize].0
    }

    /// Whether the same call can succeed later without anything being changed.
    pub fn retryable(self) -> bool {
        Self::ROWS[self as usize].1
    }

    /// What to do about it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn hint(self) -> &'static str {
        Self::HINTS[self as usize]
    }
}

/// A code that arises outside of the engine: its name, phase, whether a retry can help, and what to do.
#[cfg(not(target_arch = "wasm32"))]
pub type Outside = (&'static str, &'static str, bool, &'static str);

/// Those of the facade, of a page with a vault, and of the vault.
#[cfg(not(target_arch = "wasm32"))]
pub const OUTSIDE: &[Outside] = &[
    (
        "environment_unsupported",
        "engine",
        false,
        "Create the client in a browser page with https (or localhost): WebAssembly and crypto.subtle are needed.",
    ),
    (
        "engine_load_failed",
        "engine",
        true,
        "Add 'wasm-unsafe-eval' to script-src of the page's CSP; with tokenward/slim, check the address of tokenward.wasm.",
    ),
    ("engine_failed", "engine", false, "Create a new client, and report this: it is a bug in Tokenward."),
    (
        "popup_blocked",
        "login",
        true,
        "Call login in the handler of a click, or ask the user to allow popups for this page.",
    ),
    (
        "login_timed_out",
        "login",
        true,
        "Nothing came back in time: check that redirectUri calls createClient or relay, and the page's CSP (frame-src); or raise timeout.",
    ),
    (
        "monitoring_unavailable",
        "session",
        false,
        "The server cannot be asked from here who is signed in: serve it from the site of the app, allow frames (frame-src), or do without.",
    ),
    (
        "api_not_allowed",
        "api",
        false,
        "Add the API's URL to the option apis, or use the global fetch for it.",
    ),
    (
        "api_redirected",
        "api",
        false,
        "Call the final address: a redirect is not followed, because browsers may send the token along.",
    ),
    ("token_hidden", "session", false, "The option exposeAccessToken is false: use fetch of the client."),
    (
        "vault_unavailable",
        "vault",
        true,
        "Check the worker's address, that it is a module worker, and the page's CSP (worker-src); or give a function as vault.",
    ),
    (
        "vault_mismatch",
        "vault",
        false,
        "Give every page the same options: the first ones a vault gets are those it keeps. Another name for the worker makes another vault.",
    ),
    (
        "vault_version",
        "vault",
        false,
        "Another release of Tokenward is in this worker: close the other tabs, or give the worker another name.",
    ),
    (
        "vault_message",
        "vault",
        false,
        "Talk to the vault through the client only: it got a message that it does not know, a wrong one, or too many.",
    ),
];

/// Codes whose hints every page has: what is ordinary, or happens when nothing can be loaded.
#[cfg(not(target_arch = "wasm32"))]
pub const AT_HAND: &[Code] = &[
    Code::NetworkFailed,
    Code::TimedOut,
    Code::ServerUnavailable,
    Code::InteractionRequired,
    Code::LoginRequired,
    Code::SessionEnded,
    Code::SessionExpired,
    Code::Aborted,
    Code::ClientDisposed,
];

/// How much of a server's text is kept.
const OUTSIDE_TEXT_CAP: usize = 256;

/// An error as it reaches the app. One pointer wide: it passes through every step of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// What an [`Error`] says. Text from outside is only in `oauth_error` and `description`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What went wrong.
    pub code: Code,
    /// When.
    pub phase: Phase,
    /// Which option, argument or claim, in our own words.
    pub path: Option<String>,
    /// Of `option_unknown`: what may stand in front of the name, and the names there are, with spaces between them.
    pub known: Option<String>,
    /// The server's `error` code.
    pub oauth_error: Option<String>,
    /// The server's `error_description`.
    pub description: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
}

impl Error {
    /// An error with the phase of its code.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Details {
            code,
            phase: code.phase(),
            path: None,
            known: None,
            oauth_error: None,
            description: None,
            status: None,
        }))
    }

    /// An error about one option, argument, member or claim. `path` must be text of our own.
    pub fn at(code: Code, path: &str) -> Self {
        let mut error = Self::new(code);
        error.0.path = Some(path.to_owned());
        error
    }

    /// The same error with the names that are known where it was raised, for whoever suggests the nearest.
    #[must_use]
    pub fn with_known(mut self, prefix: &str, names: &str) -> Self {
        self.0.known = Some(concat(&[prefix, " ", names]));
        self
    }

    /// Code and path: nothing from outside.
    pub fn message(&self) -> String {
        let code = self.code.as_str();
        match &self.path {
            Some(path) => concat(&[code, " (", path, ")"]),
            None => code.to_owned(),
        }
    }

    /// The same error, raised in another phase.
    #[must_use]
    pub fn during(mut self, phase: Phase) -> Self {
        self.0.phase = phase;
        self
    }

    /// The same error under another code.
    #[must_use]
    pub fn under(mut self, code: Code) -> Self {
        self.0.code = code;
        self
    }

    /// The same error with the server's words, capped and stripped of what cannot be shown.
    #[must_use]
    pub fn with_server_words(mut self, error: &str, description: Option<&str>) -> Self {
        self.0.oauth_error = Some(outside_text(error));
        self.0.description = description.map(outside_text);
        self
    }

    /// The same error with the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }
}

impl std::ops::Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

/// RFC 6749 4.1.2.1 and 5.2 allow %x20-21 / %x23-5B / %x5D-7E: everything else becomes a space.
fn outside_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(OUTSIDE_TEXT_CAP) {
        out.push(if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { ' ' });
    }
    out
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Error {}

/// What a step of the protocol gives.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lower_snake_case() {
        let outside = OUTSIDE.iter().map(|(code, ..)| *code);
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).chain(outside).collect();
        assert!(names.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_code_has_a_hint() {
        assert!(Code::ALL.iter().all(|c| c.hint().ends_with('.')));
        assert!(OUTSIDE.iter().all(|(.., hint)| hint.ends_with('.')));
    }

    #[test]
    fn outside_text_is_capped_and_harmless() {
        let hostile = format!("<script>\u{0}\n\"\\\u{202e}{}", "x".repeat(10_000));
        let error = Error::new(Code::TokenRefused).with_server_words(&hostile, Some(&hostile));
        let kept = error.oauth_error.clone().unwrap();
        assert_eq!(kept.chars().count(), OUTSIDE_TEXT_CAP);
        assert!(kept.starts_with("<script>     x"));
    }
}
