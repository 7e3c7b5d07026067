//! Logins beside the page: in a popup, in a frame, or without a word.

use tokenward::engine::output::{Event, Status};
use tokenward::error::Code;

use crate::properties::Outcome;
use crate::world::World;

use super::{code_of, live_for, nobody, refused_with, somebody, sound};

fn last_error(world: &World) -> Option<Code> {
    world.checker.snapshot.as_ref()?.last_error.as_ref().map(|error| error.code)
}

#[test]
fn a_login_beside_the_page_shows_only_when_it_succeeds() {
    for (via, told) in [("popup", true), ("frame", false)] {
        let mut world = somebody(live_for(300), "");
        let args = format!(r#"{{"via":"{via}"}}"#);
        world.statuses.clear();
        for (error, code) in
            [("login_required", Code::InteractionRequired), ("access_denied", Code::AuthorizationRefused)]
        {
            world.login(&args);
            world.run_for(500);
            let url = world.user_logs_in();
            let op = world.come_back(&refused_with(&url, error));
            world.run_for(500);
            assert_eq!(code_of(&world, op), code);
            assert_eq!(last_error(&world), told.then_some(code), "{via}");
        }
        assert!(world.statuses.iter().all(|status| *status == Status::SignedIn), "{:?}", world.statuses);
        world.login(&args);
        world.run_for(500);
        let url = world.user_logs_in();
        let op = world.come_back(&url);
        world.run_for(500);
        assert!(matches!(world.outcome(op), Some(Outcome::SignedIn { .. })));
        assert_eq!((world.count(Event::SignedIn), last_error(&world)), (2, None));
        sound(&world);
    }
}

#[test]
fn a_silent_redirect_comes_back_to_where_it_began_without_an_error() {
    let mut world = nobody(live_for(300), "");
    world.login(r#"{"via":"quiet","prompt":"none","returnTo":"/orders"}"#);
    world.run_for(500);
    let url = world.user_logs_in();
    world.reload();
    let op = world.come_back(&refused_with(&url, "login_required"));
    world.run_for(500);
    let landed =
        matches!(world.outcome(op), Some(Outcome::SignedIn { return_to: Some(to) }) if to == "/orders");
    assert!(landed, "{:?}", world.outcome(op));
    assert_eq!(
        (world.status(), last_error(&world), world.count(Event::SignedIn)),
        (Some(Status::SignedOut), None, 0)
    );
    sound(&world);
}
