//! The bodies that take their time: a stream of events at its pace, and a piece that is cut off in the middle.

use super::script::{Close, Script};
use crate::protocol::{BrokenOff, SETTLE};
use crate::tally::{Outcome, Visit};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Sleep, sleep};

/// The beginning of a piece that was announced to be longer.
#[derive(Debug)]
pub(super) struct Torn {
    start: Option<Bytes>,
    announced: u64,
    settle: Settle,
}

impl Torn {
    /// The first bytes of a body of `announced` bytes.
    pub(super) fn new(start: Bytes, announced: u64) -> Self {
        Self {
            start: Some(start),
            announced,
            settle: Settle::default(),
        }
    }
}

impl Body for Torn {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.start.take() {
            Some(start) => Poll::Ready(Some(Ok(Frame::data(start)))),
            None => self.settle.poll(context).map(|error| Some(Err(error))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

/// A stream of events.
#[derive(Debug)]
pub(super) struct Events {
    script: Script,
    visit: Visit,
    settle: Settle,
}

impl Events {
    /// The events of `script`; the visit ends with them.
    pub(super) fn new(script: Script, visit: Visit) -> Self {
        Self {
            script,
            visit,
            settle: Settle::default(),
        }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(bytes) = ready!(self.script.poll_next(context)) {
            if self.script.is_told() && self.script.close() == Close::Properly {
                self.visit.settle(Outcome::Answered);
            }
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.script.close() {
            Close::Properly => Poll::Ready(None),
            Close::Never => self.settle.poll(context).map(|error| Some(Err(error))),
        }
    }
}

/// The pause before a body breaks off.
#[derive(Debug, Default)]
struct Settle(Option<Pin<Box<Sleep>>>);

impl Settle {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<BrokenOff> {
        let Self(sleeping) = self;
        let sleeping = sleeping.get_or_insert_with(|| Box::pin(sleep(SETTLE)));
        sleeping.as_mut().poll(context).map(|()| BrokenOff)
    }
}

/// A length as HTTP counts it.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
