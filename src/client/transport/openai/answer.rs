//! What a whole JSON answer, or one event of a stream, adds to an answer.

use super::{malformed, wire};
use crate::client::Failure;
use crate::client::transport::Delta;
use crate::client::transport::rest::{Dialect, Mark, Read, said};
use inferometer_proto::named;
use tokio::time::Instant;

/// What ends a stream, in most dialects.
const DONE: &[u8] = b"[DONE]";

/// How its answers are read.
pub(super) const DIALECT: Dialect = Dialect {
    read: Read::Json(delta),
    end: Mark::Said,
};

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
        text,
        tokens: u32::from(any),
        usage,
        finish_reason: choice.finish_reason,
        ..Delta::empty(at)
    })
}
