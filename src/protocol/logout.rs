//! RP-initiated logout: OpenID Connect RP-Initiated Logout 1.0.

use crate::config::{Config, Record};
use crate::encoding::form::Form;
use crate::encoding::json::Json;
use crate::encoding::text::{concat, is_one_of};
use crate::encoding::{base64url, url};
use crate::error::Result;
use crate::secret::Secret;

/// `state` of a logout begins so, so that the page the user comes back to can be cleaned.
pub const STATE_PREFIX: &str = "twl.";

/// A longer request line is refused by common servers; without the hint the provider asks the user.
const MAX_HINT: usize = 6 * 1024;

/// What one `logout()` call asks for, checked.
#[derive(Debug)]
pub struct LogoutOptions {
    /// Only forget here; do not visit the provider.
    pub local: bool,
    /// Give the tokens back (RFC 7009).
    pub revoke: bool,
    post_logout_redirect_uri: Option<String>,
    params: Vec<(String, String)>,
}

impl LogoutOptions {
    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// `option_unknown` and `option_invalid` with the path.
    pub fn from_args(args: &Json, config: &Config) -> Result<Self> {
        const KNOWN: &str = "local revoke postLogoutRedirectUri logoutHint uiLocales extraParams";
        let mut record = Record::new(args, "logout.", KNOWN)?;
        let mut params = record.params("extraParams");
        // RFC 6749 3.1: no parameter twice; and none around the checks of its own option.
        const OWN: &str = "id_token_hint post_logout_redirect_uri logout_hint ui_locales";
        for (name, _) in &params {
            if is_one_of(name, OWN) {
                record.wrong(&concat(&["extraParams.", name]));
            }
        }
        for (option, name) in [("logoutHint", "logout_hint"), ("uiLocales", "ui_locales")] {
            if let Some(value) = record.text(option) {
                params.push((name.to_owned(), value.to_owned()));
            }
        }
        let uri = record.text("postLogoutRedirectUri");
        if uri.is_some_and(|uri| !url::parse(uri).is_some_and(|p| p.is_secure(config.page_on_loopback))) {
            record.wrong("postLogoutRedirectUri");
        }
        let options = Self {
            local: record.flag("local", false),
            revoke: record.flag("revoke", true),
            post_logout_redirect_uri: uri.or(config.post_logout_redirect_uri.as_deref()).map(str::to_owned),
            params,
        };
        record.judged(options)
    }
}

/// Sections 2 and 3. The ID token is the hint even when it has expired; `client_id` is always sent.
pub fn request(
    config: &Config,
    endpoint: &str,
    id_token: Option<&Secret>,
    options: &LogoutOptions,
    random: [u8; 16],
) -> String {
    let hint = id_token.map(Secret::expose).filter(|token| token.len() <= MAX_HINT);
    let back = options.post_logout_redirect_uri.as_deref().unwrap_or_default();
    let mut form = Form::new();
    // A page of the server's own design gets what it asks for, and no token in its URL.
    let own = config.logout_uri_param.as_deref();
    form.add_some("id_token_hint", hint.filter(|_| own.is_none()).unwrap_or_default())
        .add("client_id", &config.client_id)
        .add_some(own.unwrap_or("post_logout_redirect_uri"), back);
    if !back.is_empty() && own.is_none() {
        form.add("state", &concat(&[STATE_PREFIX, &base64url::encode(&random)]));
    }
    for (name, value) in &options.params {
        form.add(name, value);
    }
    url::with_query(endpoint, &form.into_string())
}
