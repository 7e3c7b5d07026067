//! Rows of the hostile-server table that need a history and no scenario of their own elsewhere. A test that proves a
//! row begins with the row's name; so do those in `scenarios`.

use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;
use tokenward::protocol::http::{HttpFailure, Purpose};

use crate::network::Fate;
use crate::properties::Outcome;
use crate::scenarios::{code_of, fresh, live_for, log_in, nobody, prepare, somebody, sound, token_of};
use crate::server::{ISSUER, Policy, response};
use crate::world::{HOME, World};

fn intercept(world: &mut World, purpose: Purpose, status: u16, body: &str) {
    let response = response(status, "application/json", body);
    prepare(world, purpose, Fate::Intercepted { after: 20, response });
}

/// A login that waits at the server, and the callback it would come back with.
fn pending(world: &mut World) -> String {
    world.login("{}");
    world.run_for(500);
    world.user_logs_in()
}

fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let (_, query) = url.split_once('?').expect("a query");
    let named = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    named.unwrap_or_else(|| panic!("no {name} in {url}"))
}

/// The attacker logs in elsewhere and puts the code into the victim's callback.
fn injected(policy: Policy) -> (World, Code) {
    let mut world = nobody(policy, "");
    let attackers = pending(&mut world);
    let victims = pending(&mut world);
    let url = victims.replace(parameter(&victims, "code"), parameter(&attackers, "code"));
    let op = world.come_back(&url);
    world.run_for(1_000);
    let code = code_of(&world, op);
    (world, code)
}

#[test]
fn a04_a_code_of_another_login_buys_nothing() {
    let (world, code) = injected(live_for(300));
    assert_eq!(code, Code::TokenRefused);
    sound(&world);
    // A server that does not look at the verifier: the nonce is of another login.
    let (world, code) = injected(Policy { checks_pkce: false, ..live_for(300) });
    assert_eq!(code, Code::IdTokenNonce);
    assert_eq!((world.status(), world.count(Event::SignedIn)), (Some(Status::SignedOut), 0));
    assert_eq!(world.checker.token, None);
    sound(&world);
}

#[test]
fn a02_a11_noise_does_not_cost_a_pending_login() {
    let mut world = nobody(live_for(300), "");
    let url = pending(&mut world);
    for noise in [
        "?code=x",
        "?code=x&state=",
        "?code=x&state=tw.other",
        "?error=access_denied",
        "?error=access_denied&state=tw.other",
        "#access_token=x&token_type=Bearer",
    ] {
        world.reload();
        world.come_back(&format!("{HOME}{noise}"));
        world.run_for(500);
        assert_eq!(world.server.exchanges, 0, "{noise}");
    }
    world.reload();
    let op = world.come_back(&url);
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })));
    sound(&world);
}

#[test]
fn b14_openid_without_an_id_token_is_no_login() {
    let answer = r#"{"access_token":"at","token_type":"Bearer","expires_in":300}"#;
    let mut world = nobody(live_for(300), "");
    let url = pending(&mut world);
    intercept(&mut world, Purpose::Token, 200, answer);
    let op = world.come_back(&url);
    world.run_for(1_000);
    assert_eq!(code_of(&world, op), Code::IdTokenMissing);
    assert_eq!((world.status(), &world.checker.token), (Some(Status::SignedOut), &None));
    // Who asks for OAuth alone says so.
    let mut world = nobody(live_for(300), r#""scope":"notes","discovery":"oauth""#);
    log_in(&mut world);
    assert_eq!(world.status(), Some(Status::SignedIn));
    sound(&world);
}

#[test]
fn e12_e13_a_code_is_never_sent_again() {
    for (status, retry_after, body) in [
        (400, None, r#"{"error":"invalid_grant"}"#),
        (401, None, r#"{"error":"invalid_client"}"#),
        (400, None, "<html>"),
        (500, None, ""),
        (503, Some("1"), ""),
        (429, Some("1"), ""),
    ] {
        let mut world = nobody(live_for(300), "");
        let url = pending(&mut world);
        for _ in 0..2 {
            let mut answer = response(status, "application/json", body);
            answer.retry_after = retry_after.map(str::to_owned);
            prepare(&mut world, Purpose::Token, Fate::Intercepted { after: 20, response: answer });
        }
        world.come_back(&url);
        world.run_for(3_600_000);
        assert_eq!(world.network.script.len(), 1, "{status} {body}");
        assert_eq!(world.status(), Some(Status::SignedOut));
        assert!(!world.timer_is_set());
        sound(&world);
    }
}

#[test]
fn f01_the_new_refresh_token_replaces_the_old_one() {
    let mut world = somebody(live_for(300), "");
    let mut seen = Vec::new();
    for turn in 0..20 {
        let before = world.checker.refresh_token().map(str::to_owned).expect("a refresh token");
        assert!(!seen.contains(&before));
        seen.push(before);
        // Many ask, in the moment of the answer too.
        let ops: Vec<_> = (0..5).map(|_| fresh(&mut world)).collect();
        world.run_for(100);
        let late = fresh(&mut world);
        world.run_for(1_000);
        for op in ops.into_iter().chain([late]) {
            token_of(&world, op);
        }
        assert!(world.server.grants[0].alive, "turn {turn}: an old token was used again");
    }
    sound(&world);
}

#[test]
fn f07_no_second_chain_beside_one_whose_end_is_unknown() {
    let mut world = somebody(live_for(300), "");
    for _ in 0..2 {
        prepare(&mut world, Purpose::Token, Fate::Fails { after: 10_000, how: HttpFailure::TimedOut });
    }
    let callers: Vec<_> = (0..10).map(|_| fresh(&mut world)).collect();
    world.run_for(9_000);
    fresh(&mut world);
    assert_eq!(world.refresh_sends().len(), 1, "while the first is out, there is no other");
    world.run_for(20_000);
    assert!(callers.iter().all(|op| world.outcome(*op).is_some()));
    world.run_for(60_000);
    assert!(world.is_live(), "{}", world.trace);
    sound(&world);
}

#[test]
fn g07_g08_metadata_is_read_once_and_pinned() {
    // Another client of the same page finds what the server says now.
    let mut world = somebody(live_for(60), "");
    let moved = format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/authorize",
        "token_endpoint":"https://evil.example/token","jwks_uri":"https://evil.example/jwks"}}"#
    );
    intercept(&mut world, Purpose::Discovery, 200, &moved);
    world.network.cached_metadata = Some(moved.into_bytes());
    world.run_for(10 * 60_000);
    world.userinfo();
    world.server.rotate_keys(false);
    let op = fresh(&mut world);
    world.run_for(2_000);
    token_of(&world, op);
    // The next login of this client, too.
    log_in(&mut world);
    world.logout("{}");
    world.run_for(5_000);
    assert_eq!(world.network.script.len(), 1, "nobody asked for the document again");
    // Every request of all that went to the endpoints of the first document, or this complains.
    sound(&world);
}

#[test]
fn k02_the_session_is_over_before_the_page_is_left() {
    let mut world = somebody(live_for(300), "");
    let out = world.logout("{}");
    assert_eq!(world.status(), Some(Status::SignedOut), "whatever becomes of the visit");
    world.run_for(2_000);
    assert!(matches!(world.outcome(out), Some(Outcome::Navigate(_))));
    // The user declines there, or never comes back.
    world.restore();
    let op = world.get_token("{}");
    assert_eq!(code_of(&world, op), Code::LoginRequired);
    assert_eq!(world.count(Event::SignedOut), 1);
    sound(&world);
}

#[test]
fn s06_a_foreign_state_on_the_way_back_from_logout_is_harmless() {
    let mut world = somebody(live_for(300), "");
    for query in ["?state=twl.x", "?state=", "?state=other", ""] {
        let op = world.come_back(&format!("{HOME}{query}"));
        world.run_for(100);
        assert!(matches!(world.outcome(op), Some(Outcome::NotOurs)), "{query}");
        assert_eq!(world.status(), Some(Status::SignedIn));
    }
    sound(&world);
}
