//! What carries a batch over the wire: the work, done by one of those who wait for it, and the parts that it gives them.

use super::collector::{Gathered, Waiting};
use super::{Batch, UnderWay, lock};
use crate::client::deadline::Deadline;
use crate::client::failover::{Asked, first_answer};
use crate::client::transport::{Delta, Opened, Transport, Turn};
use crate::client::{
    Attempt, Client, Connection, Failed, Failure, FailureKind, Protocol, Reply, Request, Usage,
};
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A request that is to be sent with others.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) request: Request,
    /// Its deadline.
    pub(super) ends: Instant,
    pub(super) tell_sent: oneshot::Sender<Arc<Carrier>>,
    pub(super) give_part: GivePart,
}

type GivePart = oneshot::Sender<Result<Part, Failed>>;

/// One request's part of an answer, with what it has in common with the others.
#[derive(Debug)]
pub(in crate::client) struct Part {
    /// All that was generated for it.
    pub(in crate::client) delta: Delta,
    pub(in crate::client) head: Head,
    /// `None` where it was alone.
    pub(in crate::client) batch: Option<Batch>,
}

/// Where an answer came from, and what failed before.
#[derive(Debug, Clone)]
pub(in crate::client) struct Head {
    pub(in crate::client) endpoint: usize,
    pub(in crate::client) protocol: Protocol,
    pub(in crate::client) started: Instant,
    pub(in crate::client) first_byte: Instant,
    pub(in crate::client) connection: Connection,
    pub(in crate::client) queued: Option<Duration>,
    pub(in crate::client) is_hedge: bool,
    pub(in crate::client) failed: Vec<Attempt>,
}

/// A batch that is sent. Dropped by the last who waits for it, it is cancelled.
pub(super) struct Carrier {
    /// A lock that is meant to be waited with: whoever has it does the work, and when that one is dropped, whoever waits
    /// next for it goes on. Empty when the work is done.
    work: tokio::sync::Mutex<Option<BoxFuture<'static, ()>>>,
    course: Arc<Course>,
}

/// How far the work is.
type Course = Mutex<Option<Begun>>;

/// An attempt that has begun.
#[derive(Debug, Clone, Copy)]
struct Begun {
    requests: usize,
    endpoint: usize,
    protocol: Protocol,
    started: Instant,
}

/// Makes a batch of what was gathered, and gives it to those who wait for it.
pub(super) fn load(under_way: UnderWay, gathered: Gathered<Member>) {
    let course = Arc::new(Course::default());
    let mut all_told = Vec::with_capacity(gathered.len());
    let mut loaded = Vec::with_capacity(gathered.len());
    for Waiting { since, request, .. } in gathered {
        all_told.push(request.tell_sent);
        loaded.push(Loaded {
            since,
            ends: request.ends,
            request: request.request,
            give_part: request.give_part,
        });
    }
    let work = carry(under_way, loaded, Arc::clone(&course));
    let carrier = Arc::new(Carrier {
        work: tokio::sync::Mutex::new(Some(Box::pin(work))),
        course,
    });
    for tell_sent in all_told {
        // Who has left since needs none.
        tell_sent.send(Arc::clone(&carrier)).ok();
    }
}

/// A request of a batch that is not sent yet.
struct Loaded {
    since: Instant,
    ends: Instant,
    request: Request,
    give_part: GivePart,
}

impl Carrier {
    /// Does the work, or waits until it is done. Dropping the future leaves the work to another.
    pub(super) async fn work(&self) {
        let mut work = self.work.lock().await;
        if let Some(unfinished) = work.as_mut() {
            unfinished.await;
        }
        *work = None;
    }

    /// The attempt under way, as one who gives up while it lasts tells of it.
    pub(super) fn attempt_under_way(&self, failure: &Failure) -> Option<Attempt> {
        let begun = (*lock(&self.course))?;
        Some(Attempt {
            endpoint: begun.endpoint,
            protocol: begun.protocol,
            failure: failure.clone(),
            started: begun.started,
            ended: Instant::now(),
            batch: batch(begun.requests, false),
            // Which of two under way is meant is not known here.
            is_hedge: false,
        })
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier")
            .field("course", &self.course)
            .finish_non_exhaustive()
    }
}

/// The work: sends the requests of all who still wait, and gives each its part.
async fn carry(under_way: UnderWay, mut loaded: Vec<Loaded>, course: Arc<Course>) {
    loaded.retain(|loaded| !loaded.give_part.is_closed());
    let Some(ends) = loaded.iter().map(|loaded| loaded.ends).max() else {
        return;
    };
    let now = Instant::now();
    let waits = loaded
        .iter()
        .map(|loaded| now.saturating_duration_since(loaded.since));
    lock(&under_way.batcher.statistics).note(waits);
    let (requests, parts): (Vec<Request>, Vec<GivePart>) = loaded
        .into_iter()
        .map(|loaded| (loaded.request, loaded.give_part))
        .unzip();
    let deadline = Deadline::of(&under_way.client.config).ending(ends);
    let answered = ask(&under_way.client, &requests, deadline, &course).await;
    give(&requests, answered, parts);
}

/// Sends the requests as one, and reads the whole answer: one delta for each, in their order.
async fn ask<'a>(
    client: &'a Client,
    requests: &'a [Request],
    mut deadline: Deadline,
    course: &Course,
) -> Result<(Head, Vec<Delta>), Failed> {
    let Some(first) = requests.first() else {
        unreachable!("a batch that nobody waits for is not sent")
    };
    let call =
        |transport: &'a dyn Transport, turn: Turn| -> BoxFuture<'a, Result<Opened, Failure>> {
            *lock(course) = Some(Begun {
                requests: requests.len(),
                endpoint: turn.endpoint,
                protocol: transport.protocol(),
                started: Instant::now(),
            });
            match requests {
                [alone] => transport.infer(alone, turn),
                several => transport.infer_together(several, turn),
            }
        };
    let order = client.inference().order(first)?;
    let asked = Asked::inference(&order, first);
    let answered = first_answer(client, &asked, &mut deadline, call).await?;
    let mut reply = Reply::new(answered, deadline);
    let mut deltas = Vec::with_capacity(requests.len());
    while let Some(next) = reply.next_delta().await {
        match next {
            Ok(delta) => deltas.push(delta),
            Err(failure) => return Err(reply.broken(failure)),
        }
    }
    if deltas.len() != requests.len() {
        let (expected, found) = (requests.len(), deltas.len());
        let message = format!("expected an answer in {expected} parts, found {found}");
        return Err(reply.broken(Failure::new(FailureKind::Malformed, message)));
    }
    Ok((reply.into_head(), deltas))
}

/// Gives each its part of the answer, or the failure of all.
fn give(requests: &[Request], answered: Result<(Head, Vec<Delta>), Failed>, parts: Vec<GivePart>) {
    let counted = parts.iter().position(|give_part| !give_part.is_closed());
    let batch = |place| batch(requests.len(), Some(place) == counted);
    let results: Vec<Result<Part, Failed>> = match answered {
        Ok((head, deltas)) => {
            let part = |(place, (request, delta)): (usize, (&Request, Delta))| {
                Ok(Part::new(head.clone(), delta, batch(place), request))
            };
            requests.iter().zip(deltas).enumerate().map(part).collect()
        }
        Err(failed) => {
            let failure = |place| {
                let mut failed = failed.clone();
                stamp(&mut failed.attempts, batch(place));
                Err(failed)
            };
            (0..requests.len()).map(failure).collect()
        }
    };
    for (result, give_part) in results.into_iter().zip(parts) {
        // Who has given up since needs none.
        give_part.send(result).ok();
    }
}

impl Part {
    fn new(mut head: Head, mut delta: Delta, batch: Option<Batch>, request: &Request) -> Self {
        stamp(&mut head.failed, batch);
        // Nothing is given before all of it has been read.
        delta.is_last |= batch.is_some();
        let batch = batch.map(|batch| {
            // The count is that of the whole, and no request's own.
            let usage = delta.usage.take();
            let completion_tokens = usage.and_then(|usage| own_share(usage, &batch, request));
            Batch {
                usage,
                completion_tokens,
                ..batch
            }
        });
        let known = batch.and_then(|batch| batch.completion_tokens);
        if let Some(tokens) = known.filter(|_| delta.tokens > 0) {
            delta.tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        }
        Self { delta, head, batch }
    }
}

/// What one request had of the tokens of all, if nothing else is possible: none has more than `max_tokens`, so when the sum
/// is that of so many for each, each has so many.
fn own_share(usage: Usage, batch: &Batch, request: &Request) -> Option<u64> {
    let most = u64::from(request.max_tokens);
    (usage.completion_tokens == most * u64::from(batch.requests)).then_some(most)
}

/// Says of attempts that they were those of a batch.
fn stamp(attempts: &mut [Attempt], batch: Option<Batch>) {
    for attempt in attempts {
        attempt.batch = batch;
    }
}

fn batch(requests: usize, is_counted: bool) -> Option<Batch> {
    (requests > 1).then(|| Batch {
        requests: u32::try_from(requests).unwrap_or(u32::MAX),
        is_counted,
        usage: None,
        completion_tokens: None,
    })
}
