//! The moment from which a stage counts its time: when every lane is ready, and no earlier.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One lane's part in the start of a stage. A lane that ends before it is ready holds nobody up.
#[derive(Debug)]
pub(super) struct Starter(Arc<Start>);

/// The start that all lanes take part in.
#[derive(Debug)]
pub(super) struct Start {
    awaited: AtomicUsize,
    all_ready: CancellationToken,
    epoch: OnceLock<Instant>,
}

impl Start {
    /// The start of so many lanes.
    pub(super) fn of(lanes: usize) -> Arc<Self> {
        Arc::new(Self {
            awaited: AtomicUsize::new(lanes),
            all_ready: CancellationToken::new(),
            epoch: OnceLock::new(),
        })
    }

    /// When it was; `None` as long as no lane has begun.
    pub(super) fn epoch(&self) -> Option<Instant> {
        self.epoch.get().copied()
    }

    /// Waits until all lanes are ready. Whoever waits is given the same moment.
    pub(super) async fn begun(&self) -> Instant {
        self.all_ready.cancelled().await;
        *self.epoch.get_or_init(Instant::now)
    }
}

impl Starter {
    /// To be made once for each lane.
    pub(super) fn new(start: &Arc<Start>) -> Self {
        Self(Arc::clone(start))
    }

    /// Says that this lane is ready, and waits until the others are.
    pub(super) async fn ready(self) -> Instant {
        let start = Arc::clone(&self.0);
        drop(self);
        start.begun().await
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        if self.0.awaited.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.all_ready.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{advance, timeout};

    #[tokio::test(start_paused = true)]
    async fn all_lanes_start_together_when_the_last_one_is_ready() {
        let start = Start::of(3);
        let [one, other, dead] = [(); 3].map(|()| Starter::new(&start));
        let mut early = Box::pin(one.ready());
        assert!(timeout(Duration::from_secs(1), &mut early).await.is_err());
        drop(dead);
        assert_eq!(start.epoch(), None);
        let before = Instant::now();

        let late = other.ready().await;
        advance(Duration::from_secs(1)).await;

        assert_eq!((late, early.await), (before, before));
        assert_eq!(start.begun().await, before);
        assert_eq!(start.epoch(), Some(before));
    }
}
