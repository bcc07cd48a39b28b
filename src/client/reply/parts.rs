//! What is kept of a reply that is over, or that is handed on.

use super::Reply;
use crate::client::batch::Head;
use crate::client::tally::Counting;
use crate::client::{Attempt, Failed, Failure, Values};
use tokio::time::Instant;

impl Reply {
    /// The same answer, counted when it ends.
    pub(in crate::client) fn counted(mut self, counting: Counting) -> Self {
        self.counting = Some(counting);
        self
    }

    /// The call's failure, when its answer broke off.
    pub(in crate::client) fn broken(self, failure: Failure) -> Failed {
        let mut attempts = self.failed;
        attempts.extend(self.attempt.map(|attempt| Attempt {
            endpoint: attempt.endpoint,
            protocol: attempt.protocol,
            failure: failure.clone(),
            started: self.started,
            ended: Instant::now(),
            batch: self.batch,
            is_hedge: attempt.is_hedge,
        }));
        Failed { failure, attempts }
    }

    /// Where the answer came from.
    pub(in crate::client) fn into_head(self) -> Head {
        let Some(attempt) = self.attempt else {
            unreachable!("a batch is not answered without an endpoint being asked")
        };
        Head {
            endpoint: attempt.endpoint,
            protocol: attempt.protocol,
            started: self.started,
            first_byte: self.first_byte,
            connection: attempt.connection,
            queued: attempt.queued,
            is_hedge: attempt.is_hedge,
            failed: self.failed,
        }
    }

    /// What the answer holds that is no text, to keep.
    pub(in crate::client) fn take_values(&mut self) -> Option<Values> {
        self.values.take()
    }

    /// The attempts that failed before this one, to keep.
    pub(in crate::client) fn into_failed_attempts(self) -> Vec<Attempt> {
        self.failed
    }
}
