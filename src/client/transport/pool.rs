//! The connections of one endpoint over HTTP/1.1, ours from the socket up: `Idle, Idle -> Lease -> Idle`.
//!
//! A request takes the connection that was used last, or makes one; the end of its answer gives it back. Nothing is done
//! in the background: whoever uses a connection polls it, an idle one only waits. What became of it is found out when it is
//! to be used again, so that one that has closed costs no request.

mod place;
mod wire;

use super::Over;
use super::access::Access;
use crate::client::pool::{Counters, Waiting};
use crate::client::{
    ClientConfig, Connection, Error, Failure, FailureKind, PoolConfig, PoolStatistics,
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Uri, response};
use place::Place;
use reqwest::Url;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use wire::{Always, Unanswered, Wire};

/// The connections of one endpoint.
#[derive(Debug)]
pub(super) struct Pool {
    place: Place,
    connect_deadline: Duration,
    /// What is kept; nothing at all when each request has a connection of its own.
    kept: Option<PoolConfig>,
    /// One for each connection that may be in use. They are given out in the order in which they were asked for.
    permits: Option<Arc<Semaphore>>,
    /// Those that nobody uses, the one that was used last at the end.
    idle: Mutex<VecDeque<Idle>>,
    counters: Counters,
    always: Always,
    /// What an idle connection is asked for to show that it is alive.
    sign_of_life: Uri,
}

/// A connection that nobody uses.
#[derive(Debug)]
struct Idle {
    wire: Box<Wire>,
    since: Instant,
}

/// An answer whose head has arrived, with what it came over.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: response::Parts,
    pub(super) body: Body,
    /// When the bytes were read that completed its head.
    pub(super) first_byte: Instant,
    pub(super) connection: Connection,
    /// How long it waited for its turn; `None` where there is no limit to wait for.
    pub(super) queued: Option<Duration>,
}

/// The body of an answer under way. Dropping it before its end closes the connection.
#[derive(Debug)]
pub(super) struct Body {
    /// Until it is given back.
    wire: Option<Box<Wire>>,
    permit: Option<OwnedSemaphorePermit>,
    /// Not where a kept connection has just turned out to be closed: the server may close each before it is used again.
    is_kept: bool,
    pool: Arc<Pool>,
}

impl Pool {
    /// A pool of connections to `base`. Nothing is connected. `sign_of_life` is what is asked for to find out whether a
    /// connection is alive: whatever is answered, that is.
    ///
    /// # Errors
    /// [`Error::Setup`] for a host that cannot be used.
    pub(super) fn new(
        base: &Url,
        config: &ClientConfig,
        access: &Access,
        sign_of_life: Uri,
    ) -> Result<Arc<Self>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host(base)?);
        if let Some(value) = access.authorization() {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let connect_deadline = config.connect_deadline.duration();
        let place = Place::of(base, access)?;
        let kept = config.pool.kept().cloned();
        Ok(Arc::new(Self {
            always: Always::of(&headers),
            sign_of_life,
            ..Self::at(place, kept, connect_deadline)
        }))
    }

    fn at(place: Place, kept: Option<PoolConfig>, connect_deadline: Duration) -> Self {
        let most = kept.as_ref().and_then(|kept| kept.max_connections);
        let most = most.and_then(|most| usize::try_from(most).ok());
        Self {
            place,
            connect_deadline,
            kept,
            permits: most.map(|most| Arc::new(Semaphore::new(most))),
            idle: Mutex::default(),
            counters: Counters::default(),
            always: Always::default(),
            sign_of_life: Uri::default(),
        }
    }

    /// Sends a request and returns with the head of its answer. Dropping the future, or the answer before its end, closes
    /// the connection.
    pub(super) async fn send(
        self: &Arc<Self>,
        request: Request<Bytes>,
        over: Over,
    ) -> Result<Answer, Failure> {
        let (permit, queued) = self.turn().await;
        let idle = match over {
            Over::Any => self.idle_one().await,
            Over::Fresh => None,
        };
        let (mut wire, connection) = match idle {
            Some(wire) => (wire, Connection::Reused),
            None => (self.connect().await?, Connection::Fresh),
        };
        if connection == Connection::Reused {
            self.counters.note(|figures| figures.reused += 1);
        }
        let answered = wire.send(request, &self.always).await;
        let head = answered.map_err(|unanswered| failure(&unanswered, connection))?;
        Ok(Answer {
            head,
            first_byte: wire.read_at(),
            body: Body {
                wire: Some(wire),
                permit,
                is_kept: self.kept.is_some() && over == Over::Any,
                pool: Arc::clone(self),
            },
            connection,
            queued,
        })
    }

    /// Makes as many idle connections as are wanted before the first request. What cannot be connected to is left to
    /// those who will need it.
    pub(super) async fn warm_up(self: &Arc<Self>) {
        let wanted = self.kept.as_ref().map_or(0, |kept| kept.warm_up);
        let there = u32::try_from(self.idle().len()).unwrap_or(u32::MAX);
        let made = (there..wanted).map(|_| async {
            let (permit, _) = self.turn().await;
            if let Ok(wire) = self.connect().await {
                self.keep(wire);
            }
            drop(permit);
        });
        join_all(made).await;
    }

    /// What became of its connections so far.
    pub(super) fn statistics(&self) -> PoolStatistics {
        self.counters.read()
    }

    /// Waits until there may be one more connection in use, and says how long that took where it may take anything.
    async fn turn(&self) -> (Option<OwnedSemaphorePermit>, Option<Duration>) {
        let Some(permits) = &self.permits else {
            return (None, None);
        };
        if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            return (Some(permit), Some(Duration::ZERO));
        }
        let waiting = Waiting::begin(&self.counters);
        let permit = Arc::clone(permits).acquire_owned().await;
        (permit.ok(), Some(waiting.so_far()))
    }

    /// The connection that was used last of those that can be used again.
    async fn idle_one(&self) -> Option<Box<Wire>> {
        let period = self.kept.as_ref()?.health_check;
        loop {
            let Idle { mut wire, since } = poll_fn(|cx| Poll::Ready(self.take(cx))).await?;
            let is_due = period.is_some_and(|period| since.elapsed() > period.duration());
            if !is_due || self.shows_life(&mut wire).await {
                return Some(wire);
            }
            self.counters.note(|figures| figures.lifeless += 1);
        }
    }

    /// Takes out the connection that was used last, and all that cannot be used again.
    fn take(&self, cx: &mut Context<'_>) -> Option<Idle> {
        let kept = self.kept.as_ref()?;
        let now = Instant::now();
        let mut idle = self.idle();
        let is_over = |idle: &Idle| now.duration_since(idle.since) > kept.idle_for.duration();
        while idle.front().is_some_and(is_over) {
            idle.pop_front();
            self.counters.note(|figures| figures.idle_too_long += 1);
        }
        let is_old = |wire: &Wire| {
            let age = now.duration_since(wire.made());
            kept.max_age.is_some_and(|most| age > most.duration())
        };
        while let Some(mut latest) = idle.pop_back() {
            if is_old(&latest.wire) {
                self.counters.note(|figures| figures.too_old += 1);
            } else if latest.wire.is_alive(cx) {
                return Some(latest);
            } else {
                self.counters.note(|figures| figures.found_closed += 1);
            }
        }
        None
    }

    /// Does anything come back over this connection in the time that a new one would be given?
    async fn shows_life(&self, wire: &mut Wire) -> bool {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::HEAD;
        *request.uri_mut() = self.sign_of_life.clone();
        let sign = wire.send(request, &self.always);
        let sign = timeout(self.connect_deadline, sign).await;
        // Such an answer has no body.
        sign.is_ok_and(|sign| sign.is_ok()) && wire.is_at_rest()
    }

    /// Makes a connection within the connect deadline.
    async fn connect(&self) -> Result<Box<Wire>, Failure> {
        self.make_room();
        let allowed = self.connect_deadline;
        let connected = match timeout(allowed, self.place.connect(allowed)).await {
            Ok(Ok(io)) => Ok(Wire::over(io)),
            Ok(Err(error)) => Err(Failure::caused(FailureKind::Connect, &error)),
            Err(_) => Err(Failure::new(
                FailureKind::Connect,
                format!("no connection within the connect deadline of {allowed:?}"),
            )),
        };
        self.counters.note(|figures| match &connected {
            Ok(_) => figures.created += 1,
            Err(_) => figures.failed += 1,
        });
        connected
    }

    /// Closes idle connections that would be too many beside a new one, which has its permit already.
    fn make_room(&self) {
        let Some(permits) = &self.permits else { return };
        let mut idle = self.idle();
        while idle.len() > permits.available_permits() {
            idle.pop_front();
        }
    }

    fn keep(&self, wire: Box<Wire>) {
        let since = Instant::now();
        self.idle().push_back(Idle { wire, since });
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    /// Appends the next piece and gives the time at which it was read; `None` at the end, with which the connection is free
    /// for others. Nothing is lost when it is pending.
    pub(super) fn poll_piece(
        &mut self,
        into: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Instant>, Failure>> {
        let Some(wire) = &mut self.wire else {
            return Poll::Ready(Ok(None));
        };
        Poll::Ready(match ready!(wire.poll_piece(into, cx)) {
            Ok(true) => Ok(Some(wire.read_at())),
            Ok(false) => {
                self.give_back();
                Ok(None)
            }
            Err(error) => Err(Failure::caused(FailureKind::Truncated, &error)),
        })
    }

    /// Keeps the connection, if it can be used again, and lets the next one have its turn after that.
    fn give_back(&mut self) {
        let wire = self.wire.take();
        if let Some(wire) = wire.filter(|wire| self.is_kept && wire.is_at_rest()) {
            self.pool.keep(wire);
        }
        self.permit = None;
    }
}

/// The value of the header `host`.
fn host(base: &Url) -> Result<HeaderValue, Error> {
    let name = base.host_str().unwrap_or_default();
    let host = match base.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    };
    HeaderValue::try_from(host).map_err(|error| Error::Setup(Box::new(error)))
}

/// Classifies what went wrong before the head of an answer.
fn failure(unanswered: &Unanswered, connection: Connection) -> Failure {
    let Unanswered { error, is_begun } = unanswered;
    let kind = match (error, connection) {
        (wire::Error::Malformed(_), _) => FailureKind::Malformed,
        (wire::Error::Broken(_) | wire::Error::Closed, Connection::Reused) if !is_begun => {
            FailureKind::Stale
        }
        (wire::Error::Broken(_) | wire::Error::Closed, _) => FailureKind::Closed,
    };
    Failure::caused(kind, error)
}

#[cfg(test)]
mod tests;
