//! The mock on a thread of its own in this process, for programs and tests.

use super::Error;
use inferometer_mock::child::Addresses;
use inferometer_mock::{Handle, Mock, MockSpec, Page};
use std::thread;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A mock on its thread. Dropping it stops the mock.
#[derive(Debug)]
pub(super) struct MockThread {
    /// What messages call it.
    called: String,
    stop: CancellationToken,
    ended: oneshot::Receiver<()>,
    handle: Handle,
}

impl MockThread {
    /// Starts the thread and waits until the mock listens.
    pub(super) async fn start(called: &str, spec: &MockSpec) -> Result<(Self, Addresses), Error> {
        let stop = CancellationToken::new();
        let (started, start) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (spec, until) = (spec.clone(), stop.clone());
        thread::Builder::new()
            .name("mock".to_owned())
            .spawn(move || {
                serve(spec, started, &until);
                // Nobody listens when the handle was dropped; the thread ends all the same.
                end.send(()).ok();
            })
            .map_err(|error| Error::mock_ended(called, error.to_string()))?;
        let (addresses, handle) = start
            .await
            .unwrap_or_else(|_| Err("its thread died".to_owned()))
            .map_err(|reason| Error::mock_ended(called, reason))?;
        let called = called.to_owned();
        let mock = Self {
            called,
            stop,
            ended,
            handle,
        };
        Ok((mock, addresses))
    }

    /// Lets the mock begin again, and says when its time begins.
    pub(super) fn reset(&self) -> Instant {
        self.handle.reset()
    }

    /// A piece of its journal.
    pub(super) fn journal(&self, from: u64) -> Page {
        self.handle.journal_piece(from)
    }

    /// Waits for the thread to end.
    pub(super) async fn died(&mut self) -> String {
        (&mut self.ended).await.ok();
        format!("the thread of {} ended", self.called)
    }

    /// Tells the mock to end. Unlike a process, it answers first what it has begun.
    pub(super) fn die(&mut self) -> Instant {
        self.stop.cancel();
        Instant::now()
    }

    /// Stops the mock and waits until it is gone.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        self.died().await;
    }
}

impl Drop for MockThread {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs the mock on the current thread until it is stopped.
fn serve(
    spec: MockSpec,
    started: oneshot::Sender<Result<(Addresses, Handle), String>>,
    stop: &CancellationToken,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error.to_string()))),
    };
    runtime.block_on(async {
        match Mock::start(spec).await {
            Ok(mock) => {
                let addresses = Addresses::of(&mock);
                if started.send(Ok((addresses, mock.handle()))).is_ok() {
                    stop.cancelled().await;
                }
                mock.stop().await;
            }
            Err(error) => drop(started.send(Err(error.to_string()))),
        }
    });
}
