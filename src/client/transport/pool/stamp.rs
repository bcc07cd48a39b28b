//! When bytes arrived: a connection that notes the time of each read that gave any, so that what is told of an answer is
//! as near to the socket as can be, however long its reader took.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Anything that bytes go over.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What is known of the reads of one connection.
#[derive(Debug)]
pub(super) struct Stamp {
    /// When the connection was made.
    pub(super) made: Instant,
    /// The time of the last read, in nanoseconds since then.
    latest: AtomicU64,
    reads: AtomicU64,
}

impl Stamp {
    /// When bytes were read last; when the connection was made, if none were.
    pub(super) fn latest(&self) -> Instant {
        self.made + Duration::from_nanos(self.latest.load(Ordering::Relaxed))
    }

    /// How many reads gave bytes so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    fn note(&self) {
        let since = u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.latest.store(since, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection with its stamp.
pub(super) struct Stamped {
    io: Box<dyn Io>,
    stamp: Arc<Stamp>,
}

impl Stamped {
    /// A connection that is made now.
    pub(super) fn new(io: Box<dyn Io>) -> (Self, Arc<Stamp>) {
        let stamp = Arc::new(Stamp {
            made: Instant::now(),
            latest: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        });
        let kept = Arc::clone(&stamp);
        (Self { io, stamp }, kept)
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut dyn Io> {
        Pin::new(&mut *self.get_mut().io)
    }
}

impl AsyncRead for Stamped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.as_mut().io().poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.stamp.note();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
