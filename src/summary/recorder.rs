//! Records samples while the load runs: one [`Recorder`] for a load stream in a lane, constant memory, nothing shared. All memory is taken at
//! construction, before the measure phase, so that the instrument does not show in its own memory figures.
//!
//! Two populations, and every figure says which is its own. *Requests* (latencies, accounting) are those scheduled
//! inside the window, whenever they end. *Events* (rates) are those that happened inside the window by their own time.
//! So every sample of a stage is recorded, those of warm-up and drain too.

mod timing;

pub(super) use timing::Timing;

use super::accounting::Accounting;
use super::books::ClientBooks;
use super::disturbance::{Disturbances, Watch};
use super::evidence::Evidence;
use super::operation::OperationTally;
use super::stage::{Attempts, EndpointTally, Throughput, TokenSources, TokenTally};
use super::timings::{Distributions, Timings};
use crate::sample::{Batch, Connection, Failure, Kind, Outcome, Sample, Sink, Source, Wrong};
use crate::units::{Offset, nanos};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::time::{Duration, Instant};

/// The measure phase of a stage: from `start`, up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Where warm-up ends.
    pub start: Offset,
    /// Where drain begins.
    pub end: Offset,
}

impl Window {
    fn holds(self, moment: Offset) -> bool {
        self.start <= moment && moment < self.end
    }
}

/// Counts and distributions of one load stream in one lane over one stage.
#[derive(Debug)]
pub struct Recorder {
    window: Window,
    pub(super) accounting: Accounting,
    pub(super) throughput: Throughput,
    pub(super) attempts: Attempts,
    pub(super) tokens: TokenTally,
    pub(super) endpoints: Vec<EndpointTally>,
    pub(super) operations: Vec<OperationTally<Timing>>,
    errors: Vec<(ErrorKind, u64)>,
    timings: Timings<Timing>,
    /// Of the whole stage, to be held against the target's own journal.
    pub(super) books: ClientBooks,
    /// Where faults of the target are expected.
    watch: Option<Watch>,
    /// Of single requests: its own first, then that of the lanes that were merged into it.
    pub(super) evidence: Vec<Evidence>,
}

/// The kind of an error, as small as it is while recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorKind {
    Wrong(Wrong),
    Failed(Failure),
}

impl Sink for Recorder {
    fn take(&mut self, sample: &Sample<'_>) {
        self.record(sample);
    }

    fn begins(&mut self, epoch: Instant) {
        if let Some(watch) = &mut self.watch {
            watch.begins(epoch);
        }
    }

    fn measure_ended(&mut self, at: Offset) {
        self.window.end = self.window.end.min(at);
    }
}

impl Recorder {
    /// An empty recorder. Takes about 12 MiB, once.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            accounting: Accounting::default(),
            throughput: Throughput::default(),
            attempts: Attempts::default(),
            tokens: TokenTally::default(),
            endpoints: Vec::with_capacity(16),
            operations: Vec::new(),
            errors: Vec::with_capacity(16),
            timings: Timings::of(Timing::new),
            books: ClientBooks::default(),
            watch: None,
            evidence: vec![Evidence::new()],
        }
    }

    /// An empty recorder that also watches for what faults do.
    pub fn watching(window: Window, watch: Option<Watch>) -> Self {
        Self {
            watch,
            ..Self::new(window)
        }
    }

    /// The same, telling these kinds of request apart if they are several. Takes another 0.6 MiB for each.
    #[must_use]
    pub fn telling_apart(self, kinds: &[Kind]) -> Self {
        Self {
            operations: OperationTally::of_each(kinds),
            ..self
        }
    }

    /// The same of a workload whose slots have so many requests at most, one after the other, numbered as the slots are.
    #[must_use]
    pub fn of_slots(mut self, requests_per_slot: u64) -> Self {
        let most = NonZero::new(requests_per_slot).unwrap_or(NonZero::<u64>::MIN);
        for own in &mut self.evidence {
            own.requests_per_slot = most;
        }
        self
    }

    /// The same of the load stream at this place among those of its stage.
    pub(super) fn of_stream(mut self, place: usize) -> Self {
        for own in &mut self.evidence {
            own.stream = place;
        }
        self
    }

    /// Counts one sample. Allocates nothing, except for the 17th endpoint or kind of error.
    pub fn record(&mut self, sample: &Sample<'_>) {
        self.books.note(sample);
        self.count_events(sample);
        if let Some(watch) = &mut self.watch {
            watch.see(sample);
        }
        if self.window.holds(sample.scheduled) {
            if let Some(own) = self.evidence.first_mut() {
                own.note(sample);
            }
            self.count_request(sample);
        }
    }

    /// What happened inside the window, whichever request it belonged to.
    fn count_events(&mut self, sample: &Sample<'_>) {
        let events = &mut self.throughput;
        if sample.sent.is_some_and(|sent| self.window.holds(sent)) {
            events.sent += 1;
        }
        if sample.sent.is_some() && self.window.holds(sample.finished) {
            events.finished += 1;
            if sample.outcome == Outcome::Answered {
                events.answered += 1;
                events.output_tokens += sample.output_tokens.map_or(0, |tokens| tokens.count);
                events.prompt_tokens += sample.prompt_tokens.unwrap_or(0);
            }
        }
    }

    /// What became of a request that was scheduled inside the window.
    fn count_request(&mut self, sample: &Sample<'_>) {
        self.accounting.count(sample.outcome);
        self.count_operation(sample);
        if let Some(sent) = sample.sent {
            self.timings.lag.record(sent.since(sample.scheduled));
            self.attempts.requests += 1;
            self.attempts.attempts += u64::from(sample.attempts);
            let one_by_one = sample.attempts.saturating_sub(sample.hedges.begun);
            self.attempts.retried += u64::from(one_by_one > 1);
            self.attempts.hedged += u64::from(sample.hedges.begun > 0);
        }
        match sample.outcome {
            Outcome::Answered => self.count_answer(sample),
            Outcome::WrongAnswer(wrong) => self.count_error(sample, ErrorKind::Wrong(wrong)),
            Outcome::Failed(failure) => self.count_error(sample, ErrorKind::Failed(failure)),
            Outcome::Cancelled | Outcome::NotSent => {}
        }
    }

    fn count_operation(&mut self, sample: &Sample<'_>) {
        if let Some(tally) = self.operations.get_mut(sample.kind) {
            tally.accounting.count(sample.outcome);
            if sample.outcome == Outcome::Answered {
                tally.latency.record(end(sample).since(sample.scheduled));
                let first = sample.chunks.first().filter(|_| sample.streamed);
                if let (Some(first), Some(sent)) = (first, sample.sent) {
                    tally.ttft.record(first.at.since(sent));
                }
            }
        }
    }

    fn count_answer(&mut self, sample: &Sample<'_>) {
        let received = u64::from(Batch::is_seen(sample.batch));
        match sample.source {
            Some(Source::Cache) => self.attempts.from_cache += 1,
            Some(Source::Shared) => self.attempts.shared += 1,
            Some(Source::Target) => {
                self.attempts.from_target += 1;
                self.attempts.answers_received += received;
            }
            None => self.attempts.answers_received += received,
        }
        self.attempts.hedge_won += u64::from(sample.hedges.won);
        match sample.connection {
            Some(Connection::Fresh) => self.attempts.fresh_connections += 1,
            Some(Connection::Reused) => self.attempts.reused_connections += 1,
            None => {}
        }
        if let Some(endpoint) = self.endpoint(sample) {
            endpoint.answered += 1;
        }
        self.tokens.sources = self
            .tokens
            .sources
            .with(TokenSources::from(sample.output_tokens));
        self.timings.answer(sample, &mut self.tokens);
    }

    fn count_error(&mut self, sample: &Sample<'_>, kind: ErrorKind) {
        self.timings
            .failed_latency
            .record(sample.finished.since(sample.scheduled));
        if let Some(endpoint) = self.endpoint(sample) {
            endpoint.failed += 1;
        }
        self.add_error(kind, 1);
    }

    fn add_error(&mut self, kind: ErrorKind, times: u64) {
        match self.errors.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += times,
            None => self.errors.push((kind, times)),
        }
    }

    fn endpoint(&mut self, sample: &Sample<'_>) -> Option<&mut EndpointTally> {
        let index = sample.endpoint?;
        if index >= self.endpoints.len() {
            self.endpoints
                .resize_with(index.saturating_add(1), EndpointTally::default);
        }
        self.endpoints.get_mut(index)
    }

    /// Adds what another lane counted in the same stage.
    pub fn merge(&mut self, other: Self) {
        self.accounting.add(&other.accounting);
        self.throughput.add(&other.throughput);
        self.attempts.add(&other.attempts);
        self.tokens.add(&other.tokens);
        self.books.add(&other.books);
        self.window.end = self.window.end.min(other.window.end);
        match (&mut self.watch, &other.watch) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        self.timings.add(&other.timings, Timing::merge);
        for &(kind, count) in &other.errors {
            self.add_error(kind, count);
        }
        for (mine, theirs) in self.operations.iter_mut().zip(&other.operations) {
            mine.accounting.add(&theirs.accounting);
            mine.latency.merge(&theirs.latency);
            mine.ttft.merge(&theirs.ttft);
        }
        if self.endpoints.len() < other.endpoints.len() {
            self.endpoints
                .resize_with(other.endpoints.len(), EndpointTally::default);
        }
        for (mine, theirs) in self.endpoints.iter_mut().zip(&other.endpoints) {
            mine.answered += theirs.answered;
            mine.failed += theirs.failed;
        }
        self.evidence.extend(other.evidence);
    }

    /// Errors by the name of their kind.
    pub(super) fn errors(&self) -> BTreeMap<String, u64> {
        self.errors
            .iter()
            .map(|&(kind, count)| match kind {
                ErrorKind::Wrong(wrong) => (wrong.to_string(), count),
                ErrorKind::Failed(failure) => (failure.to_string(), count),
            })
            .collect()
    }

    /// What faults did, where they were expected; see [`Watch::finish`].
    pub(super) fn disturbances(
        &mut self,
        begins: &[Offset],
        duplicates: Option<&[Offset]>,
    ) -> Option<Disturbances> {
        let watch = self.watch.take()?;
        watch.finish(self.window.end, begins, duplicates)
    }

    /// The kinds told apart, as they are kept.
    pub(super) fn operations(&self) -> Vec<OperationTally> {
        self.operations.iter().map(OperationTally::kept).collect()
    }

    /// The distributions as they are kept.
    pub(super) fn distributions(&self) -> Distributions {
        self.timings.map(Timing::kept)
    }
}

/// `l`: the last token, or the end where there is none.
fn end(sample: &Sample<'_>) -> Offset {
    sample
        .chunks
        .last()
        .map_or(sample.finished, |chunk| chunk.at)
}

/// The formulas are those of `docs/metrics.md`.
impl Timings<Timing> {
    /// The times of an answered request.
    fn answer(&mut self, sample: &Sample<'_>, tokens: &mut TokenTally) {
        let last = end(sample);
        self.latency.record(last.since(sample.scheduled));
        if sample.operation.is_inference() {
            self.close.record(sample.finished.since(last));
        }
        let Some(sent) = sample.sent else { return };
        let service_time = last.since(sent);
        self.service_time.record(service_time);
        if let Some(first_byte) = sample.first_byte {
            self.ttfb.record(first_byte.since(sent));
        }
        if let Some(queued) = sample.queued {
            self.queue.record(queued);
        }
        let generated = sample.output_tokens.map_or(0, |tokens| tokens.count);
        if let Some(nanos) = nanos(service_time).checked_div(generated) {
            self.ntpot.record_nanos(nanos, 1);
        }
        if sample.streamed {
            self.stream(sample, sent, tokens, generated);
        }
    }

    /// What only a stream shows: first token, gaps, pace.
    fn stream(
        &mut self,
        sample: &Sample<'_>,
        sent: Offset,
        tokens: &mut TokenTally,
        generated: u64,
    ) {
        let [first, rest @ ..] = sample.chunks else {
            tokens.tpot_na += 1;
            return;
        };
        self.ttft.record(first.at.since(sent));
        self.ttft_sched.record(first.at.since(sample.scheduled));
        let (mut previous, mut longest) = (first.at, Duration::ZERO);
        for chunk in rest {
            let gap = chunk.at.since(previous);
            let weight = u64::from(chunk.tokens.max(1));
            self.icl.record(gap);
            self.itl.record_nanos(nanos(gap) / weight, weight);
            (previous, longest) = (chunk.at, longest.max(gap));
        }
        if !rest.is_empty() {
            self.stall.record(longest);
        }
        match nanos(previous.since(first.at)).checked_div(generated.saturating_sub(1)) {
            Some(pace) => self.tpot.record_nanos(pace, 1),
            None => tokens.tpot_na += 1,
        }
    }
}
