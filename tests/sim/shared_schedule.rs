//! Random schedules of several tabs that share a session: they open, close, are killed, freeze and thaw, and
//! everything that they share may fail them.

use tokenward::engine::input::Call;
use tokenward::engine::output::Status;
use tokenward::error::Code;
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::checks::check;
use crate::keeper::{Locks, Stored};
use crate::network::Weather;
use crate::properties::{Kind, Outcome, Tally, Wish};
use crate::sabotage::Sabotage;
use crate::schedule::verdict;
use crate::server::{Policy, Rotation};
use crate::world::{Setup, World, json};

const MOST_TABS: usize = 6;

const OPTIONS: [&str; 6] = [
    r#""persistence":"sealed","timeout":10"#,
    r#""persistence":"sealed","timeout":10"#,
    r#""persistence":"sealed","timeout":10,"renewal":"on-demand""#,
    r#""persistence":"sealed","timeout":5,"discovery":"oauth","scope":"profile api""#,
    r#""persistence":"sealed","timeout":10,"dpop":"preferred""#,
    r#""persistence":"sealed","timeout":8,"dpop":"required","renewal":"on-demand""#,
];

fn policy(chance: &mut Chance) -> Policy {
    Policy {
        rotation: match chance.below(8) {
            0 => Rotation::Never,
            1 => Rotation::Echo,
            2..5 => Rotation::Always,
            _ => Rotation::Grace(chance.magnitude(5_000, 120_000)),
        },
        lifetime: match chance.below(8) {
            0 => None,
            1 => Some(chance.between(2, 10)),
            _ => Some(chance.magnitude(20, 3_600)),
        },
        refresh_tokens: !chance.per_mille(40),
        id_token_on_refresh: chance.per_mille(600),
        narrows: chance.per_mille(800),
        has_revocation: chance.per_mille(900),
        binds: chance.per_mille(900),
        signs_userinfo: chance.per_mille(300),
        ..Policy::default()
    }
}

/// Runs one schedule. `Err`: what did not hold, and the trace if there is one.
pub(crate) fn run(seed: u64, traced: bool, sabotage: Sabotage) -> Result<Tally, String> {
    let mut chance = Chance::new(seed ^ 0x7ab5);
    let policy = policy(&mut chance);
    let options = chance.pick(&OPTIONS);
    let mut world = World::new(Setup { seed, policy, options, traced, sabotage, ..Setup::default() });
    world.keeper.locks = chance.pick(&[Locks::Web, Locks::Web, Locks::Web, Locks::Lease, Locks::Racy]);
    world.keeper.slowest = chance.magnitude(2, 200);
    world.keeper.loses_hints = chance.pick(&[0, 0, 100, 1000]);
    world.restore_session();
    let mut schedule = Schedule { chance };
    schedule.run(&mut world);
    if world.violation().is_none() {
        heal(&mut world);
    }
    world.tally.repeated += world.commons.repeated;
    verdict(&world, seed)
}

struct Schedule {
    chance: Chance,
}

impl Schedule {
    fn run(&mut self, world: &mut World) {
        if self.chance.per_mille(900) {
            self.log_in(world);
        }
        let steps = self.chance.between(5, 40);
        for _ in 0..steps {
            if world.violation().is_some() {
                return;
            }
            world.current = self.chance.below(world.tabs.len() as u64) as usize;
            if self.chance.per_mille(650) {
                self.page(world);
            } else {
                self.fortune(world);
            }
            let pause = match self.chance.below(10) {
                0..4 => self.chance.below(4),
                4..7 => self.chance.magnitude(1, 1_000),
                _ => self.chance.magnitude(500, 40_000),
            };
            world.run_for(pause);
        }
    }

    fn log_in(&mut self, world: &mut World) {
        if world.frozen || world.checker.disposed {
            return;
        }
        world.login("{}");
        world.run_for(1_000);
        if world.visits.is_empty() {
            return;
        }
        let url = world.user_logs_in();
        if self.chance.per_mille(300) {
            self.reload(world);
        }
        world.come_back(&url);
        if self.chance.per_mille(700) {
            world.run_for(1_000);
        }
    }

    fn reload(&mut self, world: &mut World) {
        world.reload();
        if self.chance.per_mille(950) {
            world.restore_session();
        }
    }

    /// Something a page does, or its user.
    fn page(&mut self, world: &mut World) {
        let kind = self.chance.below(100);
        if world.frozen && kind < 80 {
            return;
        }
        match kind {
            0..32 => self.get_tokens(world),
            32..34 => {
                world.login_with_device("{}");
                if self.chance.per_mille(500) {
                    world.run_for(1_000);
                    world.server.user_decides(true, world.clock.truth);
                }
            }
            34..37 => {
                world.exchange_token(r#"{"audience":"https://api.example.com"}"#);
            }
            37..40 => check(world, &mut self.chance),
            40..44 => self.log_in(world),
            44..47 => {
                let args = self.chance.pick(&["{}", r#"{"local":true}"#, r#"{"revoke":false}"#]);
                world.logout(args);
            }
            47..49 => {
                world.userinfo();
            }
            49..54 => world.resume(),
            54..56 => world.restore(),
            56..58 => {
                if let Some(op) = world.checker.open.first().copied() {
                    world.cancel(op);
                }
            }
            58..60 => world.dispose(),
            60..70 => {
                for _ in 0..self.chance.pick(&[1, 1, 1, 30]) {
                    world.inject(tokenward::engine::input::Input::Hint);
                }
            }
            70..80 => self.everybody_wants(world),
            80..88 => {
                if world.tabs.len() < MOST_TABS {
                    world.open();
                    world.restore_session();
                }
            }
            88..93 => self.reload(world),
            _ => {
                if world.tabs.len() > 1 {
                    world.kill();
                } else {
                    self.reload(world);
                }
            }
        }
    }

    fn get_tokens(&mut self, world: &mut World) {
        let callers = self.chance.pick(&[1, 1, 1, 10]);
        for _ in 0..callers {
            let mut wish = Wish { min_validity: 10_000, ..Wish::default() };
            let args = match self.chance.below(10) {
                0..4 => "{}".to_owned(),
                4..7 => {
                    wish.fresh = true;
                    r#"{"fresh":true}"#.to_owned()
                }
                7..9 => {
                    let serial = world.checker.token.as_ref().map_or(0, |(_, serial)| *serial);
                    wish.rejected = Some(serial);
                    format!(r#"{{"rejected":{serial}}}"#)
                }
                _ => {
                    world.tally.narrowed += 1;
                    r#"{"scope":"profile"}"#.to_owned()
                }
            };
            world.call(Kind::Token(wish), Call::GetToken(json(&args)));
        }
    }

    /// At once, in every tab that runs.
    fn everybody_wants(&mut self, world: &mut World) {
        world.each_tab(|world| {
            if !world.frozen {
                world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
            }
        });
    }

    /// Something that happens to the world.
    fn fortune(&mut self, world: &mut World) {
        if self.chance.per_mille(200) {
            let grants = self.chance.per_mille(800);
            world.server.user_decides(grants, world.clock.truth);
        }
        match self.chance.below(100) {
            0..25 => world.network.weather = self.chance.pick(&Weather::ALL),
            25..40 => world.network.weather = Weather::FINE,
            40..46 => {
                let online = !world.network.online;
                world.set_online(online);
            }
            46..52 => {
                let time = self.chance.magnitude(1_000, 3_600_000);
                let mono_stands_still = self.chance.per_mille(500);
                world.sleep(time, mono_stands_still);
                if self.chance.per_mille(700) {
                    world.resume();
                }
            }
            52..56 => {
                let by = self.chance.magnitude(1_000, 3_600_000).cast_signed();
                world.jump(if self.chance.per_mille(500) { by } else { -by });
            }
            56..70 => {
                if world.frozen {
                    world.thaw();
                } else {
                    world.freeze();
                }
            }
            70..76 => world.steal_lock(),
            76..80 => world.keeper.fails = self.chance.pick(&[0, 0, 200, 1000]),
            80..84 => world.keeper.loses_hints = self.chance.pick(&[0, 500, 1000]),
            84..88 => world.network.keys_down = !world.network.keys_down,
            88..92 => {
                let keep_old = self.chance.per_mille(900);
                world.server.rotate_keys(keep_old);
            }
            92..94 => {
                if let Some(grant) = world.server.grants.last_mut() {
                    grant.alive = false;
                }
            }
            94 => world.server.user = self.chance.pick(&["user-1", "user-2"]),
            95..97 => world.lateness = self.chance.pick(&[0, 4, 1_000]),
            97 => {
                let nonce = format!("nonce-{}", self.chance.below(1_000));
                world.server.nonces = [Some(nonce.clone()), Some(nonce)];
            }
            _ => world.keeper.slowest = self.chance.magnitude(2, 1_000),
        }
    }
}

/// All is well again: everybody is awake and looks at what is there.
fn heal(world: &mut World) {
    world.trace.add(world.clock.truth, || "the world is healed".to_owned());
    world.network.weather = Weather::FINE;
    world.network.keys_down = false;
    world.keeper.fails = 0;
    world.keeper.slowest = 4;
    world.keeper.loses_hints = 0;
    world.lateness = 4;
    world.set_online(true);
    world.each_tab(|world| {
        if world.frozen {
            world.thaw();
        }
        world.resume();
    });
    // A lease of somebody who is gone, a back-off, what a server asked for: all of it comes to an end.
    let settled = world.run_while(PATIENCE, |world| {
        world.tabs.iter().any(|tab| !tab.checker.open.is_empty() || !tab.is_quiet() || tab.frozen)
    });
    if !settled && world.violation().is_none() {
        return world.checker.fail("somebody waits for ever");
    }
    world.each_tab(World::resume);
    world.run_for(1_000);
    agree(world);
    if world.violation().is_none() {
        live(world);
        agree(world);
    }
}

/// Longest time a healed world may need.
const PATIENCE: Millis = 15 * 60_000;

/// What is kept is what every tab says, as soon as all have looked.
fn agree(world: &mut World) {
    world.run_while(60_000, |world| disagreement(world).is_some());
    if let Some(what) = disagreement(world).filter(|_| world.violation().is_none()) {
        world.checker.fail(what);
    }
}

fn disagreement(world: &World) -> Option<String> {
    let commons = &world.commons;
    let kept = world.keeper.stored.as_ref().and_then(Stored::grant);
    if kept.is_some_and(|grant| commons.logged_out.contains(&grant)) {
        return Some("a session is kept after a logout".to_owned());
    }
    if kept.is_some_and(|grant| commons.removed.contains(&grant)) {
        return Some("a session came back".to_owned());
    }
    for tab in world.tabs.iter().filter(|tab| tab.is_sealed() && !tab.checker.disposed) {
        let grant = tab.checker.session;
        if grant != kept {
            return Some(format!("a tab has session {grant:?}, and what is kept is {kept:?}"));
        }
    }
    // A login that nobody ended is there still.
    let last = commons.latest.filter(|last| kept != Some(*last) && !commons.storage_failed)?;
    let ended = commons.ended.contains(&last) || commons.logged_out.contains(&last);
    (!ended).then(|| format!("session {last} was lost, and nobody ended it"))
}

/// Every tab can still renew, and what it renews is for all.
fn live(world: &mut World) {
    for at in 0..world.tabs.len() {
        world.current = at;
        let Some(grant) = world.checker.session.filter(|grant| world.server.grants[*grant].alive) else {
            continue;
        };
        if world.checker.disposed || world.checker.refresh_token().is_none() {
            continue;
        }
        let before = world.checker.refresh_token().map(str::to_owned).unwrap_or_default();
        let twice = world.commons.sent_twice(grant);
        let mut told = None;
        // The lease of somebody who is gone runs out, and so does what a server asked to wait; keys are seen when
        // their cool-down is over.
        for _ in 0..12 {
            let op = world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
            world.run_while(PATIENCE, |world| world.outcome(op).is_none());
            told = world.outcome(op).map(Outcome::code);
            if !told.flatten().is_some_and(|code| code.retryable() || code == Code::IdTokenKey) {
                break;
            }
            world.run_for(61_000);
        }
        let is_live =
            told == Some(None) && matches!(world.status(), Some(Status::SignedIn | Status::Refreshing));
        // A key that was withdrawn in the last moment of the storm is still found out; and a token whose answer was
        // lost in it may be worth nothing.
        let excused = match told {
            // Whether a key may be lost is judged when it is asked for.
            Some(Some(Code::IdentityChanged | Code::DpopKeyLost)) => true,
            // So may one that two tabs sent while this one waited: not every lock keeps them apart.
            Some(Some(Code::SessionEnded | Code::LoginRequired)) => {
                world.commons.was_sent_before(&before) || world.commons.sent_twice(grant) > twice
            }
            _ => false,
        };
        if world.violation().is_none() && !is_live && !excused {
            world.checker.fail(format!("all is well, but a fresh token is not to be had: {told:?}"));
        }
        world.run_for(100);
    }
    world.tally.healed += 1;
}
