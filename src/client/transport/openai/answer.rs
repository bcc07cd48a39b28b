//! From response bodies to [`Delta`]s: a whole JSON answer, or a stream of events.

use super::{malformed, wire};
use crate::client::Failure;
use crate::client::transport::rest::{Dialect, Mark, read, said};
use crate::client::transport::{ANSWER_LIMIT, Delta};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use inferometer_proto::named;
use reqwest::Response;
use tokio::time::Instant;

/// What ends a stream, in most dialects.
const DONE: &[u8] = b"[DONE]";

/// How its streams are read.
pub(super) const DIALECT: Dialect = Dialect {
    read: delta,
    end: Mark::Said,
};

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
