//! Entrances and connections as tasks that are owned, counted and ended together.

use super::entrance::Entrance;
use super::tls::Identity;
use super::transport::Transport;
use super::wire::Wire;
use crate::behaviour::Welcome;
use crate::connection::{Connection, Order};
use crate::spec::Limits;
use crate::timer::Timer;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::{Body, Incoming};
use hyper::rt::Executor;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{copy, sink};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to end once the mock is being stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Streams that one HTTP/2 connection may have open at once: more than any load test has.
const STREAMS: u32 = 1 << 16;

/// A connection of HTTP/2 is asked for a sign of life once it has said nothing for this long.
const SILENCE: Duration = Duration::from_secs(30);

/// How long it may take to give that sign.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// All tasks of one mock. Dropping it ends them all at their next step.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// Who the mock is, when it speaks TLS.
    identity: Option<Identity>,
    limits: Limits,
    timer: Timer,
    tasks: Tasks,
    closing: CancellationToken,
    /// How many connections were accepted, on all listeners.
    accepted: Arc<AtomicU64>,
}

impl Connections {
    /// No connections yet; they will speak TLS if there is an `identity`, be held to `limits`, and wait by `timer` where
    /// they are not served at once.
    pub(super) fn new(identity: Option<Identity>, limits: Limits, timer: Timer) -> Self {
        let mut connections = Self::default();
        connections.identity = identity;
        connections.limits = limits;
        connections.timer = timer;
        connections
    }

    /// The certificate that clients have to trust, in PEM, when the mock has made it for itself.
    pub(super) fn self_signed(&self) -> Option<&str> {
        self.identity.as_ref()?.self_signed.as_deref()
    }

    /// `https` or `http`.
    pub(super) fn scheme(&self) -> &'static str {
        match self.identity {
            Some(_) => "https",
            None => "http",
        }
    }

    /// Accepts connections at `entrance` until the mock stops, and serves each with a clone of `service`.
    pub(super) fn accept<S, B>(&self, mut entrance: Entrance, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (tasks, closing, limits) = (self.tasks.clone(), self.closing.clone(), self.limits);
        let accepted_before = Arc::clone(&self.accepted);
        let timer = self.timer.clone();
        let acceptor = self
            .identity
            .as_ref()
            .map(|identity| identity.acceptor.clone());
        let places = Arc::new(Semaphore::new(limits.connections));
        self.tasks.execute(async move {
            while let Some(admitted) = closing.run_until_cancelled(entrance.admit(&places)).await {
                let number = accepted_before.fetch_add(1, Relaxed);
                let connection = Connection::new(number, admitted.peer);
                let welcome = (admitted.welcome, timer.clone());
                let (stream, acceptor) = (admitted.stream, acceptor.clone());
                let opening = open(stream, connection.clone(), welcome, acceptor, limits);
                let (service, tasks_of_it) = (service.clone(), tasks.clone());
                let closing = closing.clone();
                tasks.execute(async move {
                    let opened = closing.run_until_cancelled(opening).await;
                    if let Some(Some(transport)) = opened {
                        let builder = builder(tasks_of_it, limits);
                        serve(transport, connection, service, builder, closing).await;
                    }
                    drop(admitted.place);
                });
            }
        });
    }

    /// Ends everything: first the listeners and idle connections, then, after a grace, the rest.
    pub(super) async fn stop(&self) {
        self.closing.cancel();
        self.tasks.tracker.close();
        if timeout(GRACE, self.tasks.tracker.wait()).await.is_err() {
            self.tasks.end.cancel();
            self.tasks.tracker.wait().await;
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.closing.cancel();
        self.tasks.end.cancel();
    }
}

/// Serves nothing before the connection is welcome, and then what comes out of TLS where that is spoken. `None` when
/// there is nothing to serve.
async fn open(
    stream: TcpStream,
    connection: Connection,
    (welcome, timer): (Welcome, Timer),
    acceptor: Option<TlsAcceptor>,
    limits: Limits,
) -> Option<Transport> {
    match welcome {
        Welcome::AtOnce => {}
        Welcome::After(by) => timer.alarm().until(Instant::now() + by).await,
        Welcome::Never => {
            swallow(stream).await;
            return None;
        }
    }
    let wire = Wire::new(stream, connection, limits.write_stall.duration());
    Transport::open(wire, acceptor, limits.header_read.duration()).await
}

/// Reads whatever comes, until the client leaves.
async fn swallow(mut stream: TcpStream) {
    // A client that resets the connection has left too.
    copy(&mut stream, &mut sink()).await.ok();
}

/// How HTTP is spoken.
fn builder(tasks: Tasks, limits: Limits) -> Builder<Tasks> {
    let mut builder = Builder::new(tasks);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read.duration())
        // One small copy is cheaper for the kernel than a list of buffers.
        .writev(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(SIGN_OF_LIFE)
        .max_concurrent_streams(STREAMS);
    builder
}

/// Serves one connection, HTTP/1.1 or HTTP/2 as the client wishes, until either side closes it.
async fn serve<S, B>(
    transport: Transport,
    connection: Connection,
    service: S,
    builder: Builder<Tasks>,
    closing: CancellationToken,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let service = with_handle(service, connection.clone());
    let mut serving = pin!(builder.serve_connection(TokioIo::new(transport), service));
    let mut stopping = pin!(closing.cancelled());
    let mut is_leaving = false;
    poll_fn(|context| {
        let leave = match connection.poll_ordered(context) {
            Order::Serve => !is_leaving && stopping.as_mut().poll(context).is_ready(),
            Order::GoAway => !is_leaving,
            Order::Close | Order::Reset => return Poll::Ready(()),
        };
        if leave {
            is_leaving = true;
            serving.as_mut().graceful_shutdown();
        }
        // How a connection ends is the client's business: a mock has nobody to tell.
        serving.as_mut().poll(context).map(drop)
    })
    .await;
}

/// The service with the handle of its connection in each request. An answer after an order to go away says so in
/// HTTP/1.1; in HTTP/2 the connection does.
fn with_handle<S, B>(
    service: S,
    connection: Connection,
) -> impl Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send + 'static>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body + 'static,
{
    service_fn(move |mut request: Request<Incoming>| {
        let connection = connection.clone();
        request.extensions_mut().insert(connection.clone());
        let says_so = request.version() < Version::HTTP_2;
        let answer = service.call(request);
        async move {
            let mut response = answer.await?;
            if says_so && connection.ordered() > Order::Serve {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        }
    })
}

/// Where tasks are started: all of them end when `end` is cancelled. It is also where HTTP/2 runs its streams.
#[derive(Debug, Clone, Default)]
struct Tasks {
    tracker: TaskTracker,
    end: CancellationToken,
}

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let end = self.end.clone();
        // On the heap first: every layer of async around a future would hold it twice.
        let task = Box::pin(task);
        self.tracker.spawn(async move {
            end.run_until_cancelled(task).await;
        });
    }
}

#[cfg(test)]
mod tests;
