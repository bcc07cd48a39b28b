//! A connection's bytes as HTTP sees them: plain, or out of TLS.

use super::wire::Wire;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What HTTP/2 begins with (RFC 9113, 3.4). HTTP/1.1 differs from it early, and measures its own time from there.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes of one connection.
#[derive(Debug)]
pub(super) struct Transport {
    carrier: Carrier,
    /// As long as it is not known which version of HTTP the client speaks.
    opening: Option<Opening>,
}

/// One of two ways to carry bytes.
#[derive(Debug)]
enum Carrier {
    /// As they are.
    Plain(Wire),
    /// Encrypted.
    Tls(Box<TlsStream<Wire>>),
}

/// How far the client has come with the preface of HTTP/2.
#[derive(Debug)]
struct Opening {
    awaited: &'static [u8],
    deadline: Pin<Box<Sleep>>,
}

impl Opening {
    /// What is left to wait for after so many bytes more: nothing once the version is known.
    fn after(&self, read: &[u8]) -> &'static [u8] {
        self.awaited.strip_prefix(read).unwrap_or_default()
    }
}

impl Transport {
    /// Ready for HTTP, once the TLS handshake is over where there is one. `None` when the client is not let in, breaks
    /// off, or takes longer than 10 s. A client that does not say within `patience` which HTTP it speaks cannot be read
    /// from any more.
    pub(super) async fn open(
        wire: Wire,
        acceptor: Option<TlsAcceptor>,
        patience: Duration,
    ) -> Option<Self> {
        let carrier = match acceptor {
            None => Carrier::Plain(wire),
            Some(acceptor) => {
                let handshake = timeout(HANDSHAKE, acceptor.accept(wire));
                let stream = handshake.await.ok()?.ok()?;
                Carrier::Tls(Box::new(stream))
            }
        };
        let opening = Opening {
            awaited: PREFACE,
            deadline: Box::pin(sleep(patience)),
        };
        Some(Self {
            carrier,
            opening: Some(opening),
        })
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let transport = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut transport.carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Carrier::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        let Some(opening) = &mut transport.opening else {
            return read;
        };
        if read.is_pending() {
            ready!(opening.deadline.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        match opening.after(buffer.filled().get(before..).unwrap_or_default()) {
            [] => transport.opening = None,
            left => opening.awaited = left,
        }
        read
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Carrier::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
            Carrier::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.carrier {
            Carrier::Plain(stream) => stream.is_write_vectored(),
            Carrier::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_flush(context),
            Carrier::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Carrier::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
