//! Where the user goes after login: only ever a place of the page's own origin (RFC 6749 section 10.15).

use crate::encoding::text::all;

/// Path, query and fragment of a place on `origin`; `None` for everything that leads, or might lead,
/// elsewhere. What a URL parser would repair (backslash, tab, missing slash) is refused.
pub fn local_path(target: &str, origin: &str) -> Option<String> {
    if target.len() > 4096 || !all(target, |b| b > b' ' && b != 0x7f && b != b'\\') {
        return None;
    }
    let path = match target.strip_prefix(origin) {
        Some("") => "/",
        Some(rest) => rest,
        None => target,
    };
    let leads_home = path.starts_with('/') && !path.starts_with("//");
    leads_home.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://app.example.com";

    #[test]
    fn own_places() {
        for (target, path) in [
            ("/", "/"),
            ("/orders/5?x=1#top", "/orders/5?x=1#top"),
            ("https://app.example.com", "/"),
            ("https://app.example.com/a", "/a"),
            ("/%2F%2Fevil", "/%2F%2Fevil"),
            ("/straße", "/straße"),
        ] {
            assert_eq!(local_path(target, ORIGIN).as_deref(), Some(path), "{target}");
        }
    }

    #[test]
    fn foreign_places_in_every_disguise() {
        for target in [
            "",
            "//evil.com",
            "/\\evil.com",
            "\\\\evil.com",
            "https:evil.com",
            "https://evil.com",
            "https://app.example.com.evil.com/",
            "https://app.example.com@evil.com/",
            "https://app.example.com//evil.com",
            "javascript:alert(1)",
            "@evil.com",
            "evil.com",
            "/\t/evil.com",
            "/\n/evil.com",
            " //evil.com",
            "/a b",
            "\u{0}/",
        ] {
            assert_eq!(local_path(target, ORIGIN), None, "{target:?}");
        }
    }
}
