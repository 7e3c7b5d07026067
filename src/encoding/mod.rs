//! The encodings of the wire: base64url, form, URL parts, JSON.

pub mod base64url;
pub mod form;
pub mod json;
pub mod text;
pub mod url;
