//! From response bodies to [`Delta`]s: a whole JSON answer, or events as they arrive, each read as its protocol wants it.

use super::body::{cut, json_length};
use super::response::{Response, read_at};
use crate::client::transport::sse::Events;
use crate::client::transport::{ANSWER_LIMIT, Delta};
use crate::client::{Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::header::{CONTENT_TYPE, HeaderMap};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// How a protocol reads its answers.
#[derive(Debug, Clone, Copy)]
pub(in crate::client::transport) struct Dialect {
    /// What a whole answer, or the data of one event, adds to it.
    pub(in crate::client::transport) read: Read,
    /// How a stream says that it is complete.
    pub(in crate::client::transport) end: Mark,
}

/// What is read of an answer.
#[derive(Debug, Clone, Copy)]
pub(in crate::client::transport) enum Read {
    /// JSON.
    Json(fn(&[u8], Instant) -> Result<Delta, Failure>),
    /// JSON, and the bytes behind it.
    Parts(fn(&[u8], Bytes, Instant) -> Result<Delta, Failure>),
}

/// How a stream says that it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client::transport) enum Mark {
    /// By a finish reason or a last event; a body that ends without either was cut off.
    Said,
    /// By nothing but the end of its body.
    EndOfBody,
}

/// The one delta of a whole answer.
pub(super) fn whole(
    mut response: Response,
    dialect: Dialect,
) -> BoxStream<'static, Result<Delta, Failure>> {
    stream::once(async move {
        let json = json_length(&response.headers)?;
        let (body, at) = read_at(&mut response, ANSWER_LIMIT).await?;
        let mut delta = match dialect.read {
            Read::Json(read) => read(&body, at)?,
            Read::Parts(read) => {
                let (json, rest) = cut(body, json)?;
                read(&json, rest, at)?
            }
        };
        if let Some(usage) = delta.usage {
            delta.tokens = u32::try_from(usage.completion_tokens).unwrap_or(u32::MAX);
        }
        delta.is_last = true;
        Ok(delta)
    })
    .boxed()
}

/// The deltas of a whole answer that several requests share.
pub(super) fn together(
    mut response: Response,
    take_apart: impl FnOnce(&[u8], Instant) -> Result<Vec<Delta>, Failure> + Send + 'static,
) -> BoxStream<'static, Result<Delta, Failure>> {
    let deltas = async move {
        let (body, at) = read_at(&mut response, ANSWER_LIMIT).await?;
        let deltas = take_apart(&body, at)?;
        Ok(stream::iter(deltas.into_iter().map(Ok)))
    };
    stream::once(deltas).try_flatten().boxed()
}

/// The deltas of a stream of events.
///
/// # Errors
/// [`FailureKind::Malformed`] when the answer is no stream of events.
pub(super) fn streamed(
    mut response: Response,
    dialect: Dialect,
) -> Result<BoxStream<'static, Result<Delta, Failure>>, Failure> {
    let found = response.headers.get(CONTENT_TYPE);
    if let Some(other) = found.filter(|found| !found.as_bytes().starts_with(b"text/event-stream")) {
        let message =
            format!("expected a stream of content type text/event-stream, found {other:?}");
        return Err(Failure::new(FailureKind::Malformed, message));
    }
    // They have said all that they had to say, and a stream may be long.
    response.headers = HeaderMap::new();
    Ok(Box::pin(Streamed {
        read_at: response.first_byte,
        response,
        events: Events::new(ANSWER_LIMIT),
        dialect,
        may_end: dialect.end == Mark::EndOfBody,
        is_over: false,
    }))
}

/// A stream of events under way.
struct Streamed {
    response: Response,
    events: Events,
    /// When the bytes that came last were read.
    read_at: Instant,
    dialect: Dialect,
    /// May the body end now?
    may_end: bool,
    /// Has it ended, or failed?
    is_over: bool,
}

impl Stream for Streamed {
    type Item = Result<Delta, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let next = ready!(self.poll_delta(cx)).transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }
}

impl Streamed {
    /// The next delta; `None` at the end of the body. The body is read to its end even after the mark that ends the
    /// answer, or its connection could not be used again.
    fn poll_delta(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delta>, Failure>> {
        loop {
            if let Some(delta) = self.next_in_buffer()? {
                self.may_end |= delta.is_last || delta.finish_reason.is_some();
                return Poll::Ready(Ok(Some(delta)));
            }
            let piece = self.response.poll_piece(self.events.room(), cx);
            match ready!(piece)? {
                Some(read_at) => self.read_at = read_at,
                None if self.may_end => return Poll::Ready(Ok(None)),
                None => return Poll::Ready(Err(cut_off())),
            }
        }
    }

    fn next_in_buffer(&mut self) -> Result<Option<Delta>, Failure> {
        let next = self.events.pull();
        let data = next.map_err(|error| Failure::caused(FailureKind::Malformed, &error))?;
        let read = |data| match self.dialect.read {
            Read::Json(read) => read(data, self.read_at),
            Read::Parts(read) => read(data, Bytes::new(), self.read_at),
        };
        data.map(read).transpose()
    }
}

fn cut_off() -> Failure {
    let message = "stream ended without a finish reason and without [DONE]";
    Failure::new(FailureKind::Truncated, message)
}
