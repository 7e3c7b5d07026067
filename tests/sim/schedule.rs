//! Random schedules: a seed chooses a server, a client, and everything that happens to them.

use tokenward::engine::input::{Call, OpId};
use tokenward::engine::output::Status;
use tokenward::error::Code;
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::checks::check;
use crate::network::Weather;
use crate::properties::{Kind, Outcome, Tally, Wish};
use crate::sabotage::Sabotage;
use crate::server::{Doctored, ISSUER, Policy, Rotation};
use crate::world::{HOME, Setup, World, json};

/// Longest time a healed world may need: what a server can ask for with `Retry-After`, the chance on top, and some.
const CONVALESCENCE: Millis = 20 * 60_000;

const OPTIONS: [&str; 8] = [
    r#""timeout":20"#,
    r#""timeout":5,"minValidity":60"#,
    r#""timeout":20,"renewal":"on-demand""#,
    r#""timeout":8,"discovery":"oauth","scope":"profile api""#,
    r#""timeout":20,"minValidity":0,"resource":"https://api.example.com/""#,
    r#""timeout":60,"renewal":"on-demand","minValidity":300"#,
    r#""timeout":20,"dpop":"preferred""#,
    r#""timeout":8,"dpop":"required","renewal":"on-demand""#,
];

fn policy(chance: &mut Chance) -> Policy {
    let window = chance.magnitude(2_000, 120_000);
    Policy {
        rotation: chance.pick(&[
            Rotation::Never,
            Rotation::Echo,
            Rotation::Always,
            Rotation::Always,
            Rotation::Grace(window),
            Rotation::Grace(window),
        ]),
        lifetime: match chance.below(8) {
            0 => None,
            1 => Some(chance.between(1, 5)),
            2 => Some(86_400 * 30),
            _ => Some(chance.magnitude(5, 7_200)),
        },
        refresh_tokens: !chance.per_mille(100),
        id_token_on_refresh: chance.per_mille(600),
        names_keys: chance.per_mille(800),
        says_scope: chance.per_mille(500),
        narrows: chance.per_mille(800),
        has_revocation: chance.per_mille(900),
        has_end_session: chance.per_mille(800),
        announces_iss: chance.per_mille(500),
        checks_pkce: true,
        // A client that requires proofs finds out at its first login that this one cannot read them.
        binds: chance.per_mille(900),
        requires_par: chance.per_mille(200),
        signs_userinfo: chance.per_mille(300),
    }
}

/// Runs one schedule. `Err`: what did not hold, and the trace if there is one.
pub(crate) fn run(seed: u64, traced: bool, sabotage: Sabotage) -> Result<Tally, String> {
    let mut chance = Chance::new(seed);
    let policy = policy(&mut chance);
    let options = chance.pick(&OPTIONS);
    let wall_ahead =
        if chance.per_mille(300) { chance.between(0, 580_000).cast_signed() - 290_000 } else { 0 };
    let mut world = World::new(Setup { seed, policy, options, wall_ahead, traced, sabotage });
    let mut schedule = Schedule { chance, callbacks: Vec::new() };
    schedule.run(&mut world);
    if world.violation().is_none() {
        heal(&mut world);
    }
    verdict(&world, seed)
}

/// What came of it.
pub(crate) fn verdict(world: &World, seed: u64) -> Result<Tally, String> {
    if let Some(what) = world.violation() {
        let (options, policy) = (world.options(), &world.server.policy);
        return Err(format!("seed {seed}: {what}\n{}\noptions {options}, {policy:?}\n", world.trace));
    }
    let mut tally = world.tally;
    world.tabs.iter().for_each(|tab| tally.add(&tab.checker.tally));
    Ok(tally)
}

struct Schedule {
    chance: Chance,
    /// Callback URLs that were used, or are about to be.
    callbacks: Vec<String>,
}

impl Schedule {
    fn run(&mut self, world: &mut World) {
        // Most schedules are about sessions: they begin with one.
        if self.chance.per_mille(850) {
            world.login("{}");
            world.run_for(2_000);
            self.user_comes_back(world);
            world.run_for(2_000);
        }
        let steps = self.chance.between(5, 60);
        for _ in 0..steps {
            if world.violation().is_some() {
                return;
            }
            if world.checker.disposed {
                if self.chance.per_mille(300) {
                    world.reload();
                } else {
                    world.get_token("{}");
                }
            } else if self.chance.per_mille(600) {
                self.page(world);
            } else {
                self.fortune(world);
            }
            let pause = match self.chance.below(10) {
                0..3 => 0,
                3..7 => self.chance.magnitude(1, 2_000),
                _ => self.chance.magnitude(500, 90_000),
            };
            world.run_for(pause);
        }
    }

    /// Something the page does.
    fn page(&mut self, world: &mut World) {
        match self.chance.below(100) {
            0..6 => {
                let args = self.chance.pick(&[
                    "{}",
                    "{}",
                    r#"{"scope":"openid"}"#,
                    r#"{"scope":"profile api"}"#,
                    r#"{"returnTo":"/orders"}"#,
                    r#"{"retrunTo":"/orders"}"#,
                ]);
                world.login(args);
            }
            6..16 => self.user_comes_back(world),
            16..19 => self.strange_callback(world),
            19..53 => self.get_tokens(world),
            53..56 => check(world, &mut self.chance),
            56..59 => {
                let args = self.chance.pick(&["{}", "{}", r#"{"scope":"openid"}"#, r#"{"scop":"openid"}"#]);
                world.login_with_device(args);
            }
            59..62 => {
                world.exchange_token(r#"{"audience":"https://api.example.com"}"#);
            }
            62..70 => {
                world.userinfo();
            }
            70..72 => {
                world.proof(self.chance.pick(&[
                    r#"{"origin":"https://api.example.com"}"#,
                    r#"{"origin":"https://api.example.com","nonce":"n","status":401,"sent":{"serial":1,"tries":0}}"#,
                ]));
            }
            72..81 => {
                if let Some(op) = self.any_open(world) {
                    world.cancel(op);
                }
            }
            81..84 => {
                let args = self.chance.pick(&["{}", "{}", r#"{"local":true}"#, r#"{"revoke":false}"#]);
                world.logout(args);
            }
            84..85 => {
                world.revoke();
            }
            85..93 => world.resume(),
            93..96 => world.restore(),
            96..98 => world.tick(),
            98 => world.reload(),
            _ => world.dispose(),
        }
    }

    fn any_open(&mut self, world: &World) -> Option<OpId> {
        let open = &world.checker.open;
        if open.is_empty() { None } else { Some(self.chance.pick(open)) }
    }

    fn user_comes_back(&mut self, world: &mut World) {
        if world.visits.is_empty() {
            return;
        }
        let url = world.user_logs_in();
        // Mostly a page load, sometimes a popup that tells its opener.
        if self.chance.per_mille(500) {
            world.reload();
        }
        world.come_back(&url);
        if self.chance.per_mille(150) {
            world.come_back(&url);
        }
        self.callbacks.push(url);
    }

    fn strange_callback(&mut self, world: &mut World) {
        let used = self.callbacks.last().cloned();
        let stolen = world.server.stolen_code(&mut self.chance);
        let url = match self.chance.below(8) {
            0 => used.unwrap_or_default(),
            1 => format!("{HOME}?code={stolen}&state=tw.unknown&iss={ISSUER}"),
            2 => format!("{HOME}?code={stolen}"),
            3 => format!("{HOME}?error=access_denied"),
            4 => format!("{HOME}#access_token={stolen}&token_type=Bearer"),
            5 => format!("{HOME}orders?code=7"),
            6 => match world.visits.pop() {
                Some(visit) => world.server.authorize(&visit, world.clock.truth).replace("iss=", "iss=x"),
                None => HOME.to_owned(),
            },
            _ => format!("{HOME}?state=twl.AAAA"),
        };
        world.come_back(&url);
    }

    fn get_tokens(&mut self, world: &mut World) {
        let callers = if self.chance.per_mille(100) { self.chance.between(5, 50) } else { 1 };
        for _ in 0..callers {
            let mut wish = Wish { min_validity: configured_validity(world), ..Wish::default() };
            let args = match self.chance.below(20) {
                0..8 => "{}".to_owned(),
                8..11 => {
                    let seconds = self.chance.pick(&[0, 1, 5, 60, 600, 86_400]);
                    wish.min_validity = seconds * 1000;
                    format!(r#"{{"minValidity":{seconds}}}"#)
                }
                11..13 => {
                    wish.fresh = true;
                    r#"{"fresh":true}"#.to_owned()
                }
                13..15 => {
                    let latest = world.checker.token.as_ref().map_or(0, |(_, serial)| *serial);
                    let serial = latest.saturating_sub(u32::from(self.chance.per_mille(300)));
                    wish.rejected = Some(serial);
                    format!(r#"{{"rejected":{serial}}}"#)
                }
                15..17 => {
                    world.checker.tally.narrowed += 1;
                    r#"{"scope":"profile"}"#.to_owned()
                }
                17 => r#"{"resource":"https://api.example.com/"}"#.to_owned(),
                18 => {
                    wish.beyond = true;
                    r#"{"scope":"profile admin"}"#.to_owned()
                }
                _ => r#"{"minValidty":5}"#.to_owned(),
            };
            world.call(Kind::Token(wish), Call::GetToken(json(&args)));
        }
    }

    /// Something that happens to the world.
    fn fortune(&mut self, world: &mut World) {
        if self.chance.per_mille(200) {
            let grants = self.chance.per_mille(800);
            world.server.user_decides(grants, world.clock.truth);
        }
        match self.chance.below(100) {
            0..25 => {
                world.network.weather = self.chance.pick(&Weather::ALL);
            }
            25..40 => world.network.weather = Weather::FINE,
            40..50 => {
                let online = !world.network.online;
                world.set_online(online);
            }
            50..60 => {
                let time = self.chance.magnitude(1_000, 8 * 3_600_000);
                let mono_stands_still = self.chance.per_mille(500);
                world.sleep(time, mono_stands_still);
                if self.chance.per_mille(700) {
                    world.resume();
                }
            }
            60..66 => {
                let by = self.chance.magnitude(1_000, 5 * 3_600_000).cast_signed();
                world.jump(if self.chance.per_mille(500) { by } else { -by });
            }
            66..70 => world.lateness = self.chance.pick(&[0, 4, 1_000, 60_000]),
            70..78 => {
                let keep_old = self.chance.per_mille(700);
                world.server.rotate_keys(keep_old);
            }
            78..86 => world.network.keys_down = !world.network.keys_down,
            86..90 => {
                // The server ends a grant.
                let grants = world.server.grants.len() as u64;
                if grants > 0 {
                    let grant = usize::try_from(self.chance.below(grants)).unwrap_or_default();
                    world.server.grants[grant].alive = false;
                }
            }
            90..93 => world.server.doctor = Some(self.chance.pick(&Doctored::ALL)),
            93 => {
                world.server.devices.slow_downs = 2;
                world.server.user = self.chance.pick(&["user-1", "user-2"]);
            }
            94 => world.storage_blocked = !world.storage_blocked,
            95 => {
                let nonce = format!("nonce-{}", self.chance.below(1_000));
                world.server.nonces = [Some(nonce.clone()), Some(nonce)];
            }
            _ => self.mind_changes(&mut world.server.policy),
        }
    }

    /// The server's administrator turns a knob.
    fn mind_changes(&mut self, policy: &mut Policy) {
        match self.chance.below(5) {
            0 => policy.lifetime = None,
            1 => policy.lifetime = Some(self.chance.between(1, 10)),
            2 => policy.lifetime = Some(self.chance.magnitude(10, 3_600)),
            3 => policy.refresh_tokens = !policy.refresh_tokens,
            _ => policy.id_token_on_refresh = !policy.id_token_on_refresh,
        }
    }
}

fn configured_validity(world: &World) -> Millis {
    let options = world.options();
    let digits = options.split("\"minValidity\":").nth(1).unwrap_or("10");
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<Millis>().unwrap_or(10) * 1000
}

/// All is well again: whatever is pending must settle, and a session that the server stands by must come
/// back to life, by itself if it renews by itself.
fn heal(world: &mut World) {
    world.trace.add(world.clock.truth, || "the world is healed".to_owned());
    world.network.weather = Weather::FINE;
    world.network.keys_down = false;
    world.server.doctor = None;
    world.lateness = 4;
    world.set_online(true);
    if world.checker.disposed {
        return;
    }
    let settled = world.run_while(CONVALESCENCE, |world| !world.checker.open.is_empty());
    if !settled {
        return world.checker.fail("an operation never settles");
    }
    let asks = world.options().contains("on-demand");
    let mut attempts = 0;
    while world.grant_is_honoured() && !world.is_live() && world.violation().is_none() {
        attempts += 1;
        if attempts > CONVALESCENCE / 10_000 {
            return world.checker.fail("the session does not come back to life");
        }
        if asks {
            world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
        }
        world.run_while(10_000, |world| world.grant_is_honoured() && !world.is_live());
    }
    if !world.grant_is_honoured() || world.violation().is_some() {
        return;
    }
    world.checker.tally.healed += 1;
    if world.checker.refresh_token().is_some() {
        prove_life(world);
    }
}

/// The refresh token that the client holds is the right one: it buys another token.
fn prove_life(world: &mut World) {
    let mut told = None;
    // Keys that were replaced a moment ago are seen when the cool-down is over.
    for _ in 0..3 {
        let op = world.get_token_as(r#"{"fresh":true}"#, Wish { fresh: true, ..Wish::default() });
        world.run_while(60_000, |world| world.outcome(op).is_none());
        told = world.outcome(op).map(Outcome::code);
        if told != Some(Some(Code::KeysUnavailable)) {
            break;
        }
        world.run_for(61_000);
    }
    // An identity that was changed, or a key withdrawn, in the last moment of the storm is still found out.
    match told {
        Some(None) => {
            let signed_in = matches!(world.status(), Some(Status::SignedIn | Status::Refreshing));
            if !signed_in {
                world.checker.fail("all is well, but nobody is signed in");
            }
        }
        Some(Some(Code::IdentityChanged)) => {}
        told => world.checker.fail(format!("all is well, but a fresh token is not to be had: {told:?}")),
    }
}
