//! What Triton counts of each model: requests that were answered, those that were not, and how long they took. By whatever
//! protocol they came, from the start of the mock or its last reset.
//!
//! ```text
//! {"success":{"count":3,"ns":61000000},"fail":{"count":1,"ns":2000000},"queue":{"count":3,"ns":1000000},...}
//! ```

use crate::journal::{End, Entry};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests, and how long they took together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cumulated {
    pub(crate) count: u64,
    pub(crate) ns: u64,
}

impl Cumulated {
    fn add(&mut self, ns: u64) {
        self.count += 1;
        self.ns = self.ns.saturating_add(ns);
    }
}

/// The figures of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Figures {
    /// Answered, from their arrival to their end.
    pub(crate) success: Cumulated,
    /// Refused, turned away, broken off or given up.
    pub(crate) fail: Cumulated,
    /// How long those that were answered waited to be worked on.
    pub(crate) queue: Cumulated,
    /// How long they were worked on.
    pub(crate) compute: Cumulated,
    /// When the last of them ended, in nanoseconds of the journal's clock; 0 before the first.
    pub(crate) last_ns: u64,
}

impl Figures {
    fn end(&mut self, entry: &Entry) {
        let whole = entry.ended_ns.saturating_sub(entry.arrived_ns);
        match entry.end {
            End::Answered => {
                let admitted = entry.admitted_ns.unwrap_or(entry.arrived_ns);
                let waited = admitted.saturating_sub(entry.arrived_ns);
                self.success.add(whole);
                self.queue.add(waited);
                self.compute.add(whole.saturating_sub(waited));
                self.last_ns = self.last_ns.max(entry.ended_ns);
            }
            End::Refused | End::Rejected | End::Failed | End::Abandoned => self.fail.add(whole),
        }
    }
}

/// The figures of all models, by their places in the repository.
#[derive(Debug)]
pub(crate) struct Statistics(Vec<Mutex<Figures>>);

impl Statistics {
    /// Figures of so many models, of which none was asked for anything.
    pub(crate) fn new(models: usize) -> Self {
        Self((0..models).map(|_| Mutex::default()).collect())
    }

    /// Counts a request to the model at `place` that has ended.
    pub(crate) fn end(&self, place: usize, entry: &Entry) {
        if let Some(figures) = self.0.get(place) {
            locked(figures).end(entry);
        }
    }

    /// The figures of the model at `place`.
    pub(crate) fn of(&self, place: usize) -> Figures {
        self.0
            .get(place)
            .map_or_else(Figures::default, |figures| *locked(figures))
    }

    /// Begins again from nothing.
    pub(crate) fn clear(&self) {
        for figures in &self.0 {
            *locked(figures) = Figures::default();
        }
    }
}

fn locked(figures: &Mutex<Figures>) -> MutexGuard<'_, Figures> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Operation, Protocol};

    fn entry(end: End, admitted_ns: Option<u64>, ended_ns: u64) -> Entry {
        Entry {
            number: 0,
            id: "a".into(),
            attempt: 0,
            protocol: Protocol::OipRest,
            operation: Operation::Infer,
            model: "tiny".into(),
            prompt_tokens: 0,
            output_tokens: 1,
            arrived_ns: 100,
            admitted_ns,
            fault: None,
            writes: Vec::new(),
            ended_ns,
            end,
        }
    }

    #[test]
    fn the_time_of_an_answer_is_its_waiting_and_its_work() {
        let statistics = Statistics::new(2);

        statistics.end(1, &entry(End::Answered, Some(130), 200));
        statistics.end(1, &entry(End::Answered, Some(100), 150));

        let of = |count, ns| Cumulated { count, ns };
        assert_eq!(
            statistics.of(1),
            Figures {
                success: of(2, 150),
                fail: of(0, 0),
                queue: of(2, 30),
                compute: of(2, 120),
                last_ns: 200,
            }
        );
        assert_eq!(statistics.of(0), Figures::default());
    }

    #[test]
    fn whatever_was_not_answered_has_failed_until_all_is_cleared() {
        let statistics = Statistics::new(1);

        for end in [End::Refused, End::Rejected, End::Failed, End::Abandoned] {
            statistics.end(0, &entry(end, None, 110));
        }
        statistics.end(7, &entry(End::Answered, None, 110));

        assert_eq!(statistics.of(0).fail, Cumulated { count: 4, ns: 40 });
        assert_eq!(statistics.of(0).success, Cumulated::default());
        statistics.clear();
        assert_eq!(statistics.of(0), Figures::default());
    }
}
