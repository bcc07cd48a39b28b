//! Which requests are sent together, and when. Pure: times come in as arguments, and whoever calls sees to it that
//! [`Collector::due`] is asked when a request has waited for its window.
//!
//! With `{ window: 5ms, max_size: 3 }` and nothing else: of requests at 0, 2, 4, 6 and 20 ms the first three are sent at
//! 4 ms, the fourth at 11 ms, the last at 25 ms.

use crate::client::BatchConfig;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Gathers requests by their kind `K`.
#[derive(Debug)]
pub(super) struct Collector<K, T> {
    law: Law,
    lines: BTreeMap<K, Line<T>>,
    tickets: u64,
}

#[derive(Debug, Clone, Copy)]
struct Law {
    window: Duration,
    max_size: usize,
    is_adaptive: bool,
}

/// Requests of one kind.
#[derive(Debug)]
struct Line<T> {
    /// In the order of arrival; always fewer than fill a batch.
    waiting: Vec<Waiting<T>>,
    /// Batches that have been handed out and not ended.
    under_way: usize,
}

/// A request that waits, or waited, for others.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    ticket: Ticket,
    /// When it came.
    pub(super) since: Instant,
    pub(super) request: T,
}

/// By what a waiting request is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Requests to be sent together now, in the order of arrival.
pub(super) type Gathered<T> = Vec<Waiting<T>>;

impl<K: Ord, T> Collector<K, T> {
    pub(super) fn new(config: &BatchConfig) -> Self {
        Self {
            law: Law {
                window: config.window.duration(),
                max_size: usize::try_from(config.max_size).unwrap_or(usize::MAX),
                is_adaptive: config.adaptive,
            },
            lines: BTreeMap::new(),
            tickets: 0,
        }
    }

    /// A request comes. It is in what is to be sent now, if anything is.
    pub(super) fn arrive(
        &mut self,
        kind: K,
        request: T,
        now: Instant,
    ) -> (Ticket, Option<Gathered<T>>) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let line = self.lines.entry(kind).or_default();
        line.waiting.push(Waiting {
            ticket,
            since: now,
            request,
        });
        let is_full = line.waiting.len() >= self.law.max_size;
        let waits_for_nothing = self.law.is_adaptive && line.under_way == 0;
        let gathered = (is_full || waits_for_nothing).then(|| line.send());
        (ticket, gathered)
    }

    /// What is to be sent because its oldest request has waited for the window.
    pub(super) fn due(&mut self, kind: &K, now: Instant) -> Option<Gathered<T>> {
        let line = self.lines.get_mut(kind)?;
        let oldest = line.waiting.first()?;
        let has_waited = now.saturating_duration_since(oldest.since) >= self.law.window;
        has_waited.then(|| line.send())
    }

    /// A request does not want to be sent any more. Nothing happens if it has been handed out.
    pub(super) fn leave(&mut self, kind: &K, ticket: Ticket) {
        if let Some(line) = self.lines.get_mut(kind) {
            line.waiting.retain(|waiting| waiting.ticket != ticket);
            self.forget_if_idle(kind);
        }
    }

    /// A batch has ended; gives what has waited for that.
    pub(super) fn ended(&mut self, kind: &K) -> Option<Gathered<T>> {
        let line = self.lines.get_mut(kind)?;
        line.under_way = line.under_way.saturating_sub(1);
        let waits_for_nothing = self.law.is_adaptive && line.under_way == 0;
        if waits_for_nothing && !line.waiting.is_empty() {
            return Some(line.send());
        }
        self.forget_if_idle(kind);
        None
    }

    /// Keeps no more kinds than there are requests.
    fn forget_if_idle(&mut self, kind: &K) {
        let line = self.lines.get(kind);
        if line.is_some_and(|line| line.under_way == 0 && line.waiting.is_empty()) {
            self.lines.remove(kind);
        }
    }
}

impl<T> Line<T> {
    fn send(&mut self) -> Gathered<T> {
        self.under_way += 1;
        std::mem::take(&mut self.waiting)
    }
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            under_way: 0,
        }
    }
}

#[cfg(test)]
mod tests;
