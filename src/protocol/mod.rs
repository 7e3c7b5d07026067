//! What the specifications say about one message. Pure functions, in pairs: one builds the request,
//! one judges the answer. Nothing here knows the time, draws randomness or remembers anything.

pub mod authorize;
pub mod callback;
pub mod challenge;
pub mod details;
pub mod device;
pub mod discovery;
pub mod dpop;
pub mod exchange;
pub mod http;
pub mod id_token;
pub mod jwks;
pub mod jws;
pub mod logout;
pub mod par;
pub mod pkce;
pub mod provider;
pub mod record;
pub mod return_to;
pub mod revocation;
pub mod scope;
pub mod token;
pub mod transaction;
pub mod userinfo;
