//! A streamed answer: events as they arrive, each read by its protocol.

use super::broken_off;
use crate::client::transport::sse::Events;
use crate::client::transport::{ANSWER_LIMIT, Delta};
use crate::client::{Failure, FailureKind};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::header::CONTENT_TYPE;
use reqwest::Response;
use tokio::time::Instant;

/// How a protocol reads a stream of events.
#[derive(Debug, Clone, Copy)]
pub(in crate::client::transport) struct Dialect {
    /// What the data of one event adds to an answer.
    pub(in crate::client::transport) read: fn(&[u8], Instant) -> Result<Delta, Failure>,
    /// How an answer says that it is complete.
    pub(in crate::client::transport) end: Mark,
}

/// How a streamed answer says that it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client::transport) enum Mark {
    /// By a finish reason or a last event; a body that ends without either was cut off.
    Said,
    /// By nothing but the end of its body.
    EndOfBody,
}

/// The deltas of a stream of events.
///
/// # Errors
/// [`FailureKind::Malformed`] when the answer is no stream of events.
pub(in crate::client::transport) fn streamed(
    response: Response,
    dialect: Dialect,
) -> Result<BoxStream<'static, Result<Delta, Failure>>, Failure> {
    let found = response.headers().get(CONTENT_TYPE);
    if let Some(other) = found.filter(|found| !found.as_bytes().starts_with(b"text/event-stream")) {
        let message =
            format!("expected a stream of content type text/event-stream, found {other:?}");
        return Err(Failure::new(FailureKind::Malformed, message));
    }
    let streamed = Box::new(Streamed {
        response,
        events: Events::new(ANSWER_LIMIT),
        read_at: Instant::now(),
        dialect,
        is_finished: dialect.end == Mark::EndOfBody,
    });
    let deltas = stream::try_unfold(streamed, |mut streamed| async {
        let delta = streamed.next().await?;
        Ok(delta.map(|delta| (delta, streamed)))
    });
    Ok(deltas.boxed())
}

/// A stream of events under way.
struct Streamed {
    response: Response,
    events: Events,
    /// When the bytes pushed last were read.
    read_at: Instant,
    dialect: Dialect,
    /// May the body end now?
    is_finished: bool,
}

impl Streamed {
    /// The next delta; `None` at the end of the body. The body is read to its end even after the mark that ends the
    /// answer, or its connection could not be used again.
    async fn next(&mut self) -> Result<Option<Delta>, Failure> {
        loop {
            if let Some(delta) = self.next_in_buffer()? {
                self.is_finished |= delta.is_last || delta.finish_reason.is_some();
                return Ok(Some(delta));
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) => {
                    self.read_at = Instant::now();
                    self.events.push(&bytes);
                }
                Ok(None) if self.is_finished => return Ok(None),
                Ok(None) => return Err(cut_off()),
                Err(error) => return Err(broken_off(&error)),
            }
        }
    }

    fn next_in_buffer(&mut self) -> Result<Option<Delta>, Failure> {
        let next = self.events.pull();
        let data = next.map_err(|error| Failure::caused(FailureKind::Malformed, &error))?;
        let read = |data| (self.dialect.read)(data, self.read_at);
        data.map(read).transpose()
    }
}

fn cut_off() -> Failure {
    let message = "stream ended without a finish reason and without [DONE]";
    Failure::new(FailureKind::Truncated, message)
}
