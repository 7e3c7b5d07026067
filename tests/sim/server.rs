//! The authorization server of the simulated world: what RFC 6749, OpenID Connect and the common ways of
//! rotating refresh tokens make of it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tokenward::encoding::{base64url, form};
use tokenward::engine::input::Verdict;
use tokenward::engine::output::Verification;
use tokenward::protocol::dpop::Proof;
use tokenward::protocol::http::{HttpResponse, Purpose};
use tokenward::protocol::jws::Algorithm;
use tokenward::secret::Secret;
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::devices::Devices;

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const CLIENT: &str = "spa";

/// Stands in every opaque token: text that holds it holds a secret.
pub(crate) const MARK: &str = "zQ7sEcReTx9";

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// It stays, and the answer says nothing of it.
    Never,
    /// It stays, and is sent again.
    Echo,
    /// It is spent; using it again ends the grant.
    Always,
    /// It is spent, and is taken again for so long.
    Grace(Millis),
}

/// How an ID token of a refresh can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doctored {
    Issuer,
    Subject,
    Audience,
    Nonce,
    AuthTime,
    Signature,
    AtHash,
    Unsigned,
}

impl Doctored {
    pub(crate) const ALL: [Self; 8] = [
        Self::Issuer,
        Self::Subject,
        Self::Audience,
        Self::Nonce,
        Self::AuthTime,
        Self::Signature,
        Self::AtHash,
        Self::Unsigned,
    ];
}

/// How this server does what the specifications leave open.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) rotation: Rotation,
    /// Seconds; `None`: it does not say.
    pub(crate) lifetime: Option<u64>,
    pub(crate) refresh_tokens: bool,
    pub(crate) id_token_on_refresh: bool,
    pub(crate) names_keys: bool,
    pub(crate) says_scope: bool,
    pub(crate) narrows: bool,
    pub(crate) has_revocation: bool,
    pub(crate) has_end_session: bool,
    pub(crate) announces_iss: bool,
    /// Whether it looks at the code verifier.
    pub(crate) checks_pkce: bool,
    /// It announces proofs of possession, and binds tokens to their keys.
    pub(crate) binds: bool,
    /// It takes pushed authorization requests only.
    pub(crate) requires_par: bool,
    /// Whether userinfo is signed.
    pub(crate) signs_userinfo: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rotation: Rotation::Always,
            lifetime: Some(300),
            refresh_tokens: true,
            id_token_on_refresh: true,
            names_keys: true,
            says_scope: true,
            narrows: true,
            has_revocation: true,
            has_end_session: true,
            announces_iss: true,
            checks_pkce: true,
            binds: false,
            requires_par: false,
            signs_userinfo: false,
        }
    }
}

/// What the server said, for the checker, which must not read it out of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing about a grant, or nothing that can be read.
    #[default]
    None,
    /// Tokens.
    Tokens { grant: usize, refresh: Option<String>, refreshed: bool },
    /// `invalid_grant`.
    InvalidGrant,
    /// Another refusal in OAuth's words.
    Refused,
}

/// A login that was granted, and what came of it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) alive: bool,
    pub(crate) scope: String,
    pub(crate) nonce: String,
    /// The key its refresh tokens are bound to.
    pub(crate) key: Option<String>,
    subject: String,
    auth_time: u64,
    /// Whether an ID token of it was made wrong on purpose.
    pub(crate) doctored: bool,
    /// The key of its last ID token.
    signed_with: u8,
}

#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) grant: usize,
    pub(crate) issued: Millis,
    /// Milliseconds.
    pub(crate) lifetime: Option<Millis>,
    pub(crate) scope: String,
    /// The key it is bound to.
    pub(crate) key: Option<String>,
    /// The resources it is for.
    pub(crate) resource: Vec<String>,
    /// It came with an ID token that was made wrong.
    pub(crate) doctored: bool,
}

#[derive(Debug)]
struct RefreshToken {
    grant: usize,
    spent: Option<Millis>,
}

#[derive(Debug)]
struct Code {
    grant: usize,
    challenge: String,
    /// The key it is bound to.
    key: String,
    used: bool,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) policy: Policy,
    pub(crate) grants: Vec<Grant>,
    pub(crate) access: HashMap<String, Access>,
    refresh: HashMap<String, RefreshToken>,
    codes: HashMap<String, Code>,
    /// Numbers of the keys in the set; the last one signs.
    pub(crate) keys: Vec<u8>,
    /// Signs with this key, which may be in no set, instead of the last one.
    pub(crate) signs_with: Option<u8>,
    /// The next ID token of a refresh is made wrong.
    pub(crate) doctor: Option<Doctored>,
    pub(crate) refreshes: usize,
    pub(crate) exchanges: usize,
    /// Who is signed in at the server.
    pub(crate) user: &'static str,
    pub(crate) userinfos: usize,
    pub(crate) revoked: Vec<String>,
    pub(crate) devices: Devices,
    /// How often a token was exchanged.
    pub(crate) token_exchanges: usize,
    /// Authorization details in every token answer, as JSON.
    pub(crate) details: Option<String>,
    /// Userinfo takes no token.
    pub(crate) refuses_userinfo: bool,
    /// The nonce that proofs must hold, at the token endpoint and at the userinfo endpoint.
    pub(crate) nonces: [Option<String>; 2],
    /// It demands another nonce each time.
    pub(crate) never_content: bool,
    /// Nobody can read what it demands.
    pub(crate) hides_nonce: bool,
    /// It answers with Bearer tokens although it got a proof.
    pub(crate) downgrades: bool,
    /// Proofs that it saw.
    pub(crate) proofs: Vec<Proof>,
    /// Requests that wait for the user.
    pub(crate) pushed: Vec<(String, HashMap<String, String>)>,
    /// Pushes are answered so.
    pub(crate) answers_push: Option<(u16, &'static str)>,
    minted: u64,
}

/// A request as it arrives.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) purpose: Purpose,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) bearer: Option<String>,
    pub(crate) proof: Option<Proof>,
    /// Past all caches.
    pub(crate) renews: bool,
}

impl Arrival {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The refresh token that is presented.
    pub(crate) fn refresh_token(&self) -> Option<&str> {
        self.field("refresh_token")
    }
}

pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let content_type = Some(content_type.to_owned());
    HttpResponse {
        status,
        content_type,
        retry_after: None,
        challenge: None,
        dpop_nonce: None,
        body: body.into(),
    }
}

pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    response(status, "application/json", body)
}

pub(crate) fn refusal(status: u16, error: &str) -> HttpResponse {
    json(status, format!(r#"{{"error":"{error}","error_description":"as the simulation wants it"}}"#))
}

impl Server {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            grants: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            codes: HashMap::new(),
            keys: vec![1],
            signs_with: None,
            doctor: None,
            refreshes: 0,
            exchanges: 0,
            user: "user-1",
            userinfos: 0,
            revoked: Vec::new(),
            devices: Devices::default(),
            token_exchanges: 0,
            details: None,
            refuses_userinfo: false,
            nonces: [None, None],
            never_content: false,
            hides_nonce: false,
            downgrades: false,
            proofs: Vec::new(),
            pushed: Vec::new(),
            answers_push: None,
            minted: 0,
        }
    }

    /// The user logs in and comes back: the URL the page is called with.
    pub(crate) fn authorize(&mut self, url: &str, now: Millis) -> String {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mut query: HashMap<_, _> = form::parse(query).unwrap_or_default().into_iter().collect();
        if let Some(uri) = query.get("request_uri") {
            // RFC 9126 section 4: it is used once.
            assert_eq!(query.len(), 2, "client_id and request_uri, nothing else");
            let at =
                self.pushed.iter().position(|(known, _)| known == uri).expect("a reference of this server");
            query = self.pushed.remove(at).1;
        } else {
            assert!(!self.policy.requires_par, "a plain request");
        }
        let field = |name: &str| query.get(name).cloned().unwrap_or_default();
        assert_eq!(field("code_challenge_method"), "S256");
        assert_eq!(field("response_type"), "code");
        let grant = self.grant(field("scope"), field("nonce"), now);
        let code = self.mint("code", grant);
        let (state, challenge) = (field("state"), field("code_challenge"));
        self.codes.insert(code.clone(), Code { grant, challenge, key: field("dpop_jkt"), used: false });
        let answer = form::Form::new().with("code", &code).with("state", &state).with("iss", ISSUER);
        format!("{}?{}", field("redirect_uri"), answer.into_string())
    }

    /// The user lets the client do something.
    pub(crate) fn grant(&mut self, scope: String, nonce: String, now: Millis) -> usize {
        self.grants.push(Grant {
            alive: true,
            scope,
            nonce,
            key: None,
            subject: self.user.to_owned(),
            auth_time: now / 1000,
            doctored: false,
            signed_with: 0,
        });
        self.grants.len() - 1
    }

    pub(crate) fn mint(&mut self, kind: &str, grant: usize) -> String {
        self.minted += 1;
        format!("{kind}.{grant}.{}.{MARK}", self.minted)
    }

    /// RFC 9449 sections 8 and 9: a proof without the nonce is refused before anything else happens. Whoever is
    /// answered learns the nonce of the day.
    fn refused_proof(&mut self, request: &Arrival) -> Option<HttpResponse> {
        let proof = request.proof.clone()?;
        let at = usize::from(request.purpose == Purpose::Userinfo);
        self.proofs.push(proof.clone());
        if self.never_content {
            self.minted += 1;
            self.nonces[at] = Some(format!("nonce-{}", self.minted));
        }
        let demanded = self.nonces[at].clone().filter(|nonce| Some(nonce) != proof.nonce.as_ref())?;
        let mut response = match at {
            0 => refusal(400, "use_dpop_nonce"),
            _ => json(401, ""),
        };
        response.challenge =
            (at == 1).then(|| r#"Bearer, DPoP algs="ES256", error="use_dpop_nonce""#.to_owned());
        response.dpop_nonce = Some(demanded).filter(|_| !self.hides_nonce);
        Some(response)
    }

    pub(crate) fn act(&mut self, request: &Arrival, now: Millis) -> (HttpResponse, Word) {
        if let Some(response) = self.refused_proof(request) {
            return (response, Word::None);
        }
        let (mut response, word) = self.act_on(request, now);
        if request.proof.is_some() && !self.hides_nonce {
            response.dpop_nonce = self.nonces[usize::from(request.purpose == Purpose::Userinfo)].clone();
        }
        (response, word)
    }

    fn act_on(&mut self, request: &Arrival, now: Millis) -> (HttpResponse, Word) {
        let plain = |response| (response, Word::None);
        match request.purpose {
            Purpose::Discovery => plain(self.metadata()),
            Purpose::Keys => plain(self.key_set()),
            Purpose::Userinfo => plain(self.userinfo(request, now)),
            Purpose::Push => plain(self.push(request)),
            Purpose::Revocation => plain(self.revoke(request)),
            Purpose::Device => plain(self.device_codes(request, now)),
            Purpose::Token => match request.field("grant_type") {
                Some("authorization_code") => self.exchange(request, now),
                Some("urn:ietf:params:oauth:grant-type:device_code") => self.poll(request, now),
                Some("urn:ietf:params:oauth:grant-type:token-exchange") => {
                    plain(self.exchange_token(request, now))
                }
                _ => self.renew(request, now),
            },
        }
    }

    /// RFC 9126 section 2.
    fn push(&mut self, request: &Arrival) -> HttpResponse {
        if let Some((status, body)) = self.answers_push {
            return json(status, body);
        }
        assert!(request.field("request_uri").is_none() && request.field("client_id") == Some(CLIENT));
        self.minted += 1;
        let uri = format!("urn:ietf:params:oauth:request_uri:{}", self.minted);
        self.pushed.push((uri.clone(), request.form.iter().cloned().collect()));
        json(201, format!(r#"{{"request_uri":"{uri}","expires_in":60}}"#))
    }

    fn metadata(&self) -> HttpResponse {
        let endpoint = |offered: bool, name: &str, path: &str| match offered {
            true => format!(r#","{name}":"{ISSUER}/{path}""#),
            false => String::new(),
        };
        json(
            200,
            [
                format!(r#"{{"issuer":"{ISSUER}","code_challenge_methods_supported":["S256"]"#),
                endpoint(true, "authorization_endpoint", "authorize"),
                endpoint(true, "token_endpoint", "token"),
                endpoint(true, "jwks_uri", "jwks"),
                endpoint(true, "userinfo_endpoint", "userinfo"),
                endpoint(true, "device_authorization_endpoint", "device_authorization"),
                endpoint(self.policy.has_revocation, "revocation_endpoint", "revoke"),
                endpoint(self.policy.has_end_session, "end_session_endpoint", "logout"),
                endpoint(true, "pushed_authorization_request_endpoint", "par"),
                format!(r#","require_pushed_authorization_requests":{}"#, self.policy.requires_par),
                match self.policy.binds {
                    true => r#","dpop_signing_alg_values_supported":["EdDSA","ES256"]"#.to_owned(),
                    false => String::new(),
                },
                format!(
                    r#","authorization_response_iss_parameter_supported":{}}}"#,
                    self.policy.announces_iss
                ),
            ]
            .concat(),
        )
    }

    fn key_set(&self) -> HttpResponse {
        let keys: Vec<_> = self.keys.iter().map(|number| self.key(*number)).collect();
        json(200, format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
    }

    fn key(&self, number: u8) -> String {
        let kid = if self.policy.names_keys { format!(r#","kid":"key-{number}""#) } else { String::new() };
        let x = base64url::encode(&[number; 32]);
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"{kid}}}"#)
    }

    /// A new key signs from now on; the old ones stay in the set for a while, or not.
    pub(crate) fn rotate_keys(&mut self, keep_old: bool) {
        let next = self.keys.last().copied().unwrap_or_default().wrapping_add(1);
        if !keep_old {
            self.keys.clear();
        }
        self.keys.push(next);
        if self.keys.len() > 3 {
            self.keys.remove(0);
        }
    }

    fn exchange(&mut self, request: &Arrival, now: Millis) -> (HttpResponse, Word) {
        self.exchanges += 1;
        let verifier = request.field("code_verifier").unwrap_or_default();
        let challenge = base64url::encode(&Sha256::digest(verifier));
        let Some(code) = request.field("code").and_then(|code| self.codes.get_mut(code)) else {
            return (refusal(400, "invalid_grant"), Word::InvalidGrant);
        };
        let grant = code.grant;
        let key = request.proof.as_ref().map(|proof| proof.key.clone());
        let bound = code.key.is_empty() || key.as_deref() == Some(code.key.as_str());
        if code.used || (self.policy.checks_pkce && code.challenge != challenge) || !bound {
            self.grants[grant].alive = false;
            return (refusal(400, "invalid_grant"), Word::InvalidGrant);
        }
        code.used = true;
        self.bind(grant, request);
        self.first_tokens(grant, now)
    }

    /// RFC 9449 section 5: the first proof says which key the refresh tokens are bound to.
    pub(crate) fn bind(&mut self, grant: usize, request: &Arrival) {
        let key = request.proof.as_ref().map(|proof| proof.key.clone());
        self.grants[grant].key = key.filter(|_| self.policy.binds);
    }

    /// The tokens of a login.
    pub(crate) fn first_tokens(&mut self, grant: usize, now: Millis) -> (HttpResponse, Word) {
        let refresh = self.policy.refresh_tokens.then(|| self.new_refresh_token(grant));
        let scope = self.grants[grant].scope.clone();
        let openid = scope.split(' ').any(|value| value == "openid");
        let body = self.token_answer(grant, scope, Vec::new(), refresh.as_deref(), openid, None, now);
        (json(200, body), Word::Tokens { grant, refresh, refreshed: false })
    }

    /// RFC 8693: another token of the same grant.
    fn exchange_token(&mut self, request: &Arrival, now: Millis) -> HttpResponse {
        self.token_exchanges += 1;
        let subject = request.field("subject_token").unwrap_or_default().to_owned();
        let key = request.proof.as_ref().map(|proof| proof.key.clone());
        if !self.honours(&subject, now)
            || self.access[&subject].key.as_ref().is_some_and(|of| Some(of) != key.as_ref())
        {
            return refusal(400, "invalid_request");
        }
        let key = key.filter(|_| self.policy.binds && !self.downgrades);
        let kind = if key.is_some() { "DPoP" } else { "Bearer" };
        let (grant, token) = (self.access[&subject].grant, self.mint("xt", self.access[&subject].grant));
        let scope = request.field("scope").unwrap_or_default().to_owned();
        let access = Access {
            grant,
            issued: now,
            lifetime: Some(60_000),
            scope,
            key,
            resource: Vec::new(),
            doctored: false,
        };
        self.access.insert(token.clone(), access);
        let issued = "urn:ietf:params:oauth:token-type:access_token";
        json(
            200,
            format!(
                r#"{{"access_token":"{token}","token_type":"{kind}","issued_token_type":"{issued}","expires_in":60}}"#
            ),
        )
    }

    fn new_refresh_token(&mut self, grant: usize) -> String {
        let token = self.mint("rt", grant);
        self.refresh.insert(token.clone(), RefreshToken { grant, spent: None });
        token
    }

    fn renew(&mut self, request: &Arrival, now: Millis) -> (HttpResponse, Word) {
        self.refreshes += 1;
        let refused = || (refusal(400, "invalid_grant"), Word::InvalidGrant);
        let presented = request.refresh_token().unwrap_or_default().to_owned();
        let Some(RefreshToken { grant, spent }) = self.refresh.get_mut(&presented) else { return refused() };
        let grant = *grant;
        let key = request.proof.as_ref().map(|proof| &proof.key);
        if !self.grants[grant].alive
            || (self.grants[grant].key.is_some() && self.grants[grant].key.as_ref() != key)
        {
            return refused();
        }
        let spent_before = *spent;
        let tolerated = match self.policy.rotation {
            Rotation::Never | Rotation::Echo => true,
            Rotation::Always => spent_before.is_none(),
            Rotation::Grace(window) => spent_before.is_none_or(|first| now - first <= window),
        };
        // Whose token is used twice is found out before anything else about the request.
        if !tolerated {
            self.grants[grant].alive = false;
            return refused();
        }
        let mut scope = self.grants[grant].scope.clone();
        if let Some(narrower) = request.field("scope") {
            if !self.policy.narrows || !narrower.split(' ').all(|v| scope.split(' ').any(|s| s == v)) {
                return (refusal(400, "invalid_scope"), Word::Refused);
            }
            narrower.clone_into(&mut scope);
        }
        let refresh = match self.policy.rotation {
            Rotation::Never => None,
            Rotation::Echo => Some(presented),
            Rotation::Always | Rotation::Grace(_) => {
                if let Some(token) = self.refresh.get_mut(&presented) {
                    token.spent = spent_before.or(Some(now));
                }
                Some(self.new_refresh_token(grant))
            }
        };
        let doctored = if self.policy.id_token_on_refresh { self.doctor.take() } else { None };
        self.grants[grant].doctored |= doctored.is_some();
        let with_id = self.policy.id_token_on_refresh && self.grants[grant].scope.contains("openid");
        let resource = request.form.iter().filter(|(name, _)| name == "resource");
        let resource = resource.map(|(_, value)| value.clone()).collect();
        let body = self.token_answer(grant, scope, resource, refresh.as_deref(), with_id, doctored, now);
        (json(200, body), Word::Tokens { grant, refresh, refreshed: true })
    }

    #[allow(clippy::too_many_arguments, reason = "as many as there are things in an answer")]
    fn token_answer(
        &mut self,
        grant: usize,
        scope: String,
        resource: Vec<String>,
        refresh: Option<&str>,
        with_id: bool,
        doctored: Option<Doctored>,
        now: Millis,
    ) -> String {
        let access = self.mint("at", grant);
        let lifetime = self.policy.lifetime;
        let key = self.grants[grant].key.clone().filter(|_| !self.downgrades);
        let kind = if key.is_some() { "DPoP" } else { "Bearer" };
        let mut body = format!(r#"{{"access_token":"{access}","token_type":"{kind}""#);
        if let Some(seconds) = lifetime {
            body.push_str(&format!(r#","expires_in":{seconds}"#));
        }
        if let Some(refresh) = refresh {
            body.push_str(&format!(r#","refresh_token":"{refresh}""#));
        }
        if self.policy.says_scope {
            body.push_str(&format!(r#","scope":"{scope}""#));
        }
        if let Some(details) = &self.details {
            body.push_str(&format!(r#","authorization_details":{details}"#));
        }
        if with_id {
            let key = self.signs_with.or(self.keys.last().copied()).unwrap_or_default();
            self.grants[grant].signed_with = key;
            let id_token = self.id_token(&self.grants[grant], &access, doctored, now);
            body.push_str(&format!(r#","id_token":"{id_token}""#));
        }
        body.push('}');
        let lifetime = lifetime.map(|seconds| seconds * 1000);
        let doctored = with_id && doctored.is_some();
        self.access.insert(access, Access { grant, issued: now, lifetime, scope, key, resource, doctored });
        body
    }

    fn id_token(&self, grant: &Grant, access: &str, doctored: Option<Doctored>, now: Millis) -> String {
        let key = grant.signed_with;
        let algorithm = if doctored == Some(Doctored::Unsigned) { "none" } else { "ES256" };
        let wrong = |what: Doctored, wrong: &str, right: &str| {
            if doctored == Some(what) { wrong.to_owned() } else { right.to_owned() }
        };
        let seconds = now / 1000;
        let nonce = wrong(Doctored::Nonce, "another", &grant.nonce);
        let nonce = if nonce.is_empty() { nonce } else { format!(r#""nonce":"{nonce}","#) };
        let auth_time = grant.auth_time - u64::from(doctored == Some(Doctored::AuthTime));
        let payload = format!(
            r#"{{"iss":"{}","aud":"{}","sub":"{}",{nonce}"at_hash":"{}","exp":{},"iat":{seconds},"auth_time":{auth_time}}}"#,
            wrong(Doctored::Issuer, "https://evil.example.com", ISSUER),
            wrong(Doctored::Audience, "other", CLIENT),
            wrong(Doctored::Subject, "user-2", &grant.subject),
            wrong(Doctored::AtHash, "AAAA", &base64url::encode(&Sha256::digest(access)[..16])),
            seconds + 3600,
        );
        let mut token = self.signed(key, &format!(r#"{{"alg":"{algorithm}""#), &payload);
        if doctored == Some(Doctored::Signature) {
            let broken = if token.ends_with('A') { 'Q' } else { 'A' };
            token.pop();
            token.push(broken);
        }
        token
    }

    fn signed(&self, key: u8, header: &str, payload: &str) -> String {
        let kid = if self.policy.names_keys { format!(r#","kid":"key-{key}""#) } else { String::new() };
        let header = base64url::encode(format!("{header}{kid}}}").as_bytes());
        let input = format!("{header}.{}", base64url::encode(payload.as_bytes()));
        format!("{input}.{}", base64url::encode(&signature(key, &input)))
    }

    fn userinfo(&mut self, request: &Arrival, now: Millis) -> HttpResponse {
        self.userinfos += 1;
        let token = request.bearer.as_deref().unwrap_or_default();
        let key = request.proof.as_ref().map(|proof| &proof.key);
        let fits = self.access.get(token).is_some_and(|access| access.key.as_ref() == key);
        if self.refuses_userinfo || !fits || !self.honours(token, now) {
            return json(401, "");
        }
        let subject = &self.grants[self.access[token].grant].subject;
        if self.policy.signs_userinfo {
            let key = self.signs_with.or(self.keys.last().copied()).unwrap_or_default();
            let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{CLIENT}","sub":"{subject}","name":"Ada"}}"#);
            return response(200, "application/jwt", self.signed(key, r#"{"alg":"ES256""#, &payload));
        }
        json(200, format!(r#"{{"sub":"{subject}","name":"Ada"}}"#))
    }

    /// Whether the last ID token of a grant can be told from a forged one: it was not made wrong, and its
    /// key is still in the set.
    pub(crate) fn can_be_proven(&self, grant: usize) -> bool {
        let grant = &self.grants[grant];
        !grant.doctored && self.keys.contains(&grant.signed_with)
    }

    pub(crate) fn is_same_user(&self, grant: usize, other: usize) -> bool {
        self.grants[grant].subject == self.grants[other].subject
    }

    /// Whether an API takes the access token.
    pub(crate) fn honours(&self, token: &str, now: Millis) -> bool {
        self.access.get(token).is_some_and(|access| {
            self.grants[access.grant].alive
                && access.lifetime.is_none_or(|lifetime| now < access.issued + lifetime)
        })
    }

    /// RFC 7009: with a token goes its whole grant. A token it does not know is no error.
    fn revoke(&mut self, request: &Arrival) -> HttpResponse {
        let token = request.field("token").unwrap_or_default().to_owned();
        let grant = match self.refresh.get(&token) {
            Some(refresh) => Some(refresh.grant),
            None => self.access.get(&token).map(|access| access.grant),
        };
        if let Some(grant) = grant {
            self.grants[grant].alive = false;
        }
        self.revoked.push(token);
        response(200, "text/plain", "")
    }

    /// A code of a login that nobody began here.
    pub(crate) fn stolen_code(&mut self, chance: &mut Chance) -> String {
        self.minted += 1;
        format!("code.{}.{}.{MARK}", chance.below(1000), self.minted)
    }
}

/// Not a signature, but only the key it names can have made it, over nothing but this input.
fn signature(key: u8, input: &str) -> [u8; 64] {
    let mut out = [key; 64];
    out[32..].copy_from_slice(&Sha256::digest(input));
    out
}

/// What `crypto.subtle` would say.
pub(crate) fn verify(verification: &Verification) -> Verdict {
    let Some(made_with) = verification.signature.first().copied() else { return Verdict::Invalid };
    let named = |jwk: &String| jwk.contains(&base64url::encode(&[made_with; 32]));
    let right = verification.signature == signature(made_with, &verification.input);
    if !right || !verification.keys.iter().any(named) {
        return Verdict::Invalid;
    }
    assert_eq!(verification.algorithm, Algorithm::Es256);
    let digest = |text: &Secret| Sha256::digest(text.expose()).to_vec();
    Verdict::Valid(verification.hashed.as_ref().map(digest).unwrap_or_default())
}
