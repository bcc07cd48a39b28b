//! Reads the journal on and on, such as into a file: each request once, soon after it has ended.

use super::{Page, Place};
use crate::backend::Backend;
use std::sync::Arc;

/// A reader of the journal of a running mock, from [`Handle::follow_journal`](crate::Handle::follow_journal). It keeps
/// nothing of the journal: what is forgotten before it was read is lost to it, and counted.
#[derive(Debug)]
pub struct Follower {
    backend: Arc<Backend>,
    place: Place,
}

impl Follower {
    /// A reader that begins with the oldest request that is remembered or, where some are forgotten, counts these first.
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        Self {
            backend,
            place: Place::default(),
        }
    }

    /// The requests that ended since the last call, a piece of bounded size at a time; an empty one is the end for now.
    /// A reset of the mock forgets on purpose: reading goes on with what ends after it, and nothing counts as forgotten.
    pub fn piece(&mut self) -> Page {
        self.backend.ledger.journal.follow(&mut self.place)
    }
}
