//! URLs: where both accept, our parser and a browser's see the same origin and the same path; a place to return
//! to is always at home.

use tokenward::encoding::url::{parse, with_query, without_query};
use tokenward::protocol::return_to::local_path;
use url::{Host, Url};

use crate::support::{ORIGIN, saw};

/// The URL.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_place(text);
    let Some(ours) = parse(text) else { return };

    let mut whole = [ours.origin, ours.path].concat();
    for (mark, part) in [('?', ours.query), ('#', ours.fragment)] {
        if let Some(part) = part {
            whole.push(mark);
            whole.push_str(part);
        }
    }
    assert_eq!(whole, text);
    assert_eq!(without_query(text), [ours.origin, ours.path].concat());

    let Ok(theirs) = Url::parse(text) else { return };
    saw("URL read");
    assert_eq!(theirs.scheme(), ours.scheme);
    assert!(theirs.username().is_empty() && theirs.password().is_none(), "{text:?} hides a user");
    let origin = Url::parse(ours.origin).expect("the origin of a URL is one");
    assert_eq!(theirs.origin(), origin.origin(), "{text:?}");
    let host = ours.host.to_ascii_lowercase();
    match theirs.host().expect("http has a host") {
        Host::Domain(name) => assert_eq!(name, host),
        // Addresses have many spellings; that it is read the same where it matters is what follows.
        Host::Ipv4(_) | Host::Ipv6(_) => {}
    }
    if ours.is_loopback() {
        saw("loopback");
        assert!(is_loopback(&theirs), "{text:?} is not this machine");
    }
    if ours.has_plain_path() {
        let path = if ours.path.is_empty() { "/" } else { ours.path };
        assert_eq!(theirs.path(), path, "{text:?}");
    }
    assert_eq!(theirs.query().is_some(), ours.query.is_some());
    assert_eq!(theirs.fragment().is_some(), ours.fragment.is_some());

    if ours.fragment.is_none() {
        let longer = with_query(text, "state=s");
        let pairs: Vec<_> = Url::parse(&longer).expect("still a URL").query_pairs().into_owned().collect();
        let before = theirs.query_pairs().count();
        assert_eq!(pairs.len(), before + 1);
        assert_eq!(pairs.last(), Some(&("state".to_owned(), "s".to_owned())));
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn check_place(target: &str) {
    let Some(place) = local_path(target, ORIGIN) else { return };
    let home = Url::parse(ORIGIN).expect("a URL");
    saw("place at home");
    assert!(place.starts_with('/'));
    // The way the facade goes there, and the way a link would.
    for base in [format!("{ORIGIN}/"), format!("{ORIGIN}/a/b?c#d")] {
        let there = Url::parse(&base).expect("a URL").join(&place).expect("a place");
        assert_eq!(there.origin(), home.origin(), "{target:?} leads to {there}");
    }
    assert_eq!(local_path(&place, ORIGIN).as_deref(), Some(place.as_str()));
}
