//! The call of one load, polled by whoever works on it, and given up by whoever takes it away.

use crate::client::Failed;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

/// How a load ended.
pub(super) type Ended = Result<(), Failed>;

/// A call that is running, until it has ended or is given up.
pub(super) struct Work(Mutex<Option<BoxFuture<'static, Ended>>>);

impl Work {
    pub(super) fn new(call: impl Future<Output = Ended> + Send + 'static) -> Self {
        Self(Mutex::new(Some(Box::pin(call))))
    }

    /// Goes on with the call. One that is over is pending for ever.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut call = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = call.as_mut() else {
            return Poll::Pending;
        };
        let ended = running.as_mut().poll(cx);
        if ended.is_ready() {
            *call = None;
        }
        ended
    }

    /// Cancels the call.
    pub(super) fn give_up(&self) {
        let call = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(call);
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}
