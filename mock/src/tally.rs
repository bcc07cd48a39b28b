//! What happened, counted: every request for text from its arrival to its end, by protocol and outcome. Health checks
//! and listings are not counted, so that the numbers can be held against those of a load generator.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What has happened so far. Requests received are the sum of all outcomes and `in_flight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Requests over REST.
    pub rest: Requests,
    /// Requests over gRPC; each request of a stream counts.
    pub grpc: Requests,
    /// Requests that have arrived and not ended.
    pub in_flight: u64,
    /// The most requests that ever were in flight at once.
    pub highest_in_flight: u64,
}

/// Requests of one protocol by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Requests {
    /// Answered to the end.
    pub answered: u64,
    /// Refused for a mistake of the client: malformed, or an unknown or unloaded model.
    pub refused: u64,
    /// Given up by the client, or by a mock that was stopped, before the end.
    pub abandoned: u64,
    /// Struck by a fault.
    pub faults: Faults,
}

/// Requests struck by a fault, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Faults {
    /// Answered with an error status.
    pub status: u64,
    /// Never answered.
    pub stall: u64,
    /// Broken off.
    pub cut: u64,
}

/// Which way a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Rest,
    Grpc,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Refused,
    Abandoned,
    Status,
    Stall,
    Cut,
}

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rest: Outcomes,
    grpc: Outcomes,
    in_flight: AtomicU64,
    highest_in_flight: AtomicU64,
}

#[derive(Debug, Default)]
struct Outcomes {
    answered: AtomicU64,
    refused: AtomicU64,
    abandoned: AtomicU64,
    status: AtomicU64,
    stall: AtomicU64,
    cut: AtomicU64,
}

impl Tally {
    /// Counts a request in. It is counted out, with its outcome, when the visit is dropped.
    pub(crate) fn arrive(self: &Arc<Self>, protocol: Protocol) -> Visit {
        let in_flight = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.highest_in_flight.fetch_max(in_flight, Relaxed);
        Visit {
            tally: Arc::clone(self),
            protocol,
            outcome: Outcome::Abandoned,
        }
    }

    /// The numbers as they stand.
    pub(crate) fn counters(&self) -> Counters {
        Counters {
            rest: self.rest.requests(),
            grpc: self.grpc.requests(),
            in_flight: self.in_flight.load(Relaxed),
            highest_in_flight: self.highest_in_flight.load(Relaxed),
        }
    }
}

impl Outcomes {
    fn of(&self, outcome: Outcome) -> &AtomicU64 {
        match outcome {
            Outcome::Answered => &self.answered,
            Outcome::Refused => &self.refused,
            Outcome::Abandoned => &self.abandoned,
            Outcome::Status => &self.status,
            Outcome::Stall => &self.stall,
            Outcome::Cut => &self.cut,
        }
    }

    fn requests(&self) -> Requests {
        Requests {
            answered: self.answered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            abandoned: self.abandoned.load(Relaxed),
            faults: Faults {
                status: self.status.load(Relaxed),
                stall: self.stall.load(Relaxed),
                cut: self.cut.load(Relaxed),
            },
        }
    }
}

/// One request between its arrival and its end. Dropped before it was settled, it counts as abandoned.
#[derive(Debug)]
pub(crate) struct Visit {
    tally: Arc<Tally>,
    protocol: Protocol,
    outcome: Outcome,
}

impl Visit {
    /// Says how the request ends. The last word before the drop counts.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let outcomes = match self.protocol {
            Protocol::Rest => &self.tally.rest,
            Protocol::Grpc => &self.tally.grpc,
        };
        outcomes.of(self.outcome).fetch_add(1, Relaxed);
        self.tally.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_counts_in_on_arrival_and_out_when_dropped() {
        let tally = Arc::new(Tally::default());

        let first = tally.arrive(Protocol::Rest);
        let mut second = tally.arrive(Protocol::Grpc);
        assert_eq!(tally.counters().in_flight, 2);
        second.settle(Outcome::Answered);
        drop(second);
        drop(first);

        let counters = tally.counters();
        assert_eq!((counters.in_flight, counters.highest_in_flight), (0, 2));
        assert_eq!(
            counters.rest,
            Requests {
                abandoned: 1,
                ..Requests::default()
            }
        );
        assert_eq!(
            counters.grpc,
            Requests {
                answered: 1,
                ..Requests::default()
            }
        );
    }
}
