//! What lies between the page and the server, and the browser's HTTP cache.

use std::collections::VecDeque;

use tokenward::protocol::http::{HttpFailure, HttpResponse, Purpose};
use tokenward::time::Millis;

use crate::chance::Chance;
use crate::server::response;

/// What becomes of one exchange.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It never reaches the server.
    Fails { after: Millis, how: HttpFailure },
    /// Something on the way, or the server before it did anything, answers.
    Intercepted { after: Millis, response: HttpResponse },
    /// It reaches the server.
    Reaches { after: Millis, back: Back },
}

/// What becomes of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    Arrives {
        after: Millis,
    },
    Lost {
        after: Millis,
        how: HttpFailure,
    },
    /// Cut short, or replaced.
    Garbled {
        after: Millis,
        html: bool,
    },
}

/// How likely each trouble is, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    pub(crate) lost_before: u64,
    pub(crate) lost_after: u64,
    pub(crate) busy: u64,
    pub(crate) intercepted: u64,
    pub(crate) garbled: u64,
    /// The slowest way in one direction.
    pub(crate) slowest: Millis,
}

impl Weather {
    pub(crate) const FINE: Self =
        Self { lost_before: 0, lost_after: 0, busy: 0, intercepted: 0, garbled: 0, slowest: 80 };
    pub(crate) const FLAKY: Self =
        Self { lost_before: 80, lost_after: 80, busy: 60, intercepted: 20, garbled: 20, slowest: 800 };
    pub(crate) const AWFUL: Self =
        Self { lost_before: 300, lost_after: 200, busy: 100, intercepted: 50, garbled: 50, slowest: 30_000 };
    pub(crate) const DOWN: Self =
        Self { lost_before: 1000, lost_after: 0, busy: 0, intercepted: 0, garbled: 0, slowest: 3_000 };
    pub(crate) const OVERLOADED: Self =
        Self { lost_before: 0, lost_after: 0, busy: 950, intercepted: 0, garbled: 0, slowest: 3_000 };
    pub(crate) const ALL: [Self; 5] = [Self::FINE, Self::FLAKY, Self::AWFUL, Self::DOWN, Self::OVERLOADED];
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) weather: Weather,
    pub(crate) online: bool,
    /// The key set cannot be had.
    pub(crate) keys_down: bool,
    /// Fates that a scenario prepared, each for the next exchange of its kind.
    pub(crate) script: VecDeque<(Purpose, Fate)>,
    /// The key set as the HTTP cache has it.
    pub(crate) cached_keys: Option<(Millis, Vec<u8>)>,
    /// The metadata as the HTTP cache has it.
    pub(crate) cached_metadata: Option<Vec<u8>>,
}

/// How long the HTTP cache gives out a key set.
pub(crate) const KEYS_CACHED_FOR: Millis = 5 * 60_000;

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            weather: Weather::FINE,
            online: true,
            keys_down: false,
            script: VecDeque::new(),
            cached_keys: None,
            cached_metadata: None,
        }
    }

    pub(crate) fn fate(&mut self, chance: &mut Chance, purpose: Purpose, timeout: Millis) -> Fate {
        if let Some(at) = self.script.iter().position(|(known, _)| *known == purpose)
            && let Some((_, fate)) = self.script.remove(at)
        {
            return fate;
        }
        let weather = self.weather;
        let way = |chance: &mut Chance| chance.magnitude(5, weather.slowest.max(5));
        let failure = |chance: &mut Chance| match chance.below(3) {
            0 => (timeout, HttpFailure::TimedOut),
            _ => (way(chance), HttpFailure::NoAnswer),
        };
        if !self.online {
            return Fate::Fails { after: chance.below(20), how: HttpFailure::NoAnswer };
        }
        if purpose == Purpose::Keys && self.keys_down {
            let after = way(chance);
            return match chance.below(3) {
                0 => Fate::Fails { after, how: HttpFailure::NoAnswer },
                1 => Fate::Intercepted { after, response: busy(chance) },
                _ => Fate::Intercepted { after, response: portal() },
            };
        }
        if chance.per_mille(weather.lost_before) {
            let (after, how) = failure(chance);
            return Fate::Fails { after, how };
        }
        if chance.per_mille(weather.busy) {
            return Fate::Intercepted { after: way(chance), response: busy(chance) };
        }
        if chance.per_mille(weather.intercepted) {
            return Fate::Intercepted { after: way(chance), response: portal() };
        }
        let (there, back) = (way(chance), way(chance));
        if there > timeout {
            return Fate::Fails { after: timeout, how: HttpFailure::TimedOut };
        }
        if there + back > timeout {
            let left = timeout - there;
            return Fate::Reaches {
                after: there,
                back: Back::Lost { after: left, how: HttpFailure::TimedOut },
            };
        }
        let back = if chance.per_mille(weather.lost_after) {
            Back::Lost { after: back, how: HttpFailure::NoAnswer }
        } else if chance.per_mille(weather.garbled) {
            Back::Garbled { after: back, html: chance.per_mille(500) }
        } else {
            Back::Arrives { after: back }
        };
        Fate::Reaches { after: there, back }
    }
}

/// A captive portal.
pub(crate) fn portal() -> HttpResponse {
    response(200, "text/html", "<html>Welcome to the hotel</html>")
}

/// A server that has other things to do.
pub(crate) fn busy(chance: &mut Chance) -> HttpResponse {
    let mut out = response(chance.pick(&[429, 500, 502, 503, 504]), "text/html", "<html>busy</html>");
    out.retry_after = match chance.below(6) {
        0 => Some(chance.between(1, 30).to_string()),
        1 => Some("99999999999".to_owned()),
        2 => Some("Wed, 21 Oct 2026 07:28:00 GMT".to_owned()),
        _ => None,
    };
    out
}

/// What is left of an answer on a bad day.
pub(crate) fn garbled(mut response: HttpResponse, html: bool) -> HttpResponse {
    if html {
        return portal();
    }
    response.body.truncate(response.body.len() / 2);
    response
}
