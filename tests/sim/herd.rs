//! A million clients of one provider that is down for five minutes: what reaches it when it is back.
//!
//! So many engines are not run: a sample stands for them, each for as many as it takes, and what they send is
//! counted in steps of ten seconds, so that chance in the sample is not taken for a peak. Renewal and back-off are the
//! engine's own; nobody calls, so that nothing but its timers sends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

use tokenward::config::Config;
use tokenward::engine::Engine;
use tokenward::engine::input::{Ambient, Call, Input, JobId, KeepWord, Kept, OpId};
use tokenward::engine::output::{Keep, Output, Renewal, Reply};
use tokenward::protocol::http::{HttpFailure, HttpRequest, HttpResult, Purpose};
use tokenward::secret::Secret;
use tokenward::time::{Millis, Now};

use crate::chance::Chance;
use crate::server::{CLIENT, ISSUER, response};
use crate::world::{HOME, json};

const STEP: Millis = 10_000;
const OUTAGE: Millis = 300_000;
const CLIENTS: f64 = 1e6;

/// What is shown of the time around the outage.
const BEFORE: Millis = 120_000;
const AFTER: Millis = 900_000;

/// How the provider is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Down {
    NoAnswer,
    Unavailable,
}

struct Client {
    engine: Engine,
    entropy: Chance,
    /// A pending login: nothing else is stored here.
    record: Option<Secret>,
    wakes: u64,
}

struct Herd {
    clients: Vec<Client>,
    queue: BinaryHeap<Reverse<(Millis, u64, usize)>>,
    inputs: std::collections::HashMap<u64, Input>,
    order: u64,
    now: Millis,
    chance: Chance,
    lifetime: Millis,
    down: Down,
    outage: Millis,
    /// Token requests in each step.
    sent: Vec<u32>,
}

impl Herd {
    fn run(sample: usize, lifetime: Millis, down: Down) -> Self {
        // Everybody has renewed once or more before anything is counted.
        let outage = lifetime * 3 + BEFORE;
        let end = outage + OUTAGE + AFTER;
        let mut herd = Self {
            clients: Vec::new(),
            queue: BinaryHeap::new(),
            inputs: std::collections::HashMap::new(),
            order: 0,
            now: 0,
            chance: Chance::new(lifetime),
            lifetime,
            down,
            outage,
            sent: vec![0; usize::try_from(end / STEP).unwrap() + 1],
        };
        let options =
            format!(r#"{{"issuer":"{ISSUER}","clientId":"{CLIENT}","discovery":"oauth","scope":"api"}}"#);
        let options = json(&options);
        for client in 0..sample {
            let config = Config::from_options(options.clone(), Some(HOME)).unwrap();
            let entropy = Chance::new(client as u64);
            herd.clients.push(Client { engine: Engine::new(config), entropy, record: None, wakes: 0 });
            let at = herd.chance.below(lifetime);
            herd.push(at, client, Input::Call(OpId(0), Call::Login(json("{}"))));
        }
        while let Some(Reverse((at, order, client))) = herd.queue.pop() {
            if at >= end {
                break;
            }
            herd.now = at;
            let Some(input) = herd.inputs.remove(&order) else { continue };
            if !matches!(input, Input::Tick) || herd.clients[client].wakes == order {
                herd.feed(client, input);
            }
        }
        herd
    }

    fn push(&mut self, at: Millis, client: usize, input: Input) -> u64 {
        self.order += 1;
        self.inputs.insert(self.order, input);
        self.queue.push(Reverse((at, self.order, client)));
        self.order
    }

    fn feed(&mut self, at: usize, input: Input) {
        let wall = 1_700_000_000_000;
        let now = Now { wall: wall + self.now, mono: self.now };
        let client = &mut self.clients[at];
        client.engine.handle(Ambient { now, entropy: &mut client.entropy }, input);
        let (mut wake, mut renews_at) = (None, None);
        while let Some(output) = self.clients[at].engine.poll() {
            match output {
                Output::Wake(wait) => wake = wait,
                // Between two renewals nothing happens: the engine's look at the clocks is left out.
                Output::Session(s) if s.renewal == Renewal::Live => {
                    renews_at = s.renews_at.map(|at| at - wall)
                }
                Output::Send(job, request) => self.send(at, job, &request),
                Output::Keep(job, keep) => self.keep(at, job, keep),
                Output::Settle(_, Ok(Reply::Navigate(url))) => {
                    let state = url.split("state=").nth(1).and_then(|rest| rest.split('&').next());
                    let url = format!("{HOME}?code=c&state={}&iss={ISSUER}", state.unwrap());
                    self.push(self.now + 10, at, Input::Call(OpId(1), Call::HandleRedirect { url }));
                }
                _ => {}
            }
        }
        let due = renews_at.filter(|at| *at > self.now).or(wake.map(|wait| self.now + wait));
        if let Some(due) = due {
            self.clients[at].wakes = self.push(due, at, Input::Tick);
        }
    }

    fn keep(&mut self, at: usize, job: JobId, keep: Keep) {
        let record = match keep {
            Keep::Store { record, .. } => {
                self.clients[at].record = Some(record);
                None
            }
            _ => self.clients[at].record.take(),
        };
        self.push(self.now + 1, at, Input::Kept(job, Kept { record, ..Kept::word(KeepWord::Done) }));
    }

    fn send(&mut self, at: usize, job: JobId, request: &HttpRequest) {
        let way = self.chance.between(30, 200);
        let is_down = (self.outage..self.outage + OUTAGE).contains(&self.now);
        let result: HttpResult = match request.purpose {
            Purpose::Discovery => Ok(response(
                200,
                "application/json",
                format!(
                    r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/a","token_endpoint":"{ISSUER}/t"}}"#
                ),
            )),
            _ => {
                self.sent[usize::try_from(self.now / STEP).unwrap()] += 1;
                match self.down {
                    Down::NoAnswer if is_down => Err(HttpFailure::NoAnswer),
                    Down::Unavailable if is_down => Ok(response(503, "text/plain", "")),
                    _ => Ok(response(
                        200,
                        "application/json",
                        format!(
                            r#"{{"access_token":"a{}","refresh_token":"r{}","token_type":"Bearer","expires_in":{}}}"#,
                            self.order,
                            self.order,
                            self.lifetime / 1000
                        ),
                    )),
                }
            }
        };
        self.push(self.now + way, at, Input::Http(job, result));
    }

    /// Requests in one step when all is well.
    fn steady(&self) -> f64 {
        let from = usize::try_from((self.outage - self.lifetime) / STEP).unwrap();
        let until = usize::try_from(self.outage / STEP).unwrap();
        let all = &self.sent[from..until];
        f64::from(all.iter().sum::<u32>()) / all.len() as f64
    }

    /// Rates from some time before the outage, relative to the steady one.
    fn rates(&self) -> Vec<f64> {
        let from = usize::try_from((self.outage - BEFORE) / STEP).unwrap();
        let until = usize::try_from((self.outage + OUTAGE + AFTER) / STEP).unwrap();
        self.sent[from..until].iter().map(|sent| f64::from(*sent) / self.steady()).collect()
    }

    /// The highest rate after the outage, relative to the steady one.
    fn peak(&self) -> f64 {
        let back = usize::try_from((BEFORE + OUTAGE) / STEP).unwrap();
        self.rates()[back..].iter().copied().fold(0.0, f64::max)
    }
}

struct Line {
    name: String,
    rates: Vec<f64>,
}

#[test]
fn a_million_clients_do_not_come_back_at_once() {
    let sample = crate::number("HERD").map_or(2_000, |n| usize::try_from(n).unwrap());
    let mut lines = Vec::new();
    let mut highest: f64 = 0.0;
    // With few engines an hour's rate is mostly chance.
    let lifetimes: &[Millis] = if sample < 10_000 { &[300_000] } else { &[300_000, 3_600_000] };
    for lifetime in lifetimes {
        for (down, words) in [(Down::NoAnswer, "no answer"), (Down::Unavailable, "503")] {
            let herd = Herd::run(sample, *lifetime, down);
            let (peak, each) = (herd.peak(), CLIENTS / sample as f64);
            let rate = |steps: f64| herd.steady() * steps * each * 1000.0 / STEP as f64;
            let minutes = lifetime / 60_000;
            eprintln!(
                "tokens of {minutes} min, {words}: steady {:.0} requests a second, peak after recovery {:.0}: {peak:.2} times",
                rate(1.0),
                rate(peak)
            );
            highest = highest.max(peak);
            lines.push(Line { name: format!("tokens of {minutes} min, {words}"), rates: herd.rates() });
        }
    }
    if let Ok(path) = std::env::var("HERD_SVG") {
        std::fs::write(path, plot(&lines, sample)).unwrap();
    }
    assert!(highest <= 3.0, "{highest:.2} times the steady rate");
}

/// A picture that can be read on light and on dark ground.
fn plot(lines: &[Line], sample: usize) -> String {
    const COLOURS: [&str; 4] = ["#2f81c7", "#c2571a", "#3a9150", "#a855b5"];
    const WIDTH: f64 = 760.0;
    const HEIGHT: f64 = 380.0;
    const LEFT: f64 = 60.0;
    const TOP: f64 = 30.0;
    let top = lines.iter().flat_map(|line| &line.rates).copied().fold(4.0, f64::max).ceil();
    let (wide, high) = (WIDTH - LEFT - 20.0, HEIGHT - TOP - 90.0);
    let all = (BEFORE + OUTAGE + AFTER) as f64;
    let x = |time: f64| LEFT + wide * time / all;
    let y = |rate: f64| TOP + high * (1.0 - rate / top);
    let mut out = String::new();
    let o = &mut out;
    let _ = writeln!(
        o,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#808080" role="img">
<title>Token requests of a million clients around an outage of five minutes</title>"##
    );
    let (from, until) = (x(BEFORE as f64), x((BEFORE + OUTAGE) as f64));
    let _ = writeln!(
        o,
        r##"<rect x="{from:.1}" y="{TOP}" width="{:.1}" height="{high:.1}" fill="#808080" fill-opacity="0.15"/>
<text x="{:.1}" y="{:.1}" text-anchor="middle">provider down</text>"##,
        until - from,
        (from + until) / 2.0,
        TOP - 8.0
    );
    for rate in 0..=top as u32 {
        let at = y(f64::from(rate));
        let dash = if rate == 3 {
            r#" stroke-dasharray="6 4" stroke-opacity="0.9""#
        } else {
            r#" stroke-opacity="0.3""#
        };
        let _ = writeln!(
            o,
            r##"<line x1="{LEFT}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}" stroke="#808080"{dash}/><text x="{:.1}" y="{:.1}" text-anchor="end">{rate}</text>"##,
            LEFT + wide,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for minute in (0..=(BEFORE + OUTAGE + AFTER) / 60_000).step_by(2) {
        let at = x((minute * 60_000) as f64);
        let shown = minute.cast_signed() - (BEFORE / 60_000).cast_signed();
        let _ = writeln!(
            o,
            r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{shown}</text>"#,
            TOP + high + 18.0
        );
    }
    let _ = writeln!(
        o,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">minutes since the outage began</text>
<text transform="translate(16 {:.1}) rotate(-90)" text-anchor="middle">token requests, steady rate = 1</text>"#,
        LEFT + wide / 2.0,
        TOP + high + 36.0,
        TOP + high / 2.0
    );
    for (at, line) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let mut points = String::new();
        for (step, rate) in line.rates.iter().enumerate() {
            let _ = write!(points, "{:.1},{:.1} ", x((step as f64 + 0.5) * STEP as f64), y(*rate));
        }
        let _ = writeln!(
            o,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="1.5"/>
<text x="{:.1}" y="{:.1}" fill="{colour}">{}</text>"#,
            points.trim_end(),
            LEFT + f64::from(u32::try_from(at % 2).unwrap_or(0)) * wide / 2.0,
            TOP + high + 56.0 + 16.0 * f64::from(u32::try_from(at / 2).unwrap_or(0)),
            line.name
        );
    }
    let _ = writeln!(
        o,
        r#"<text x="{:.1}" y="{TOP}" dy="-8" text-anchor="end">{sample} engines, weighed; steps of 10 s</text>
</svg>"#,
        LEFT + wide
    );
    out
}
