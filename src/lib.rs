//! Tokenward: OAuth 2 / OpenID Connect for single-page apps, compiled to WebAssembly.
//!
//! Three layers, each using only the one below:
//!
//! - [`protocol`]: what the specifications say about one message. Pure functions.
//! - [`engine`]: what happens next. A sans-io state machine fed with inputs, drained of outputs.
//! - `browser`: does it. Compiled for `wasm32` only.
//!
//! The engine and the protocol get time and randomness as arguments, which is why a native test can
//! run ten thousand logins, sleeps and lost packets in a second.

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod browser;
pub mod config;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod protocol;
pub mod secret;
pub mod time;

/// Whether what an app must ask for is here: sealed sessions, repairs of answers. Asked at few places, from which all
/// the rest of such a feature is reached, so that the compiler leaves it out of the lean module.
pub(crate) const WHOLE: bool = cfg!(feature = "whole");

/// A value that the whole module has and the lean one cannot have. The variant of an enum that holds one is never made
/// there; standing after the others, it is left out with all that is done with it.
#[cfg(feature = "whole")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole;

#[cfg(not(feature = "whole"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whole {}

impl Whole {
    #[cfg(feature = "whole")]
    pub(crate) const HERE: Option<Self> = Some(Self);
    #[cfg(not(feature = "whole"))]
    pub(crate) const HERE: Option<Self> = None;
}
