//! `ClientOptions` -> `Config`, once. What comes in is one JSON value, made by the browser layer from
//! own properties only; what goes out is typed and checked, and nothing later takes a raw string.

use crate::encoding::json::{Json, member};
use crate::encoding::text::{all, concat, cut, decimal, is_one_of, list};
use crate::encoding::url;
use crate::error::{Code, Error, Result};
use crate::protocol::dpop;
use crate::protocol::jws::Algorithm;
use crate::protocol::par;
use crate::protocol::provider::Repairs;
use crate::protocol::scope::Scope;
use crate::time::Millis;

/// How the server's endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// OpenID Connect Discovery 1.0: the well-known path is appended to the issuer.
    Oidc,
    /// RFC 8414: the well-known path is inserted after the host.
    OAuth,
    /// Not at all: the option `metadata` holds everything.
    Off,
}

/// What the app asked for, checked.
#[derive(Debug)]
pub struct Config {
    /// Issuer identifier, compared code point by code point.
    pub issuer: String,
    /// How endpoints are found.
    pub discovery: Discovery,
    /// Metadata members laid over what discovery gives.
    pub metadata: Json,
    /// `client_id`.
    pub client_id: String,
    /// Where the authorization response goes.
    pub redirect_uri: String,
    /// Where the provider sends the user after logout.
    pub post_logout_redirect_uri: Option<String>,
    /// Requested scope.
    pub scope: Scope,
    /// Resource indicators of the grant (RFC 8707).
    pub resource: Vec<String>,
    /// Extra parameters of the authorization request.
    pub extra_params: Vec<(String, String)>,
    /// Extra parameters of token requests.
    pub token_params: Vec<(String, String)>,
    /// Repairs of token answers.
    pub repairs: Repairs,
    /// How long the server keeps a session, whatever is renewed meanwhile; 0 when that is not known.
    pub session_lifetime: Millis,
    /// What a logout page that is not OpenID Connect's calls `post_logout_redirect_uri`.
    pub logout_uri_param: Option<String>,
    /// ID-token algorithms that are accepted.
    pub algorithms: Vec<Algorithm>,
    /// Whether a server that says nothing of PKCE is refused.
    pub requires_pkce: bool,
    /// Other audiences an ID token may name beside this client.
    pub trusted_audiences: Vec<String>,
    /// Tolerated clock difference in seconds.
    pub leeway: i64,
    /// How old an ID token may be at login, in seconds, leeway not counted.
    pub freshness: i64,
    /// How long a token handed out must live still.
    pub min_validity: Millis,
    /// Whether tokens are renewed before they expire without being asked for.
    pub renews_by_itself: bool,
    /// Whether the session is kept outside of memory, sealed, and shared with other tabs.
    pub sealed: bool,
    /// Whether authorization requests are pushed (RFC 9126).
    pub par: par::Policy,
    /// Whether tokens are bound to a key (RFC 9449).
    pub dpop: dpop::Policy,
    /// Time limit of one exchange, headers and body together.
    pub timeout: Millis,
    /// Whether the page was loaded from this machine, so that a server on it may speak plain http.
    pub page_on_loopback: bool,
    /// Origin of the page, if there is one.
    pub page_origin: Option<String>,
}

/// The last six are the facade's own, taken out before they come here; listed so that a misspelling finds them.
const KNOWN: &str = "issuer clientId redirectUri postLogoutRedirectUri scope discovery metadata resource \
    extraParams tokenParams repairs sessionLifetime logoutUriParam idTokenAlgorithms requirePkce \
    trustedAudiences leeway freshness minValidity \
    renewal timeout responseType dangerously persistence dpop par engine \
    apis exposeAccessToken handleRedirect monitorSession provider vault";

/// Metadata members that are used. Others are the server's own business, but a misspelling of these is not.
const METADATA: &str = "issuer authorization_endpoint token_endpoint jwks_uri userinfo_endpoint \
    end_session_endpoint revocation_endpoint device_authorization_endpoint code_challenge_methods_supported dpop_signing_alg_values_supported \
    pushed_authorization_request_endpoint require_pushed_authorization_requests \
    id_token_signing_alg_values_supported authorization_response_iss_parameter_supported";

/// Parameters that belong to the protocol, not to the app: those it sets itself, and those whose answer
/// it must check.
const RESERVED: &str = "authorization_details client_id client_secret code code_challenge code_challenge_method code_verifier device_code dpop_jkt \
    grant_type max_age nonce redirect_uri refresh_token request request_uri response_mode response_type \
    scope state";

impl Config {
    /// Checks the options. `page_url` is the page's address, where there is a page.
    ///
    /// # Errors
    /// The first wrong option, named by its path.
    pub fn from_options(mut options: Json, page_url: Option<&str>) -> Result<Self> {
        let metadata = options.take("metadata").unwrap_or(Json::Object(Vec::new()));
        let mut options = Record::new(&options, "", KNOWN)?;
        // A callback brings a query of any length and content; where the page is, the rest says.
        let page_url = page_url.map(url::without_query);
        let page = page_url.and_then(url::parse);
        let page_on_loopback = page.is_some_and(|p| p.is_loopback());
        let page_origin = page.map(|p| p.origin.to_owned());

        if options.get("responseType").is_some_and(|kind| kind.as_str() != Some("code")) {
            return Err(Error::at(Code::ImplicitRefused, "responseType"));
        }
        if let Some(switches) = options.get("dangerously") {
            Record::new(switches, "dangerously.", "")?;
        }

        let issuer = options.required_text("issuer");
        let parts = options.secure_url("issuer", issuer, page_on_loopback);
        if parts.is_some_and(|p| p.query.is_some() || p.fragment.is_some()) {
            options.wrong("issuer");
        }
        let redirect_uri = match options.text("redirectUri").or(page_url) {
            Some(uri) => uri,
            None => options.required_text("redirectUri"),
        };
        let parts = options.secure_url("redirectUri", redirect_uri, page_on_loopback);
        // The pending login is stored per origin: a response that lands elsewhere could not be matched.
        // Nor could one whose path the browser writes differently.
        let elsewhere = |origin: &str| page_origin.as_deref().is_some_and(|page| page != origin);
        if parts.is_some_and(|p| p.fragment.is_some() || !p.has_plain_path() || elsewhere(p.origin)) {
            options.wrong("redirectUri");
        }
        let post_logout_redirect_uri = options.text("postLogoutRedirectUri");
        if let Some(uri) = post_logout_redirect_uri {
            options.secure_url("postLogoutRedirectUri", uri, page_on_loopback);
        }
        let discovery = match options.get("discovery") {
            None => Discovery::Oidc,
            Some(Json::Bool(false)) => Discovery::Off,
            Some(value) => match value.as_str() {
                Some("oauth") => Discovery::OAuth,
                other => {
                    if other != Some("oidc") {
                        options.wrong("discovery");
                    }
                    Discovery::Oidc
                }
            },
        };
        options.check_metadata(&metadata);
        let default_scope = if discovery == Discovery::Oidc { "openid" } else { "" };
        let scope = options.scope().or_else(|| Scope::parse(default_scope)).unwrap_or_default();
        // Who leaves openid out of an OpenID Connect login gets no ID token, and nothing to verify: plain
        // OAuth must be asked for (OIDC Core 3.1.2.1).
        if discovery == Discovery::Oidc && !scope.contains("openid") {
            options.wrong("scope: add openid, or set discovery to 'oauth'");
        }
        let renewal = options.word("renewal", "automatic on-demand");
        let persistence = options.word("persistence", "memory sealed");
        // Decided by who loads the module; one that it did not reach is refused.
        let engine = options.word("engine", "auto whole");
        options.extra("engine", engine == "whole");
        let par = match options.word("par", "auto required off") {
            "required" => par::Policy::Required,
            "off" => par::Policy::Off,
            _ => par::Policy::Auto,
        };
        let dpop = match options.word("dpop", "off preferred required") {
            "preferred" => dpop::Policy::Preferred,
            "required" => dpop::Policy::Required,
            _ => dpop::Policy::Off,
        };
        options.extra("dpop", dpop != dpop::Policy::Off);

        let config = Self {
            issuer: issuer.to_owned(),
            discovery,
            metadata,
            client_id: options.required_text("clientId").to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            post_logout_redirect_uri: post_logout_redirect_uri.map(str::to_owned),
            scope,
            resource: options.resources("resource"),
            extra_params: options.params("extraParams"),
            token_params: options.params("tokenParams"),
            repairs: options.repairs("repairs"),
            session_lifetime: options.seconds("sessionLifetime", 0, 1, 31_536_000).unsigned_abs() * 1000,
            logout_uri_param: options.text("logoutUriParam").map(str::to_owned),
            algorithms: options.algorithms("idTokenAlgorithms"),
            requires_pkce: options.flag("requirePkce", false),
            trusted_audiences: options.texts("trustedAudiences"),
            leeway: options.seconds("leeway", 300, 0, 300),
            freshness: options.seconds("freshness", 600, 1, 31_536_000),
            min_validity: options.seconds("minValidity", 10, 0, 86_400).unsigned_abs() * 1000,
            renews_by_itself: renewal == "automatic",
            sealed: options.extra("persistence", persistence == "sealed"),
            par,
            dpop,
            timeout: options.seconds("timeout", 20, 1, 300).unsigned_abs() * 1000,
            page_on_loopback,
            page_origin,
        };
        options.judged(config)
    }
}

fn invalid(path: &str) -> Error {
    Error::at(Code::OptionInvalid, path)
}

/// An object whose members are read by name. Also used for the arguments of calls.
///
/// A member that is wrong reads as absent; [`Record::judged`] then refuses the whole with the first error,
/// which names the path.
#[derive(Debug)]
pub struct Record<'a> {
    members: &'a [(String, Json)],
    prefix: &'static str,
    error: Option<Error>,
}

impl<'a> Record<'a> {
    /// Takes an object, or nothing for an empty one, and refuses members that are not known.
    ///
    /// # Errors
    /// `option_unknown` names the member and those that are known; `option_invalid` for what is no object.
    pub fn new(value: &'a Json, prefix: &'static str, known: &str) -> Result<Self> {
        let members = match value {
            Json::Null => &[],
            Json::Object(members) => members.as_slice(),
            _ => return Err(invalid(prefix.strip_suffix('.').unwrap_or(prefix))),
        };
        for (name, _) in members {
            if !is_one_of(name, known) {
                return Err(unknown(prefix, name, known));
            }
        }
        Ok(Self { members, prefix, error: None })
    }

    /// What was read, unless something of it was wrong.
    ///
    /// # Errors
    /// The first one.
    pub fn judged<T>(self, read: T) -> Result<T> {
        self.error.map_or(Ok(read), Err)
    }

    /// The member is wrong: `option_invalid`.
    pub fn wrong(&mut self, name: &str) {
        self.refuse(Code::OptionInvalid, name);
    }

    fn refuse(&mut self, code: Code, name: &str) {
        if self.error.is_none() {
            self.error = Some(Error::at(code, &concat(&[self.prefix, name])));
        }
    }

    /// The member, unless it is absent or null.
    pub fn get(&self, name: &str) -> Option<&'a Json> {
        member(self.members, name)
    }

    /// Whether something is wanted that the lean module lacks: there it is refused, rather than done without.
    pub fn extra(&mut self, name: &str, wanted: bool) -> bool {
        if wanted && !crate::WHOLE {
            self.refuse(Code::FeatureMissing, name);
        }
        wanted
    }

    /// A text that is not empty.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.get(name)?.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.wrong(name);
        }
        text
    }

    /// One of some words; the first of them when absent.
    fn word(&mut self, name: &str, words: &'static str) -> &'a str {
        let word = self.text(name).unwrap_or(cut(words, b' ').0);
        if !is_one_of(word, words) {
            self.wrong(name);
        }
        word
    }

    /// A text that must be there.
    pub fn required_text(&mut self, name: &str) -> &'a str {
        let text = self.text(name);
        if text.is_none() {
            self.refuse(Code::OptionMissing, name);
        }
        text.unwrap_or_default()
    }

    /// A list of texts; empty when absent.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let texts = self.get(name).map(Json::texts);
        if texts == Some(None) {
            self.wrong(name);
        }
        texts.flatten().unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => return default,
            Some(Json::Bool(value)) => return *value,
            Some(_) => self.wrong(name),
        }
        default
    }

    /// A whole or fractional number of seconds within bounds; fractions are dropped.
    pub fn seconds(&mut self, name: &str, default: i32, least: i32, most: i32) -> i64 {
        match self.get(name) {
            None => {}
            #[expect(clippy::cast_possible_truncation, reason = "bounded on the same line")]
            Some(Json::Number(n)) if *n >= f64::from(least) && *n <= f64::from(most) => return *n as i64,
            Some(_) => self.wrong(name),
        }
        i64::from(default)
    }

    /// A scope.
    pub fn scope(&mut self) -> Option<Scope> {
        let scope = Scope::parse(self.text("scope")?);
        if scope.is_none() {
            self.wrong("scope");
        }
        scope
    }

    /// RFC 8707 section 2: absolute URIs without fragment; one or several.
    pub fn resources(&mut self, name: &str) -> Vec<String> {
        let list = match self.get(name) {
            Some(Json::String(one)) => vec![one.clone()],
            _ => self.texts(name),
        };
        for uri in &list {
            let absolute = cut(uri, b':').1.is_some() && cut(uri, b'#').1.is_none();
            if !absolute || !all(uri, |b| b.is_ascii_graphic()) {
                self.wrong(name);
            }
        }
        list
    }

    /// Extra request parameters: texts by name, none of them the protocol's own.
    pub fn params(&mut self, name: &str) -> Vec<(String, String)> {
        let mut params = Vec::new();
        let Some(value) = self.get(name) else { return params };
        let Some(members) = value.members() else {
            self.wrong(name);
            return params;
        };
        for (param, value) in members {
            let text = value.as_str();
            let path = concat(&[name, ".", param]);
            if param == "response_type" && text != Some("code") {
                self.refuse(Code::ImplicitRefused, &path);
            }
            if text.is_none() || is_one_of(param, RESERVED) {
                self.wrong(&path);
            }
            params.push((param.clone(), text.unwrap_or_default().to_owned()));
        }
        params
    }

    /// Names of algorithms, at least one; all algorithms when absent.
    fn algorithms(&mut self, name: &str) -> Vec<Algorithm> {
        if self.get(name).is_none() {
            return Algorithm::ALL.to_vec();
        }
        let mut algorithms = Vec::new();
        for (index, text) in self.texts(name).iter().enumerate() {
            match Algorithm::from_name(text) {
                Some(algorithm) => algorithms.push(algorithm),
                None => self.wrong(&concat(&[name, "[", &decimal(index as u64), "]"])),
            }
        }
        if algorithms.is_empty() {
            self.wrong(name);
        }
        algorithms
    }

    /// Names of repairs.
    fn repairs(&mut self, name: &str) -> Repairs {
        let mut repairs = Repairs::default();
        let names = self.texts(name);
        if !self.extra(name, !names.is_empty()) {
            return repairs;
        }
        for (index, text) in names.iter().enumerate() {
            if !repairs.add(text) {
                self.wrong(&concat(&[name, "[", &decimal(index as u64), "]"]));
            }
        }
        repairs
    }

    /// A URL that secrets may travel to.
    fn secure_url<'u>(
        &mut self,
        name: &str,
        text: &'u str,
        page_on_loopback: bool,
    ) -> Option<url::Parts<'u>> {
        let parts = url::parse(text);
        match parts {
            None => self.wrong(name),
            Some(parts) if !parts.is_secure(page_on_loopback) => self.refuse(Code::InsecureUrl, name),
            Some(_) => {}
        }
        parts
    }

    fn check_metadata(&mut self, metadata: &Json) {
        let Some(members) = metadata.members() else { return self.wrong("metadata") };
        for (name, _) in members {
            let is_meant = || list(METADATA).any(|known| is_near(name, known));
            if self.error.is_none() && !is_one_of(name, METADATA) && is_meant() {
                self.error = Some(unknown("metadata.", name, METADATA));
            }
        }
    }
}

/// The path of an unknown member is text of the app's own code; its length is bounded all the same. The known names go
/// along: which one was meant is found out where the error is explained.
fn unknown(prefix: &str, name: &str, known: &str) -> Error {
    let shown = name.char_indices().nth(80).map_or(name, |(end, _)| name.get(..end).unwrap_or_default());
    Error::at(Code::OptionUnknown, &concat(&[prefix, shown])).with_known(prefix, known)
}

/// Whether a slip of one or two letters in one place makes one name of the other, case ignored: `tokenEndpoint` is near
/// `token_endpoint`.
fn is_near(a: &str, b: &str) -> bool {
    let same = |(x, y): &(u8, u8)| x.eq_ignore_ascii_case(y);
    let first = a.bytes().zip(b.bytes()).take_while(same).count();
    let last = a.bytes().rev().zip(b.bytes().rev()).take_while(same).count();
    a.len().max(b.len()) < first + last + 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://app.example.com/start?x=1#y";

    fn options(extra: &str) -> Result<Config> {
        let text = format!(r#"{{"issuer":"https://id.example.com","clientId":"spa"{extra}}}"#);
        Config::from_options(Json::parse(text.as_bytes()).unwrap(), Some(PAGE))
    }

    fn refused(extra: &str) -> (Code, String) {
        let error = options(extra).unwrap_err();
        (error.code, error.path.clone().unwrap())
    }

    #[test]
    fn two_options_are_enough() {
        let config = options("").unwrap();
        assert_eq!(config.redirect_uri, "https://app.example.com/start");
        assert_eq!(config.scope.to_text(), "openid");
        assert_eq!((config.leeway, config.min_validity, config.timeout), (300, 10_000, 20_000));
        assert!(config.renews_by_itself && !config.page_on_loopback);
    }

    #[test]
    fn misspelt_options_come_with_what_is_known() {
        for (extra, path, prefix, known) in [
            (r#","clientID":"x""#, "clientID", "", KNOWN),
            (r#","qqqqqqqqqq":1"#, "qqqqqqqqqq", "", KNOWN),
            (
                r#","metadata":{"tokenEndpoint":"https://id/t"}"#,
                "metadata.tokenEndpoint",
                "metadata.",
                METADATA,
            ),
            (r#","metadata":{"jwks_url":"https://id/k"}"#, "metadata.jwks_url", "metadata.", METADATA),
            (r#","dangerously":{"skipNonce":true}"#, "dangerously.skipNonce", "dangerously.", ""),
        ] {
            let error = options(extra).unwrap_err();
            assert_eq!((error.code, error.path.as_deref()), (Code::OptionUnknown, Some(path)), "{extra}");
            assert_eq!(error.known.as_deref(), Some(concat(&[prefix, " ", known]).as_str()), "{extra}");
        }
        assert!(
            options(r#","metadata":{"registration_endpoint":"x","token_endpoint":"https://id/t"}"#).is_ok()
        );
    }

    #[test]
    fn a_slip_in_one_place_is_near() {
        for (name, near) in [
            ("token_endpoint", true),
            ("tokenEndpoint", true),
            ("tokn_endpoint", true),
            ("tokeen_endpoint", true),
            ("TOKEN-ENDPOINTS", false),
            ("token_endpoint_auth_methods_supported", false),
            ("", false),
        ] {
            assert_eq!(is_near(name, "token_endpoint"), near, "{name}");
        }
    }

    #[test]
    fn wrong_values_name_their_path() {
        for (extra, path) in [
            (r#","scope":7"#, "scope"),
            (r#","scope":"a\"b""#, "scope"),
            (r#","scope":"profile""#, "scope: add openid, or set discovery to 'oauth'"),
            (r#","redirectUri":"/relative""#, "redirectUri"),
            (r#","redirectUri":"https://other.example.com/""#, "redirectUri"),
            (r#","redirectUri":"https://app.example.com/#f""#, "redirectUri"),
            (r#","redirectUri":"https://app.example.com/a/../b""#, "redirectUri"),
            (r#","extraParams":{"max_age":"60"}"#, "extraParams.max_age"),
            (r#","discovery":"yes""#, "discovery"),
            (r#","metadata":[]"#, "metadata"),
            (r#","leeway":301"#, "leeway"),
            (r#","timeout":"20""#, "timeout"),
            (r#","renewal":true"#, "renewal"),
            (r#","idTokenAlgorithms":["RS256","HS256"]"#, "idTokenAlgorithms[1]"),
            (r#","idTokenAlgorithms":[]"#, "idTokenAlgorithms"),
            (r#","resource":"no-scheme""#, "resource"),
            (r#","extraParams":{"state":"x"}"#, "extraParams.state"),
            (r#","extraParams":{"audience":7}"#, "extraParams.audience"),
            (r#","tokenParams":{"client_secret":"x"}"#, "tokenParams.client_secret"),
        ] {
            assert_eq!(refused(extra), (Code::OptionInvalid, path.to_owned()), "{extra}");
        }
    }

    #[test]
    fn front_channel_grants_are_refused_with_the_way_round() {
        for extra in [
            r#","responseType":"token""#,
            r#","responseType":"code id_token""#,
            r#","extraParams":{"response_type":"id_token"}"#,
        ] {
            let error = options(extra).unwrap_err();
            assert_eq!(error.code, Code::ImplicitRefused, "{extra}");
            assert!(error.code.hint().contains("PKCE"));
        }
        assert!(options(r#","responseType":"code""#).is_ok());
    }

    #[test]
    fn plain_http_only_between_loopback_and_loopback() {
        let make = |issuer: &str, page: &str| {
            let text = format!(r#"{{"issuer":"{issuer}","clientId":"spa"}}"#);
            Config::from_options(Json::parse(text.as_bytes()).unwrap(), Some(page)).map_err(|e| e.code)
        };
        assert!(make("http://localhost:3000", "http://localhost:5173/").is_ok());
        assert_eq!(make("http://id.example.com", "https://app.example.com/").unwrap_err(), Code::InsecureUrl);
        assert_eq!(make("http://localhost:3000", "https://app.example.com/").unwrap_err(), Code::InsecureUrl);
        assert_eq!(make("http://id.example.com", "http://localhost/").unwrap_err(), Code::InsecureUrl);
        assert_eq!(make("https://id.example.com", "http://app.example.com/").unwrap_err(), Code::InsecureUrl);
        assert_eq!(
            make("https://id.example.com?x", "https://app.example.com/").unwrap_err(),
            Code::OptionInvalid
        );
    }

    #[test]
    fn the_query_of_the_page_does_not_hide_the_page() {
        for query in ["x".repeat(100_000), "a\\b".into(), "é".into()] {
            let text = br#"{"issuer":"http://localhost:1","clientId":"spa"}"#;
            let page = format!("http://localhost:2/?code={query}#{query}");
            let config = Config::from_options(Json::parse(text).unwrap(), Some(&page)).unwrap();
            assert_eq!(config.page_origin.as_deref(), Some("http://localhost:2"));
        }
    }

    #[test]
    fn without_a_page_the_redirect_uri_is_required() {
        let text = br#"{"issuer":"https://id.example.com","clientId":"spa"}"#;
        let error = Config::from_options(Json::parse(text).unwrap(), None).unwrap_err();
        assert_eq!((error.code, error.path.as_deref()), (Code::OptionMissing, Some("redirectUri")));
    }
}
