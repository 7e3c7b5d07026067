//! The hints of errors as parts of the package: few that every page loads, and all of them for pages that have an error.

use anyhow::Result;
use serde_json::{Map, Value};
use std::path::Path;
use tokenward::error::{AT_HAND, Code, OUTSIDE};

/// Writes both modules beside the compiled facade.
pub fn write(dist: &Path) -> Result<()> {
    let engine = Code::ALL.iter().map(|code| (code.as_str(), code.hint()));
    let outside = OUTSIDE.iter().map(|(code, .., hint)| (*code, *hint));
    std::fs::write(dist.join("hint-table.js"), module("hints", engine.chain(outside))?)?;
    let at_hand = AT_HAND.iter().map(|code| (code.as_str(), code.hint()));
    std::fs::write(dist.join("hints-at-hand.js"), module("atHand", at_hand)?)?;
    Ok(())
}

/// An ES module that exports the texts by code.
fn module<'a>(name: &str, texts: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String> {
    let texts: Map<String, Value> = texts.map(|(code, hint)| (code.to_owned(), hint.into())).collect();
    Ok(format!("export const {name} = {};\n", serde_json::to_string_pretty(&texts)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_under_their_codes() {
        let text = module("hints", [("one_code", "Say \"yes\"."), ("two", "Go.")].into_iter()).unwrap();
        assert_eq!(
            text,
            "export const hints = {\n  \"one_code\": \"Say \\\"yes\\\".\",\n  \"two\": \"Go.\"\n};\n"
        );
    }
}
