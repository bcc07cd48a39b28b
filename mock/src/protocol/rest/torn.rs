//! The beginning of an answer that was announced to be longer.

use super::Settle;
use crate::course::Finish;
use crate::protocol::BrokenOff;
use crate::visit::Visit;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that ends, or stops, before its announced length.
#[derive(Debug)]
pub(crate) struct Torn {
    start: Option<Bytes>,
    announced: u64,
    finish: Finish,
    settle: Settle,
    visit: Visit,
}

impl Torn {
    /// The first bytes of a body of `announced` bytes; the visit ends with it.
    pub(crate) fn new(start: Bytes, announced: u64, finish: Finish, mut visit: Visit) -> Self {
        visit.end(finish.end());
        Self {
            start: Some(start),
            announced,
            finish,
            settle: Settle::default(),
            visit,
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
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        match self.finish {
            // Only streams fail in their middle.
            Finish::Properly | Finish::Fail(_) => Poll::Ready(None),
            Finish::BreakOff => self.settle.poll(context).map(|error| Some(Err(error))),
            Finish::Sever(how) => {
                let error = ready!(self.settle.poll(context));
                self.visit.sever(how);
                Poll::Ready(Some(Err(error)))
            }
            Finish::FallSilent => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

/// A length as HTTP counts it.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
