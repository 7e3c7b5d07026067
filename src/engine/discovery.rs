//! The server's metadata: asked for once, pinned as long as the client lives, shared by all who wait.

use crate::error::Result;
use crate::protocol::discovery::{self, Metadata};
use crate::protocol::exchange::ExchangeOptions;
use crate::protocol::http::{Caching, HttpResponse};

use super::input::{Ambient, OpId};
use super::session::Session;
use super::{Engine, Job, device, login, logout, refresh};

/// What is known, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    metadata: Option<Metadata>,
    waiting: Vec<Continuation>,
}

/// What goes on when the metadata is there, or is not to be had.
#[derive(Debug)]
pub(super) enum Continuation {
    Login(Box<login::Wanted>),
    Callback(Box<login::Matched>),
    Logout(Box<logout::Wanted>),
    Refresh(Box<refresh::Flight>),
    Userinfo(OpId),
    Revoke(Box<(OpId, Session)>),
    Device(Box<device::Wanted>),
    Exchange(Box<(OpId, ExchangeOptions)>),
}

impl Engine {
    /// The metadata, if it is known.
    pub(super) fn metadata(&self) -> Option<&Metadata> {
        self.discovered.metadata.as_ref()
    }

    /// Goes on as soon as the metadata is known.
    pub(super) fn with_metadata(&mut self, ambient: &mut Ambient<'_>, next: Continuation) {
        if self.discovered.metadata.is_some() {
            return self.go_on(ambient, next, Ok(()));
        }
        // The page that the redirect comes back to finds the document in the HTTP cache, where the page
        // that began the login put it: one request for both.
        let caching = match next {
            Continuation::Callback(_) => Caching::PreferStored,
            _ => Caching::Normal,
        };
        let asked = !self.discovered.waiting.is_empty();
        self.discovered.waiting.push(next);
        if asked {
            return;
        }
        match discovery::request(&self.config, caching) {
            Some(request) => self.send(Job::Discover(caching), request),
            None => {
                let judged = discovery::from_config(&self.config);
                self.discovery_judged(ambient, judged);
            }
        }
    }

    pub(super) fn discovery_answered(
        &mut self,
        ambient: &mut Ambient<'_>,
        caching: Caching,
        response: Result<&HttpResponse>,
    ) {
        let judged = response.and_then(|response| discovery::judge(response, &self.config));
        // A stored document that cannot be used, however it came there, is not the server's last word.
        if judged.is_err()
            && caching == Caching::PreferStored
            && let Some(request) = discovery::request(&self.config, Caching::Renew)
        {
            return self.send(Job::Discover(Caching::Renew), request);
        }
        self.discovery_judged(ambient, judged);
    }

    fn discovery_judged(&mut self, ambient: &mut Ambient<'_>, judged: Result<Metadata>) {
        let outcome = judged.map(|metadata| self.discovered.metadata = Some(metadata));
        let outcome = outcome.map_err(|error| match error.code {
            crate::error::Code::InsecureUrl => error,
            _ => error.during(crate::error::Phase::Discovery),
        });
        for next in std::mem::take(&mut self.discovered.waiting) {
            self.go_on(ambient, next, outcome.clone());
        }
    }

    fn go_on(&mut self, ambient: &mut Ambient<'_>, next: Continuation, outcome: Result<()>) {
        match next {
            Continuation::Login(wanted) => self.login_ready(ambient, *wanted, outcome),
            Continuation::Callback(matched) => self.callback_ready(ambient, *matched, outcome),
            Continuation::Logout(wanted) => self.logout_ready(ambient, *wanted),
            Continuation::Refresh(flight) => self.refresh_ready(ambient, flight, outcome),
            Continuation::Revoke(both) => self.revoke_ready(both.0, both.1),
            Continuation::Device(wanted) if crate::WHOLE => self.device_ready(ambient, *wanted, outcome),
            Continuation::Exchange(both) if crate::WHOLE => self.exchange_ready(ambient, *both, outcome),
            Continuation::Device(_) | Continuation::Exchange(_) => {}
            Continuation::Userinfo(op) => match outcome {
                Ok(()) => self.userinfo(ambient, op),
                Err(error) => self.refuse(op, error),
            },
        }
    }
}
