//! What happened, counted: every request for inference from its arrival to its end, by protocol and outcome. Health
//! checks and listings are not counted, so that the numbers can be held against those of a load generator. What befell
//! connections that had no request yet is counted beside them: `{"black_hole": 3}`.

use crate::connection::Port;
use crate::fault::{EARLY_KINDS, KINDS};
use crate::journal::{End, Protocol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What has happened so far. Requests received are the sum of all outcomes and `in_flight`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Requests over OpenAI's REST API.
    pub openai: Requests,
    /// Requests by the Open Inference Protocol over REST.
    pub oip_rest: Requests,
    /// Requests by the Open Inference Protocol over gRPC; each request of a stream counts.
    pub oip_grpc: Requests,
    /// Requests that have arrived and not ended.
    pub in_flight: u64,
    /// The most requests that ever were in flight at once.
    pub highest_in_flight: u64,
    /// Requests that are worked on.
    #[serde(default)]
    pub running: u64,
    /// Requests that wait until they are.
    #[serde(default)]
    pub waiting: u64,
    /// Connections that a fault struck before their first request, by its kind. A port that was closed counts once for
    /// each time that it was, as nobody can know who was refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub connection_faults: BTreeMap<String, u64>,
}

/// Requests of one protocol by outcome; each stands in exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Requests {
    /// Answered to the end, without a fault.
    pub answered: u64,
    /// Refused for a mistake of the client: malformed, or an unknown or unloaded model.
    pub refused: u64,
    /// Turned away because the mock was full.
    pub rejected: u64,
    /// Given up by the client, or by a mock that was stopped, before the end.
    pub abandoned: u64,
    /// Struck by a fault, by its kind, whatever became of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<String, u64>,
}

impl Counters {
    /// The requests of one protocol.
    pub fn of(&self, protocol: Protocol) -> &Requests {
        match protocol {
            Protocol::Openai => &self.openai,
            Protocol::OipRest => &self.oip_rest,
            Protocol::OipGrpc => &self.oip_grpc,
        }
    }
}

impl Requests {
    /// Requests struck by a fault of this kind, such as `status`.
    pub fn struck_by(&self, kind: &str) -> u64 {
        self.faults.get(kind).copied().unwrap_or_default()
    }
}

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    openai: Outcomes,
    oip_rest: Outcomes,
    oip_grpc: Outcomes,
    arrived: AtomicU64,
    rest_connections: AtomicU64,
    grpc_connections: AtomicU64,
    /// In the order of [`EARLY_KINDS`].
    connection_faults: [AtomicU64; EARLY_KINDS.len()],
    in_flight: AtomicU64,
    highest_in_flight: AtomicU64,
}

#[derive(Debug, Default)]
struct Outcomes {
    answered: AtomicU64,
    refused: AtomicU64,
    rejected: AtomicU64,
    abandoned: AtomicU64,
    /// In the order of [`KINDS`].
    faults: [AtomicU64; KINDS.len()],
}

impl Tally {
    /// Counts a request in, and says how many came before it.
    pub(crate) fn arrive(&self) -> u64 {
        let in_flight = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.highest_in_flight.fetch_max(in_flight, Relaxed);
        self.arrived.fetch_add(1, Relaxed)
    }

    /// Counts a connection in, and says how many came before it on that port.
    pub(crate) fn connect(&self, port: Port) -> u64 {
        let connections = match port {
            Port::Rest => &self.rest_connections,
            Port::Grpc => &self.grpc_connections,
        };
        connections.fetch_add(1, Relaxed)
    }

    /// Counts what befell a connection, or a port.
    pub(crate) fn befall(&self, kind: &str) {
        let mut counts = EARLY_KINDS.iter().zip(&self.connection_faults);
        if let Some((_, count)) = counts.find(|(other, _)| **other == kind) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts a request out. What struck it comes before how it ended.
    pub(crate) fn leave(&self, protocol: Protocol, fault: Option<&str>, end: End) {
        let outcomes = match protocol {
            Protocol::Openai => &self.openai,
            Protocol::OipRest => &self.oip_rest,
            Protocol::OipGrpc => &self.oip_grpc,
        };
        outcomes.of(fault, end).fetch_add(1, Relaxed);
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// The numbers as they stand.
    pub(crate) fn counters(&self) -> Counters {
        Counters {
            openai: self.openai.requests(),
            oip_rest: self.oip_rest.requests(),
            oip_grpc: self.oip_grpc.requests(),
            in_flight: self.in_flight.load(Relaxed),
            highest_in_flight: self.highest_in_flight.load(Relaxed),
            connection_faults: told(EARLY_KINDS, &self.connection_faults),
            ..Counters::default()
        }
    }

    /// Begins again at nothing, but for the requests in flight, which keep their numbers.
    pub(crate) fn clear(&self) {
        for outcomes in [&self.openai, &self.oip_rest, &self.oip_grpc] {
            outcomes.all().for_each(|count| count.store(0, Relaxed));
        }
        let connections = [&self.rest_connections, &self.grpc_connections];
        for count in connections.into_iter().chain(&self.connection_faults) {
            count.store(0, Relaxed);
        }
        self.arrived.store(0, Relaxed);
        let in_flight = self.in_flight.load(Relaxed);
        self.highest_in_flight.store(in_flight, Relaxed);
    }
}

impl Outcomes {
    fn of(&self, fault: Option<&str>, end: End) -> &AtomicU64 {
        let struck = fault.and_then(|fault| {
            let mut counts = KINDS.iter().zip(&self.faults);
            counts.find_map(|(kind, count)| (*kind == fault).then_some(count))
        });
        struck.unwrap_or(match end {
            End::Answered => &self.answered,
            End::Refused => &self.refused,
            End::Rejected => &self.rejected,
            // Nothing fails without a fault; should it, the request was not answered.
            End::Failed | End::Abandoned => &self.abandoned,
        })
    }

    fn all(&self) -> impl Iterator<Item = &AtomicU64> {
        let plain = [
            &self.answered,
            &self.refused,
            &self.rejected,
            &self.abandoned,
        ];
        plain.into_iter().chain(&self.faults)
    }

    fn requests(&self) -> Requests {
        Requests {
            answered: self.answered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            abandoned: self.abandoned.load(Relaxed),
            faults: told(KINDS, &self.faults),
        }
    }
}

/// The counts that are not 0, by kind.
fn told(kinds: &[&str], counts: &[AtomicU64]) -> BTreeMap<String, u64> {
    let counts = counts.iter().map(|count| count.load(Relaxed));
    let named = kinds.iter().map(|kind| (*kind).to_owned()).zip(counts);
    named.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_count_in_on_arrival_and_out_by_what_became_of_them() {
        let tally = Tally::default();

        assert_eq!((tally.arrive(), tally.arrive()), (0, 1));
        assert_eq!(tally.counters().in_flight, 2);
        tally.leave(Protocol::Openai, None, End::Abandoned);
        tally.leave(Protocol::OipGrpc, Some("cut"), End::Failed);

        let counters = tally.counters();
        assert_eq!((counters.in_flight, counters.highest_in_flight), (0, 2));
        let abandoned = Requests {
            abandoned: 1,
            ..Requests::default()
        };
        assert_eq!(counters.of(Protocol::Openai), &abandoned);
        let cut = Requests {
            faults: [("cut".to_owned(), 1)].into(),
            ..Requests::default()
        };
        assert_eq!(counters.of(Protocol::OipGrpc), &cut);
        assert_eq!(counters.oip_grpc.struck_by("cut"), 1);
    }

    #[test]
    fn connections_are_numbered_by_port_and_what_befell_them_is_counted_by_kind() {
        let tally = Tally::default();

        let numbers = [Port::Rest, Port::Rest, Port::Grpc].map(|port| tally.connect(port));
        tally.befall("black_hole");
        tally.befall("black_hole");
        tally.befall("refuse");
        let counted = tally.counters().connection_faults;
        tally.clear();

        assert_eq!(numbers, [0, 1, 0]);
        let expected = [("black_hole".to_owned(), 2), ("refuse".to_owned(), 1)];
        assert_eq!(counted, expected.into());
        assert_eq!(tally.counters(), Counters::default());
        assert_eq!(tally.connect(Port::Rest), 0);
    }

    #[test]
    fn cleared_counters_know_only_of_requests_in_flight() {
        let tally = Tally::default();
        tally.arrive();
        tally.arrive();
        tally.leave(Protocol::OipRest, None, End::Rejected);

        tally.clear();

        let counters = tally.counters();
        assert_eq!((counters.in_flight, counters.highest_in_flight), (1, 1));
        assert_eq!(counters.oip_rest, Requests::default());
        assert_eq!(tally.arrive(), 0);
    }
}
