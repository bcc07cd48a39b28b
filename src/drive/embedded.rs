//! The embedded client, as the drive sees it: a workload's request in, an exchange out.

use super::clock::Clock;
use super::exchange::{Exchange, Exchanged};
use super::request::Requests;
use crate::client::{
    self, Attempt, Client, Failed, FailureKind, Misfit, Operation, Reply, Request,
};
use crate::sample::{
    Batch, Chunk, Connection, FailedAttempt, Failure, Outcome, Source, TokenSource, Tokens, Wrong,
};
use crate::units::{Offset, wide};

/// One lane's client, with what it should ask.
#[derive(Debug)]
pub(super) struct Embedded {
    client: Client,
    requests: Requests,
}

impl Embedded {
    pub(super) fn new(client: Client, requests: Requests) -> Self {
        Self { client, requests }
    }
}

impl Exchange for Embedded {
    async fn warm_up(&self) {
        self.client.warm_up().await;
    }

    async fn exchange(&self, seq: u64, clock: Clock, chunks: &mut Vec<Chunk>) -> Exchanged {
        let request = self.requests.request(seq);
        let mut reply = match self.client.inference().open(&request).await {
            Ok(reply) => reply,
            Err(failed) => return not_answered(&failed, clock),
        };
        let outcome = receive(&request, &mut reply, clock, chunks).await;
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
            prompt_tokens: reply.usage().map(|usage| usage.prompt_tokens),
            output_tokens: output_tokens(&request, &reply, chunks),
            batch: reply.batch().map(batch),
            streamed: request.stream,
            outcome,
        }
    }

    async fn watch(&self, lane: usize) {
        self.client.watch(&format!("lane-{lane}")).await;
    }
}

/// Pulls the whole answer, and holds it against what was asked for.
async fn receive(
    request: &Request,
    reply: &mut Reply,
    clock: Clock,
    chunks: &mut Vec<Chunk>,
) -> Outcome {
    while let Some(next) = reply.next().await {
        match next {
            Ok(chunk) => chunks.push(Chunk {
                at: clock.offset(chunk.at),
                tokens: chunk.tokens,
            }),
            Err(failure) => return Outcome::Failed(failure_of(failure.kind)),
        }
    }
    if lacks_tokens(request, chunks) {
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
    Exchanged {
        failed_attempts: known(&failed.attempts, clock),
        endpoint: last.map(|attempt| attempt.endpoint),
        batch: last.and_then(|attempt| attempt.batch).map(batch),
        attempts: attempts(failed.attempts.len()),
        ..Exchanged::ended(Outcome::Failed(failure_of(failed.failure.kind)))
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
