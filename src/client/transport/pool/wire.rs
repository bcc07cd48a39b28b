//! One connection over HTTP/1.1, which works only while somebody polls it: the request that uses it does, and nobody while
//! it is idle. So no task is left behind, and dropping it closes it.
//!
//! While it waits it holds no buffer: what arrives is read into one that all connections of a thread share, and goes from
//! there to whoever wants it. The time of each read is noted here, next to the socket, however long its reader takes.

mod framing;
mod head;

pub(super) use head::Always;

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use framing::Framing;
use head::Head;
use http::response::Parts;
use http::{Method, Request};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Cursor, ErrorKind, IoSlice};
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Anything that bytes go over.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// As much is read at once.
const READ: usize = 64 * 1024;

thread_local! {
    /// What all connections of this thread read into, each for no longer than it takes to hand on what came.
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// A connection, and how far the exchange over it is.
pub(super) struct Wire {
    io: Box<dyn Io>,
    made: Instant,
    read_at: Instant,
    /// What of the request is still to be written: its head, and behind it its body.
    outgoing: Option<Chain<Cursor<Vec<u8>>, Bytes>>,
    /// What was read and is not used yet: a part of a head, or what came right behind one.
    unread: Vec<u8>,
    /// What is still to come of the answer.
    framing: Framing,
    /// Has any of the answer come?
    is_begun: bool,
    /// May another request follow?
    is_kept: bool,
    /// Has it ended?
    is_over: bool,
}

/// What is wrong with what came, in the words of what was expected.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub(super) struct Malformed(&'static str);

/// Why an answer is not complete.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    /// It was closed.
    #[error("the connection was closed before the answer was complete")]
    Closed,
    /// What came is not HTTP/1.1.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) error: Error,
    /// Did any byte come back?
    pub(super) is_begun: bool,
}

impl Wire {
    /// Speaks HTTP/1.1 over this connection, which was made just now.
    pub(super) fn over(io: Box<dyn Io>) -> Box<Self> {
        let made = Instant::now();
        Box::new(Self {
            io,
            made,
            read_at: made,
            outgoing: None,
            unread: Vec::new(),
            framing: Framing::NOTHING,
            is_begun: false,
            is_kept: true,
            is_over: false,
        })
    }

    /// When it was made.
    pub(super) fn made(&self) -> Instant {
        self.made
    }

    /// When bytes were read from it last; when it was made, if none were.
    pub(super) fn read_at(&self) -> Instant {
        self.read_at
    }

    /// Can it take a request? Not if the server wants to close it, has sent more than the answer before, or has not read
    /// the whole request.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_between = self.outgoing.is_none() && self.framing.is_complete();
        is_between && self.unread.is_empty() && self.is_kept && !self.is_over
    }

    /// Likewise, with a look at what became of it while it was idle: whatever comes then is its end, or the server's last
    /// word.
    pub(super) fn is_alive(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_at_rest() && self.poll_read(cx, |_, _| {}).is_pending()
    }

    /// Sends a request and returns with the head of its answer. After a failure, or when the future was dropped, the
    /// connection is of no use any more.
    pub(super) async fn send(
        &mut self,
        request: Request<Bytes>,
        always: &Always,
    ) -> Result<Parts, Unanswered> {
        let has_body = request.method() != Method::HEAD;
        let head = head::write(&request, always);
        self.outgoing = Some(Cursor::new(head).chain(request.into_body()));
        self.is_begun = false;
        let answered = poll_fn(|cx| self.poll_head(cx)).await;
        let framed = answered.and_then(|head| Ok((Framing::of(&head, has_body)?, head)));
        let (framing, head) = framed.map_err(|error| Unanswered {
            error,
            is_begun: self.is_begun,
        })?;
        self.framing = framing;
        self.is_kept = head.is_kept && self.framing != Framing::UntilClose;
        Ok(head.parts)
    }

    /// The head of the answer, with which the writing of the request need not be over.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Head, Error>> {
        let written = self.poll_write(cx);
        loop {
            let read = self.poll_read(cx, |wire, bytes| wire.unread.extend_from_slice(bytes));
            let failed = match read {
                Poll::Ready(Ok(Some(()))) => match self.next_head()? {
                    Some(head) => return Poll::Ready(Ok(head)),
                    None => continue,
                },
                Poll::Ready(Ok(None)) => Error::Closed,
                Poll::Ready(Err(error)) => error.into(),
                // A server may answer and close without reading all; when nothing more comes, that it closed is all there is.
                Poll::Pending => match written {
                    Poll::Ready(Err(error)) => error.into(),
                    Poll::Ready(Ok(())) | Poll::Pending => return Poll::Pending,
                },
            };
            return Poll::Ready(Err(failed));
        }
    }

    /// The head of the answer among what was read, when all of it is there. Those that only say that one will come are
    /// passed over.
    fn next_head(&mut self) -> Result<Option<Head>, Malformed> {
        while let Some((head, length)) = head::read(&self.unread)? {
            self.unread.drain(..length);
            if !head.is_preliminary() {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Appends the next piece of the body; ready with false at its end. Nothing is lost when it is pending.
    pub(super) fn poll_piece(
        &mut self,
        into: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, Error>> {
        let before = into.len();
        if !self.unread.is_empty() {
            let unread = take(&mut self.unread);
            self.hand_on(&unread, into)?;
        }
        loop {
            if into.len() > before {
                return Poll::Ready(Ok(true));
            }
            if self.framing.is_complete() {
                return Poll::Ready(Ok(false));
            }
            // When that fails, reading fails too, or the rest of the answer came all the same.
            let _written = self.poll_write(cx);
            match ready!(self.poll_read(cx, |wire, bytes| wire.hand_on(bytes, into)))? {
                Some(handed_on) => handed_on?,
                None if self.framing == Framing::UntilClose => self.framing = Framing::NOTHING,
                None => return Poll::Ready(Err(Error::Closed)),
            }
        }
    }

    /// Appends what is of the body. What follows it is no answer to anything, and the connection not to be trusted.
    fn hand_on(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> Result<(), Malformed> {
        let used = self.framing.decode(bytes, into)?;
        self.is_kept &= used == bytes.len();
        Ok(())
    }

    /// Reads once and hands on what came; ready with nothing at the end of the connection.
    fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        hand_on: impl FnOnce(&mut Self, &[u8]) -> T,
    ) -> Poll<io::Result<Option<T>>> {
        SHARED.with_borrow_mut(|shared| {
            let mut buffer = ReadBuf::new(shared);
            let read = ready!(Pin::new(&mut *self.io).poll_read(cx, &mut buffer));
            let bytes = buffer.filled();
            if read.is_err() || bytes.is_empty() {
                self.is_over = true;
                return Poll::Ready(read.map(|()| None));
            }
            self.read_at = Instant::now();
            self.is_begun = true;
            Poll::Ready(Ok(Some(hand_on(self, bytes))))
        })
    }

    /// Writes what can be written of the request now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(outgoing) = &mut self.outgoing else {
            return Poll::Ready(Ok(()));
        };
        let mut io = Pin::new(&mut *self.io);
        while outgoing.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 2];
            outgoing.chunks_vectored(&mut slices);
            let written = ready!(io.as_mut().poll_write_vectored(cx, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            outgoing.advance(written);
        }
        ready!(io.poll_flush(cx))?;
        self.outgoing = None;
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("framing", &self.framing)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
