//! An answer whose head has arrived, whichever way it came.

use super::gzip::Gunzip;
use crate::client::transport::{Delta, Opened, borrowed, pool};
use crate::client::{Connection, Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use std::time::Duration;
use tokio::time::Instant;

/// An answer whose head has arrived. Dropping it before its end closes its connection.
#[derive(Debug)]
pub(in crate::client::transport) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// When its head had arrived.
    pub(super) first_byte: Instant,
    pub(super) connection: Connection,
    /// How long the request waited for its turn; `None` where there is no limit to wait for.
    pub(super) queued: Option<Duration>,
    body: Body,
    encoding: Encoding,
    /// When the piece read last was read.
    read_at: Instant,
}

/// How a body is written.
#[derive(Debug)]
enum Encoding {
    Plain,
    Gzip(Box<Gunzip>),
    /// In a way that was not asked for.
    Unasked(HeaderValue),
}

#[derive(Debug)]
enum Body {
    Ours(pool::Body),
    Borrowed(reqwest::Response),
}

impl Response {
    pub(super) fn ours(answer: pool::Answer) -> Self {
        Self {
            status: answer.head.status,
            headers: answer.head.headers,
            first_byte: answer.first_byte,
            connection: answer.connection,
            queued: answer.queued,
            body: Body::Ours(answer.body),
            encoding: Encoding::Plain,
            read_at: answer.first_byte,
        }
    }

    pub(super) fn borrowed(mut answer: borrowed::Answer) -> Self {
        Self {
            status: answer.response.status(),
            headers: std::mem::take(answer.response.headers_mut()),
            first_byte: answer.first_byte,
            connection: answer.connection,
            queued: None,
            body: Body::Borrowed(answer.response),
            encoding: Encoding::Plain,
            read_at: answer.first_byte,
        }
    }

    /// The same answer, with what `read` makes of the rest.
    pub(super) fn opened(
        self,
        read: impl FnOnce(Self) -> Result<BoxStream<'static, Result<Delta, Failure>>, Failure>,
    ) -> Result<Opened, Failure> {
        Ok(Opened {
            first_byte: self.first_byte,
            connection: self.connection,
            queued: self.queued,
            deltas: read(self)?,
        })
    }

    /// The same answer, to be decoded as its head says; `gzip` says whether that was asked for.
    pub(super) fn decoded(mut self, gzip: bool) -> Self {
        if let Some(encoding) = self.headers.get(CONTENT_ENCODING) {
            self.encoding = match encoding.as_bytes() {
                b"identity" => Encoding::Plain,
                b"gzip" | b"x-gzip" if gzip => Encoding::Gzip(Box::new(Gunzip::new())),
                _ => Encoding::Unasked(encoding.clone()),
            };
        }
        self
    }

    /// The next piece of the body, with the time at which it was read; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<(Bytes, Instant)>, Failure> {
        loop {
            match &mut self.encoding {
                Encoding::Plain => return self.body.piece().await,
                Encoding::Gzip(gunzip) => {
                    if let Some(bit) = gunzip.pull()? {
                        return Ok(Some((bit, self.read_at)));
                    }
                    let Some((encoded, read_at)) = self.body.piece().await? else {
                        let last = gunzip.end()?;
                        self.encoding = Encoding::Plain;
                        return Ok(last.map(|bit| (bit, self.read_at)));
                    };
                    gunzip.push(encoded);
                    self.read_at = read_at;
                }
                Encoding::Unasked(encoding) => {
                    let message = format!(
                        "expected no content-encoding that was not asked for, found {encoding:?}"
                    );
                    return Err(Failure::new(FailureKind::Malformed, message));
                }
            }
        }
    }
}

impl Body {
    async fn piece(&mut self) -> Result<Option<(Bytes, Instant)>, Failure> {
        match self {
            Self::Ours(body) => body.piece().await,
            Self::Borrowed(response) => {
                let piece = response.chunk().await;
                let piece =
                    piece.map_err(|error| Failure::caused(FailureKind::Truncated, &error))?;
                Ok(piece.map(|piece| (piece, Instant::now())))
            }
        }
    }
}

/// Reads a body of at most `limit` bytes to its end.
pub(in crate::client::transport) async fn read(
    response: &mut Response,
    limit: usize,
) -> Result<Bytes, Failure> {
    let body = read_at(response, limit).await?;
    Ok(body.0)
}

/// Likewise, with the time at which its last byte was read.
pub(super) async fn read_at(
    response: &mut Response,
    limit: usize,
) -> Result<(Bytes, Instant), Failure> {
    let mut at = response.first_byte;
    let mut first = Bytes::new();
    // Everything, when there is more than one piece: most answers need no copy.
    let mut joined = Vec::new();
    while let Some((piece, read_at)) = response.piece().await? {
        at = read_at;
        if first.len().max(joined.len()) + piece.len() > limit {
            let message = format!("expected a body of at most {limit} bytes, found a longer one");
            return Err(Failure::new(FailureKind::Malformed, message));
        }
        if first.is_empty() {
            first = piece;
        } else {
            if joined.is_empty() {
                joined.extend_from_slice(&first);
            }
            joined.extend_from_slice(&piece);
        }
    }
    let body = if joined.is_empty() {
        first
    } else {
        joined.into()
    };
    Ok((body, at))
}
