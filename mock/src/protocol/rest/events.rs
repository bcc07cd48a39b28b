//! An answer as server-sent events, each handed over when its tokens are due. Events that are due together leave
//! together, in one buffer: no timer and no write for each token of a fast answer.

use super::Settle;
use super::spoiler::Spoiler;
use super::trickled::trickle;
use crate::course::{Course, Finish};
use crate::fault::Spoil;
use crate::pace::{Chunk, Ticker};
use crate::protocol::BrokenOff;
use crate::refused::Refused;
use crate::visit::Visit;
use bytes::Bytes;
use hyper::body::{Body, Frame};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// A buffer is handed over when it has grown to this many bytes, so that a long answer streams.
const BUFFER: usize = 16 * 1024;

/// What the events of one answer say, in their protocol's words.
pub(crate) trait Tell {
    /// Appends the event for some tokens, and before the first whatever opens the stream.
    fn tokens(&mut self, chunk: Chunk, buffer: &mut Vec<u8>);

    /// How many tokens that event holds, where several choices go forward together.
    fn weigh(&self, chunk: Chunk) -> u32 {
        chunk.tokens
    }

    /// Appends an error, and what follows it, in the place of what would have come.
    fn error(&mut self, refused: &Refused, buffer: &mut Vec<u8>);

    /// Appends what follows the last token, as far as that is not spoiled.
    fn end(&mut self, spoil: Option<Spoil>, buffer: &mut Vec<u8>);
}

/// A stream of events; the visit ends with it.
#[derive(Debug)]
pub(crate) struct Events<T> {
    teller: T,
    ticker: Ticker,
    finish: Finish,
    spoil: Option<Spoil>,
    spoiler: Option<Box<Spoiler>>,
    visit: Visit,
    told: bool,
    /// Does a write leave in small pieces, so that it is taken only when more is asked for?
    is_trickling: bool,
    /// The tokens of the write that may still be leaving, and when they were due.
    leaving: Option<(u32, Instant)>,
    settle: Settle,
}

impl<T: Tell + Send + Unpin + 'static> Events<T> {
    /// The body of the events that `teller` tells as `course` has it.
    pub(crate) fn body(teller: T, course: Course, visit: Visit) -> axum::body::Body {
        let events = Self {
            teller,
            ticker: course.ticker,
            finish: course.finish,
            spoil: course.spoil,
            spoiler: Spoiler::new(course.spoil).map(Box::new),
            visit,
            told: false,
            is_trickling: course.drip.is_some(),
            leaving: None,
            settle: Settle::default(),
        };
        trickle(axum::body::Body::new(events), course.drip)
    }
}

impl<T: Tell> Events<T> {
    /// The bytes of all events that are due, waiting until one is; `None` at the end.
    fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some((weight, due)) = self.leaving.take() {
            self.visit.wrote(weight, due);
        }
        let mut buffer = Vec::new();
        // What leaves piece by piece is one event, so that each is written when it has left.
        let most = if self.is_trickling { 1 } else { BUFFER };
        while !self.told && buffer.len() < most {
            match self.ticker.poll_chunk(context) {
                Poll::Ready(Some(chunk)) => {
                    let start = buffer.len();
                    self.teller.tokens(chunk, &mut buffer);
                    let weight = self.teller.weigh(chunk);
                    match &mut self.spoiler {
                        None if self.is_trickling => self.leaving = Some((weight, chunk.due)),
                        None => self.visit.wrote(weight, chunk.due),
                        Some(spoiler) => {
                            spoiler.spoil(&mut buffer, start, (chunk, weight), &mut self.visit);
                        }
                    }
                }
                Poll::Ready(None) => self.tell_end(&mut buffer),
                Poll::Pending if buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!buffer.is_empty()).then(|| buffer.into()))
    }

    fn tell_end(&mut self, buffer: &mut Vec<u8>) {
        self.told = true;
        if !self.is_trickling {
            self.visit.end(self.finish.end());
        }
        let start = buffer.len();
        match &self.finish {
            Finish::Properly => self.teller.end(self.spoil, buffer),
            Finish::Fail(refused) => self.teller.error(refused, buffer),
            Finish::BreakOff | Finish::FallSilent | Finish::Sever(_) => {}
        }
        if let Some(spoiler) = &mut self.spoiler {
            spoiler.end(buffer, start, &mut self.visit);
        }
    }
}

impl<T: Tell + Unpin> Body for Events<T> {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(bytes) = ready!(self.poll_due(context)) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.is_trickling {
            let end = self.finish.end();
            self.visit.end(end);
        }
        match self.finish {
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
}
