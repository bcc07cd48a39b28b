//! The one loop in which a call meets its endpoints. Rounds and endpoints, exactly:
//!
//! - A **round** goes through the endpoints in order and passes over those that are ejected. An endpoint that cannot be
//!   connected to hands over to the next one at once, without a pause; the first endpoint that can be connected to decides
//!   the round.
//! - An attempt over a connection that the server closed as it was to be used again is repeated at once over a fresh one.
//! - `retry.attempts` is the number of rounds, so failing over spends none of it. A further round follows, after a pause,
//!   when the last failure may be repeated, see [`retry::is_allowed`], and the budget has something left. It begins with
//!   the endpoints that have not refused this call yet.
//! - Every attempt of an inference, in whatever round and at whatever endpoint, tells the server how many came before.
//! - The pause is not shorter than what the endpoint that comes next has asked for. A pause that would outlast the deadline
//!   is not begun: the call fails with the failure it has.

use super::breaker::{Breaker, Permit, Sign};
use super::budget::Budget;
use super::deadline::{A_YEAR, Deadline};
use super::transport::{self, Over, Transport, Turn};
use super::{
    Attempt, Client, ClientConfig, Endpoint, Error, Failed, Failure, FailureKind, Protocol,
    Pushback, retry,
};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// An endpoint and the means to talk to it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) endpoint: usize,
    pub(super) transport: Box<dyn Transport>,
    pub(super) breaker: Option<Arc<Breaker>>,
}

/// A link to every endpoint, not connected yet.
pub(super) fn links(config: &ClientConfig, endpoints: &[Endpoint]) -> Result<Vec<Link>, Error> {
    let link = |(endpoint, described): (usize, &Endpoint)| {
        let is_judged = config.breaker.is_some() || config.health_check.is_some();
        Ok(Link {
            endpoint,
            transport: transport::prepare(endpoint, described, config)?,
            breaker: is_judged.then(|| Arc::new(Breaker::new(config.breaker.clone()))),
        })
    };
    endpoints.iter().enumerate().map(link).collect()
}

impl Link {
    /// Lets an attempt through, or says how long to wait for that.
    fn admit(&self) -> Result<Permit, Duration> {
        match &self.breaker {
            Some(breaker) => breaker.admit(Instant::now()),
            None => Ok(Permit::FREE),
        }
    }
}

/// What an endpoint answered, and what failed before.
#[derive(Debug)]
pub(super) struct Answered<T> {
    pub(super) value: T,
    pub(super) endpoint: usize,
    pub(super) protocol: Protocol,
    pub(super) started: Instant,
    /// To be told how the answer ends.
    pub(super) permit: Permit,
    pub(super) failed: Vec<Attempt>,
}

/// What a call has been through.
#[derive(Debug, Default)]
struct Past {
    attempts: Vec<Attempt>,
    refused: Refused,
}

/// The endpoints that refused a call, and until when each wants to be left alone.
#[derive(Debug, Clone, Default)]
struct Refused(Vec<(usize, Instant)>);

/// Makes `call` at the endpoints of `order` until one answers; it is told of its turn. Dropping the future cancels the
/// attempt under way.
pub(super) async fn first_answer<'a, T>(
    client: &'a Client,
    order: &[usize],
    id: &str,
    deadline: &mut Deadline,
    call: impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<Answered<T>, Failed> {
    let retry = &client.config.retry;
    let mut past = Past::default();
    let mut round = 0;
    if let Some(budget) = &client.budget {
        budget.earn();
    }
    loop {
        round += 1;
        // What is refused in a round is for the next one.
        let refused = past.refused.clone();
        let links = refused.put_last(order);
        let links = links.filter_map(|at| client.links.get(at));
        let failure = match one_round(links, &call, deadline, &mut past).await {
            Ok(answered) => {
                let failed = past.attempts;
                return Ok(Answered { failed, ..answered });
            }
            Err(failure) => failure,
        };
        let jitter = retry::pause(retry, round, retry::fraction(id, round));
        let pause = jitter.max(past.asked_for(order, &failure));
        let goes_on = round < retry.attempts
            && retry::is_allowed(retry.repeats, failure.kind)
            && failure.pushback != Some(Pushback::Never)
            && client.budget.as_deref().is_none_or(Budget::spend);
        if !goes_on || !deadline.allows(pause).await {
            let attempts = past.attempts;
            return Err(Failed { failure, attempts });
        }
    }
}

impl Refused {
    /// The order with those that have refused the call at its end.
    fn put_last(&self, order: &[usize]) -> impl Iterator<Item = usize> {
        let others = order.iter().filter(|at| self.until(**at).is_none());
        let refused = order.iter().filter(|at| self.until(**at).is_some());
        others.chain(refused).copied()
    }

    fn until(&self, endpoint: usize) -> Option<Instant> {
        let mut latest = self.0.iter().rev();
        let (_, until) = latest.find(|(at, _)| *at == endpoint)?;
        Some(*until)
    }
}

impl Past {
    /// How long the endpoint that comes next wants to be left alone, or all do that are ejected.
    fn asked_for(&self, order: &[usize], failure: &Failure) -> Duration {
        if let (FailureKind::Ejected, Some(Pushback::After(wait))) =
            (failure.kind, failure.pushback)
        {
            return wait;
        }
        let next = self.refused.put_last(order).next();
        let until = next.and_then(|next| self.refused.until(next));
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    fn fail(&mut self, link: &Link, started: Instant, failure: &Failure) {
        let ended = Instant::now();
        self.attempts.push(Attempt {
            endpoint: link.endpoint,
            protocol: link.transport.protocol(),
            failure: failure.clone(),
            started,
            ended,
            batch: None,
        });
        if !matches!(failure.kind, FailureKind::Connect | FailureKind::Stale) {
            let until = match failure.pushback {
                Some(Pushback::After(wait)) => ended.checked_add(wait).unwrap_or(ended + A_YEAR),
                Some(Pushback::Never) | None => ended,
            };
            self.refused.0.push((link.endpoint, until));
        }
    }
}

/// Goes through the endpoints until one can be connected to, and gives its answer.
async fn one_round<'a, T>(
    links: impl Iterator<Item = &'a Link>,
    call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
    deadline: &mut Deadline,
    past: &mut Past,
) -> Result<Answered<T>, Failure> {
    let mut last = None;
    let mut soonest = Duration::MAX;
    for link in links {
        let mut permit = match link.admit() {
            Ok(permit) => permit,
            Err(wait) => {
                soonest = soonest.min(wait);
                continue;
            }
        };
        let mut asked = attempt(link, Over::Any, call, deadline, past).await;
        if asked
            .as_ref()
            .is_err_and(|failure| failure.kind == FailureKind::Stale)
        {
            asked = attempt(link, Over::Fresh, call, deadline, past).await;
        }
        let failure = match asked {
            Ok((value, started)) => {
                permit.begun();
                return Ok(Answered {
                    value,
                    endpoint: link.endpoint,
                    protocol: link.transport.protocol(),
                    started,
                    permit,
                    failed: Vec::new(),
                });
            }
            Err(failure) => failure,
        };
        permit.ends(Sign::of(failure.kind), Instant::now());
        let is_decided = failure.kind != FailureKind::Connect;
        last = Some(failure);
        if is_decided {
            break;
        }
    }
    Err(last.unwrap_or_else(|| none_admits(soonest)))
}

/// Makes one attempt, and keeps it if it fails.
async fn attempt<'a, T>(
    link: &'a Link,
    over: Over,
    call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
    deadline: &mut Deadline,
    past: &mut Past,
) -> Result<(T, Instant), Failure> {
    let turn = Turn {
        endpoint: link.endpoint,
        earlier_attempts: u32::try_from(past.attempts.len()).unwrap_or(u32::MAX),
        over,
        time_left: deadline.left(),
    };
    let started = Instant::now();
    match deadline.within_attempt(call(&*link.transport, turn)).await {
        Ok(value) => Ok((value, started)),
        Err(failure) => {
            if matches!(failure.kind, FailureKind::Deadline | FailureKind::Stalled) {
                link.transport.renew();
            }
            past.fail(link, started, &failure);
            Err(failure)
        }
    }
}

fn none_admits(soonest: Duration) -> Failure {
    let message = format!("every endpoint is ejected, the first will be probed in {soonest:?}");
    Failure::new(FailureKind::Ejected, message).pushed_back(Some(Pushback::After(soonest)))
}
