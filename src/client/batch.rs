//! Request batching: requests that may share one request over the wire wait for each other for a moment and are sent as
//! one. What that means, exactly:
//!
//! - **Which.** What every endpoint that may be asked can carry together: over `openai` whole completions of the same model,
//!   `max_tokens`, `temperature` and `top_p`, whose `prompt` becomes a list, and embeddings of the same model and
//!   `dimensions`, whose `input` becomes longer; over `oip_rest` and `oip_grpc` tensors of the same model and wanted outputs, which
//!   agree in names, datatypes and shapes but for the first dimension, along which they are joined and their outputs shared
//!   out. Anything else passes by at once. A request that is alone in its batch is sent
//!   as if there were no batching.
//! - **When.** A batch is sent when `max_size` requests wait or when its oldest has waited for `window`, whichever comes
//!   first. With `adaptive`, a batch gathers only while others of its kind are under way: it is sent at once when there are
//!   none, or when the last of these ends. That is Nagle's algorithm (RFC 896) with requests for bytes: batches are as large
//!   as the traffic during one answer, and a client that asks one thing at a time waits for nothing.
//! - **Order.** Requests stand in a batch in the order in which they came, and each gets its own answer.
//! - **Whose failure.** The batch is one call, which goes through attempts, retries, failover and breakers like any other,
//!   under the id of its first request. Its failure, with all its attempts, is the failure of each.
//! - **Deadlines.** A request whose deadline passes, or whose future is dropped, is not sent if it is not yet, and otherwise
//!   gives up alone; the others are answered. The batch's own deadline is the last of theirs. When all have given up, the
//!   batch is cancelled.
//! - **Who works.** There is no task behind it: one of those who wait does the work for all, and when its future is
//!   dropped another goes on with it. So whoever holds such a future must keep polling it or drop it.
//! - **Token counts.** A server counts the tokens of a batch as a whole. What one request had of them is only told where
//!   no other share is possible: each was cut at `max_tokens` when all together have that many times their number.
//!
//! ```text
//! "one" at 0 ms, "two" at 1 ms --> {"prompt":["one","two"],..} at 5 ms --> choices[0] to the first, choices[1] to the second
//! ```

mod carrier;
mod collector;
mod kind;
mod place;
mod statistics;

pub(super) use carrier::{Head, Part};
pub(super) use kind::Kind;
pub use statistics::BatchStatistics;

use super::deadline::Deadline;
use super::{BatchConfig, Client, Failed, Reply, Request, Usage};
use carrier::Member;
use collector::{Collector, Gathered, Ticket};
use place::Place;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A batch that a request was part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many requests were sent as one; at least 2.
    pub requests: u32,
    /// Is this the request by which the batch is to be counted? One of those that stayed to its end is, so that sums over
    /// all requests have each batch once.
    pub is_counted: bool,
    /// The server's count for all of them together, if it sent one.
    pub usage: Option<Usage>,
    /// Tokens generated for this request, where the server's count leaves no other possibility.
    pub completion_tokens: Option<u64>,
}

/// The batches of one client.
#[derive(Debug)]
pub(super) struct Batcher {
    window: Duration,
    collector: Mutex<Collector<Kind, Member>>,
    statistics: Mutex<BatchStatistics>,
}

/// A batch that has not ended, for as long as this is held.
#[derive(Debug)]
struct UnderWay {
    client: Client,
    batcher: Arc<Batcher>,
    kind: Kind,
}

/// Of which kind a request is, if it can be sent together with others at all endpoints of its order.
pub(super) fn kind_of(client: &Client, order: &[usize], request: &Request) -> Option<Kind> {
    let links = order.iter().filter_map(|at| client.links.get(*at));
    let mut kinds = links.map(|link| link.transport.batch_kind(request));
    let first = kinds.next()??;
    kinds
        .all(|kind| kind.as_ref() == Some(&first))
        .then_some(first)
}

/// Sends a request together with others of its kind, and returns with its own part of the answer. Dropping the future gives
/// up this request alone.
pub(super) async fn open(
    client: &Client,
    batcher: &Arc<Batcher>,
    kind: Kind,
    request: &Request,
    mut deadline: Deadline,
) -> Result<Reply, Failed> {
    let mut place = Place::take(client, batcher, kind, request, deadline.end());
    // The part comes first: the last to give up hears of the batch's own deadline, which passes with its own, and so does
    // the endpoint's breaker.
    let part = tokio::select! {
        biased;
        part = place.part() => part?,
        passed = poll_fn(|cx| deadline.poll_passed(cx)) => return Err(place.given_up(passed)),
    };
    Ok(Reply::of_batch(part, deadline))
}

impl Batcher {
    pub(super) fn new(config: &BatchConfig) -> Self {
        Self {
            window: config.window.duration(),
            collector: Mutex::new(Collector::new(config)),
            statistics: Mutex::default(),
        }
    }

    pub(super) fn statistics(&self) -> BatchStatistics {
        *lock(&self.statistics)
    }

    /// A request comes, and with it perhaps the time to send.
    fn arrive(self: &Arc<Self>, client: &Client, kind: &Kind, member: Member) -> Ticket {
        let arrived = lock(&self.collector).arrive(kind.clone(), member, Instant::now());
        let (ticket, gathered) = arrived;
        self.send(client, kind, gathered);
        ticket
    }

    /// Sends what has waited for the window.
    fn due(self: &Arc<Self>, client: &Client, kind: &Kind) {
        let gathered = lock(&self.collector).due(kind, Instant::now());
        self.send(client, kind, gathered);
    }

    fn leave(&self, kind: &Kind, ticket: Ticket) {
        lock(&self.collector).leave(kind, ticket);
    }

    /// Gives those who wait the means to work on their batch. The first of them to be polled begins with it.
    fn send(self: &Arc<Self>, client: &Client, kind: &Kind, gathered: Option<Gathered<Member>>) {
        let Some(gathered) = gathered else { return };
        let under_way = UnderWay {
            client: client.clone(),
            batcher: Arc::clone(self),
            kind: kind.clone(),
        };
        carrier::load(under_way, gathered);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let gathered = lock(&self.batcher.collector).ended(&self.kind);
        self.batcher.send(&self.client, &self.kind, gathered);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
