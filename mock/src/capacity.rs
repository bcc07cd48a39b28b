//! How many requests are worked on at once, how many wait, and what those beyond meet.
//!
//! ```yaml
//! capacity: { slots: 64, queue: 100, when_full: { http: 429, retry_after: 1s } }
//! ```

mod line;

use crate::latency::LONGEST;
use crate::refused::{Cause, Refused, code};
use crate::spec::{Error, is_default};
use http::StatusCode;
use inferometer_proto::quantity::Period;
use line::{Line, Turn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The places of one mock. What is left out is without limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapacitySpec {
    /// How many requests are worked on at once, at least 1.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// How many requests wait for a slot, in the order in which they came; 0 lets none wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// What a request meets that finds the queue full.
    #[serde(skip_serializing_if = "is_default")]
    pub when_full: WhenFull,
}

/// How a request is turned away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhenFull {
    /// The status over HTTP: 429, which is `RESOURCE_EXHAUSTED` over gRPC, or 503, which is `UNAVAILABLE`.
    pub http: u16,
    /// How long the client is asked to wait before it tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Period>,
}

impl Default for WhenFull {
    fn default() -> Self {
        Self {
            http: StatusCode::TOO_MANY_REQUESTS.as_u16(),
            retry_after: None,
        }
    }
}

impl CapacitySpec {
    /// Refuses places that no server has, naming the field. In front of a batch there are no slots, but there may be a
    /// queue.
    pub(crate) fn check(&self, is_batching: bool) -> Result<(), Error> {
        if self.slots == Some(0) {
            return Err(Error::unfit("slots", "at least 1", 0));
        }
        if let (true, Some(slots)) = (is_batching, self.slots) {
            let expected = "no slots beside `batching`, whose `max_sequences` they are";
            return Err(Error::unfit("slots", expected, slots));
        }
        if let (false, None, Some(queue)) = (is_batching, self.slots, self.queue) {
            let expected = "no queue, or `slots` beside it, without which nobody waits";
            return Err(Error::unfit("queue", expected, queue));
        }
        if ![429, 503].contains(&self.when_full.http) {
            let found = self.when_full.http;
            return Err(Error::unfit("when_full.http", "429 or 503", found));
        }
        match self.when_full.retry_after {
            Some(wait) if wait.duration() > LONGEST => {
                Err(Error::unfit("when_full.retry_after", "at most 24h", wait))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl WhenFull {
    /// What a request is told that finds so many at work and waiting.
    pub(crate) fn refused(&self, occupancy: Occupancy) -> Refused {
        // Found to be sound when it was read.
        let status = StatusCode::from_u16(self.http).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
        let Occupancy { running, waiting } = occupancy;
        Refused {
            status,
            code: code(status),
            message: format!(
                "The server is full: requests worked on: {running}, waiting: {waiting}."
            ),
            retry_after: self.retry_after.map(Period::duration),
            cause: Cause::Server,
        }
    }
}

/// How many requests there are in a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Occupancy {
    /// Worked on.
    pub(crate) running: u64,
    /// Waiting for a place.
    pub(crate) waiting: u64,
}

/// The places of one running mock.
#[derive(Debug)]
pub(crate) struct Capacity {
    when_full: WhenFull,
    line: Mutex<Line<oneshot::Sender<Instant>>>,
}

/// A place among the requests that are worked on, or, before that, in the queue. Dropping it gives it up: whoever is
/// first in the queue moves on.
#[derive(Debug)]
pub(crate) struct Place {
    capacity: Arc<Capacity>,
    number: u64,
}

impl Capacity {
    /// As many places as specified, all of them free.
    pub(crate) fn new(spec: &CapacitySpec) -> Self {
        Self {
            when_full: spec.when_full.clone(),
            line: Mutex::new(Line::new(spec.slots, spec.queue)),
        }
    }

    /// Gets a place for a request that arrived at `arrived`, and says when it got it; waits where there is none, and
    /// fails at once where no more may wait. Dropping the future leaves the queue.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        arrived: Instant,
    ) -> Result<(Place, Instant), Refused> {
        let (granting, granted) = oneshot::channel();
        let turn = self.line().enter(granting);
        let turn = turn.map_err(|full| self.when_full.refused(full))?;
        let place = |number| Place {
            capacity: Arc::clone(self),
            number,
        };
        match turn {
            Turn::Now(number) => Ok((place(number), arrived)),
            Turn::Later(number) => {
                // Made before the wait, so that whoever gives up waiting leaves the line.
                let place = place(number);
                // The sender stays in the line until it is used, because the place is held.
                let at = granted.await.unwrap_or_else(|_| Instant::now());
                Ok((place, at))
            }
        }
    }

    /// How many requests are worked on, and how many wait.
    pub(crate) fn occupancy(&self) -> Occupancy {
        self.line().occupancy()
    }

    fn line(&self) -> MutexGuard<'_, Line<oneshot::Sender<Instant>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = self.capacity.line().leave(self.number);
        if let Some(granting) = next {
            // Whoever is leaving at this moment hears nothing, and gives the place on as it drops its own.
            granting.send(Instant::now()).ok();
        }
    }
}

#[cfg(test)]
mod tests;
