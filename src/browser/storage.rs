//! Pending logins in sessionStorage: written before the page leaves, taken out once. No token comes here.

use crate::encoding::text::concat;
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
    pub(super) fn new(client_id: &str) -> Self {
        Self { prefix: concat(&["tokenward.login.", client_id, "."]) }
    }

    /// Whether it could be stored. Storage may be missing (workers), forbidden or full.
    pub(super) fn store(&self, state: &str, record: &str) -> bool {
        let Some(storage) = storage() else { return false };
        let pending = self.pending(&storage);
        for key in pending.iter().skip(MOST_PENDING - 1) {
            let _ = storage.remove_item(key);
        }
        storage.set_item(&self.key(state), record).is_ok()
    }

    /// Takes a record out, and tells whether others are pending. Synchronous: nothing of this page can
    /// come between reading and removing.
    pub(super) fn take(&self, state: &str) -> (Option<String>, bool) {
        let Some(storage) = storage() else { return (None, false) };
        let key = self.key(state);
        let record = storage.get_item(&key).ok().flatten();
        if record.is_some() && storage.remove_item(&key).is_err() {
            // What cannot be removed could be used twice.
            return (None, false);
        }
        (record, !self.pending(&storage).is_empty())
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

fn storage() -> Option<Storage> {
    // Not `instanceof`: a storage of another realm is as good.
    global("sessionStorage").map(JsCast::unchecked_into)
}
