//! The embedded client, as the drive sees it: a workload's request in, an exchange out.

use super::clock::Clock;
use super::exchange::{Exchange, Exchanged};
use super::heard::Heard;
use super::request::Asked;
use crate::client::{
    self, Attempt, Client, Failed, FailureKind, LoadingStatistics, Misfit, Model, ModelState,
    Operation, Reply, Request,
};
use crate::sample::{
    Batch, Chunk, ClientCounts, Connection, ConnectionCounts, FailedAttempt, Failure, Hedges,
    LoadingCounts, Outcome, Source, TokenSource, Tokens, Wrong,
};
use crate::units::{Offset, wide};
use crate::workload::Listing;

/// One lane's client.
#[derive(Debug)]
pub(super) struct Embedded(pub(super) Client);

impl Exchange for Embedded {
    async fn warm_up(&self) {
        self.0.warm_up().await;
    }

    async fn exchange(&self, asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged {
        let models = self.0.models();
        match asked {
            Asked::Infer(request) => self.infer(request, clock, heard).await,
            Asked::Load(model) => done(models.load(model).await, clock),
            Asked::Unload(model) => done(models.unload(model).await, clock),
            Asked::ListModels(listing) => listed(models.list().await, listing, clock),
            Asked::RefreshModels(listing) => listed(models.refresh().await, listing, clock),
        }
    }

    async fn watch(&self, lane: usize) {
        self.0.watch(&format!("lane-{lane}")).await;
    }

    fn counts(&self) -> ClientCounts {
        let mut connections = ConnectionCounts::default();
        for endpoint in self.0.pool_statistics() {
            connections.created += endpoint.created;
            connections.reused += endpoint.reused;
        }
        ClientCounts {
            connections: Some(connections),
            loading: self.0.loading_statistics().map(loading),
        }
    }
}

impl Embedded {
    async fn infer(&self, request: &Request, clock: Clock, heard: &mut Heard) -> Exchanged {
        let mut reply = match self.0.inference().open(request).await {
            Ok(reply) => reply,
            Err(failed) => return not_answered(&failed, clock),
        };
        let outcome = receive(request, &mut reply, clock, heard).await;
        let (failed_attempts, answered_attempt) = behind(&reply, outcome, clock);
        Exchanged {
            first_byte: Some(clock.offset(reply.first_byte())),
            endpoint: reply.endpoint(),
            attempts: attempts(
                reply.failed_attempts().len() + usize::from(reply.endpoint().is_some()),
            ),
            failed_attempts,
            answered_attempt,
            source: Some(source(&reply)),
            connection: reply.connection().map(connection),
            queued: reply.queued(),
            hedges: hedges(reply.failed_attempts(), reply.is_hedge(), outcome),
            prompt_tokens: reply.usage().map(|usage| usage.prompt_tokens),
            output_tokens: output_tokens(request, &reply, &heard.chunks),
            batch: reply.batch().map(batch),
            streamed: request.stream,
            outcome,
        }
    }
}

/// What came of a call about models: nothing but whether it could be done.
fn done<T>(called: Result<T, client::Error>, clock: Clock) -> Exchanged {
    match called {
        Ok(_) => Exchanged::ended(Outcome::Answered),
        Err(client::Error::Failed(failed)) => not_answered(&failed, clock),
        // Nothing was sent: no endpoint in use offers it.
        Err(_) => Exchanged {
            attempts: 0,
            ..Exchanged::ended(Outcome::Failed(Failure::Invalid))
        },
    }
}

/// What came of asking which models there are.
fn listed(called: Result<Vec<Model>, client::Error>, listing: &Listing, clock: Clock) -> Exchanged {
    let is_right = called.as_ref().is_ok_and(|list| {
        let states = |name: &String, is_loaded: bool| {
            let mut models = list.iter();
            models.any(|model| {
                model.name == *name && (model.state == ModelState::Loaded) == is_loaded
            })
        };
        listing.loaded.iter().all(|name| states(name, true))
            && listing.not_loaded.iter().all(|name| states(name, false))
    });
    let exchanged = done(called, clock);
    if exchanged.outcome == Outcome::Answered && !is_right {
        return Exchanged {
            outcome: Outcome::WrongAnswer(Wrong::Models),
            ..exchanged
        };
    }
    exchanged
}

/// Pulls the whole answer, and holds it against what was asked for.
async fn receive(request: &Request, reply: &mut Reply, clock: Clock, heard: &mut Heard) -> Outcome {
    while let Some(next) = reply.next().await {
        match next {
            Ok(chunk) => heard.arrived(clock.offset(chunk.at), chunk.tokens, &chunk.text),
            Err(failure) => return Outcome::Failed(failure_of(failure.kind)),
        }
    }
    if lacks_tokens(request, &heard.chunks) {
        return Outcome::WrongAnswer(Wrong::Empty);
    }
    match request.fits(reply.values()) {
        Ok(()) => Outcome::Answered,
        Err(misfit) => Outcome::WrongAnswer(wrong(&misfit)),
    }
}

/// Was text asked for, and none came?
pub(super) fn lacks_tokens(request: &Request, chunks: &[Chunk]) -> bool {
    generates(request) && chunks.is_empty()
}

fn generates(request: &Request) -> bool {
    request.input.operation() == Operation::Generate
}

fn wrong(misfit: &Misfit) -> Wrong {
    match misfit {
        Misfit::Missing => Wrong::Empty,
        Misfit::Count { .. } | Misfit::Output { .. } => Wrong::Count,
        Misfit::Length { .. } => Wrong::Shape,
    }
}

/// The attempts that failed, the one whose answer broke off among them, and when the one began that did not.
fn behind(reply: &Reply, outcome: Outcome, clock: Clock) -> (Vec<FailedAttempt>, Option<Offset>) {
    let mut failed = known(reply.failed_attempts(), clock);
    let Some(endpoint) = reply.endpoint() else {
        return (failed, None);
    };
    let began = clock.offset(reply.started());
    if !matches!(outcome, Outcome::Failed(_)) {
        return (failed, Some(began));
    }
    failed.push(FailedAttempt {
        endpoint,
        began,
        failed: clock.now(),
    });
    (failed, None)
}

fn known(failed: &[Attempt], clock: Clock) -> Vec<FailedAttempt> {
    let known = |attempt: &Attempt| FailedAttempt {
        endpoint: attempt.endpoint,
        began: clock.offset(attempt.started),
        failed: clock.offset(attempt.ended),
    };
    failed.iter().map(known).collect()
}

fn not_answered(failed: &Failed, clock: Clock) -> Exchanged {
    let last = failed.attempts.last();
    let outcome = Outcome::Failed(failure_of(failed.failure.kind));
    Exchanged {
        failed_attempts: known(&failed.attempts, clock),
        endpoint: last.map(|attempt| attempt.endpoint),
        batch: last.and_then(|attempt| attempt.batch).map(batch),
        attempts: attempts(failed.attempts.len()),
        hedges: hedges(&failed.attempts, false, outcome),
        ..Exchanged::ended(outcome)
    }
}

/// The server's own figure where there is one, otherwise what the chunks say. Where no text was asked for there is nothing
/// to count.
fn output_tokens(request: &Request, reply: &Reply, chunks: &[Chunk]) -> Option<Tokens> {
    if !generates(request) {
        return None;
    }
    let usage = reply.completion_tokens().map(|count| Tokens {
        count,
        source: TokenSource::Usage,
    });
    usage.or_else(|| Tokens::of_chunks(chunks))
}

fn loading(statistics: LoadingStatistics) -> LoadingCounts {
    LoadingCounts {
        asked: statistics.asked,
        hits: statistics.hits,
        joined: statistics.joined,
        loads: statistics.loads,
        failed: statistics.failed,
        preloads: statistics.preloads,
        preload_hits: statistics.preload_hits,
    }
}

fn batch(batch: client::Batch) -> Batch {
    Batch {
        is_counted: batch.is_counted,
        output_tokens: batch.usage.map(|usage| usage.completion_tokens),
    }
}

fn source(reply: &Reply) -> Source {
    match reply.source() {
        client::Source::Server => Source::Target,
        client::Source::Cache => Source::Cache,
        client::Source::Shared => Source::Shared,
    }
}

fn connection(connection: client::Connection) -> Connection {
    match connection {
        client::Connection::Fresh => Connection::Fresh,
        client::Connection::Reused => Connection::Reused,
    }
}

/// The second attempts: those that failed, and the one whose head arrived if it is one.
fn hedges(failed: &[Attempt], is_hedge: bool, outcome: Outcome) -> Hedges {
    let failed = failed.iter().filter(|attempt| attempt.is_hedge).count();
    Hedges {
        begun: attempts(failed + usize::from(is_hedge)),
        won: is_hedge && !matches!(outcome, Outcome::Failed(_)),
    }
}

fn attempts(count: usize) -> u32 {
    u32::try_from(wide(count)).unwrap_or(u32::MAX)
}

/// The failure as samples count it.
pub(super) fn failure_of(kind: FailureKind) -> Failure {
    match kind {
        FailureKind::Connect => Failure::Connect,
        FailureKind::Closed | FailureKind::Stale => Failure::Closed,
        FailureKind::Truncated => Failure::Truncated,
        FailureKind::Deadline => Failure::Deadline,
        FailureKind::Stalled => Failure::Stalled,
        FailureKind::Http(status) => Failure::Http(status),
        FailureKind::Grpc(code) => Failure::Grpc(code),
        FailureKind::Malformed => Failure::Malformed,
        FailureKind::Invalid => Failure::Invalid,
        FailureKind::Ejected => Failure::Ejected,
        FailureKind::Outrun => Failure::Unfinished,
    }
}
