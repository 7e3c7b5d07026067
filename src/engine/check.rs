//! Whether the user of the session is signed in at the server still: a login without a page whose tokens are not
//! used (OpenID Connect Session Management 3).

use crate::error::{Code, Error};
use crate::protocol::id_token::Identity;
use crate::protocol::token::TokenAnswer;

use super::Engine;
use super::input::OpId;
use super::output::Reply;

impl Engine {
    /// Whether it is known who is signed in.
    pub(super) fn has_identity(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.identity.is_some())
    }

    /// The server said who is signed in there. Somebody else: this session is over.
    pub(super) fn check_answered(
        &mut self,
        op: OpId,
        generation: u32,
        answer: TokenAnswer,
        found: &Identity,
    ) {
        if let Some(token) = answer.refresh_token {
            self.revoke_quietly(&token);
        }
        let asked = self.session.as_ref().filter(|session| session.generation == generation);
        let known = asked.and_then(|session| session.identity.as_ref());
        match known.map(|known| known.subject == found.subject) {
            None => self.refuse(op, Error::new(Code::LoginRequired)),
            Some(true) => {
                self.checked = Some(self.generation);
                self.settle(op, Ok(Reply::Done));
            }
            Some(false) => self.check_ends(op, Error::at(Code::IdentityChanged, "sub")),
        }
    }

    /// A server whose cookies the browser keeps back knows nobody. That the user is signed out is its word only if it
    /// knew this user here before.
    pub(super) fn check_refused(&mut self, op: OpId, error: Error) {
        let knew = self.checked == Some(self.generation) && self.session.is_some();
        match error.oauth_error.as_deref() {
            Some("login_required") if knew => {
                let over = Error::new(Code::SessionEnded);
                let description = error.description.as_deref();
                self.check_ends(op, over.with_server_words("login_required", description));
            }
            _ => self.refuse(op, error),
        }
    }

    /// While tokens are renewed the record of the session is not at rest: the next check will say the same.
    fn check_ends(&mut self, op: OpId, error: Error) {
        if self.refresh.is_idle() {
            self.finish(error);
            self.settle(op, Ok(Reply::Done));
        } else {
            self.refuse(op, Error::new(Code::InteractionRequired));
        }
    }
}
