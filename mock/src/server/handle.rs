//! A handle on a running mock for other threads and tasks: it reads and changes, and neither keeps the mock running nor
//! ends it.

use crate::backend::Backend;
use crate::journal::{Follower, Page};
use crate::spec::{self, MockSpec};
use crate::tally::Counters;
use std::sync::Arc;
use tokio::time::Instant;

/// A handle on a mock, from [`Mock::handle`](super::Mock::handle). What it tells of a mock that has been stopped is what
/// was true at the end.
#[derive(Debug, Clone)]
pub struct Handle(pub(super) Arc<Backend>);

impl Handle {
    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// The requests that have ended, from number `from` in the order in which they did, at most `most` of them. Read on
    /// from [`Page::next`].
    pub fn journal(&self, from: u64, most: usize) -> Page {
        // Counted first: whatever ends in between stands in the page, and not nowhere.
        let under_way = self.counters().in_flight;
        let page = self.0.ledger.journal.page(from, most);
        Page { under_way, ..page }
    }

    /// The same, a piece of bounded size at a time; an empty one is the end.
    pub fn journal_piece(&self, from: u64) -> Page {
        let under_way = self.counters().in_flight;
        let page = self.0.ledger.journal.piece(from, u64::MAX);
        Page { under_way, ..page }
    }

    /// A reader of everything that ends, from the oldest request that is remembered on.
    pub fn follow_journal(&self) -> Follower {
        Follower::new(Arc::clone(&self.0))
    }

    /// Changes how the mock behaves, from the next request on: latencies, paces and faults. Its time goes on; faults
    /// that strike a number of times begin anew. What else a specification says stays as it was started.
    ///
    /// # Errors
    /// The changed specification describes no backend; nothing has changed then.
    pub fn change(&self, change: impl FnOnce(&mut MockSpec)) -> Result<(), spec::Error> {
        self.0.change(|spec| {
            change(spec);
            Ok(())
        })
    }

    /// Begins again: empty counters and journal, and time from zero, with the behaviour of the present. Requests in
    /// flight end as they would have, and are counted then. Says when its time begins.
    pub fn reset(&self) -> Instant {
        self.0.reset()
    }

    /// The page that Prometheus reads, in its text format. It goes on over a reset.
    pub fn metrics(&self) -> String {
        self.0.ledger.metrics.page()
    }

    /// The names of the models that are ready.
    pub fn ready_models(&self) -> Vec<String> {
        self.0.repository.ready().map(str::to_owned).collect()
    }

    /// The specification as it is at present.
    pub fn spec(&self) -> MockSpec {
        self.0.behaviour().spec().clone()
    }
}
