//! Keys for proofs, where a browser has them: in the memory of a page, waiting for a page that was left, kept with a
//! sealed session.

use tokenward::engine::input::{KeepWord, Kept};
use tokenward::engine::output::Keep;
use tokenward::secret::Secret;

#[derive(Debug, Default)]
pub(crate) struct KeyStore {
    made: usize,
    /// Of pending logins, by their state.
    pub(crate) away: Vec<(String, String)>,
    /// Of sealed sessions.
    pub(crate) kept: Vec<String>,
    /// The browser refuses to store keys.
    pub(crate) stores_none: bool,
    /// The browser loses what it has.
    pub(crate) loses: bool,
    /// The browser makes no keys.
    pub(crate) makes_none: bool,
    /// It makes keys for this algorithm only.
    pub(crate) makes_only: Option<&'static str>,
    /// What the keys that were made are for.
    pub(crate) algorithms: Vec<&'static str>,
}

impl KeyStore {
    /// Does a job for a page whose memory holds these keys.
    pub(crate) fn work(&mut self, memory: &mut Vec<String>, keep: Keep) -> Kept {
        let done = match keep {
            Keep::MakeKey { algorithm, state } => {
                if self.makes_none || self.makes_only.is_some_and(|only| only != algorithm) {
                    return Kept::word(KeepWord::Failed);
                }
                self.algorithms.push(algorithm);
                let record = self.make(memory, state).map(Secret::new);
                return Kept { record, ..Kept::word(KeepWord::Done) };
            }
            Keep::TakeKey { state } => {
                let at = self.away.iter().position(|(known, _)| *known == state);
                at.map(|at| self.away.remove(at).1).inspect(|key| memory.push(key.clone()))
            }
            Keep::KeepKey { key } => (!self.stores_none && memory.contains(&key)).then(|| {
                self.kept.push(key.clone());
                key
            }),
            Keep::DropKey { key } => {
                memory.retain(|known| *known != key);
                self.kept.retain(|known| *known != key);
                Some(key)
            }
            _ => None,
        };
        let word = if done.is_some() { KeepWord::Done } else { KeepWord::Failed };
        Kept { record: done.map(Secret::new), ..Kept::word(word) }
    }

    /// One for a login waits where it is stored, and in no memory.
    fn make(&mut self, memory: &mut Vec<String>, state: String) -> Option<String> {
        if self.stores_none && !state.is_empty() {
            return None;
        }
        self.made += 1;
        let key = format!("key.{}", self.made);
        if state.is_empty() {
            memory.push(key.clone());
        } else {
            self.away.push((state, key.clone()));
        }
        Some(key)
    }

    /// Whether a page with that memory can prove that it has the key. What another page kept, it finds.
    pub(crate) fn proves(&self, memory: &mut Vec<String>, key: &String) -> bool {
        if !memory.contains(key) && self.kept.contains(key) {
            memory.push(key.clone());
        }
        memory.contains(key)
    }
}
