//! Authorization details, RFC 9396.

use tokenward::encoding::json::Json;
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::network::Fate;
use crate::server::response;
use crate::world::{World, json};

use super::{code_of, fresh, live_for, log_in, nobody, sound, token_of};

const ASKED: &str = r#"[{"type":"payment","limit":100}]"#;
const GRANTED: &str = r#"[{"type":"payment","limit":50,"account":"é\"1"},{"type":"from the scope"}]"#;

fn granted(world: &World) -> Option<Json> {
    world.checker.snapshot.as_ref()?.details.as_deref().cloned()
}

fn log_in_for_details(world: &mut World) {
    let args = format!(r#"{{"authorizationDetails":"{}"}}"#, ASKED.replace('"', "\\\""));
    world.login(&args);
    world.run_for(500);
    let url = world.user_logs_in();
    world.come_back(&url);
    world.run_for(500);
}

#[test]
fn what_the_server_grants_counts_and_not_what_was_asked_for() {
    for options in ["", r#""persistence":"sealed""#] {
        let mut world = nobody(live_for(300), options);
        world.server.details = Some(GRANTED.to_owned());
        log_in_for_details(&mut world);
        assert_eq!(granted(&world), Some(json(GRANTED)));
        // A renewal that says nothing changes nothing, nor does one for less.
        world.server.details = None;
        fresh(&mut world);
        world.run_for(500);
        assert_eq!(granted(&world), Some(json(GRANTED)));
        world.server.details = Some("[]".to_owned());
        world.get_token(r#"{"scope":"profile"}"#);
        world.run_for(500);
        assert_eq!(granted(&world), Some(json(GRANTED)));
        if !options.is_empty() {
            world.reload();
            world.restore_session();
            world.run_for(100);
            assert_eq!(granted(&world), Some(json(GRANTED)), "{}", world.trace);
        }
        fresh(&mut world);
        world.run_for(500);
        assert_eq!(granted(&world), Some(json("[]")));
        world.logout("{}");
        assert_eq!(granted(&world), None);
        sound(&world);
    }
}

#[test]
fn a_server_that_says_nothing_leaves_it_open() {
    let mut world = nobody(live_for(300), "");
    log_in_for_details(&mut world);
    assert!(world.is_live());
    assert_eq!(granted(&world), None);
    sound(&world);
}

#[test]
fn details_that_cannot_be_read_refuse_a_login_and_cost_no_renewal() {
    let long = format!(r#"[{{"type":"{}"}}]"#, "x".repeat(40_000));
    for wrong in
        [r#""payment""#, "{}", r#"["payment"]"#, r#"[{}]"#, r#"[{"type":7}]"#, r#"[{"type":""}]"#, &long]
    {
        let mut world = nobody(live_for(300), "");
        world.server.details = Some(wrong.to_owned());
        world.login("{}");
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&url);
        world.run_for(500);
        assert_eq!(code_of(&world, op), Code::TokenResponseInvalid, "{wrong}");
        world.server.details = Some(GRANTED.to_owned());
        log_in(&mut world);
        world.server.details = Some(wrong.to_owned());
        let op = fresh(&mut world);
        world.run_for(500);
        token_of(&world, op);
        assert_eq!(granted(&world), Some(json(GRANTED)), "{wrong}");
        sound(&world);
    }
}

#[test]
fn what_is_asked_for_is_checked_first() {
    let mut world = nobody(live_for(300), "");
    for wrong in ["payment", "{}", "[]", r#"["payment"]"#, r#"[{}]"#, r#"[{"type":7}]"#, "["] {
        let args = format!(r#"{{"authorizationDetails":"{}"}}"#, wrong.replace('"', "\\\""));
        let op = world.login(&args);
        assert_eq!(code_of(&world, op), Code::OptionInvalid, "{wrong}");
    }
    let op = world.login(r#"{"extraParams":{"authorization_details":"[]"}}"#);
    assert_eq!(code_of(&world, op), Code::OptionInvalid);
    assert!(world.visits.is_empty());
    sound(&world);
}

#[test]
fn a_refused_login_says_why() {
    let mut world = nobody(live_for(300), "");
    let refused = response(400, "application/json", r#"{"error":"invalid_authorization_details"}"#);
    world.network.script.push_back((Purpose::Token, Fate::Intercepted { after: 10, response: refused }));
    world.login("{}");
    world.run_for(500);
    let url = world.user_logs_in();
    let op = world.come_back(&url);
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    sound(&world);
}
