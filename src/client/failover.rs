//! The one loop in which a call meets its endpoints. Rounds and endpoints, exactly:
//!
//! - A **round** goes through the endpoints in order and passes over those that are ejected. An endpoint that cannot be
//!   connected to hands over to the next one at once, without a pause; the first endpoint that can be connected to decides
//!   the round.
//! - Where calls are hedged, an attempt that is slow gets company, see [`hedge`](super::hedge).
//! - An attempt over a connection that the server closed as it was to be used again is repeated at once over a fresh one.
//! - `retry.attempts` is the number of rounds, so failing over spends none of it. A further round follows, after a pause,
//!   when the last failure may be repeated, see [`retry::is_allowed`], and the budget has something left. It begins with
//!   the endpoints that have not refused this call yet.
//! - Every attempt of an inference, in whatever round and at whatever endpoint, tells the server how many came before.
//! - The pause is not shorter than what the endpoint that comes next has asked for. A pause that would outlast the deadline
//!   is not begun: the call fails with the failure it has.

use super::breaker::{Guard, Pass};
use super::budget::Budget;
use super::deadline::{A_YEAR, Deadline};
use super::hedge::Hedging;
use super::transport::{self, Over, Transport, Turn};
use super::{
    Attempt, Client, ClientConfig, Endpoint, Error, Failed, Failure, FailureKind, Protocol,
    Pushback, Request, retry,
};
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;

/// An endpoint and the means to talk to it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) endpoint: usize,
    pub(super) transport: Box<dyn Transport>,
    pub(super) guard: Option<Guard>,
}

/// A link to every endpoint, not connected yet.
pub(super) fn links(config: &ClientConfig, endpoints: &[Endpoint]) -> Result<Vec<Link>, Error> {
    let link = |(endpoint, described): (usize, &Endpoint)| {
        Ok(Link {
            endpoint,
            transport: transport::prepare(endpoint, described, config)?,
            guard: Guard::new(config),
        })
    };
    endpoints.iter().enumerate().map(link).collect()
}

impl Link {
    /// Lets an attempt through, or says how long to wait for that.
    pub(super) fn admit(&self, model: Option<&str>) -> Result<Pass, Duration> {
        match &self.guard {
            Some(guard) => guard.admit(model, Instant::now()),
            None => Ok(Pass::FREE),
        }
    }
}

/// What a call asks for, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'r> {
    order: &'r [usize],
    id: &'r str,
    /// The model that is to infer; `None` of other calls, which are not hedged either.
    pub(super) model: Option<&'r str>,
}

impl<'r> Asked<'r> {
    /// An inference by the endpoints in this order.
    pub(super) fn inference(order: &'r [usize], request: &'r Request) -> Self {
        Self {
            order,
            id: &request.id,
            model: Some(&request.model),
        }
    }

    /// Anything else.
    pub(super) fn other(order: &'r [usize]) -> Self {
        Self {
            order,
            id: "",
            model: None,
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
    /// Was that attempt the second one, beside one that was slow?
    pub(super) is_hedge: bool,
    /// To be told how the answer ends.
    pub(super) pass: Pass,
    pub(super) failed: Vec<Attempt>,
}

/// What a call has been through.
#[derive(Debug, Default)]
pub(super) struct Past {
    attempts: Vec<Attempt>,
    refused: Refused,
    /// Attempts that have begun, whatever came of them.
    begun: u32,
}

/// The endpoints that refused a call, and until when each wants to be left alone.
#[derive(Debug, Clone, Default)]
struct Refused(Vec<(usize, Instant)>);

/// Makes `call` at the endpoints of `order` until one answers; it is told of its turn. Dropping the future cancels the
/// attempt under way.
pub(super) async fn first_answer<'a, T>(
    client: &'a Client,
    asked: &Asked<'_>,
    deadline: &mut Deadline,
    call: impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<Answered<T>, Failed>
where
    T: Send + 'a,
{
    let Asked { order, id, model } = *asked;
    let retry = &client.config.retry;
    let hedging = client.hedging.as_deref().filter(|_| model.is_some());
    let mut past = Past::default();
    let mut round = 0;
    if let Some(budget) = &client.budget {
        budget.earn();
    }
    if let Some(hedging) = hedging {
        hedging.budget.earn();
    }
    loop {
        round += 1;
        // What is refused in a round is for the next one.
        let refused = past.refused.clone();
        let links = refused.put_last(order);
        let mut admitted = Admitted {
            links: links.filter_map(|at| client.links.get(at)),
            model,
            soonest: Duration::MAX,
        };
        let failure = match one_round(&mut admitted, hedging, &call, deadline, &mut past).await {
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

    /// Another attempt begins.
    pub(super) fn next_turn(&mut self, link: &Link, over: Over, deadline: &Deadline) -> Turn {
        let earlier_attempts = self.begun;
        self.begun = self.begun.saturating_add(1);
        Turn {
            endpoint: link.endpoint,
            earlier_attempts,
            over,
            time_left: deadline.left(),
        }
    }

    /// An attempt has failed, and is kept.
    pub(super) fn fail(
        &mut self,
        link: &Link,
        started: Instant,
        is_hedge: bool,
        failure: &Failure,
    ) {
        if matches!(failure.kind, FailureKind::Deadline | FailureKind::Stalled) {
            link.transport.renew();
        }
        let ended = Instant::now();
        self.attempts.push(Attempt {
            endpoint: link.endpoint,
            protocol: link.transport.protocol(),
            failure: failure.clone(),
            started,
            ended,
            batch: None,
            is_hedge,
        });
        let is_refusal = !matches!(
            failure.kind,
            FailureKind::Connect | FailureKind::Stale | FailureKind::Outrun
        );
        if is_refusal {
            let until = match failure.pushback {
                Some(Pushback::After(wait)) => ended.checked_add(wait).unwrap_or(ended + A_YEAR),
                Some(Pushback::Never) | None => ended,
            };
            self.refused.0.push((link.endpoint, until));
        }
    }
}

/// An endpoint with the right to ask it.
pub(super) struct Taken<'a> {
    pub(super) link: &'a Link,
    pub(super) pass: Pass,
}

/// The endpoints of a round that let the call through.
pub(super) struct Admitted<'r, I> {
    links: I,
    pub(super) model: Option<&'r str>,
    /// How soon the first of those that did not may be asked again.
    soonest: Duration,
}

impl<'a, I: Iterator<Item = &'a Link>> Iterator for Admitted<'_, I> {
    type Item = Taken<'a>;

    fn next(&mut self) -> Option<Taken<'a>> {
        for link in self.links.by_ref() {
            match link.admit(self.model) {
                Ok(pass) => return Some(Taken { link, pass }),
                Err(wait) => self.soonest = self.soonest.min(wait),
            }
        }
        None
    }
}

/// Goes through the endpoints until one can be connected to, and gives its answer.
async fn one_round<'a, T: Send + 'a>(
    admitted: &mut Admitted<'_, impl Iterator<Item = &'a Link>>,
    hedging: Option<&Hedging>,
    call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
    deadline: &mut Deadline,
    past: &mut Past,
) -> Result<Answered<T>, Failure> {
    let mut last = None;
    while let Some(taken) = admitted.next() {
        let asked = match hedging {
            Some(hedging) => hedging.race(taken, admitted, call, deadline, past).await,
            None => ask(taken, call, deadline, past).await,
        };
        let failure = match asked {
            Ok(answered) => return Ok(answered),
            Err(failure) => failure,
        };
        let is_decided = failure.kind != FailureKind::Connect;
        last = Some(failure);
        if is_decided {
            break;
        }
    }
    Err(last.unwrap_or_else(|| none_admits(admitted.soonest)))
}

/// Asks one endpoint, and once more where a kept connection was closed.
async fn ask<'a, T>(
    taken: Taken<'a>,
    call: &impl Fn(&'a dyn Transport, Turn) -> BoxFuture<'a, Result<T, Failure>>,
    deadline: &mut Deadline,
    past: &mut Past,
) -> Result<Answered<T>, Failure> {
    let Taken { link, pass } = taken;
    let mut over = Over::Any;
    loop {
        let turn = past.next_turn(link, over, deadline);
        let started = Instant::now();
        let asked = deadline.within_attempt(call(&*link.transport, turn)).await;
        match asked {
            Ok(value) => return Ok(Answered::by(Taken { link, pass }, value, started)),
            Err(failure) => {
                past.fail(link, started, false, &failure);
                if failure.kind == FailureKind::Stale && over == Over::Any {
                    over = Over::Fresh;
                    continue;
                }
                pass.ends(Some(failure.kind), Instant::now());
                return Err(failure);
            }
        }
    }
}

impl<T> Answered<T> {
    /// An answer that begins.
    pub(super) fn by(taken: Taken<'_>, value: T, started: Instant) -> Self {
        let Taken { link, mut pass } = taken;
        pass.begun();
        Self {
            value,
            endpoint: link.endpoint,
            protocol: link.transport.protocol(),
            started,
            is_hedge: false,
            pass,
            failed: Vec::new(),
        }
    }
}

fn none_admits(soonest: Duration) -> Failure {
    let message = format!("every endpoint is ejected, the first will be probed in {soonest:?}");
    Failure::new(FailureKind::Ejected, message).pushed_back(Some(Pushback::After(soonest)))
}
