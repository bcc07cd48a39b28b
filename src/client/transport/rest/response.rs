//! An answer whose head has arrived, whichever way it came.

use super::gzip::Gunzip;
use crate::client::transport::{Delta, Opened, borrowed, pool};
use crate::client::{Connection, Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
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
    Borrowed(reqwest::Body),
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
            body: Body::Borrowed(answer.response.into()),
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

    /// Appends the next piece of the body and gives the time at which it was read; `None` at its end. Nothing is lost when it
    /// is pending.
    pub(super) fn poll_piece(
        &mut self,
        into: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Instant>, Failure>> {
        match &mut self.encoding {
            Encoding::Plain => self.body.poll_piece(into, cx),
            Encoding::Gzip(_) => self.poll_decoded(into, cx),
            Encoding::Unasked(encoding) => {
                let message = format!(
                    "expected no content-encoding that was not asked for, found {encoding:?}"
                );
                Poll::Ready(Err(Failure::new(FailureKind::Malformed, message)))
            }
        }
    }

    fn poll_decoded(
        &mut self,
        into: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Instant>, Failure>> {
        let Encoding::Gzip(gunzip) = &mut self.encoding else {
            return self.body.poll_piece(into, cx);
        };
        loop {
            if let Some(bit) = gunzip.pull()? {
                into.extend_from_slice(&bit);
                return Poll::Ready(Ok(Some(self.read_at)));
            }
            let mut encoded = Vec::new();
            if let Some(read_at) = ready!(self.body.poll_piece(&mut encoded, cx))? {
                gunzip.push(encoded.into());
                self.read_at = read_at;
                continue;
            }
            let last = gunzip.end()?;
            self.encoding = Encoding::Plain;
            return Poll::Ready(Ok(last.map(|bit| {
                into.extend_from_slice(&bit);
                self.read_at
            })));
        }
    }
}

impl Body {
    fn poll_piece(
        &mut self,
        into: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Instant>, Failure>> {
        match self {
            Self::Ours(body) => body.poll_piece(into, cx),
            Self::Borrowed(body) => loop {
                let Some(frame) = ready!(Pin::new(&mut body.frame()).poll(cx)) else {
                    return Poll::Ready(Ok(None));
                };
                let frame =
                    frame.map_err(|error| Failure::caused(FailureKind::Truncated, &error))?;
                // Trailers say nothing that is asked for.
                if let Ok(data) = frame.into_data() {
                    into.extend_from_slice(&data);
                    return Poll::Ready(Ok(Some(Instant::now())));
                }
            },
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
    let mut body = Vec::new();
    while let Some(read_at) = poll_fn(|cx| response.poll_piece(&mut body, cx)).await? {
        at = read_at;
        if body.len() > limit {
            let message = format!("expected a body of at most {limit} bytes, found a longer one");
            return Err(Failure::new(FailureKind::Malformed, message));
        }
    }
    Ok((body.into(), at))
}
