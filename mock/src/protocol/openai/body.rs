//! The body of an answer: in one piece, as a stream of events, or cut off in the middle.

use super::script::{Close, Script};
use crate::protocol::{BrokenOff, SETTLE};
use crate::tally::{Outcome, Visit};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Sleep, sleep};

/// A body on its way out.
#[derive(Debug)]
pub(crate) enum Body {
    /// One piece.
    Whole(Option<Bytes>),
    /// The beginning of a piece that was announced to be longer.
    Torn(Torn),
    /// Events at their pace.
    Events(Box<Events>),
}

impl Body {
    /// A body in one piece.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes))
    }

    /// The first bytes of a body of `announced` bytes.
    pub(super) fn torn(start: Bytes, announced: u64) -> Self {
        Self::Torn(Torn {
            start: Some(start),
            announced,
            settle: None,
        })
    }

    /// A stream of events; the visit ends with it.
    pub(super) fn events(script: Script, visit: Visit) -> Self {
        Self::Events(Box::new(Events {
            script,
            visit,
            settle: None,
        }))
    }
}

/// A part of a whole.
#[derive(Debug)]
pub(crate) struct Torn {
    start: Option<Bytes>,
    announced: u64,
    settle: Option<Pin<Box<Sleep>>>,
}

/// A stream of events.
#[derive(Debug)]
pub(crate) struct Events {
    script: Script,
    visit: Visit,
    settle: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Torn(torn) => torn.poll_frame(context),
            Self::Events(events) => events.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(wide(bytes.as_ref().map_or(0, Bytes::len))),
            Self::Torn(torn) => SizeHint::with_exact(torn.announced),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

impl Torn {
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        ready!(poll_settle(&mut self.settle, context));
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

impl Events {
    fn poll_frame(
        &mut self,
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
            Close::Never => {
                ready!(poll_settle(&mut self.settle, context));
                Poll::Ready(Some(Err(BrokenOff)))
            }
        }
    }
}

fn poll_settle(settle: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>) -> Poll<()> {
    settle
        .get_or_insert_with(|| Box::pin(sleep(SETTLE)))
        .as_mut()
        .poll(context)
}

/// A length as HTTP counts it.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
