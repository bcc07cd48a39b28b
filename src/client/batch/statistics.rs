//! What batching did so far: how many batches, how large, and how long requests waited for others.

use crate::client::count::float;
use std::time::Duration;

/// What a client's batching did so far. Requests that passed by, or left before their batch was sent, are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchStatistics {
    /// Batches sent, those of a single request included.
    pub batches: u64,
    /// Requests in them.
    pub requests: u64,
    /// The fewest requests in one; 0 before the first.
    pub smallest: u32,
    /// The most requests in one.
    pub largest: u32,
    /// How long requests waited for others, added up.
    pub waited: Duration,
    /// The longest that one waited.
    pub longest_wait: Duration,
}

impl BatchStatistics {
    /// Requests in a batch, on average; `None` before the first.
    pub fn mean_size(&self) -> Option<f64> {
        (self.batches > 0).then(|| float(self.requests) / float(self.batches))
    }

    /// How long a request waited for others, on average; `None` before the first.
    pub fn mean_wait(&self) -> Option<Duration> {
        let nanos = self.waited.as_nanos().checked_div(self.requests.into())?;
        Some(Duration::from_nanos(
            u64::try_from(nanos).unwrap_or(u64::MAX),
        ))
    }

    /// A batch is sent, whose requests have waited so long.
    pub(super) fn note(&mut self, waits: impl ExactSizeIterator<Item = Duration>) {
        let size = u32::try_from(waits.len()).unwrap_or(u32::MAX);
        self.smallest = match self.batches {
            0 => size,
            _ => self.smallest.min(size),
        };
        self.largest = self.largest.max(size);
        self.batches += 1;
        self.requests += u64::from(size);
        for wait in waits {
            self.waited = self.waited.saturating_add(wait);
            self.longest_wait = self.longest_wait.max(wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_waits_are_added_up() {
        let mut statistics = BatchStatistics::default();
        assert_eq!(statistics.mean_size(), None);
        assert_eq!(statistics.mean_wait(), None);

        statistics.note([5, 3, 1].map(Duration::from_millis).into_iter());
        statistics.note([0].map(Duration::from_millis).into_iter());

        let expected = BatchStatistics {
            batches: 2,
            requests: 4,
            smallest: 1,
            largest: 3,
            waited: Duration::from_millis(9),
            longest_wait: Duration::from_millis(5),
        };
        assert_eq!(statistics, expected);
        assert_eq!(statistics.mean_size(), Some(2.0));
        assert_eq!(statistics.mean_wait(), Some(Duration::from_micros(2250)));
    }
}
