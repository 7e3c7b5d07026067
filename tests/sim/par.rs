//! Pushed authorization requests (RFC 9126) and resources (RFC 8707), in situations that have a name.

use tokenward::engine::input::OpId;
use tokenward::engine::output::Status;
use tokenward::error::{Code, Phase};
use tokenward::protocol::http::{HttpFailure, Purpose};

use crate::network::Fate;
use crate::properties::{Outcome, Wish};
use crate::server::Policy;
use crate::world::{Setup, World};

fn nobody(requires_par: bool, options: &'static str) -> World {
    let policy = Policy { requires_par, ..Policy::default() };
    World::new(Setup { seed: 9, policy, options, traced: true, ..Setup::default() })
}

fn log_in(world: &mut World) {
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
}

#[track_caller]
fn error_of(world: &World, op: OpId) -> (Code, Phase) {
    match world.outcome(op) {
        Some(Outcome::Failed(error)) => (error.code, error.phase),
        other => panic!("no error, but {other:?}\n{}", world.trace),
    }
}

#[track_caller]
fn sound(world: &World) {
    if let Some(violation) = &world.checker.violation {
        panic!("{violation}\n{}", world.trace);
    }
}

#[test]
fn only_a_reference_goes_through_the_browser() {
    for (requires, options) in [(true, r#""timeout":20"#), (false, r#""par":"required""#)] {
        let mut world = nobody(requires, options);
        world.login(r#"{"scope":"openid profile"}"#);
        world.run_for(500);
        let url = &world.visits[0];
        assert!(
            url.contains("request_uri=urn") && !url.contains("code_challenge") && !url.contains("state="),
            "{url}"
        );
        let url = world.user_logs_in();
        world.come_back(&url);
        world.run_for(500);
        assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
        // Another login pushes anew.
        log_in(&mut world);
        assert!(world.server.pushed.is_empty());
        sound(&world);
    }
}

#[test]
fn nothing_is_pushed_to_a_server_that_does_not_ask_for_it() {
    for options in [r#""timeout":20"#, r#""par":"off""#] {
        let mut world = nobody(false, options);
        world.login("{}");
        world.run_for(500);
        assert!(world.server.pushed.is_empty() && world.visits[0].contains("code_challenge"));
        sound(&world);
    }
}

#[test]
fn k09_no_way_back_to_a_plain_request() {
    for (answer, code) in [
        ((400, r#"{"error":"invalid_request"}"#), Code::AuthorizationRefused),
        ((201, r#"{"request_uri":"urn:a","expires_in":0}"#), Code::ResponseInvalid),
        ((201, r#"{"expires_in":60}"#), Code::ResponseInvalid),
        ((413, "{}"), Code::ResponseInvalid),
        ((429, "{}"), Code::ServerUnavailable),
        ((503, "{}"), Code::ServerUnavailable),
    ] {
        let mut world = nobody(false, r#""par":"required""#);
        world.server.answers_push = Some(answer);
        let op = world.login("{}");
        world.run_for(500);
        assert_eq!(error_of(&world, op), (code, Phase::Login), "{answer:?}");
        assert!(world.visits.is_empty());
        assert_eq!(world.status(), Some(Status::SignedOut));
        // Nothing is left pending; the next one works.
        world.server.answers_push = None;
        log_in(&mut world);
        assert_eq!(world.status(), Some(Status::SignedIn));
        sound(&world);
    }
}

#[test]
fn k09_an_endpoint_that_the_page_cannot_reach() {
    let mut world = nobody(true, r#""timeout":20"#);
    let fate = Fate::Fails { after: 20, how: HttpFailure::NoAnswer };
    world.network.script.push_back((Purpose::Push, fate));
    let op = world.login("{}");
    world.run_for(500);
    assert_eq!(error_of(&world, op), (Code::NetworkFailed, Phase::Login));
    assert!(world.visits.is_empty());
    sound(&world);
}

#[test]
fn a_logout_while_the_request_is_pushed() {
    let mut world = nobody(true, r#""timeout":20"#);
    let op = world.login("{}");
    world.run_while(1_000, |world| world.server.pushed.is_empty());
    world.logout(r#"{"local":true}"#);
    world.run_for(1_000);
    assert_eq!(error_of(&world, op).0, Code::Aborted);
    assert!(world.visits.is_empty());
    sound(&world);
}

#[test]
fn pushed_requests_name_the_key_too() {
    let policy = Policy { requires_par: true, binds: true, ..Policy::default() };
    let options = r#""dpop":"required""#;
    let mut world = World::new(Setup { seed: 9, policy, options, traced: true, ..Setup::default() });
    world.login("{}");
    world.run_for(500);
    assert_eq!(world.server.pushed[0].1["dpop_jkt"], "key.1");
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
    assert_eq!(world.status(), Some(Status::SignedIn), "{}", world.trace);
    sound(&world);
}

#[test]
fn a_resource_that_the_login_did_not_ask_for_is_refused_here() {
    let mut world = nobody(false, r#""resource":["https://a.example.com/","urn:b"]"#);
    log_in(&mut world);
    for (resource, refused) in [
        (r#""https://a.example.com/""#, false),
        (r#"["urn:b","https://a.example.com/"]"#, false),
        (r#""https://a.example.com""#, true),
        (r#"["urn:b","urn:c"]"#, true),
    ] {
        let before = world.server.refreshes;
        let op = world.get_token_as(&format!(r#"{{"resource":{resource}}}"#), Wish::default());
        world.run_for(1_000);
        if refused {
            assert_eq!(error_of(&world, op).0, Code::ResourceNotGranted, "{resource}");
            assert_eq!(world.server.refreshes, before, "the refresh token is not spent for it");
        } else {
            assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })), "{resource}");
        }
    }
    // What one login asks for instead of the configuration counts for its session.
    world.login(r#"{"resource":"urn:c"}"#);
    world.run_for(500);
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
    let op = world.get_token_as(r#"{"resource":"urn:c"}"#, Wish::default());
    world.run_for(1_000);
    assert!(matches!(world.outcome(op), Some(Outcome::Token { .. })));
    let op = world.get_token_as(r#"{"resource":"urn:b"}"#, Wish::default());
    assert_eq!(error_of(&world, op).0, Code::ResourceNotGranted);
    sound(&world);
}
