//! Whether an endpoint may be asked: a circuit breaker for each, fed by what its answers say of its health.
//!
//! ```text
//! Admitting -- too many failures in a row --> Ejected -- its time is over --> Probing: one request is let through
//!     ^                                          ^                               |            |
//!     |                                          +------- it fails: twice the time            |
//!     +--------------------------------------------- it is answered -------------------------+
//! ```

use super::deadline::A_YEAR;
use super::{BreakerConfig, FailureKind};
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

/// What one attempt says about the health of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Somebody is there and works.
    Well,
    /// Nothing: the endpoint lives, and is too busy.
    Nothing,
    /// Nobody could be reached.
    Unreachable,
    /// It answered as no sound server does, or not at all.
    Unwell,
}

impl Sign {
    /// What a failure says. A refusal of the request itself is a sound answer.
    pub(super) fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Connect => Self::Unreachable,
            FailureKind::Closed
            | FailureKind::Truncated
            | FailureKind::Deadline
            | FailureKind::Stalled
            | FailureKind::Malformed
            | FailureKind::Http(500 | 502 | 503 | 504)
            // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS.
            | FailureKind::Grpc(2 | 4 | 13 | 14 | 15) => Self::Unwell,
            // RESOURCE_EXHAUSTED is what HTTP calls 429.
            FailureKind::Http(429) | FailureKind::Grpc(8) | FailureKind::Invalid | FailureKind::Ejected | FailureKind::Stale => {
                Self::Nothing
            }
            FailureKind::Http(_) | FailureKind::Grpc(_) => Self::Well,
        }
    }
}

/// The breaker of one endpoint.
#[derive(Debug)]
pub(super) struct Breaker {
    config: BreakerConfig,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    phase: Phase,
    /// Ejections since the endpoint last answered a request to its end: what doubles the next.
    in_a_row: u32,
    /// Ejections in all. A permit from before the last one has nothing more to say.
    ejections: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Admitting { failures: u32, unreachable: u32 },
    Ejected { until: Instant },
    Probing { since: Instant },
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
    pub(super) fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            state: Mutex::default(),
        }
    }

    /// Lets a request through, or says how long to wait until one may probe; no time at all while one does.
    pub(super) fn admit(self: &Arc<Self>, now: Instant) -> Result<Permit, Duration> {
        let mut state = self.lock();
        let is_probe = match state.phase {
            Phase::Admitting { .. } => false,
            Phase::Ejected { until } if until <= now => {
                state.phase = Phase::Probing { since: now };
                true
            }
            Phase::Ejected { until } => return Err(until - now),
            Phase::Probing { .. } => return Err(Duration::ZERO),
        };
        Ok(Permit(Some(Held {
            breaker: Arc::clone(self),
            is_probe,
            ejections: state.ejections,
        })))
    }

    /// The state, and how often the endpoint was ejected.
    pub(super) fn state(&self) -> (EndpointState, u64) {
        let state = self.lock();
        let phase = match state.phase {
            Phase::Admitting { .. } => EndpointState::Admitting,
            Phase::Ejected { .. } => EndpointState::Ejected,
            Phase::Probing { .. } => EndpointState::Probing,
        };
        (phase, state.ejections)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, state: &mut State, sign: Sign, now: Instant) {
        let is_enough = match &mut state.phase {
            Phase::Admitting {
                failures,
                unreachable,
            } => {
                let (count, most) = if sign == Sign::Unreachable {
                    (unreachable, self.config.connect_failures)
                } else {
                    (failures, self.config.failures)
                };
                *count += 1;
                *count >= most
            }
            Phase::Probing { .. } => true,
            Phase::Ejected { .. } => false,
        };
        if is_enough {
            let until = now + self.time_out(state.in_a_row);
            state.phase = Phase::Ejected { until };
            state.in_a_row = state.in_a_row.saturating_add(1);
            state.ejections += 1;
        }
    }

    /// How long the endpoint is left alone after so many ejections in a row.
    fn time_out(&self, in_a_row: u32) -> Duration {
        let factor = 1_u32.checked_shl(in_a_row).unwrap_or(u32::MAX);
        let grown = self.config.ejected_for.duration().saturating_mul(factor);
        grown
            .min(self.config.max_ejected_for.duration())
            .min(A_YEAR)
    }
}

/// The right to ask an endpoint once, and the duty to say what came of it. Dropping it says nothing; a probe that says
/// nothing leaves its place to the next request.
#[derive(Debug)]
pub(super) struct Permit(Option<Held>);

#[derive(Debug)]
struct Held {
    breaker: Arc<Breaker>,
    is_probe: bool,
    ejections: u64,
}

impl Permit {
    /// For an endpoint without a breaker.
    pub(super) const FREE: Self = Self(None);

    /// An answer has begun. That is all that a probe waits for.
    pub(super) fn begun(&mut self) {
        if let Some(held) = &mut self.0
            && held.is_probe
        {
            held.is_probe = false;
            held.breaker.lock().phase = Phase::default();
        }
    }

    /// The attempt has ended, and says this about its endpoint.
    pub(super) fn ends(mut self, sign: Sign, now: Instant) {
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
            if let Phase::Probing { since } = state.phase {
                state.phase = Phase::Ejected { until: since };
            }
        }
    }
}

#[cfg(test)]
mod tests;
