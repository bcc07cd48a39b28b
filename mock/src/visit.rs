//! One request from its arrival to its end. Whatever becomes of it, its visit is dropped, and then it is counted and
//! written down: an answer that nobody waited for ends as abandoned, because nobody said otherwise.

use crate::capacity::Place;
use crate::clock::Clock;
use crate::connection::{Connection, Severance};
use crate::journal::{End, Entry, Journal, JournalSpec, LONGEST_NAME, Operation, Protocol, Write};
use crate::metrics::{Finished, Gauge, Metrics};
use crate::repository::Lease;
use crate::statistics::Statistics;
use crate::tally::Tally;
use std::sync::Arc;
use tokio::time::Instant;

/// Where visits are counted and written down.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) tally: Tally,
    pub(crate) journal: Journal,
    pub(crate) metrics: Metrics,
    pub(crate) statistics: Statistics,
    pub(crate) clock: Clock,
}

impl Ledger {
    /// An empty ledger.
    pub(crate) fn new(bounds: JournalSpec, metrics: Metrics) -> Self {
        Self {
            tally: Tally::default(),
            journal: Journal::new(bounds),
            statistics: Statistics::new(metrics.models()),
            metrics,
            clock: Clock::new(Instant::now()),
        }
    }

    /// Counts what befell a connection that had no request yet, or a port.
    pub(crate) fn befall(&self, kind: &'static str) {
        self.tally.befall(kind);
        self.metrics.strike(kind);
    }

    /// Notes the arrival of a request, now, on that connection.
    pub(crate) fn arrive(
        self: &Arc<Self>,
        protocol: Protocol,
        operation: Operation,
        connection: Option<&Connection>,
    ) -> Visit {
        let arrived = Instant::now();
        let arrived_ns = self.clock.nanos(arrived);
        Visit {
            arrived,
            ledger: Arc::clone(self),
            connection: connection.cloned(),
            fault: None,
            lease: None,
            steps: None,
            finished: Finished::default(),
            gauge: Gauge::Nowhere,
            place: None,
            entry: Some(Entry {
                number: self.tally.arrive(),
                id: Box::default(),
                attempt: 0,
                protocol,
                operation,
                model: Box::default(),
                prompt_tokens: 0,
                output_tokens: 0,
                arrived_ns,
                admitted_ns: None,
                fault: None,
                writes: Vec::new(),
                ended_ns: arrived_ns,
                end: End::Abandoned,
            }),
        }
    }
}

/// A request that has arrived and not ended.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) arrived: Instant,
    ledger: Arc<Ledger>,
    connection: Option<Connection>,
    fault: Option<&'static str>,
    /// What keeps its model from being unloaded.
    lease: Option<Lease>,
    steps: Option<u32>,
    finished: Finished,
    /// Where the page of metrics counts it.
    gauge: Gauge,
    /// Given up by the drop.
    place: Option<Place>,
    /// There until the visit is dropped.
    entry: Option<Entry>,
}

/// What a request was understood to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// Its id, if it gave itself one.
    pub(crate) id: Option<&'a str>,
    /// How many earlier attempts it told of.
    pub(crate) attempt: u32,
    pub(crate) model: &'a str,
    pub(crate) prompt_tokens: u64,
    /// Of the whole answer; 0 where there is no text.
    pub(crate) output_tokens: u32,
}

impl Visit {
    /// Notes what the request asks for. Without an id of its own it gets one: `unnamed-0`, `unnamed-1`, ... by the order
    /// of arrival.
    pub(crate) fn asks(&mut self, asking: Asking<'_>) {
        if let Some(entry) = &mut self.entry {
            entry.id = match asking.id {
                Some(id) if !id.is_empty() => bounded(id),
                Some(_) | None => format!("unnamed-{}", entry.number).into(),
            };
            entry.attempt = asking.attempt;
            entry.model = bounded(asking.model);
            entry.prompt_tokens = asking.prompt_tokens;
            entry.output_tokens = asking.output_tokens;
            if self.gauge == Gauge::Nowhere {
                self.gauge = self.ledger.metrics.wait(asking.model);
            }
        }
    }

    /// What is known of the request.
    pub(crate) fn entry(&self) -> &Entry {
        let Some(entry) = &self.entry else {
            unreachable!("taken by the drop alone")
        };
        entry
    }

    /// Keeps the request's model until it ends.
    pub(crate) fn hold(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }

    /// Notes that its output tokens, of several choices, come in so many steps.
    pub(crate) fn steps(&mut self, steps: u32) {
        self.steps = Some(steps);
    }

    /// Notes why the text of its answer will end.
    pub(crate) fn finishes(&mut self, finished: Finished) {
        self.finished = finished;
    }

    /// In how many steps its output tokens come: one in each, unless it was said otherwise.
    pub(crate) fn in_steps(&self) -> u32 {
        self.steps.unwrap_or(self.entry().output_tokens)
    }

    /// Notes that a fault strikes the request.
    pub(crate) fn strike(&mut self, kind: &'static str) {
        self.fault = Some(kind);
    }

    /// Ends the connection on which the request came, if that is known.
    pub(crate) fn sever(&self, how: Severance) {
        if let Some(connection) = &self.connection {
            connection.sever(how);
        }
    }

    /// Lets no further request come on the same connection.
    pub(crate) fn go_away(&self) {
        if let Some(connection) = &self.connection {
            connection.go_away();
        }
    }

    /// Keeps the request's place to its end.
    pub(crate) fn keep(&mut self, place: Place) {
        self.place = Some(place);
    }

    /// Notes that the request got its place among those that are worked on.
    pub(crate) fn admit(&mut self, at: Instant) {
        let nanos = self.ledger.clock.nanos(at);
        if let Some(entry) = &mut self.entry {
            entry.admitted_ns = Some(nanos);
        }
        self.gauge = self.ledger.metrics.admit(self.gauge);
    }

    /// Notes that the request is turned away. A fault that was to strike it has not.
    pub(crate) fn reject(&mut self) {
        self.fault = None;
        self.end(End::Rejected);
    }

    /// Notes that so many tokens, due at `due`, are handed over now.
    pub(crate) fn wrote(&mut self, tokens: u32, due: Instant) {
        if !self.ledger.journal.wants_writes() {
            return;
        }
        let now = Instant::now();
        let at_ns = self.ledger.clock.nanos(now);
        let late = now.saturating_duration_since(due).as_nanos();
        if let Some(entry) = &mut self.entry {
            entry.writes.push(Write {
                at_ns,
                late_ns: u32::try_from(late).unwrap_or(u32::MAX),
                tokens,
            });
        }
    }

    /// Says how the request ends. The last word before the drop counts.
    pub(crate) fn end(&mut self, end: End) {
        if let Some(entry) = &mut self.entry {
            entry.end = end;
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else {
            return;
        };
        let ledger = &self.ledger;
        let (protocol, end) = (entry.protocol, entry.end);
        entry.fault = self.fault.map(Box::from);
        entry.ended_ns = ledger.clock.nanos(Instant::now());
        let finished = self.finished;
        ledger
            .metrics
            .leave(self.gauge, self.fault, finished, &entry);
        if let Some(model) = self.gauge.model() {
            ledger.statistics.end(model, &entry);
        }
        ledger.journal.push(entry);
        // Last, so that whatever is not under way any more stands in the journal.
        ledger.tally.leave(protocol, self.fault, end);
    }
}

/// A name no longer than the journal keeps.
fn bounded(name: &str) -> Box<str> {
    name.get(..name.floor_char_boundary(LONGEST_NAME))
        .unwrap_or_default()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ledger() -> Ledger {
        Ledger::new(JournalSpec::default(), Metrics::new(["tiny"]))
    }

    fn asking(id: Option<&str>) -> Asking<'_> {
        Asking {
            id,
            attempt: 1,
            model: "tiny",
            prompt_tokens: 3,
            output_tokens: 2,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_is_written_down_when_it_ends() {
        let ledger = Arc::new(ledger());
        let mut visit = ledger.arrive(Protocol::Openai, Operation::Chat, None);
        let (arrived, start) = (visit.arrived, visit.entry().arrived_ns);

        visit.asks(asking(Some("a")));
        visit.admit(arrived + Duration::from_nanos(5));
        tokio::time::advance(Duration::from_millis(2)).await;
        visit.wrote(2, arrived + Duration::from_millis(1));
        visit.end(End::Answered);
        drop(visit);

        let page = ledger.journal.page(0, 10);
        let expected = Entry {
            number: 0,
            id: "a".into(),
            attempt: 1,
            protocol: Protocol::Openai,
            operation: Operation::Chat,
            model: "tiny".into(),
            prompt_tokens: 3,
            output_tokens: 2,
            arrived_ns: start,
            admitted_ns: Some(start + 5),
            fault: None,
            writes: vec![Write {
                at_ns: start + 2_000_000,
                late_ns: 1_000_000,
                tokens: 2,
            }],
            ended_ns: start + 2_000_000,
            end: End::Answered,
        };
        assert_eq!(page.entries, [expected]);
        assert_eq!(ledger.tally.counters().openai.answered, 1);
    }

    #[tokio::test]
    async fn a_visit_of_which_nobody_said_how_it_ends_was_abandoned() {
        let ledger = Arc::new(ledger());
        let mut visit = ledger.arrive(Protocol::OipGrpc, Operation::Infer, None);

        visit.asks(asking(None));
        visit.strike("stall");
        drop(visit);

        let page = ledger.journal.page(0, 10);
        assert_eq!(page.entries[0].end, End::Abandoned);
        assert_eq!(page.entries[0].fault.as_deref(), Some("stall"));
        assert_eq!(&*page.entries[0].id, "unnamed-0");
        assert_eq!(ledger.tally.counters().oip_grpc.struck_by("stall"), 1);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let long = "é".repeat(LONGEST_NAME);

        assert_eq!(bounded(&long).len(), LONGEST_NAME);
        assert_eq!(bounded(&format!("a{long}")).len(), LONGEST_NAME - 1);
    }
}
