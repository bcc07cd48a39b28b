//! Listeners and connections as tasks that are owned, counted and ended together.

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::rt::Executor;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to end once the mock is being stopped.
const GRACE: Duration = Duration::from_secs(1);

/// How long accepting pauses when the machine has no more file descriptors.
const BREATHER: Duration = Duration::from_millis(10);

/// Streams that one HTTP/2 connection may have open at once: more than any load test has.
const STREAMS: u32 = 1 << 16;

/// All tasks of one mock. Dropping it ends them all at their next step.
#[derive(Debug, Default)]
pub(super) struct Connections {
    tasks: Tasks,
    closing: CancellationToken,
}

impl Connections {
    /// Accepts connections on `listener` until the mock stops, and serves each with a clone of `service`.
    pub(super) fn accept<S, B>(&self, listener: TcpListener, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (tasks, closing) = (self.tasks.clone(), self.closing.clone());
        self.tasks.execute(async move {
            while let Some(accepted) = closing.run_until_cancelled(listener.accept()).await {
                match accepted {
                    Ok((stream, _)) => tasks.execute(serve(
                        stream,
                        service.clone(),
                        tasks.clone(),
                        closing.clone(),
                    )),
                    Err(_) => sleep(BREATHER).await,
                }
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

/// Serves one connection, HTTP/1.1 or HTTP/2 as the client wishes, until either side closes it.
async fn serve<S, B>(stream: TcpStream, service: S, tasks: Tasks, closing: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // A socket that the client has closed already refuses the option; serving it ends at once.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(tasks);
    builder.http2().max_concurrent_streams(STREAMS);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let served = closing.run_until_cancelled(connection.as_mut()).await;
    if served.is_none() {
        connection.as_mut().graceful_shutdown();
        // How a connection ends is the client's business: a mock has nobody to tell.
        let _ = connection.await;
    }
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
        self.tracker.spawn(async move {
            end.run_until_cancelled(task).await;
        });
    }
}
