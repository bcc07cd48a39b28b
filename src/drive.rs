//! Sends requests on schedule and emits a [`Sample`](crate::sample::Sample) for each. It knows the plan and the client,
//! and nothing of what the samples are used for.
//!
//! The work is done by *lanes*: threads that each have a runtime, connections and a [`Sink`] of their own, so that
//! nothing is shared on the sending path. Lane `i` of `n` sends the requests `i, i + n, i + 2n, ...` of the stage; of several load
//! streams side by side, likewise of each, begun at a lane that balances them.
//!
//! A stage has three phases: *warmup* (sent, not measured), *measure*, and *drain* (nothing new is sent; what is in
//! flight may still finish). What is unfinished when the drain ends is emitted as failed, never dropped.

mod adapter;
mod alarm;
mod bare;
mod clock;
mod closed_loop;
mod embedded;
mod epoch;
mod exchange;
mod foreign;
mod heard;
mod ids;
mod lane;
mod open_loop;
mod pace;
mod progress;
mod request;
mod said;
mod sender;
mod uncounted;
mod users;

pub use bare::{Paced, pace};
pub use foreign::{Arrivals, InferenceClient, Served};
pub use ids::number;
pub use progress::{Progress, Snapshot};
pub(crate) use request::kinds;

use crate::client::{self, Client, ClientConfig, Endpoint};
use crate::observe::Usage;
use crate::plan::{Stage, Streams};
use crate::sample::{ClientCounts, Sink};
use crate::schedule::Load;
use adapter::Subprocess;
use embedded::Embedded;
use epoch::{Start, Starter};
use exchange::Exchange;
use foreign::Foreign;
use request::Requests;
use sender::Source;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uncounted::Uncounted;

/// Why a stage could not be driven at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's configuration does not fit the endpoints.
    #[error("could not set up the client: {0}")]
    Client(#[from] client::Error),
    /// The operating system refused a thread, a runtime or a timer.
    #[error("could not start a lane of the load generator: {0}")]
    Lane(#[from] io::Error),
    /// A client in another language could not be started.
    #[error("adapter `{command}`: {reason}")]
    Adapter {
        /// Its program and arguments.
        command: String,
        /// What went wrong.
        reason: String,
    },
    /// The users of a lane could not go on.
    #[error("the users of the load could not go on: {0}")]
    Users(String),
    /// A lane ended without handing over its samples.
    #[error("a lane of the load generator died")]
    LaneDied,
}

/// What one lane hands over when the stage is done.
#[derive(Debug)]
pub struct LaneRecord<S> {
    /// The lane's sink, with everything that it took.
    pub sink: S,
    /// What the lane's thread used over the measure phase.
    pub usage: Usage,
    /// What the lane's client counted over the measure phase, as far as it tells.
    pub client: ClientCounts,
    /// How long the measure phase really was: shorter than planned after a stop.
    pub measured: Duration,
}

/// A stage being driven. Dropping it stops sending; the lanes then end by themselves within the drain phase.
#[derive(Debug)]
pub struct Running<S> {
    records: mpsc::Receiver<Result<LaneRecord<S>, Error>>,
    lanes: usize,
    progress: Arc<Progress>,
    stop: CancellationToken,
    start: Arc<Start>,
}

impl<S> Running<S> {
    /// When the stage began: all offsets count from there. Now, as long as no lane has begun.
    pub fn epoch(&self) -> Instant {
        self.start.epoch().unwrap_or_else(Instant::now)
    }

    /// Waits until the stage begins, and says when that was.
    pub fn begins(&self) -> impl Future<Output = Instant> + use<S> {
        let start = Arc::clone(&self.start);
        async move { start.begun().await }
    }

    /// What has happened so far.
    pub fn progress(&self) -> Snapshot {
        self.progress.snapshot()
    }

    /// Stops sending; the drain phase begins at once.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for every lane to finish. Dropping the future loses nothing: it can be called again.
    ///
    /// # Errors
    /// The first lane's error, if any failed to start or died.
    pub async fn finished(&mut self, records: &mut Vec<LaneRecord<S>>) -> Result<(), Error> {
        while records.len() < self.lanes {
            let record = self.records.recv().await.ok_or(Error::LaneDied)?;
            records.push(record?);
        }
        Ok(())
    }
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts driving one stage against the endpoints, on at most `lanes` threads: with the embedded client, or with the
/// adapter that the stage names. `sink` makes the sink of the lane with the number given. Dropping the future starts nothing.
///
/// # Errors
/// [`Error`] when the client cannot be set up or a thread cannot be started; nothing has been sent then.
pub async fn start<S: Sink>(
    stage: &Stage,
    endpoints: &[Endpoint],
    lanes: NonZero<usize>,
    sink: impl Fn(usize) -> S,
) -> Result<Running<S>, Error> {
    let lanes = useful_lanes(&stage.streams, lanes);
    let Some(adapter) = &stage.adapter else {
        let clients = embedded(stage, endpoints, lanes)?;
        return start_lanes(stage, clients, sink);
    };
    let mut clients = Vec::new();
    for _ in 0..lanes.get() {
        let client = Subprocess::start(adapter, endpoints).await?;
        clients.push(Foreign(client));
    }
    start_lanes(stage, clients, sink)
}

/// An embedded client for each lane. Together they keep to the limits of one pool, so no lane is left without a connection.
/// Models are loaded in one queue, which is that of one client.
fn embedded(
    stage: &Stage,
    endpoints: &[Endpoint],
    lanes: NonZero<usize>,
) -> Result<Vec<Embedded>, Error> {
    let most = stage.client.pool.max_connections();
    let most = most.and_then(|most| NonZero::try_from(most).ok());
    let lanes = most.map_or(lanes, |most| lanes.min(most));
    let lanes = match &stage.client.loading {
        Some(_) => NonZero::<usize>::MIN,
        None => lanes,
    };
    let client = |index| {
        let share = lane::Share { index, lanes };
        let config = ClientConfig {
            pool: stage.client.pool.part(|total| share.of(total)),
            ..stage.client.clone()
        };
        Ok(Embedded(Client::new(&config, endpoints)?))
    };
    (0..lanes.get()).map(client).collect()
}

/// Starts driving one stage with clients of the caller's, one for each of at most `lanes` threads.
///
/// # Errors
/// [`Error::Lane`] when a thread cannot be started; nothing has been sent then.
pub fn start_with<C: InferenceClient, S: Sink>(
    stage: &Stage,
    lanes: NonZero<usize>,
    client: impl Fn() -> C,
    sink: impl Fn(usize) -> S,
) -> Result<Running<S>, Error> {
    let lanes = useful_lanes(&stage.streams, lanes);
    let clients = (0..lanes.get()).map(|_| Foreign(client()));
    start_lanes(stage, clients.collect(), sink)
}

/// Starts a lane for each of the clients.
fn start_lanes<E: Exchange, S: Sink>(
    stage: &Stage,
    clients: Vec<E>,
    sink: impl Fn(usize) -> S,
) -> Result<Running<S>, Error> {
    let lanes = NonZero::new(clients.len()).unwrap_or(NonZero::<usize>::MIN);
    let stop = CancellationToken::new();
    let progress = Arc::new(Progress::default());
    let (report, records) = mpsc::channel(lanes.get());
    let mut starts = Vec::new();
    let beginning = Start::of(clients.len());
    for (index, exchange) in clients.into_iter().enumerate() {
        let lane = lane::Lane {
            index,
            exchange,
            sink: sink(index).into(),
            phases: stage.phases,
            stop: stop.clone(),
            progress: Arc::clone(&progress),
        };
        let sources = sources(stage, index, lanes);
        let report = report.clone();
        let starter = Starter::new(&beginning);
        let (start, awaited) = oneshot::channel();
        starts.push(start);
        thread::Builder::new()
            .name(format!("lane-{index}"))
            .spawn(move || {
                // No start comes when another lane could not be made.
                let Ok(()) = awaited.blocking_recv() else {
                    return;
                };
                let record = lane::run(lane, sources, starter);
                // Nobody receives when the run was given up; then nobody wants the record.
                report.blocking_send(record).ok();
            })?;
    }
    for start in starts {
        // A lane that is gone already is found out when its record is missing.
        start.send(()).ok();
    }
    Ok(Running {
        records,
        lanes: lanes.get(),
        progress,
        stop,
        start: beginning,
    })
}

/// What one lane of so many sends of each load stream. The places of closed loops and the users are dealt out to the lanes one after the
/// other, over all streams, so that none has two more of them than another.
fn sources(stage: &Stage, index: usize, lanes: NonZero<usize>) -> Vec<Source> {
    let mut dealt = 0;
    let streams = stage.streams.iter().enumerate();
    let source = streams.map(|(place, stream)| {
        let index = (index + lanes.get() - dealt) % lanes;
        dealt = (dealt + places(&stream.load).unwrap_or(0)) % lanes;
        Source {
            place,
            requests: Requests::of(stage, place, stream),
            load: stream.load.clone(),
            seed: stream.seed(stage.seed),
            uncounted: Uncounted::new(stage.tokenizer.clone()).into(),
            share: lane::Share { index, lanes },
        }
    });
    source.collect()
}

/// Closed loops cannot use more lanes than they have requests in flight, and users no more than there are users.
fn useful_lanes(streams: &Streams, lanes: NonZero<usize>) -> NonZero<usize> {
    let mut each = streams.iter().map(|stream| places(&stream.load));
    let all = each.try_fold(0, |all: usize, places| Some(all.saturating_add(places?)));
    let all = all.and_then(NonZero::new);
    all.map_or(lanes, |all| all.min(lanes))
}

/// How many requests a load has in flight at most, where that is fixed: of users one each.
fn places(load: &Load) -> Option<usize> {
    let most = match load {
        Load::Closed(closed) => closed.in_flight,
        Load::Users(users) => users.count.get(),
        Load::Open(_) => return None,
    };
    usize::try_from(most).ok()
}

#[cfg(test)]
mod tests;
