//! The stage's clock: the runtime's monotonic clock, counted from the start of the stage.

use crate::units::Offset;
use tokio::time::Instant;

/// Counts time from the start of a stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    epoch: Instant,
}

impl Clock {
    pub(super) fn new(epoch: Instant) -> Self {
        Self { epoch }
    }

    pub(super) fn now(&self) -> Offset {
        self.offset(Instant::now())
    }

    pub(super) fn offset(&self, instant: Instant) -> Offset {
        instant.saturating_duration_since(self.epoch).into()
    }

    pub(super) fn instant(&self, offset: Offset) -> Instant {
        self.epoch + offset.duration()
    }
}
