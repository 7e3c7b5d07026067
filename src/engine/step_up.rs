//! What an API that refuses a request wants of the user (RFC 9470). The app is asked before anything comes of it; here
//! is said what a login would have to bring, and whether the last one brought it already.

use crate::encoding::json::Json;
use crate::encoding::text::{concat, words};
use crate::protocol::challenge::StepUp;

use super::Engine;
use super::input::{Ambient, OpId};
use super::output::Reply;

impl Engine {
    pub(super) fn step_up(&mut self, ambient: &Ambient<'_>, op: OpId, args: &Json) {
        let wanted = args.text("challenge").and_then(StepUp::of_challenge);
        let reply = match (wanted, &self.session) {
            (Some(wanted), Some(session)) => {
                let acr = session.claims.as_ref().and_then(|claims| claims.text("acr"));
                let auth_time = session.identity.as_ref().and_then(|identity| identity.auth_time);
                // Beside what was granted: a login for less would take away what other APIs need.
                let scope = wanted.scope.as_ref().map(|more| {
                    let mut scope = session.scope.to_text();
                    for word in words(&more.to_text()) {
                        if !session.scope.contains(&word) {
                            scope = concat(&[&scope, " ", &word]);
                        }
                    }
                    scope
                });
                let covered = wanted.scope.as_ref().is_none_or(|more| session.scope.covers(more));
                let met = covered && wanted.is_met(acr, auth_time, self.config.leeway, ambient.now);
                Reply::StepUp { acr_values: wanted.acr_values, max_age: wanted.max_age, scope, met }
            }
            _ => Reply::Done,
        };
        self.settle(op, Ok(reply));
    }
}
