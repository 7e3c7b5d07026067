//! The promises of the app: begun once, settled once.

use super::input::OpId;

/// Operations that are not settled.
#[derive(Debug, Default)]
pub(super) struct Operations(Vec<OpId>);

impl Operations {
    pub(super) fn begin(&mut self, op: OpId) {
        self.0.push(op);
    }

    /// Whether the operation was still open; it is not any more.
    pub(super) fn end(&mut self, op: OpId) -> bool {
        match self.0.iter().position(|known| *known == op) {
            Some(at) => {
                self.0.swap_remove(at);
                true
            }
            None => false,
        }
    }

    pub(super) fn is_open(&self, op: OpId) -> bool {
        self.0.contains(&op)
    }

    pub(super) fn all(&self) -> Vec<OpId> {
        self.0.clone()
    }
}
