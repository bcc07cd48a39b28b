//! One slot under way: its requests, made one after the other.

use super::{Exchange, Heard, Outcome, Sender, Sink, Slot};
use crate::drive::said::Said;
use crate::units::Offset;
use std::ops::Range;

/// The requests of a slot that are still to be made, and what was said in it so far.
pub(in crate::drive) struct Round {
    requests: Range<u64>,
    /// When the next one is due, its pause not counted.
    at: Offset,
    is_over: bool,
    said: Said,
}

impl Round {
    /// Nothing of the slot is made yet.
    pub(super) fn of(requests: Range<u64>, at: Offset) -> Self {
        Self {
            requests,
            at,
            is_over: false,
            said: Said::default(),
        }
    }

    /// Are all of them made?
    pub(in crate::drive) fn is_done(&self) -> bool {
        self.requests.is_empty()
    }

    /// Makes the next request, if there is one, and emits its sample. What was begun is carried through in the drain phase; once
    /// that is over, or a request has failed that the others depend on, it is not sent. `heard` is a buffer to reuse.
    pub(in crate::drive) async fn step<E: Exchange, S: Sink>(
        &mut self,
        sender: &Sender<E, S>,
        heard: &mut Heard,
    ) {
        let Some(seq) = self.requests.next() else {
            return;
        };
        let slot = Slot { seq, at: self.at };
        if self.is_over {
            sender.miss(slot);
            return;
        }
        let mut due = sender.source.requests.due(seq);
        self.said.before(&mut due);
        let slot = sender.think(slot, &due).await;
        if sender.sending.give_up.is_cancelled() {
            self.is_over = true;
            sender.miss(slot);
            return;
        }
        let outcome: Outcome = sender.exchange(slot, &due, heard).await;
        self.is_over = due.ends_slot(outcome);
        self.said.after(due, heard.text());
        self.at = sender.sending.clock.now();
    }
}
