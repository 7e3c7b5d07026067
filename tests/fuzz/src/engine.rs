//! The engine under any sequence of inputs, those included that no browser would give it. The contract of the
//! sans-io machine is checked at every step: operations settle once, jobs are answered once, time alone makes
//! work, nothing secret is printed, what was spent is not sent again.

use serde_json::Value;
use tokenward::config::Config;
use tokenward::encoding::{base64url, form};
use tokenward::engine::Engine;
use tokenward::engine::input::{Ambient, Call, Entropy, Input, JobId, KeepWord, Kept, OpId, Verdict};
use tokenward::engine::output::{Keep, Output, Reply};
use tokenward::error::Code;
use tokenward::protocol::http::{HttpFailure, HttpRequest, HttpResponse, HttpResult, Purpose};
use tokenward::secret::Secret;
use tokenward::time::Now;

use crate::support::{
    CLIENT, ISSUER, NOW, ORIGIN, REDIRECT, answer_of, check_error, config, document, json, saw,
};

/// In every token and code of this world.
const MARK: &str = "sEkReT-9f3k2";

/// More steps than this say nothing new.
const MOST_STEPS: usize = 300;

/// The first octet chooses the client, each further one something that happens.
pub fn run(data: &[u8]) {
    if data.windows(MARK.len()).any(|window| window == MARK.as_bytes()) {
        return;
    }
    let mut script = Script(data);
    let mut world = World::new(client(script.octet()));
    for _ in 0..MOST_STEPS {
        if script.0.is_empty() {
            break;
        }
        world.step(&mut script);
    }
    world.end();
}

fn client(choice: u8) -> Config {
    let plain = r#","discovery":false,"scope":"api","metadata":{"authorization_endpoint":"https://id.example.com/authorize","token_endpoint":"https://id.example.com/token","revocation_endpoint":"https://id.example.com/revoke"}"#;
    match choice % 5 {
        0 => config(""),
        1 => config(r#","renewal":"on-demand","minValidity":60"#),
        2 => Config::from_options(
            json(&format!(r#"{{"issuer":"{ISSUER}","clientId":"{CLIENT}"{plain}}}"#)),
            Some(REDIRECT),
        )
        .expect("the options are right"),
        3 => config(r#","minValidity":0,"leeway":0,"freshness":1"#),
        _ => config(r#","persistence":"sealed","resource":"https://api.example.com""#),
    }
}

/// What is left of the input.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.octet()) % bound.max(1)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A length, and so many octets.
    fn slice(&mut self) -> &'a [u8] {
        let length = usize::from(self.octet()).min(self.0.len());
        let (slice, rest) = self.0.split_at(length);
        self.0 = rest;
        slice
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.slice()).into_owned()
    }
}

/// The same numbers in every run.
#[derive(Debug)]
struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for octet in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

/// Something that was asked for and is not answered.
enum Asked {
    Http(Box<HttpRequest>),
    Verify,
    Keep(Keep),
}

struct World {
    engine: Engine,
    now: Now,
    entropy: Counter,
    open: Vec<OpId>,
    next_op: u32,
    jobs: Vec<(JobId, Asked)>,
    seen_jobs: Vec<JobId>,
    storage: Vec<(String, String)>,
    /// `state` and nonce of the authorization requests the page went to.
    visits: Vec<(String, String)>,
    /// Codes with the nonces they stand for.
    codes: Vec<(String, String)>,
    sent_codes: Vec<String>,
    /// Refresh tokens that were replaced.
    spent: Vec<String>,
    verifiers: Vec<String>,
    minted: u32,
    asleep: bool,
    disposed: bool,
    /// Whether a question got an answer of another kind.
    mistaken: bool,
    /// Whether the input being handled is a tick in which no time passed.
    idle: bool,
}

impl World {
    fn new(config: Config) -> Self {
        let mut world = Self {
            engine: Engine::new(config),
            now: NOW,
            entropy: Counter(1),
            open: Vec::new(),
            next_op: 0,
            jobs: Vec::new(),
            seen_jobs: Vec::new(),
            storage: Vec::new(),
            visits: Vec::new(),
            codes: Vec::new(),
            sent_codes: Vec::new(),
            spent: Vec::new(),
            verifiers: Vec::new(),
            minted: 0,
            asleep: true,
            disposed: false,
            mistaken: false,
            idle: false,
        };
        world.drain();
        world
    }

    fn step(&mut self, script: &mut Script<'_>) {
        match script.octet() % 20 {
            0 | 1 => {
                let args = script.pick(&[
                    "{}",
                    r#"{"returnTo":"/orders","maxAge":60}"#,
                    r#"{"scope":"openid","requiredAcr":["phr"],"prompt":"none"}"#,
                    r#"{"unknown":1}"#,
                ]);
                self.call(Call::Login(json(args)));
            }
            2 | 3 => self.come_back(script),
            4 | 5 => {
                let args = script.pick(&[
                    "{}",
                    r#"{"fresh":true}"#,
                    r#"{"minValidity":86400}"#,
                    r#"{"scope":"openid"}"#,
                    r#"{"resource":"https://other.example.com"}"#,
                    r#"{"rejected":1}"#,
                    r#"{"rejected":2}"#,
                    r#"{"scope":"admin"}"#,
                ]);
                self.call(Call::GetToken(json(args)));
            }
            6 => self.call(Call::Userinfo),
            7 => {
                let args = script.pick(&["{}", r#"{"local":true}"#, r#"{"revoke":false}"#, r#"{"local":7}"#]);
                self.call(Call::Logout(json(args)));
            }
            8 => self.call(Call::Revoke),
            9 => {
                // Also one that was never begun, or was settled long ago.
                let op = OpId(script.octet().into());
                self.feed(Input::Cancel(op));
            }
            10..=14 => self.answer(script),
            15 => self.pass(script),
            16 => {
                let input = match script.below(5) {
                    0 => Input::Resumed,
                    1 => Input::Restored,
                    2 => Input::Online(false),
                    _ => Input::Online(true),
                };
                self.feed(input);
            }
            17 => {
                // An answer to a question that nobody asked, or of another kind.
                let job = JobId(script.octet().into());
                self.mistaken |= self.jobs.iter().any(|(known, _)| *known == job);
                self.jobs.retain(|(known, _)| *known != job);
                match script.below(3) {
                    0 => self.feed(Input::Verified(job, Verdict::Valid(Vec::new()))),
                    1 => self.feed(Input::Kept(job, Kept::word(KeepWord::Done))),
                    _ => self.feed(Input::Http(job, Err(HttpFailure::NoAnswer))),
                }
            }
            18 => {
                self.feed(Input::Tick);
                self.idle = true;
                self.feed(Input::Tick);
                self.idle = false;
            }
            _ => match script.octet() {
                255 => self.dispose(),
                240..=254 => {
                    let args = script.pick(&["{}", r#"{"scope":"openid"}"#, r#"{"returnTo":"/"}"#]);
                    self.call(Call::LoginWithDevice(json(args)));
                }
                225..=239 => {
                    let args = script.pick(&[
                        "{}",
                        r#"{"audience":"a","requestedTokenType":"urn:x"}"#,
                        r#"{"subjectToken":"own","subjectTokenType":"urn:x"}"#,
                        r#"{"extraParams":{"refresh_token":"x"}}"#,
                    ]);
                    self.call(Call::ExchangeToken(json(args)));
                }
                _ => {}
            },
        }
    }

    fn call(&mut self, call: Call) {
        let op = OpId(self.next_op);
        self.next_op += 1;
        self.open.push(op);
        self.feed(Input::Call(op, call));
    }

    /// The page is reached with some URL.
    fn come_back(&mut self, script: &mut Script<'_>) {
        let (state, nonce) = match self.visits.len() {
            0 => ("tw.nobody".to_owned(), String::new()),
            visits => self.visits[script.below(visits)].clone(),
        };
        let code = self.mint("code");
        self.codes.push((code.clone(), nonce));
        let url = match script.below(8) {
            0..=3 => format!("{REDIRECT}?code={code}&state={state}&iss=https%3A%2F%2Fid.example.com"),
            4 => format!("{REDIRECT}?error=access_denied&state={state}"),
            5 => format!("{REDIRECT}?code={code}&state={state}&iss=https%3A%2F%2Fevil.example.com"),
            6 => format!("{REDIRECT}?code=other&state=other#access_token=x"),
            _ => format!("{ORIGIN}{}", script.text()),
        };
        self.call(Call::HandleRedirect { url });
    }

    /// Time passes, on one clock or on both, or the wall clock is set.
    fn pass(&mut self, script: &mut Script<'_>) {
        let time = script.pick(&[1, 300, 999, 1_000, 5_000, 60_000, 600_000, 3_600_000, 30_000_000]);
        match script.below(4) {
            0 => self.now.wall += time,
            1 => self.now.wall = self.now.wall.saturating_sub(time),
            _ => {
                self.now.wall += time;
                self.now.mono += time;
            }
        }
        self.feed(Input::Tick);
    }

    fn mint(&mut self, kind: &str) -> String {
        self.minted += 1;
        format!("{kind}-{MARK}-{}", self.minted)
    }

    fn answer(&mut self, script: &mut Script<'_>) {
        if self.jobs.is_empty() {
            return;
        }
        let at = script.below(self.jobs.len());
        let (job, asked) = self.jobs.swap_remove(at);
        let input = match asked {
            Asked::Verify => {
                let valid = Verdict::Valid(Vec::new());
                let verdicts = [valid.clone(), valid, Verdict::Invalid, Verdict::Unsupported];
                Input::Verified(job, verdicts[script.below(verdicts.len())].clone())
            }
            Asked::Keep(keep) => Input::Kept(job, self.kept(&keep, script)),
            Asked::Http(request) => Input::Http(job, self.http(&request, script)),
        };
        self.feed(input);
    }

    fn kept(&mut self, keep: &Keep, script: &mut Script<'_>) -> Kept {
        let broken = script.below(8);
        #[allow(unreachable_patterns, reason = "there will be more to keep than pending logins")]
        match (keep, broken) {
            (_, 6) => Kept::word(KeepWord::Failed),
            (_, 7) => {
                let word = script.pick(&[KeepWord::Busy, KeepWord::Conflict, KeepWord::Done]);
                let record = Some(Secret::new(script.text()));
                Kept { word, record, revision: Some("r".to_owned()) }
            }
            (Keep::Store { state, record }, _) => {
                self.storage.push((state.clone(), record.expose().to_owned()));
                Kept::word(KeepWord::Done)
            }
            (Keep::Take { state }, _) => {
                let at = self.storage.iter().position(|(known, _)| known == state);
                let record = at.map(|at| Secret::new(self.storage.swap_remove(at).1));
                let revision = (!self.storage.is_empty()).then(String::new);
                Kept { word: KeepWord::Done, record, revision }
            }
            _ => Kept::word(KeepWord::Done),
        }
    }

    fn http(&mut self, request: &HttpRequest, script: &mut Script<'_>) -> HttpResult {
        let kind = "application/json";
        let how = script.below(16);
        match how {
            10 => return Err(HttpFailure::NoAnswer),
            11 => return Err(script.pick(&[HttpFailure::TimedOut, HttpFailure::TooLarge])),
            12 => {
                let status = script.pick(&[429, 500, 503]);
                let retry_after = Some(script.pick(&["0", "1", "7", "99999999999", "soon"]).to_owned());
                return Ok(HttpResponse { retry_after, ..answer_of(status, "text/html", b"<html>") });
            }
            13 => {
                return Ok(answer_of(400, kind, br#"{"error":"invalid_grant","error_description":"over"}"#));
            }
            14 => return Ok(answer_of(script.pick(&[200, 400, 401, 403]), kind, script.slice())),
            _ => {}
        }
        let body = match request.purpose {
            Purpose::Discovery => document(""),
            Purpose::Keys => {
                let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
                let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
                format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"k","x":"{x}","y":"{y}"}}]}}"#)
            }
            Purpose::Push => r#"{"request_uri":"urn:a","expires_in":60}"#.to_owned(),
            Purpose::Token => self.token_answer(request, how, script),
            Purpose::Userinfo => r#"{"sub":"alice","name":"Alice"}"#.to_owned(),
            Purpose::Revocation => String::new(),
            Purpose::Device => {
                let code = self.mint("dc");
                format!(
                    r#"{{"device_code":"{code}","user_code":"u","verification_uri":"{ISSUER}/device","expires_in":600}}"#
                )
            }
        };
        Ok(answer_of(200, kind, body.as_bytes()))
    }

    fn token_answer(&mut self, request: &HttpRequest, how: usize, script: &mut Script<'_>) -> String {
        let form = request.form.as_ref().and_then(|form| form::parse(form.expose())).unwrap_or_default();
        let member = |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        if member("device_code").is_some() {
            match how {
                0..=1 => return r#"{"error":"authorization_pending"}"#.to_owned(),
                2 => return r#"{"error":"slow_down"}"#.to_owned(),
                3 => return r#"{"error":"access_denied"}"#.to_owned(),
                _ => {}
            }
        }
        let mut body = serde_json::json!({ "access_token": self.mint("at"), "token_type": "Bearer" });
        if member("subject_token").is_some() {
            body["issued_token_type"] = Value::from("urn:x");
            return body.to_string();
        }
        if let Some(life) = script.pick(&[None, Some(1), Some(3), Some(60), Some(3600), Some(86_400)]) {
            body["expires_in"] = Value::from(life);
        }
        if how != 7 {
            body["refresh_token"] = Value::from(self.mint("rt"));
            self.spent.extend(member("refresh_token"));
        }
        if how == 8 {
            body["scope"] = Value::from("openid");
        }
        let nonce = member("code").and_then(|code| {
            self.codes.iter().find(|(known, _)| *known == code).map(|(_, nonce)| nonce.clone())
        });
        if how != 6 && (nonce.is_some() || how == 9 || how == 5) {
            let seconds = self.now.wall / 1000;
            let mut claims = serde_json::json!({
                "iss": ISSUER, "aud": CLIENT, "sub": "alice", "iat": seconds, "exp": seconds + 600, "auth_time": seconds,
                "acr": "phr", "mark": MARK,
            });
            if let Some(nonce) = nonce {
                claims["nonce"] = Value::from(nonce);
            }
            if how == 5 {
                claims["sub"] = Value::from("mallory");
            }
            let alg = script.pick(&["ES256", "ES256", "ES256", "RS256"]);
            let part = |text: String| base64url::encode(text.as_bytes());
            let head = part(format!(r#"{{"alg":"{alg}","kid":"k"}}"#));
            let token = format!("{head}.{}.{}", part(claims.to_string()), base64url::encode(&[5; 64]));
            body["id_token"] = Value::from(token);
        }
        body.to_string()
    }

    fn feed(&mut self, input: Input) {
        let ambient = Ambient { now: self.now, entropy: &mut self.entropy };
        self.engine.handle(ambient, input);
        self.drain();
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.engine.poll() {
            outputs += 1;
            assert!(outputs < 2_000, "one input, and no end of it");
            // The claims are the app's, the mark among them; nothing else says it.
            let shown =
                if matches!(output, Output::Session(_)) { String::new() } else { format!("{output:?}") };
            assert!(!shown.contains(MARK), "a secret is shown in {shown}");
            assert!(!self.idle || matches!(output, Output::Wake(_)), "without time passing: {output:?}");
            self.take(output);
        }
        // Whoever waits, waits for something. An answer of the wrong kind takes its question away: that is the
        // shell's mistake, and may leave somebody waiting.
        let forgotten = self.jobs.is_empty() && self.asleep && !self.open.is_empty();
        assert!(!forgotten || self.mistaken, "nothing will ever settle {:?}", self.open);
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Send(job, request) => {
                assert!(!self.disposed, "a request after the end");
                self.check_request(&request);
                self.begin(job, Asked::Http(Box::new(request)));
            }
            Output::Verify(job, verification) => {
                assert!(!verification.keys.is_empty() && !verification.signature.is_empty());
                self.begin(job, Asked::Verify);
            }
            Output::Keep(job, keep) => {
                if let Keep::Store { record, .. } = &keep {
                    let record: Value = serde_json::from_str(record.expose()).expect("a record is JSON");
                    self.verifiers.extend(record["verifier"].as_str().map(str::to_owned));
                }
                self.begin(job, Asked::Keep(keep));
            }
            Output::Settle(op, result) => {
                let at = self.open.iter().position(|known| *known == op);
                self.open
                    .swap_remove(at.unwrap_or_else(|| panic!("{op:?} settles twice, or was never begun")));
                match result {
                    Ok(Reply::Navigate(url)) => self.visit(&url),
                    Ok(Reply::Token { .. }) => saw("token handed out"),
                    Ok(Reply::Claims(_)) => saw("claims handed out"),
                    Ok(Reply::Exchanged { .. }) => saw("token exchanged"),
                    Ok(_) => {}
                    Err(error) => {
                        let path = error.path.clone().unwrap_or_default();
                        check_error(&error, &[&path]);
                        assert!(!error.message().contains(MARK));
                    }
                }
            }
            Output::Wake(after) => {
                assert!(after.is_none_or(|after| (1..=1000).contains(&after)), "wake after {after:?}");
                self.asleep = after.is_none();
            }
            Output::Session(snapshot) => {
                if let (Some(renews), Some(expires)) = (snapshot.renews_at, snapshot.expires_at) {
                    assert!(renews <= expires, "renewed {} ms too late", renews - expires);
                }
            }
            Output::CleanUrl(url) => assert!(!url.contains("code=code-")),
            Output::Event(event, _) => saw(event.as_str()),
            Output::Token(_) => {}
            Output::Device(_, code) => {
                saw("device code shown");
                assert!(code.prompt.verification_uri.starts_with("https://"));
            }
            #[allow(unreachable_patterns, reason = "there will be more to tell")]
            _ => {}
        }
    }

    fn begin(&mut self, job: JobId, asked: Asked) {
        assert!(!self.seen_jobs.contains(&job), "{job:?} is asked twice");
        self.seen_jobs.push(job);
        self.jobs.push((job, asked));
    }

    /// What was used up is not sent again.
    fn check_request(&mut self, request: &HttpRequest) {
        assert!(request.url.starts_with(ISSUER), "{} is not the server", request.url);
        let form = request.form.as_ref().and_then(|form| form::parse(form.expose())).unwrap_or_default();
        let member = |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        if request.purpose != Purpose::Token {
            return;
        }
        if let Some(code) = member("code") {
            assert!(!self.sent_codes.contains(&code), "a code is redeemed twice");
            self.sent_codes.push(code);
        }
        if let Some(code) = member("device_code") {
            // That of a login that was given up may be under way still.
            assert!(!self.is_in_the_air("device_code", &code), "two polls in the air");
        }
        if let Some(token) = member("refresh_token") {
            assert!(!self.spent.contains(&token), "a refresh token is sent after it was replaced");
            assert!(!self.is_in_the_air("refresh_token", &token), "a refresh token is in the air twice");
        }
        assert_eq!(member("client_secret"), None);
    }

    /// Whether a token request with that parameter is not answered yet.
    fn is_in_the_air(&self, name: &str, value: &str) -> bool {
        let carries = |request: &HttpRequest| {
            let form = request.form.as_ref().and_then(|form| form::parse(form.expose())).unwrap_or_default();
            request.purpose == Purpose::Token && form.iter().any(|(own, text)| own == name && text == value)
        };
        self.jobs.iter().any(|(_, asked)| matches!(asked, Asked::Http(request) if carries(request)))
    }

    fn visit(&mut self, url: &str) {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let params = form::parse(query).unwrap_or_default();
        let member = |name: &str| params.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        if let (Some(state), Some(nonce)) = (member("state"), member("nonce")) {
            self.visits.push((state, nonce));
        }
    }

    fn dispose(&mut self) {
        self.disposed = true;
        self.feed(Input::Dispose);
        assert!(self.open.is_empty(), "{:?} never settle", self.open);
    }

    /// Nothing that was printed on the way or is in the engine's memory is readable, and the end is the end.
    fn end(mut self) {
        let shown = format!("{:?}", self.engine);
        let unclaimed = shown.replace(&format!("String(\"{MARK}\")"), "");
        assert!(!unclaimed.contains(MARK), "a secret is shown in {shown}");
        for verifier in &self.verifiers {
            assert!(!shown.contains(verifier.as_str()), "a verifier is shown in {shown}");
        }
        if !self.disposed {
            self.dispose();
        }
        for (job, _) in std::mem::take(&mut self.jobs) {
            self.feed(Input::Http(job, Err(HttpFailure::NoAnswer)));
        }
        let op = OpId(self.next_op);
        self.open.push(op);
        let ambient = Ambient { now: self.now, entropy: &mut self.entropy };
        self.engine.handle(ambient, Input::Call(op, Call::Userinfo));
        match self.engine.poll() {
            Some(Output::Settle(own, Err(error))) => {
                assert!(own == op && error.code == Code::ClientDisposed);
            }
            other => panic!("after the end: {other:?}"),
        }
        assert!(self.engine.poll().is_none());
    }
}
