//! What comes after the end, or from nowhere.

use tokenward::engine::input::{Input, KeepWord, Kept};
use tokenward::error::Code;
use tokenward::protocol::http::Purpose;

use crate::server::response;
use crate::world::HOME;

use super::{HOUR, code_of, fresh, live_for, slow, somebody, sound};

#[test]
fn dispose_settles_everything() {
    let mut world = somebody(live_for(300), "");
    slow(&mut world, Purpose::Token, 3_000);
    slow(&mut world, Purpose::Revocation, 3_000);
    let mut all: Vec<_> = (0..10).map(|_| fresh(&mut world)).collect();
    all.push(world.userinfo());
    all.push(world.come_back(&format!("{HOME}?code=x&state=tw.x")));
    all.push(world.login("{}"));
    world.dispose();
    assert!(all.iter().all(|op| code_of(&world, *op) == Code::ClientDisposed));
    assert!(!world.timer_is_set());
    let after = [world.get_token("{}"), world.login("{}"), world.logout("{}"), world.userinfo()];
    assert!(after.iter().all(|op| code_of(&world, *op) == Code::ClientDisposed));
    let events = world.events.len();
    world.run_for(HOUR);
    world.resume();
    world.dispose();
    assert_eq!(world.events.len(), events);
    assert_eq!(world.checker.token, None);
    sound(&world);
}

#[test]
fn answers_nobody_asked_for_are_ignored() {
    let mut world = somebody(live_for(300), "");
    let (events, token) = (world.events.len(), world.checker.token.clone());
    for job in 0..50 {
        let job = tokenward::engine::input::JobId(job);
        let body = r#"{"error":"invalid_grant"}"#;
        world.inject(Input::Http(job, Ok(response(400, "application/json", body))));
        world.inject(Input::Verified(job, tokenward::engine::input::Verdict::Invalid));
        world.inject(Input::Kept(job, Kept::word(KeepWord::Failed)));
        world.inject(Input::Kept(job, Kept { revision: Some(String::new()), ..Kept::word(KeepWord::Done) }));
    }
    assert_eq!((world.events.len(), world.checker.token.clone()), (events, token));
    assert!(world.is_live());
    sound(&world);
}
