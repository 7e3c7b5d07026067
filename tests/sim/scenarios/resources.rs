//! Several resources, one grant: RFC 8707.

use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::properties::Wish;
use crate::server::Policy;
use crate::world::World;

use super::{code_of, fresh, live_for, log_in, slow, sound, token_of};

fn args(resource: &str) -> String {
    format!(r#"{{"resource":"https://{resource}.example.com/"}}"#)
}

/// Somebody is signed in who named these resources; a login names all that its session may ask for.
fn somebody(policy: Policy, names: &[&str], more: &str) -> World {
    let uris: Vec<_> = names.iter().map(|name| format!(r#""https://{name}.example.com/""#)).collect();
    let options = format!(r#""resource":[{}]{more}"#, uris.join(","));
    super::somebody(policy, options.leak())
}

fn resources(world: &World, token: &str) -> Vec<String> {
    world.server.access[token].resource.clone()
}

#[test]
fn no_token_of_one_resource_is_given_out_for_another() {
    for options in ["", r#","persistence":"sealed""#] {
        let mut world = somebody(live_for(300), &["a", "b", "c"], options);
        slow(&mut world, Purpose::Token, 1_500);
        let names = ["a", "b", "a", "c", "b"];
        let ops: Vec<_> = names.iter().map(|name| world.get_token(&args(name))).collect();
        let main = fresh(&mut world);
        // One gives up: its answer is still the one for what it asked for.
        world.cancel(ops[0]);
        world.run_for(5_000);
        assert_eq!(code_of(&world, ops[0]), Code::Aborted);
        for (name, op) in names.iter().zip(&ops).skip(1) {
            let token = token_of(&world, *op);
            assert_eq!(resources(&world, &token), [format!("https://{name}.example.com/")]);
        }
        assert!(resources(&world, &token_of(&world, main)).is_empty());
        assert_eq!(world.server.refreshes, 4, "one for each, however many callers");
        // All of them are kept.
        for name in names {
            world.get_token(&args(name));
        }
        world.run_for(1_000);
        assert_eq!(world.server.refreshes, 4);
        sound(&world);
    }
}

#[test]
fn the_order_of_resources_means_nothing_and_the_scope_does() {
    let mut world = somebody(live_for(300), &["a", "b"], "");
    let mut ask = |args: &str| {
        let op = world.get_token(args);
        world.run_for(500);
        token_of(&world, op)
    };
    let both = ask(r#"{"resource":["https://a.example.com/","https://b.example.com/"]}"#);
    let again =
        ask(r#"{"resource":["https://b.example.com/","https://a.example.com/","https://b.example.com/"]}"#);
    assert_eq!(both, again);
    let one = ask(r#"{"resource":"https://a.example.com/"}"#);
    let narrow = ask(r#"{"resource":"https://a.example.com/","scope":"profile"}"#);
    let whole = ask(r#"{"resource":"https://a.example.com/","scope":"openid profile email"}"#);
    let main = ask("{}");
    let mut all = vec![&both, &one, &narrow, &whole, &main];
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
    assert_eq!(world.server.access[&narrow].scope, "profile");
    // The grant keeps its scope through all of it.
    let op = fresh(&mut world);
    world.run_for(500);
    let token = token_of(&world, op);
    assert_eq!(world.server.access[&token].scope, "openid profile email");
    sound(&world);
}

#[test]
fn the_scope_of_another_resource_is_for_the_server_to_judge() {
    let mut world = somebody(live_for(300), &["a", "b"], "");
    // `admin` is not in the scope of the session's own token, but may be that resource's.
    world.server.grants[0].scope = "openid profile email admin".to_owned();
    let op = world.get_token(r#"{"resource":"https://a.example.com/","scope":"admin"}"#);
    world.run_for(500);
    let token = token_of(&world, op);
    assert_eq!(world.server.access[&token].scope, "admin");
    let op = world.get_token(r#"{"resource":"https://a.example.com/","scope":"root"}"#);
    world.run_for(500);
    assert_eq!(code_of(&world, op), Code::TokenRefused);
    assert!(world.is_live());
    let op = world.get_token_as(r#"{"scope":"admin"}"#, Wish { beyond: true, ..Wish::default() });
    assert_eq!(code_of(&world, op), Code::ScopeNotGranted);
    sound(&world);
}

#[test]
fn so_many_are_kept_and_no_more() {
    let names: Vec<_> = (0..20).map(|number| format!("r{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut world = somebody(live_for(3_600), &names, "");
    for number in 0..20 {
        world.get_token(&args(&format!("r{number}")));
        world.run_for(1_000);
    }
    assert_eq!(world.server.refreshes, 20);
    for number in 12..20 {
        world.get_token(&args(&format!("r{number}")));
        world.run_for(1_000);
    }
    assert_eq!(world.server.refreshes, 20, "the last eight are kept");
    world.get_token(&args("r11"));
    world.run_for(1_000);
    assert_eq!(world.server.refreshes, 21);
    sound(&world);
}

#[test]
fn they_end_with_their_session() {
    for options in ["", r#","persistence":"sealed""#] {
        let mut world = somebody(live_for(300), &["a", "b", "c"], options);
        let op = world.get_token(&args("a"));
        world.run_for(500);
        let before = token_of(&world, op);
        world.logout("{}");
        world.run_for(500);
        let op = world.get_token(&args("a"));
        assert_eq!(code_of(&world, op), Code::LoginRequired);
        log_in(&mut world);
        let op = world.get_token(&args("a"));
        world.run_for(500);
        let after = token_of(&world, op);
        assert_ne!(before, after);
        assert_eq!(world.server.access[&after].grant, 1);
        // The server ends the session: what is renewed for a resource ends it as well.
        world.server.grants[1].alive = false;
        let op = world.get_token(&args("b"));
        world.run_for(1_000);
        assert_eq!(code_of(&world, op), Code::SessionEnded);
        let op = world.get_token(&args("a"));
        assert_eq!(code_of(&world, op), Code::SessionEnded);
        sound(&world);
    }
}

#[test]
fn they_are_not_kept_for_a_reload_or_for_another_tab() {
    let mut world = somebody(live_for(300), &["a"], r#","persistence":"sealed""#);
    let op = world.get_token(&args("a"));
    world.run_for(500);
    token_of(&world, op);
    world.open();
    world.restore_session();
    world.run_for(100);
    let op = world.get_token("{}");
    assert!(resources(&world, &token_of(&world, op)).is_empty());
    let op = world.get_token(&args("a"));
    world.run_for(500);
    assert_eq!(resources(&world, &token_of(&world, op)), ["https://a.example.com/"]);
    assert_eq!(world.server.refreshes, 2);
    sound(&world);
}

#[test]
fn an_expired_one_is_replaced_in_its_place() {
    let mut world = somebody(Policy { lifetime: Some(60), ..Policy::default() }, &["a"], "");
    let op = world.get_token(&args("a"));
    world.run_for(500);
    let before = token_of(&world, op);
    world.run_for(61_000);
    let op = world.get_token(&args("a"));
    world.run_for(500);
    let after = token_of(&world, op);
    assert_ne!(before, after);
    assert_eq!(resources(&world, &after), ["https://a.example.com/"]);
    sound(&world);
}
