//! Pending logins in sessionStorage: written before the page leaves, taken out once. No token comes here.

use crate::encoding::text::concat;
use crate::engine::input::{KeepWord, Kept};
use crate::engine::output::Keep;
use crate::secret::Secret;
use wasm_bindgen::JsCast;
use web_sys::Storage;

use super::globals::global;

/// More logins than this are not pending in one tab; the rest was given up.
const MOST_PENDING: usize = 10;

/// The pending logins of one client.
#[derive(Debug)]
pub(super) struct Transactions {
    prefix: String,
}

impl Transactions {
    /// Two servers may give out the same client id.
    pub(super) fn new(issuer: &str, client_id: &str) -> Self {
        Self { prefix: concat(&["tokenward.login.", issuer, " ", client_id, "."]) }
    }

    /// Does what is asked, if it is about pending logins and there is such a storage: workers have none.
    pub(super) fn keep(&self, keep: &Keep) -> Option<Kept> {
        if !has_storage() {
            return None;
        }
        match keep {
            Keep::Store { state, record } => Some(Kept::word(self.store(state, record.expose()))),
            Keep::Take { state } => Some(self.take(state)),
            _ => None,
        }
    }

    /// Storage may be forbidden or full.
    fn store(&self, state: &str, record: &str) -> KeepWord {
        let Some(storage) = storage() else { return KeepWord::Failed };
        let pending = self.pending(&storage);
        for key in pending.iter().skip(MOST_PENDING - 1) {
            let _ = storage.remove_item(key);
        }
        if storage.set_item(&self.key(state), record).is_ok() { KeepWord::Done } else { KeepWord::Failed }
    }

    /// Takes a record out, and tells whether others are pending. Synchronous: nothing of this page can
    /// come between reading and removing.
    fn take(&self, state: &str) -> Kept {
        let Some(storage) = storage() else { return Kept::word(KeepWord::Failed) };
        let key = self.key(state);
        let record = storage.get_item(&key).ok().flatten();
        if record.is_some() && storage.remove_item(&key).is_err() {
            // What cannot be removed could be used twice.
            return Kept::word(KeepWord::Failed);
        }
        let others = !self.pending(&storage).is_empty();
        Kept { word: KeepWord::Done, record: record.map(Secret::new), revision: others.then(String::new) }
    }

    fn key(&self, state: &str) -> String {
        concat(&[&self.prefix, state])
    }

    fn pending(&self, storage: &Storage) -> Vec<String> {
        let mut pending = Vec::new();
        for index in 0..storage.length().unwrap_or(0) {
            match storage.key(index) {
                Ok(Some(key)) if key.starts_with(&self.prefix) => pending.push(key),
                _ => {}
            }
        }
        pending
    }
}

/// Whether this realm is one with such a storage, be it forbidden.
fn has_storage() -> bool {
    global("document").is_some()
}

fn storage() -> Option<Storage> {
    // Not `instanceof`: a storage of another realm is as good.
    global("sessionStorage").map(JsCast::unchecked_into)
}
