//! Whether an endpoint may be asked: a circuit breaker for each, fed by what its answers say of its health; and what its
//! checks say besides, see [`health`](super::health).
//!
//! ```text
//! Admitting -- too many failures in a row --> Ejected -- its time is over --> Probing: one request is let through
//!     ^                                          ^                               |            |
//!     |                                          +------- it fails: twice the time            |
//!     +--------------------------------------------- it is answered -------------------------+
//! ```
//!
//! What checks say is apart from that: an endpoint that they found unwell is left alone in whatever state its breaker is. A
//! check that finds it well takes that back, and ends an ejection of which it has disproved the cause.

mod guard;
mod sign;

pub(super) use guard::{Guard, Pass};

use super::BreakerConfig;
use super::deadline::A_YEAR;
use sign::Sign;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Where an endpoint is in the life of its breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndpointState {
    /// Requests go there.
    Admitting,
    /// No request goes there, until its time is over.
    Ejected,
    /// One request is finding out whether it is well again; no other goes there.
    Probing,
}

/// The breaker of one endpoint, or of one model there.
#[derive(Debug)]
struct Breaker {
    /// `None` heeds checks alone.
    config: Option<BreakerConfig>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    phase: Phase,
    /// Ejections since the endpoint last answered a request to its end: what doubles the next.
    in_a_row: u32,
    /// Ejections by answers. A permit from before the last one has nothing more to say.
    ejections: u64,
    /// Ejections by checks.
    found_unwell: u64,
    /// What checks say, unless they find it well.
    unwell: Option<Unwell>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Admitting { failures: u32, unreachable: u32 },
    Ejected { until: Instant, last: Sign },
    Probing { since: Instant, last: Sign },
}

/// That checks found an endpoint unwell.
#[derive(Debug, Clone, Copy)]
struct Unwell {
    /// When that is no longer believed, as no check has said so again.
    until: Instant,
    /// Within which the next check ends.
    checked_within: Duration,
}

impl Unwell {
    /// How long to leave the endpoint alone; `None` when that is no longer said.
    fn wait(self, now: Instant) -> Option<Duration> {
        let left = self.until.saturating_duration_since(now);
        (left > Duration::ZERO).then(|| left.min(self.checked_within))
    }
}

impl Default for Phase {
    fn default() -> Self {
        Self::Admitting {
            failures: 0,
            unreachable: 0,
        }
    }
}

impl Breaker {
    /// A breaker with these rules; without any it heeds checks alone.
    fn new(config: Option<BreakerConfig>) -> Self {
        Self {
            config,
            state: Mutex::default(),
        }
    }

    /// Lets a request through, or says how long to wait until one may probe; no time at all while one does.
    fn admit(self: &Arc<Self>, now: Instant) -> Result<Permit, Duration> {
        let mut state = self.lock();
        if let Some(wait) = state.unwell.and_then(|unwell| unwell.wait(now)) {
            return Err(wait);
        }
        let is_probe = match state.phase {
            Phase::Admitting { .. } => false,
            Phase::Ejected { until, last } if until <= now => {
                state.phase = Phase::Probing { since: now, last };
                true
            }
            Phase::Ejected { until, .. } => return Err(until - now),
            Phase::Probing { .. } => return Err(Duration::ZERO),
        };
        Ok(Permit(Some(Held {
            breaker: Arc::clone(self),
            is_probe,
            ejections: state.ejections,
        })))
    }

    /// The state, and how often the endpoint was ejected.
    fn state(&self, now: Instant) -> (EndpointState, u64) {
        let state = self.lock();
        let is_unwell = state
            .unwell
            .is_some_and(|unwell| unwell.wait(now).is_some());
        let phase = match state.phase {
            Phase::Admitting { .. } if !is_unwell => EndpointState::Admitting,
            Phase::Probing { .. } if !is_unwell => EndpointState::Probing,
            Phase::Admitting { .. } | Phase::Probing { .. } | Phase::Ejected { .. } => {
                EndpointState::Ejected
            }
        };
        (phase, state.ejections + state.found_unwell)
    }

    /// Checks find the endpoint unwell, and the next of them ends within `checked_within`. What they say holds for twice
    /// that, so that an endpoint is not left alone for good when checks cease.
    fn found_unwell(&self, now: Instant, checked_within: Duration) {
        let mut state = self.lock();
        let was_unwell = state
            .unwell
            .is_some_and(|unwell| unwell.wait(now).is_some());
        if !was_unwell {
            state.found_unwell += 1;
        }
        state.unwell = Some(Unwell {
            until: now + checked_within.saturating_mul(2).min(A_YEAR),
            checked_within,
        });
    }

    /// Checks find the endpoint well: it can be reached. That its answers were unsound they do not disprove; but when the time
    /// for that is over, no request has to find out whether it is well again.
    fn found_well(&self, now: Instant) {
        let mut state = self.lock();
        state.unwell = None;
        if let Phase::Ejected { until, last } = state.phase
            && (last == Sign::Unreachable || until <= now)
        {
            state.phase = Phase::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, state: &mut State, sign: Sign, now: Instant) {
        let Some(config) = &self.config else {
            return;
        };
        let is_enough = match &mut state.phase {
            Phase::Admitting {
                failures,
                unreachable,
            } => {
                let (count, most) = if sign == Sign::Unreachable {
                    (unreachable, config.connect_failures)
                } else {
                    (failures, config.failures)
                };
                *count += 1;
                *count >= most
            }
            Phase::Probing { .. } => true,
            Phase::Ejected { .. } => false,
        };
        if is_enough {
            let until = now + time_out(config, state.in_a_row);
            state.phase = Phase::Ejected { until, last: sign };
            state.in_a_row = state.in_a_row.saturating_add(1);
            state.ejections += 1;
        }
    }
}

/// How long an endpoint is left alone after so many ejections in a row.
fn time_out(config: &BreakerConfig, in_a_row: u32) -> Duration {
    let factor = 1_u32.checked_shl(in_a_row).unwrap_or(u32::MAX);
    let grown = config.ejected_for.duration().saturating_mul(factor);
    grown.min(config.max_ejected_for.duration()).min(A_YEAR)
}

/// The right to ask an endpoint once, and the duty to say what came of it. Dropping it says nothing; a probe that says
/// nothing leaves its place to the next request.
#[derive(Debug)]
struct Permit(Option<Held>);

#[derive(Debug)]
struct Held {
    breaker: Arc<Breaker>,
    is_probe: bool,
    ejections: u64,
}

impl Permit {
    /// For an endpoint without a breaker.
    const FREE: Self = Self(None);

    /// An answer has begun. That is all that a probe waits for.
    fn begun(&mut self) {
        if let Some(held) = &mut self.0
            && held.is_probe
        {
            held.is_probe = false;
            held.breaker.lock().phase = Phase::default();
        }
    }

    /// The attempt has ended, and says this about its endpoint.
    fn ends(mut self, sign: Sign, now: Instant) {
        let Some(held) = self.0.take_if(|_| sign != Sign::Nothing) else {
            return;
        };
        let mut state = held.breaker.lock();
        if state.ejections != held.ejections {
            return;
        }
        match sign {
            Sign::Well => {
                state.phase = Phase::default();
                state.in_a_row = 0;
            }
            Sign::Unreachable | Sign::Unwell => held.breaker.fail(&mut state, sign, now),
            Sign::Nothing => {}
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(held) = &self.0
            && held.is_probe
        {
            let mut state = held.breaker.lock();
            if let Phase::Probing { since, last } = state.phase {
                state.phase = Phase::Ejected { until: since, last };
            }
        }
    }
}

#[cfg(test)]
mod tests;
