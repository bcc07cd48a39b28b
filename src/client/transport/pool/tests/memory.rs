//! Connections in memory that count themselves: how many of this side's ends there are, exactly.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A place to connect to.
#[derive(Debug)]
pub(in crate::client::transport::pool) struct Memory {
    others: UnboundedSender<DuplexStream>,
    pub(super) gauge: Arc<Gauge>,
}

#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) open: AtomicUsize,
    pub(super) most: AtomicUsize,
}

impl Memory {
    /// A place, and the other ends of the connections to it.
    pub(super) fn new() -> (Self, UnboundedReceiver<DuplexStream>) {
        let (others, connected) = unbounded_channel();
        let gauge = Arc::default();
        (Self { others, gauge }, connected)
    }

    pub(in crate::client::transport::pool) fn connect(&self) -> io::Result<Gauged> {
        let (ours, other) = duplex(64 * 1024);
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.others.send(other).map_err(refused)?;
        let open = self.gauge.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.gauge.most.fetch_max(open, Ordering::Relaxed);
        let gauge = Arc::clone(&self.gauge);
        Ok(Gauged { io: ours, gauge })
    }
}

/// This side's end of a connection.
pub(in crate::client::transport::pool) struct Gauged {
    io: DuplexStream,
    gauge: Arc<Gauge>,
}

impl Drop for Gauged {
    fn drop(&mut self) {
        self.gauge.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for Gauged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Gauged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
