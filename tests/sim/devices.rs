//! The device grant at the server (RFC 8628), and what a client may ask it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tokenward::encoding::base64url;
use tokenward::protocol::http::HttpResponse;
use tokenward::time::{Millis, Now};

use crate::server::{Arrival, ISSUER, Server, Word, json, refusal};

/// A device code, and what became of it.
#[derive(Debug)]
struct Device {
    code: String,
    scope: String,
    nonce: String,
    challenge: String,
    ends: Millis,
    decision: Option<Decision>,
}

/// What the user said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Granted(usize),
    Denied,
    /// The tokens were given out.
    Used,
}

/// How this server does what RFC 8628 leaves open.
#[derive(Debug)]
pub(crate) struct Devices {
    all: Vec<Device>,
    /// Seconds.
    pub(crate) lifetime: u64,
    /// Seconds; `None`: it does not say.
    pub(crate) interval: Option<u64>,
    /// So many polls are answered with "slow down".
    pub(crate) slow_downs: u32,
    /// Members of the next answer, as JSON, instead of the right ones.
    pub(crate) instead: Option<String>,
    pub(crate) polls: Vec<Millis>,
    /// Knows the nonce of an authentication request.
    pub(crate) echoes_nonce: bool,
    /// Sends this nonce whatever was asked.
    pub(crate) wrong_nonce: bool,
}

impl Default for Devices {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            lifetime: 120,
            interval: Some(5),
            slow_downs: 0,
            instead: None,
            polls: Vec::new(),
            echoes_nonce: true,
            wrong_nonce: false,
        }
    }
}

impl Server {
    /// Section 3.1.
    pub(crate) fn device_codes(&mut self, request: &Arrival, now: Millis) -> HttpResponse {
        let code = self.mint("dc", self.devices.all.len());
        let field = |name: &str| request.field(name).unwrap_or_default().to_owned();
        let lifetime = self.devices.lifetime;
        self.devices.all.push(Device {
            code: code.clone(),
            scope: field("scope"),
            nonce: field("nonce"),
            challenge: field("code_challenge"),
            ends: now + lifetime * 1000,
            decision: None,
        });
        if let Some(instead) = self.devices.instead.take() {
            return json(200, instead);
        }
        let interval = self.devices.interval.map_or(String::new(), |s| format!(r#","interval":{s}"#));
        let uri = format!("{ISSUER}/device");
        json(
            200,
            format!(
                r#"{{"device_code":"{code}","user_code":"WDJB-MJHT","verification_uri":"{uri}","verification_uri_complete":"{uri}?user_code=WDJB-MJHT","expires_in":{lifetime}{interval}}}"#
            ),
        )
    }

    /// The user decides about the newest code; `false` if there is none that waits.
    pub(crate) fn user_decides(&mut self, grants: bool, now: Millis) -> bool {
        let Some(at) = self.devices.all.iter().rposition(|d| d.decision.is_none() && now < d.ends) else {
            return false;
        };
        let (scope, nonce) = (self.devices.all[at].scope.clone(), self.devices.all[at].nonce.clone());
        let nonce = if self.devices.echoes_nonce { nonce } else { String::new() };
        let nonce = if self.devices.wrong_nonce { "another".to_owned() } else { nonce };
        let decision =
            if grants { Decision::Granted(self.grant(scope, nonce, now)) } else { Decision::Denied };
        self.devices.all[at].decision = Some(decision);
        true
    }

    /// Sections 3.4 and 3.5.
    pub(crate) fn poll(&mut self, request: &Arrival, now: Millis) -> (HttpResponse, Word) {
        self.devices.polls.push(now);
        let said = |error: &str| (refusal(400, error), Word::None);
        let presented = request.field("device_code").unwrap_or_default();
        let Some(device) = self.devices.all.iter_mut().find(|device| device.code == presented) else {
            return said("invalid_grant");
        };
        let verifier = request.field("code_verifier").unwrap_or_default();
        assert_eq!(device.challenge, base64url::encode(&Sha256::digest(verifier)));
        if now >= device.ends {
            return said("expired_token");
        }
        if self.devices.slow_downs > 0 {
            self.devices.slow_downs -= 1;
            return said("slow_down");
        }
        match device.decision {
            None => said("authorization_pending"),
            Some(Decision::Denied) => said("access_denied"),
            Some(Decision::Used) => said("invalid_grant"),
            Some(Decision::Granted(grant)) => {
                device.decision = Some(Decision::Used);
                self.bind(grant, request);
                self.first_tokens(grant, now)
            }
        }
    }
}

/// What a client that polls must keep to.
#[derive(Debug, Default)]
pub(crate) struct Polls(HashMap<String, Poll>);

#[derive(Debug)]
struct Poll {
    at: (Now, Millis),
    in_the_air: bool,
    slower: u64,
}

impl Polls {
    /// `interval`: what the server said, in seconds. A clock that was set back, or stood still, hides from the page how
    /// much time has passed.
    pub(crate) fn sends(
        &mut self,
        code: &str,
        at: (Now, Millis),
        interval: Option<u64>,
    ) -> Result<(), &'static str> {
        let passed = |last: (Now, Millis)| at.0.since(last.0).max(at.1 - last.1);
        let slower = match self.0.get(code) {
            Some(last) if last.in_the_air => return Err("two polls in the air"),
            Some(last) if passed(last.at) < (interval.unwrap_or(5) + last.slower) * 1000 => {
                return Err("polls faster than it may");
            }
            Some(last) => last.slower,
            None => 0,
        };
        self.0.insert(code.to_owned(), Poll { at, in_the_air: true, slower });
        Ok(())
    }

    pub(crate) fn hears(&mut self, code: &str, body: Option<&[u8]>) {
        let Some(poll) = self.0.get_mut(code) else { return };
        poll.in_the_air = false;
        let text = String::from_utf8_lossy(body.unwrap_or_default());
        // Cut short, it says nothing.
        poll.slower += if text.contains("\"slow_down\"") && text.ends_with('}') { 5 } else { 0 };
    }
}
