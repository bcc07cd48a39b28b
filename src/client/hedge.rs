//! A second attempt beside one that is slow, for requests that may be executed twice.
//!
//! ```text
//! 0 ms: first attempt -> nothing for `after` -> second attempt at the next endpoint -> the one that begins first goes on,
//!                                                                                     the other is dropped
//! ```
//!
//! The second attempt goes to the next endpoint of the round that lets it through, or over another connection to the same one
//! when there is none. While one of both is under way, a failure of the other decides nothing.

use super::budget::Budget;
use super::deadline::Deadline;
use super::failover::{Admitted, Answered, Link, Past, Taken};
use super::transport::{Over, Transport, Turn};
use super::{Failure, FailureKind, Hedge};
use futures_util::future::BoxFuture;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// When there is a second attempt, and how many there may be.
#[derive(Debug)]
pub(super) struct Hedging {
    after: Duration,
    pub(super) budget: Budget,
}

/// An attempt under way.
struct Running<'a, T> {
    taken: Taken<'a>,
    over: Over,
    /// Is it the second one?
    is_hedge: bool,
    started: Instant,
    attempt: BoxFuture<'a, Result<T, Failure>>,
}

/// What is waited for.
enum Event<T> {
    /// The first attempt has been slow for long enough.
    Due,
    /// The attempt at this place has begun to be answered, or failed.
    Ended(usize, Result<T, Failure>),
}

impl Hedging {
    pub(super) fn new(config: &Hedge) -> Self {
        Self {
            after: config.after.duration(),
            budget: Budget::new(config.budget.share, config.budget.reserve),
        }
    }

    /// Asks one endpoint, and another one besides if that is slow. Dropping the future cancels both attempts.
    pub(super) async fn race<'a, T: Send + 'a>(
        &self,
        first: Taken<'a>,
        others: &mut Admitted<'_, impl Iterator<Item = &'a Link>>,
        call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
        deadline: &mut Deadline,
        past: &mut Past,
    ) -> Result<Answered<T>, Failure> {
        let alone = first.link;
        let mut under_way = vec![Running::begin(first, Over::Any, call, deadline, past)];
        let mut timer = pin!(tokio::time::sleep(self.after));
        let mut may_be_due = true;
        let mut decided = None;
        loop {
            let event = poll_fn(|cx| match poll_ended(&mut under_way, cx) {
                Poll::Pending if may_be_due => timer.as_mut().poll(cx).map(|()| Event::Due),
                ended @ (Poll::Ready(_) | Poll::Pending) => ended,
            });
            match deadline.within(async { Ok(event.await) }).await {
                Err(passed) => {
                    lose(under_way, &passed, past);
                    return Err(passed);
                }
                Ok(Event::Due) => {
                    may_be_due = false;
                    if let Some((taken, over)) = self.company(alone, others) {
                        let second = Running::begin(taken, over, call, deadline, past);
                        under_way.push(second.hedging(true));
                    }
                }
                Ok(Event::Ended(at, Ok(value))) => {
                    let winner = under_way.swap_remove(at);
                    lose(under_way, &outrun(), past);
                    return Ok(Answered {
                        is_hedge: winner.is_hedge,
                        ..Answered::by(winner.taken, value, winner.started)
                    });
                }
                Ok(Event::Ended(at, Err(failure))) => {
                    let lost = under_way.swap_remove(at);
                    past.fail(lost.taken.link, lost.started, lost.is_hedge, &failure);
                    if failure.kind == FailureKind::Stale && lost.over == Over::Any {
                        let again = Running::begin(lost.taken, Over::Fresh, call, deadline, past);
                        under_way.push(again.hedging(lost.is_hedge));
                        continue;
                    }
                    lost.taken.pass.ends(Some(failure.kind), Instant::now());
                    // What an endpoint says decides, not that another one could not be reached.
                    if failure.kind != FailureKind::Connect || decided.is_none() {
                        decided = Some(failure);
                    }
                    if under_way.is_empty()
                        && let Some(failure) = decided
                    {
                        return Err(failure);
                    }
                }
            }
        }
    }

    /// Where the second attempt goes, if the budget has one left.
    fn company<'a>(
        &self,
        alone: &'a Link,
        others: &mut Admitted<'_, impl Iterator<Item = &'a Link>>,
    ) -> Option<(Taken<'a>, Over)> {
        if !self.budget.spend() {
            return None;
        }
        if let Some(taken) = others.next() {
            return Some((taken, Over::Any));
        }
        let pass = alone.admit(others.model).ok()?;
        Some((Taken { link: alone, pass }, Over::Fresh))
    }
}

impl<'a, T: Send + 'a> Running<'a, T> {
    fn begin(
        taken: Taken<'a>,
        over: Over,
        call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
        deadline: &Deadline,
        past: &mut Past,
    ) -> Self {
        let link = taken.link;
        let turn = past.next_turn(link, over, deadline);
        Self {
            taken,
            over,
            is_hedge: false,
            started: Instant::now(),
            attempt: deadline.bounded(call(&*link.transport, turn)),
        }
    }

    fn hedging(self, is_hedge: bool) -> Self {
        Self { is_hedge, ..self }
    }
}

fn poll_ended<T>(under_way: &mut [Running<'_, T>], cx: &mut Context<'_>) -> Poll<Event<T>> {
    for (at, running) in under_way.iter_mut().enumerate() {
        if let Poll::Ready(ended) = running.attempt.as_mut().poll(cx) {
            return Poll::Ready(Event::Ended(at, ended));
        }
    }
    Poll::Pending
}

/// Drops attempts, which cancels them, and keeps what came of them.
fn lose<T>(under_way: Vec<Running<'_, T>>, failure: &Failure, past: &mut Past) {
    for Running {
        taken,
        is_hedge,
        started,
        attempt,
        ..
    } in under_way
    {
        drop(attempt);
        past.fail(taken.link, started, is_hedge, failure);
        taken.pass.ends(Some(failure.kind), Instant::now());
    }
}

fn outrun() -> Failure {
    Failure::new(FailureKind::Outrun, "another attempt was answered first")
}
