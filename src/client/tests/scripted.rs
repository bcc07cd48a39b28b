//! Endpoints that answer from a script, in paused virtual time, and write down what they are asked.

use super::*;
use crate::client::transport::{Delta, Opened, Transport, Turn};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// How an endpoint of the script takes one attempt.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Answers,
    /// Likewise, after some time.
    AnswersAfter(Duration),
    /// The head arrives, then the answer breaks off.
    BreaksOff,
    /// A piece arrives, then nothing more.
    FallsSilent,
    Fails(Failure),
    /// Likewise, after some time.
    FailsAfter(Duration, Failure),
}

/// The endpoint, the milliseconds since the start and the number of earlier attempts of each attempt made.
pub(super) type Log = Arc<Mutex<Vec<(usize, u128, u32)>>>;

/// Of one endpoint: what its next checks are told, `None` for nothing at all, and when each was made, in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    script: Arc<Mutex<VecDeque<Option<bool>>>>,
    made: Arc<Mutex<Vec<u128>>>,
}

impl Checks {
    pub(super) fn told(script: &[Option<bool>]) -> Self {
        Self {
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            made: Arc::default(),
        }
    }

    pub(super) fn made(&self) -> Vec<u128> {
        std::mem::take(&mut self.made.lock().unwrap())
    }
}

/// Follows its script, and answers when that is over.
#[derive(Debug)]
struct Scripted {
    endpoint: usize,
    script: Mutex<VecDeque<Step>>,
    checks: Checks,
    begun: Instant,
    log: Log,
}

impl Transport for Scripted {
    fn protocol(&self) -> Protocol {
        Protocol::Openai
    }

    fn infer<'a>(
        &'a self,
        _request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        let now = self.begun.elapsed().as_millis();
        let entry = (self.endpoint, now, turn.earlier_attempts);
        self.log.lock().unwrap().push(entry);
        let step = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            match step.unwrap_or(Step::Answers) {
                Step::Answers => Ok(opened(Ok(last_delta()))),
                Step::AnswersAfter(time) => {
                    tokio::time::sleep(time).await;
                    Ok(opened(Ok(last_delta())))
                }
                Step::BreaksOff => Ok(opened(Err(failure(FailureKind::Truncated)))),
                Step::FallsSilent => Ok(silent()),
                Step::Fails(failure) => Err(failure),
                Step::FailsAfter(time, failure) => {
                    tokio::time::sleep(time).await;
                    Err(failure)
                }
            }
        })
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let now = self.begun.elapsed().as_millis();
        self.checks.made.lock().unwrap().push(now);
        let told = self.checks.script.lock().unwrap().pop_front();
        Box::pin(async move {
            match told.unwrap_or(Some(true)) {
                Some(true) => Ok(()),
                Some(false) => Err(failure(FailureKind::Http(503))),
                None => std::future::pending().await,
            }
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

fn opened(delta: Result<Delta, Failure>) -> Opened {
    Opened {
        first_byte: Instant::now(),
        connection: Connection::Fresh,
        queued: None,
        deltas: stream::iter([delta]).boxed(),
    }
}

fn silent() -> Opened {
    let first = Delta {
        is_last: false,
        ..last_delta()
    };
    Opened {
        deltas: stream::iter([Ok(first)]).chain(stream::pending()).boxed(),
        ..opened(Ok(last_delta()))
    }
}

fn last_delta() -> Delta {
    Delta {
        at: Instant::now(),
        text: "yes".to_owned(),
        tokens: 1,
        usage: None,
        finish_reason: None,
        is_last: true,
        values: None,
    }
}

pub(super) fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "as the script says")
}

pub(super) fn busy(pushback: Option<Pushback>) -> Step {
    Step::Fails(failure(FailureKind::Http(503)).pushed_back(pushback))
}

pub(super) fn refused() -> Step {
    Step::Fails(failure(FailureKind::Connect))
}

/// A client of endpoints that follow these scripts, and what they see.
pub(super) fn scripted(config: &ClientConfig, scripts: &[&[Step]]) -> (Client, Log) {
    checked(config, scripts, &vec![Checks::default(); scripts.len()])
}

/// Likewise, with what their checks are told.
pub(super) fn checked(
    config: &ClientConfig,
    scripts: &[&[Step]],
    checks: &[Checks],
) -> (Client, Log) {
    let log = Log::default();
    let endpoints = vec![openai("http://127.0.0.1:1"); scripts.len()];
    let mut client = Client::new(config, &endpoints).unwrap();
    let begun = Instant::now();
    let links = Arc::get_mut(&mut client.links).unwrap();
    for ((link, script), checks) in links.iter_mut().zip(scripts).zip(checks) {
        link.transport = Box::new(Scripted {
            endpoint: link.endpoint,
            script: Mutex::new(script.iter().cloned().collect()),
            checks: checks.clone(),
            begun,
            log: Arc::clone(&log),
        });
    }
    (client, log)
}

/// Retries without jitter, as the longest pause is none.
pub(super) fn retrying(attempts: u32) -> ClientConfig {
    ClientConfig {
        retry: Retry {
            attempts,
            max_backoff: Period::default(),
            ..Retry::default()
        },
        ..ClientConfig::default()
    }
}

pub(super) async fn call(client: &Client) -> Result<usize, FailureKind> {
    let answer = client.inference().execute(&prompt(true)).await;
    answer
        .map(|answer| answer.endpoint.unwrap())
        .map_err(|failed| failed.failure.kind)
}

pub(super) fn seen(log: &Log) -> Vec<(usize, u128, u32)> {
    std::mem::take(&mut log.lock().unwrap())
}
