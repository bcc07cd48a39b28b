//! The bytes of one connection, which stop at once when the connection is ordered to end. How it ends is decided where
//! the socket is dropped:
//!
//! ```text
//! ordered   Serve, GoAway: as the protocol ended it     Close: FIN     Reset: RST
//! ```

use crate::connection::{Connection, Order};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The socket of a connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    connection: Connection,
    /// How long the client may take no byte.
    patience: Duration,
    /// Rings when it has taken none for that long.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Bytes that are still read from a socket that is to close with FIN: the kernel resets one that is closed over bytes
/// that nobody has read.
const LEFT_OVER: usize = 64 * 1024;

impl Wire {
    /// The socket of `connection`, which is reset when the client takes no byte for as long as `patience`.
    pub(super) fn new(stream: TcpStream, connection: Connection, patience: Duration) -> Self {
        // A socket that the client has closed already refuses the option; serving it ends at once.
        stream.set_nodelay(true).ok();
        Self {
            stream,
            connection,
            patience,
            stalled: None,
        }
    }

    /// Refuses to go on when the connection has been ordered to end.
    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        match self.connection.ordered() {
            Order::Serve | Order::GoAway => Ok(Pin::new(&mut self.stream)),
            Order::Close | Order::Reset => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// What became of a write, which fails once the client has taken no byte for too long. What the kernel still holds
    /// for the client goes with the connection: a FIN would wait behind it.
    fn watch(
        &mut self,
        wrote: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        self.connection.reset();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn finish(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        // The client may have gone already, and then there is nothing left to say to it.
        let _ = Pin::new(&mut self.stream).poll_shutdown(&mut context);
        let (mut bytes, mut left) = ([0; 4096], LEFT_OVER);
        while left > 0
            && let Ok(read @ 1..) = self.stream.try_read(&mut bytes)
        {
            left = left.saturating_sub(read);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        match self.connection.ordered() {
            Order::Serve | Order::GoAway => {}
            Order::Close => self.finish(),
            // Refused only by a socket that is closed already.
            Order::Reset => self.stream.set_zero_linger().unwrap_or_default(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let wrote = wire.stream()?.poll_write(context, bytes);
        wire.watch(wrote, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let wrote = wire.stream()?.poll_write_vectored(context, bytes);
        wire.watch(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_shutdown(context)
    }
}
