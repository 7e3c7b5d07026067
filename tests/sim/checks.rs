//! Checks in random schedules: pages ask now and then, in a frame, who is signed in at the server.

use crate::chance::Chance;
use crate::scenarios::refused_with;
use crate::world::World;

/// A check, and what the server says to it. The page may do something else before that is heard.
pub(crate) fn check(world: &mut World, chance: &mut Chance) {
    let before = world.visits.len();
    world.login(r#"{"via":"check","prompt":"none"}"#);
    world.run_for(chance.pick(&[100, 500, 3_000]));
    // The server could not be asked yet, or there is nobody to ask about.
    if world.visits.len() <= before {
        return;
    }
    let url = world.user_logs_in();
    let url = match chance.below(10) {
        0..6 => url,
        6..9 => refused_with(&url, "login_required"),
        _ => refused_with(&url, "interaction_required"),
    };
    world.come_back(&url);
    world.run_for(chance.pick(&[0, 50, 1_000]));
}
