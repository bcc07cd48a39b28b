//! When each request should start: pure iterators of [`Slot`]s that never see a clock. One schedule is shared by all
//! senders, so that no remainder is lost between them.
//!
//! In a file: `{ closed: { in_flight: 10 } }`, `{ open: { poisson: { rate: 200/s } } }` or `{ users: { count: 50, ramp_up: 5s } }`.

mod bursts;
mod closed;
mod constant;
mod gamma;
mod open;
mod poisson;
mod ramp;
mod replay;
mod users;

pub use bursts::Bursts;
pub use closed::Closed;
pub use constant::Constant;
pub use gamma::Gamma;
pub use open::{Law, Open};
pub use poisson::Poisson;
pub use ramp::{Gaps, Ramp, Shape};
pub use replay::Replay;
pub use users::Users;

use crate::trace::Trace;
use crate::units::{Offset, Period};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How requests follow one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Requests start when the schedule says so, however slow the answers are: the load of many independent users.
    Open(Open),
    /// A fixed number of workers, each sending its next request when its last was answered: the load of a batch job.
    Closed(Closed),
    /// A number of users, each doing what users of its kind do, again and again, with pauses: the load of people at work.
    Users(Users),
}

impl Load {
    /// Do requests start by a schedule?
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// How even the gaps of the schedule are, where they are independent of each other: infinite if constant, 1 of a Poisson
    /// process, the shape of a gamma distribution.
    pub const fn burstiness(&self) -> Option<f64> {
        match self {
            Self::Closed(_) | Self::Users(_) => None,
            Self::Open(open) => match &open.law {
                Law::Constant(_) => Some(f64::INFINITY),
                Law::Poisson(_) => Some(1.0),
                Law::Gamma(gamma) => Some(gamma.burstiness),
                Law::Ramp(_) | Law::Bursts(_) | Law::Replay(_) => None,
            },
        }
    }

    /// The trace that it replays, if it does and that is read.
    pub const fn trace(&self) -> Option<&Arc<Trace>> {
        match self.replay() {
            Some(replay) => replay.trace(),
            None => None,
        }
    }

    /// The replay of a trace that it is, if it is one.
    pub const fn replay(&self) -> Option<&Replay> {
        match self {
            Self::Open(open) => match &open.law {
                Law::Replay(replay) => Some(replay),
                Law::Constant(_)
                | Law::Poisson(_)
                | Law::Gamma(_)
                | Law::Ramp(_)
                | Law::Bursts(_) => None,
            },
            Self::Closed(_) | Self::Users(_) => None,
        }
    }

    /// Does its schedule come to an end?
    pub fn ends(&self) -> bool {
        self.replay().is_some_and(|replay| !replay.repeats)
    }
}

/// When request `seq` of an open loop should start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Position in the stage's sequence, from 0.
    pub seq: u64,
    /// When to start, from the start of the stage.
    pub at: Offset,
}

/// The schedule of one open-loop stage: endless, unless it replays a trace.
#[derive(Debug, Clone)]
pub struct Slots {
    next: u64,
    arrivals: open::Arrivals,
}

impl Iterator for Slots {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        let at = self.arrivals.next()?;
        let seq = self.next;
        self.next += 1;
        Some(Slot { seq, at })
    }
}

fn within_a_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = Period::deserialize(deserializer)?;
    if period.duration() > Duration::from_hours(24) {
        return Err(D::Error::custom(format_args!(
            "expected at most 24h, found `{period}`"
        )));
    }
    Ok(period)
}

#[cfg(test)]
mod tests;
