//! The promises of the app: begun once, settled once.

use super::input::OpId;

/// Operations that are not settled, or some of them.
#[derive(Debug, Default)]
pub(super) struct Operations(Vec<OpId>);

impl Operations {
    pub(super) fn begin(&mut self, op: OpId) {
        self.0.push(op);
    }

    /// Whether the operation was still open; it is not any more.
    pub(super) fn end(&mut self, op: OpId) -> bool {
        let at = self.0.iter().position(|known| *known == op);
        at.is_some_and(|at| self.0.swap_remove(at) == op)
    }

    pub(super) fn is_open(&self, op: OpId) -> bool {
        self.0.contains(&op)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves those out that are not open.
    pub(super) fn keep_open(&mut self, open: &Self) {
        self.0.retain(|op| open.is_open(*op));
    }

    /// Any one of them.
    pub(super) fn any(&self) -> Option<OpId> {
        self.0.first().copied()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
