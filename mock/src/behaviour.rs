//! What will happen to a request, decided before anything does: a function of the specification, the request's id, the
//! number of its earlier attempts and, where a fault's conditions ask for it, the time.

use crate::connection::Port;
use crate::dice::{Dice, Purpose};
use crate::fault::{Arrival, Faults, Mishap, Moment, Shutter, Strike};
use crate::journal::Entry;
use crate::latency::Latency;
use crate::pace::{Pace, Timing};
use crate::spec::{Error, MockSpec};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How a connection is met before its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Welcome {
    /// It is served.
    AtOnce,
    /// It is served after so long, in which nothing is read from it.
    After(Duration),
    /// It is never answered.
    Never,
}

/// A specification that was found to be sound, at work since some time.
#[derive(Debug)]
pub(crate) struct Behaviour {
    spec: MockSpec,
    since: Instant,
    timing: Arc<Timing>,
    faults: Faults,
}

impl Behaviour {
    /// The behaviour that a specification describes, whose time begins at `since`.
    pub(crate) fn try_new(spec: MockSpec, since: Instant) -> Result<Self, Error> {
        spec.validate()?;
        Ok(Self {
            timing: Arc::new(Timing::new(&spec)),
            faults: Faults::new(&spec.faults),
            spec,
            since,
        })
    }

    /// What it was made from.
    pub(crate) fn spec(&self) -> &MockSpec {
        &self.spec
    }

    /// When its time began.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// The fault that strikes a request, by its kind, if one does.
    pub(crate) fn strike(
        &self,
        entry: &Entry,
        streamed: bool,
        now: Instant,
    ) -> Option<(&'static str, Strike)> {
        self.faults.strike(&Moment {
            entry,
            streamed,
            since_start: now.saturating_duration_since(self.since),
            dice: self.dice(entry),
        })
    }

    /// How the connection of this number on a port is met, and the fault, by its kind, that makes it so.
    pub(crate) fn welcome(
        &self,
        port: Port,
        number: u64,
        now: Instant,
    ) -> (Welcome, Option<&'static str>) {
        if !self.faults.concern_connections() {
            return (Welcome::AtOnce, None);
        }
        let arrival = Arrival {
            port,
            number,
            since_start: now.saturating_duration_since(self.since),
        };
        let id = format!("connection {} {number}", port.name());
        let dice = Dice::new(self.spec.seed.unwrap_or_default(), &id);
        match self.faults.befall(arrival, dice) {
            None => (Welcome::AtOnce, None),
            Some((kind, Mishap::Swallow)) => (Welcome::Never, Some(kind)),
            Some((kind, Mishap::Wait(by))) => {
                let by = by.quantile(dice.draw(Purpose::Delay, 0));
                (Welcome::After(by), Some(kind))
            }
        }
    }

    /// Is the port closed now, and when may that change?
    pub(crate) fn shutter(&self, port: Port, now: Instant) -> Shutter {
        let since_start = now.saturating_duration_since(self.since);
        self.faults.shutter(port, since_start)
    }

    /// By how much a fault that delays as `by` says delays a request.
    pub(crate) fn delay(&self, entry: &Entry, by: &Latency) -> Duration {
        by.quantile(self.dice(entry).draw(Purpose::Delay, 0))
    }

    /// When each of the first `tokens` tokens of a request is due.
    pub(crate) fn pace(&self, entry: &Entry, tokens: u32) -> Pace {
        Pace::new(&self.timing, self.dice(entry), entry.prompt_tokens, tokens)
    }

    fn dice(&self, entry: &Entry) -> Dice {
        let seed = self.spec.seed.unwrap_or_default();
        Dice::new(seed, &entry.id).after_attempts(entry.attempt)
    }
}
