//! The little of URLs that this client must understand itself: is it an absolute http(s) URL with
//! nothing hidden in it, what is its origin, and how does a query join it. No normalisation: issuers
//! and redirect URIs compare as they are written (RFC 8414 section 4, RFC 6749 section 3.1.2.3).

use crate::encoding::text::{all, concat, cut, digits, pieces};

/// The longest URL that is looked at.
const MAX_LENGTH: usize = 8 * 1024;

/// A URL cut into its parts. The parts together are the text it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Scheme, `://`, host and port.
    pub origin: &'a str,
    /// Host without port; IPv6 with its brackets.
    pub host: &'a str,
    /// From the first `/` after the host; may be empty.
    pub path: &'a str,
    /// After `?`.
    pub query: Option<&'a str>,
    /// After `#`.
    pub fragment: Option<&'a str>,
}

/// Cuts an absolute http(s) URL. `None` for every other scheme, for user information, for white space,
/// control characters, backslashes and non-ASCII, and for a host or port with unusual characters:
/// where a browser would repair, this refuses.
pub fn parse(text: &str) -> Option<Parts<'_>> {
    if text.len() > MAX_LENGTH || !all(text, |b| matches!(b, 0x21..=0x7e) && b != b'\\') {
        return None;
    }
    let (rest, fragment) = cut(text, b'#');
    let (rest, query) = cut(rest, b'?');
    let (scheme, after) = cut(rest, b':');
    let after = after?.strip_prefix("//")?;
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let (authority, _) = cut(after, b'/');
    let path = after.get(authority.len()..)?;
    let origin = rest.get(..rest.len() - path.len())?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (inner, port) = cut(v6, b']');
            let port = port?;
            if inner.is_empty() || !all(inner, |b| b.is_ascii_hexdigit() || b == b':' || b == b'.') {
                return None;
            }
            (
                authority.strip_suffix(port)?,
                if port.is_empty() { None } else { Some(port.strip_prefix(':')?) },
            )
        }
        None => {
            let (host, port) = cut(authority, b':');
            if host.is_empty() || !all(host, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            {
                return None;
            }
            (host, port)
        }
    };
    if port.is_some_and(|p| digits(p).is_none_or(|number| number > 0xffff)) {
        return None;
    }
    Some(Parts { scheme, origin, host, path, query, fragment })
}

impl Parts<'_> {
    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host == "[::1]"
            || self.host.strip_prefix("127.").is_some_and(|rest| {
                let mut octets = pieces(rest, b'.');
                octets.clone().count() == 3 && octets.all(|o| digits(o).is_some_and(|number| number < 256))
            })
    }

    /// Whether browsers write the path as it stands here: no dot segments, nothing they would escape.
    pub fn has_plain_path(&self) -> bool {
        const DOTS: [&str; 6] = [".", "..", "%2e", "%2e.", ".%2e", "%2e%2e"];
        let is_dots = |s: &str| DOTS.iter().any(|dots| dots.eq_ignore_ascii_case(s));
        all(self.path, |b| !matches!(b, b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}'))
            && !pieces(self.path, b'/').any(is_dots)
    }

    /// Whether secrets may travel there: https, or plain http while page and server are on loopback.
    pub fn is_secure(&self, page_on_loopback: bool) -> bool {
        self.scheme == "https" || (page_on_loopback && self.is_loopback())
    }
}

/// The URL without query and fragment.
pub fn without_query(url: &str) -> &str {
    cut(cut(url, b'#').0, b'?').0
}

/// Adds parameters to a URL and keeps the query it has (RFC 6749 section 3.1). The URL has no fragment.
pub fn with_query(url: &str, query: &str) -> String {
    let joint = match cut(url, b'?').1 {
        None => "?",
        Some("") => "",
        Some(_) => "&",
    };
    concat(&[url, joint, query])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_urls() {
        let parts = parse("https://id.example.com:8443/a/b?x=1#f").unwrap();
        assert_eq!(parts.origin, "https://id.example.com:8443");
        assert_eq!((parts.host, parts.path), ("id.example.com", "/a/b"));
        assert_eq!((parts.query, parts.fragment), (Some("x=1"), Some("f")));
        let bare = parse("http://[::1]:3000").unwrap();
        assert_eq!((bare.origin, bare.host, bare.path), ("http://[::1]:3000", "[::1]", ""));
    }

    #[test]
    fn refuses_what_hides_something() {
        for bad in [
            "",
            "https://",
            "https:///x",
            "//id.example.com",
            "/path",
            "javascript:alert(1)",
            "data:,x",
            "ftp://a/",
            "HTTPS://a/",
            "https://user@a/",
            "https://user:pw@a/",
            "https://a:b/",
            "https://a:99999/",
            "https://a:+80/",
            "https://a\\b/",
            "https://a /",
            "https://ä/",
            "https://a/\n",
            "https://[::1/",
            "https://[x]/",
            "https://a%2f/",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn loopback_only_where_it_is() {
        for (url, expected) in [
            ("http://localhost:1/", true),
            ("http://app.localhost/", true),
            ("http://127.0.0.1/", true),
            ("http://127.9.8.7/", true),
            ("http://[::1]/", true),
            ("http://127.0.0.1.evil.com/", false),
            ("http://localhost.evil.com/", false),
            ("http://127.evil/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(parse(url).unwrap().is_loopback(), expected, "{url}");
        }
        assert!(!parse("http://localhost/").unwrap().is_secure(false));
        assert!(parse("http://localhost/").unwrap().is_secure(true));
        assert!(!parse("http://id.example.com/").unwrap().is_secure(true));
    }

    #[test]
    fn paths_that_browsers_rewrite() {
        for (url, plain) in [
            ("https://a", true),
            ("https://a/", true),
            ("https://a/b.c/..d/.e", true),
            ("https://a/%2F", true),
            ("https://a/./b", false),
            ("https://a/b/..", false),
            ("https://a/%2E/b", false),
            ("https://a/.%2e/b", false),
            ("https://a/{b}", false),
            ("https://a/<b>", false),
        ] {
            assert_eq!(parse(url).unwrap().has_plain_path(), plain, "{url}");
        }
    }

    #[test]
    fn keeps_an_existing_query() {
        assert_eq!(with_query("https://a/b", "x=1"), "https://a/b?x=1");
        assert_eq!(with_query("https://a/b?", "x=1"), "https://a/b?x=1");
        assert_eq!(with_query("https://a/b?p=q", "x=1"), "https://a/b?p=q&x=1");
        assert_eq!(without_query("https://a/b?p#q"), "https://a/b");
    }
}
