//! Whose tokens they are, and by which keys that is known.

use tokenward::engine::output::Event;
use tokenward::error::Code;

use crate::server::{Doctored, Policy};

use super::{MINUTE, code_of, fresh, live_for, log_in, nobody, somebody, sound, token_of};

#[test]
fn f04_f05_a_changed_identity_ends_the_session_and_uses_nothing() {
    for doctored in Doctored::ALL {
        let mut world = somebody(live_for(300), "");
        let before = world.checker.token.clone();
        world.server.doctor = Some(doctored);
        let op = fresh(&mut world);
        world.run_for(2_000);
        assert_eq!(code_of(&world, op), Code::IdentityChanged, "{doctored:?}");
        assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::IdentityChanged))));
        assert_eq!(world.count(Event::SessionExpired), 1);
        assert_eq!(world.count(Event::Renewed), 0);
        assert!(before.is_some() && world.checker.token.is_none());
        // The new refresh token is given back.
        assert_eq!(world.server.revoked.len(), 1, "{doctored:?}");
        assert!(world.server.revoked[0].starts_with("rt.0."));
        sound(&world);
    }
}

#[test]
fn c16_keys_that_cannot_be_had_are_waited_for() {
    for names_keys in [true, false] {
        let mut world = somebody(Policy { names_keys, ..live_for(120) }, "");
        world.run_for(30_000);
        world.server.rotate_keys(false);
        world.network.keys_down = true;
        let op = fresh(&mut world);
        world.run_for(20 * MINUTE);
        assert_eq!(code_of(&world, op), Code::KeysUnavailable);
        assert!(world.checker.session.is_some());
        assert_eq!(world.count(Event::SessionExpired), 0);
        // One answer is held; nothing else is asked for meanwhile.
        assert_eq!(world.server.refreshes, 1);
        let op = world.get_token("{}");
        world.run_for(30_000);
        assert_eq!(code_of(&world, op), Code::KeysUnavailable);
        assert!(world.key_sends() <= 40, "{}", world.key_sends());
        world.network.keys_down = false;
        world.run_for(62_000);
        assert!(world.is_live(), "{}", world.trace);
        sound(&world);
    }
}

#[test]
fn c13_a_user_who_looks_often_does_not_cost_the_session() {
    // While the keys cannot be had, and while they are not there yet.
    for down in [true, false] {
        let mut world = somebody(live_for(120), "");
        world.run_for(30_000);
        world.network.keys_down = down;
        let published = world.server.keys.clone();
        world.server.rotate_keys(false);
        let new = std::mem::replace(&mut world.server.keys, published);
        world.server.signs_with = new.last().copied();
        fresh(&mut world);
        world.run_for(2_000);
        let before = world.key_sends();
        for _ in 0..200 {
            world.resume();
            world.run_for(250);
        }
        let asked = world.key_sends() - before;
        assert!(asked <= if down { 51 } else { 0 }, "{asked}");
        assert!(world.checker.session.is_some());
        world.network.keys_down = false;
        world.server.keys = new;
        world.run_for(62_000);
        assert!(world.is_live());
        sound(&world);
    }
}

#[test]
fn c13_unknown_keys_are_no_storm() {
    let mut world = nobody(live_for(300), "");
    world.server.signs_with = Some(250);
    for _ in 0..10 {
        world.server.keys = vec![1];
        let op = log_in(&mut world);
        assert_eq!(code_of(&world, op), Code::IdTokenKey);
        world.run_for(4_000);
    }
    assert_eq!(world.key_sends(), 2, "once, and once past the caches");
    sound(&world);

    let mut world = somebody(live_for(300), "");
    world.server.signs_with = Some(250);
    let (op, before) = (fresh(&mut world), world.key_sends());
    world.run_for(100_000);
    assert_eq!(code_of(&world, op), Code::IdTokenKey);
    assert_eq!(world.count(Event::SessionExpired), 0);
    world.run_for(2 * MINUTE);
    // Three searches in the server's present keys, a minute apart, are its word.
    assert_eq!(world.events.last(), Some(&(Event::SessionExpired, Some(Code::IdentityChanged))));
    assert_eq!(world.key_sends() - before, 3);
    assert_eq!(world.server.refreshes, 1);
    sound(&world);
}

#[test]
fn c12_a_rotated_key_is_fetched() {
    for names_keys in [true, false] {
        for keep_old in [true, false] {
            let mut world = somebody(Policy { names_keys, ..live_for(300) }, "");
            world.server.rotate_keys(keep_old);
            let op = fresh(&mut world);
            world.run_for(1_000);
            token_of(&world, op);
            assert_eq!(world.key_sends(), 2);
            sound(&world);
        }
    }
}
