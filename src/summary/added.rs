//! What the instrument adds to each number: the times of a request as the client saw them, less those that the target wrote
//! into its own journal. Both are told by the one monotonic clock of the machine, so no clocks need to be compared.
//!
//! Of each request that was answered in the measure phase:
//! - *arrival*: from sending to the moment at which the target had read the head of the request;
//! - *first token* and *last token*: from the target's write to the moment at which the client had read it;
//! - *token gap*: how far each gap between two pieces is from the gap between their writes, without its sign.
//!
//! The network's own time is in the first two, so they are upper bounds of what the client adds.

use super::distribution::Distribution;
use super::evidence::Evidence;
use super::recorder::Timing;
use crate::sample::{Outcome, Sample};
use crate::units::{Offset, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most requests of one lane whose times are kept, the first of the measure phase. Some 2.6 MiB.
const MOST_REQUESTS: usize = 65_536;
/// The most arrivals of tokens of one lane that are kept. 4 MiB.
const MOST_ARRIVALS: usize = 524_288;

/// What one lane saw of its requests. All memory is taken at once, so that noting takes none.
#[derive(Debug, Clone)]
pub(super) struct Sightings {
    requests: Vec<Sighting>,
    arrivals: Vec<Offset>,
    is_full: bool,
}

/// One request as the client saw it.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    seq: u64,
    /// How many attempts came before the one that was answered.
    attempt: u32,
    sent: Offset,
    /// Where its arrivals stand.
    from: usize,
    arrivals: usize,
}

/// One request as the target's journal has it, on the stage's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// The place of its load stream among those of the stage.
    pub(super) stream: usize,
    /// Its number there.
    pub(super) seq: u64,
    /// How many attempts of it had come before.
    pub(super) attempt: u32,
    /// When its head had been read.
    pub(super) arrived: Offset,
    /// When each piece of its answer was written, and how much later than it was due.
    pub(super) writes: &'a [(Offset, Duration)],
}

/// What the instrument adds, in nanoseconds in files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Added {
    /// Requests that were held against the journal: the first of the measure phase that were answered.
    pub requests: u64,
    /// Requests that the client says were answered, and of which the journal knows nothing.
    pub unknown: u64,
    /// Times that the client says were before those of the journal, as none can be; they count as 0 here.
    pub early: u64,
    /// From sending to the target's having read the head of the request.
    pub arrival: Distribution,
    /// From the target's write of the first piece to the client's having read it.
    pub first_token: Distribution,
    /// Likewise of the last piece.
    pub last_token: Distribution,
    /// How far each gap between two pieces is from the gap between their writes.
    pub token_gap: Distribution,
}

impl Sightings {
    pub(super) fn new() -> Self {
        Self {
            requests: Vec::with_capacity(MOST_REQUESTS),
            arrivals: Vec::with_capacity(MOST_ARRIVALS),
            is_full: false,
        }
    }

    /// Notes a request, if it was sent alone and answered by the target, and there is room. Of those that were sent together the
    /// target knows one.
    pub(super) fn note(&mut self, sample: &Sample<'_>) {
        let (Outcome::Answered, Some(sent)) = (sample.outcome, sample.sent) else {
            return;
        };
        if !sample.operation.is_inference() {
            return;
        }
        let (Some(attempt), None) = (sample.attempts.checked_sub(1), sample.batch) else {
            return;
        };
        let arrivals = sample.chunks.len();
        self.is_full |=
            self.requests.len() == MOST_REQUESTS || self.arrivals.len() + arrivals > MOST_ARRIVALS;
        if self.is_full {
            return;
        }
        self.requests.push(Sighting {
            seq: sample.seq,
            attempt,
            sent,
            from: self.arrivals.len(),
            arrivals,
        });
        let at = sample.chunks.iter().map(|chunk| chunk.at);
        self.arrivals.extend(at);
    }
}

/// Holds what the lanes saw against a journal, request by request.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    /// By the place of the load stream, the number and the attempt.
    seen: BTreeMap<(usize, u64, u32), Seen<'a>>,
    early: u64,
    compared: u64,
    arrival: Timing,
    first_token: Timing,
    last_token: Timing,
    token_gap: Timing,
}

/// A request as the client saw it.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    sent: Offset,
    arrivals: &'a [Offset],
}

impl<'a> Comparison<'a> {
    pub(super) fn of(evidence: impl Iterator<Item = &'a Evidence>) -> Self {
        let seen = |stream, lane: &'a Sightings, request: &Sighting| {
            let arrivals = lane
                .arrivals
                .get(request.from..request.from + request.arrivals);
            let seen = Seen {
                sent: request.sent,
                arrivals: arrivals.unwrap_or_default(),
            };
            ((stream, request.seq, request.attempt), seen)
        };
        let all = evidence.flat_map(|own| {
            let requests = own.sightings.requests.iter();
            requests.map(move |request| seen(own.stream, &own.sightings, request))
        });
        Self {
            seen: all.collect(),
            early: 0,
            compared: 0,
            arrival: Timing::new(),
            first_token: Timing::new(),
            last_token: Timing::new(),
            token_gap: Timing::new(),
        }
    }

    /// Compares one request, unless nothing is known of it here. Each is compared once.
    pub(super) fn note(&mut self, told: Told<'_>) {
        let request = (told.stream, told.seq, told.attempt);
        let Some(seen) = self.seen.remove(&request) else {
            return;
        };
        self.compared += 1;
        let arrival = self.later(told.arrived, seen.sent);
        self.arrival.record(arrival);
        if let (Some(&read), Some(&(written, _))) = (seen.arrivals.first(), told.writes.first()) {
            let added = self.later(read, written);
            self.first_token.record(added);
        }
        if let (Some(&read), Some(&(written, _))) = (seen.arrivals.last(), told.writes.last()) {
            let added = self.later(read, written);
            self.last_token.record(added);
        }
        // Where pieces were joined or parted on their way, nobody can say which is which.
        if seen.arrivals.len() == told.writes.len() {
            let read = gaps(seen.arrivals.iter().copied());
            let written = gaps(told.writes.iter().map(|(at, _)| *at));
            for (read, written) in read.zip(written) {
                self.token_gap.record(read.abs_diff(written));
            }
        }
    }

    /// How much later one moment is than another; nothing, and counted, where it is before it.
    fn later(&mut self, moment: Offset, other: Offset) -> Duration {
        self.early += u64::from(moment < other);
        moment.since(other)
    }

    pub(super) fn finish(self) -> Added {
        Added {
            requests: self.compared,
            unknown: wide(self.seen.len()),
            early: self.early,
            arrival: self.arrival.kept(),
            first_token: self.first_token.kept(),
            last_token: self.last_token.kept(),
            token_gap: self.token_gap.kept(),
        }
    }
}

fn gaps(times: impl Iterator<Item = Offset> + Clone) -> impl Iterator<Item = Duration> {
    let later = times.clone().skip(1);
    times.zip(later).map(|(one, next)| next.since(one))
}

impl Added {
    /// Adds what another generator's instrument added in the same stage.
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.unknown += other.unknown;
        self.early += other.early;
        self.arrival.merge(&other.arrival);
        self.first_token.merge(&other.first_token);
        self.last_token.merge(&other.last_token);
        self.token_gap.merge(&other.token_gap);
    }
}

#[cfg(test)]
mod tests;
