//! From the page to the provider and back.

use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::{HttpFailure, Purpose};

use crate::network::Fate;
use crate::properties::Outcome;
use crate::world::{HOME, World};

use super::{MINUTE, code_of, live_for, log_in, lose_answer, nobody, prepare, slow, somebody, sound};

#[test]
fn a_login_takes_three_requests_and_the_next_one_takes_one() {
    let mut world = nobody(live_for(300), "");
    let op = log_in(&mut world);
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: None })));
    assert_eq!((world.server.exchanges, world.key_sends()), (1, 1));
    log_in(&mut world);
    assert_eq!((world.server.exchanges, world.key_sends()), (2, 1));
    assert_eq!(world.cleaned, [HOME, HOME]);
    assert_eq!(world.count(Event::SignedIn), 2);
    sound(&world);
}

#[test]
fn the_user_lands_where_the_login_began() {
    let mut world = nobody(live_for(300), "");
    world.login(r#"{"returnTo":"/orders?x=1#top"}"#);
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    let op = world.come_back(&url);
    world.run_for(500);
    let landed = matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: Some(to) }) if to == "/orders?x=1#top");
    assert!(landed, "{:?}", world.outcome(op));
    sound(&world);
}

#[test]
fn a03_a_callback_is_redeemed_once() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    world.statuses.clear();
    let (first, second) = (world.come_back(&url), world.come_back(&url));
    world.run_for(1_000);
    assert!(matches!(world.outcome(first), Some(Outcome::SignedIn { .. })));
    assert_eq!(code_of(&world, second), Code::StateUnknown);
    // A guard that watches must not see the user signed out in between.
    assert_eq!(world.statuses.iter().position(|s| *s == Status::SignedOut), None, "{:?}", world.statuses);
    world.reload();
    let third = world.come_back(&url);
    world.run_for(1_000);
    assert_eq!(code_of(&world, third), Code::StateUnknown);
    assert_eq!(world.server.exchanges, 1);
    assert!(world.server.grants[0].alive);
    sound(&world);
}

#[test]
fn a02_a11_a14_strange_callbacks_touch_no_session() {
    let mut world = somebody(live_for(300), "");
    let before = world.checker.token.clone();
    let case = |world: &mut World, query: &str, code: Option<Code>| {
        let op = world.come_back(&format!("{HOME}{query}"));
        world.run_for(1_000);
        match code {
            Some(code) => assert_eq!(code_of(world, op), code, "{query}"),
            None => assert!(matches!(world.outcome(op), Some(Outcome::NotOurs)), "{query}"),
        }
    };
    case(&mut world, "?code=x&state=tw.unknown", Some(Code::StateUnknown));
    case(&mut world, "?code=x", None);
    case(&mut world, "?error=access_denied", None);
    case(&mut world, "#access_token=x&token_type=Bearer", Some(Code::FrontChannelTokens));
    case(&mut world, "?state=twl.x", None);
    world.login("{}");
    world.run_for(500);
    case(&mut world, "?code=x", Some(Code::StateMissing));
    case(&mut world, "?error=access_denied&state=", Some(Code::StateMissing));
    assert_eq!(world.server.exchanges, 1);
    assert_eq!(world.checker.token, before);
    assert_eq!(world.status(), Some(Status::SignedIn));
    assert!(world.cleaned.iter().all(|url| !url.contains("code=") && !url.contains("access_token")));
    sound(&world);
}

#[test]
fn a10_a17_the_provider_says_no() {
    for (error, code) in
        [("access_denied", Code::AuthorizationRefused), ("login_required", Code::InteractionRequired)]
    {
        let mut world = nobody(live_for(300), "");
        world.login("{}");
        world.run_for(500);
        let url = world.user_logs_in();
        let (base, rest) = url.split_once("?code=").expect("a code came");
        let rest = rest.split_once('&').map_or("", |(_, rest)| rest);
        let op = world.come_back(&format!("{base}?error={error}&{rest}"));
        world.run_for(500);
        assert_eq!(code_of(&world, op), code);
        assert_eq!(world.status(), Some(Status::SignedOut));
        assert_eq!(world.server.exchanges, 0);
        sound(&world);
    }
}

#[test]
fn e15_a_code_whose_answer_is_lost_is_not_sent_again() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    lose_answer(&mut world, Purpose::Token);
    let op = world.come_back(&url);
    world.run_for(MINUTE);
    assert_eq!(code_of(&world, op), Code::NetworkFailed);
    assert_eq!(world.server.exchanges, 1);
    assert_eq!(world.status(), Some(Status::SignedOut));
    log_in(&mut world);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn g05_discovery_fails_and_the_next_login_works() {
    let mut world = nobody(live_for(300), "");
    let how = HttpFailure::NoAnswer;
    prepare(&mut world, Purpose::Discovery, Fate::Fails { after: 10, how });
    let (one, two) = (world.login("{}"), world.login("{}"));
    world.run_for(500);
    assert_eq!((code_of(&world, one), code_of(&world, two)), (Code::NetworkFailed, Code::NetworkFailed));
    assert_eq!(world.status(), Some(Status::SignedOut));
    log_in(&mut world);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn g05_a_stored_document_that_cannot_be_used_is_fetched_again() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    world.network.cached_metadata = Some(b"<html>hotel</html>".to_vec());
    world.come_back(&url);
    world.run_for(1_000);
    assert!(world.is_live());
    sound(&world);
}

#[test]
fn blocked_storage_is_told() {
    let mut world = nobody(live_for(300), "");
    world.storage_blocked = true;
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::StorageUnavailable);
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}

#[test]
fn a_login_that_was_given_up_leaves_nothing() {
    let mut world = nobody(live_for(300), "");
    slow(&mut world, Purpose::Discovery, 1_000);
    let op = world.login("{}");
    assert_eq!(world.status(), Some(Status::SigningIn));
    world.cancel(op);
    assert_eq!(world.status(), Some(Status::SignedOut));
    world.run_for(2_000);
    assert_eq!(code_of(&world, op), Code::Aborted);
    assert!(world.visits.is_empty());
    let op = world.come_back(&format!("{HOME}?code=x"));
    world.run_for(10);
    assert!(matches!(world.outcome(op), Some(Outcome::NotOurs)), "no login is pending");
    sound(&world);
}

#[test]
fn a_page_that_comes_back_out_of_the_cache_is_not_signing_in() {
    let mut world = nobody(live_for(300), "");
    world.login("{}");
    world.run_for(500);
    assert_eq!(world.status(), Some(Status::SigningIn), "the page is being left");
    world.restore();
    assert_eq!(world.status(), Some(Status::SignedOut));
    sound(&world);
}
