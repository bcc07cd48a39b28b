//! From response bodies to [`Delta`]s: a whole JSON answer, or a stream of events.

use super::{malformed, wire};
use crate::client::transport::rest::{broken_off, read, said};
use crate::client::transport::sse::Events;
use crate::client::transport::{ANSWER_LIMIT, Delta};
use crate::client::{Failure, FailureKind};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::header::CONTENT_TYPE;
use inferometer_proto::named;
use reqwest::Response;
use tokio::time::Instant;

/// What ends a stream, in most dialects.
const DONE: &[u8] = b"[DONE]";

/// The one delta of a whole answer.
pub(super) fn whole(mut response: Response) -> BoxStream<'static, Result<Delta, Failure>> {
    stream::once(async move {
        let body = read(&mut response, ANSWER_LIMIT).await?;
        let mut delta = delta(&body, Instant::now())?;
        if let Some(usage) = delta.usage {
            delta.tokens = u32::try_from(usage.completion_tokens).unwrap_or(u32::MAX);
        }
        delta.is_last = true;
        Ok(delta)
    })
    .boxed()
}

/// The deltas of a stream of events.
///
/// # Errors
/// [`FailureKind::Malformed`] when the answer is no stream of events.
pub(super) fn streamed(
    response: Response,
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
        is_finished: false,
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
    /// Has there been a finish reason, or the mark of the end?
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
        data.map(|data| delta(data, self.read_at)).transpose()
    }
}

/// What one piece of JSON, or the mark of the end, adds to an answer.
pub(super) fn delta(data: &[u8], at: Instant) -> Result<Delta, Failure> {
    if data == DONE {
        return Ok(Delta {
            is_last: true,
            ..Delta::empty(at)
        });
    }
    let piece: wire::Piece = named::from_slice(data).map_err(|error| malformed(&error))?;
    if let Some(error) = &piece.error {
        let message = format!("server reported inside its answer: {}", said(error));
        return Err(Failure::new(wire::error_kind(error), message));
    }
    let usage = piece.usage();
    let Some(mut choice) = piece.choices else {
        return Ok(Delta {
            usage,
            ..Delta::empty(at)
        });
    };
    let (text, any) = choice.generated();
    Ok(Delta {
        at,
        text,
        tokens: u32::from(any),
        usage,
        finish_reason: choice.finish_reason,
        is_last: false,
    })
}

fn cut_off() -> Failure {
    let message = "stream ended without a finish reason and without [DONE]";
    Failure::new(FailureKind::Truncated, message)
}
