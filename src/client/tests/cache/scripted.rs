//! An endpoint that answers from a script, and counts how often it is asked.

use super::super::*;
use crate::client::transport::{Delta, Opened, Transport, Turn};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt, stream};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// How the endpoint takes one request. What it says is the number of the request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Answers,
    AnswersAfter(Duration),
    FailsAfter(Duration),
    BreaksOff,
    /// The answer ends, and nobody has said that it is complete.
    Unfinished,
    /// The answer is complete, and nothing in it.
    SaysNothing,
}

#[derive(Debug)]
struct Scripted {
    script: Mutex<VecDeque<Step>>,
    asked: Arc<AtomicU32>,
}

impl Transport for Scripted {
    fn protocol(&self) -> Protocol {
        Protocol::OipRest
    }

    fn infer<'a>(
        &'a self,
        _request: &'a Request,
        _turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        let nth = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let step = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            let step = step.unwrap_or(Step::Answers);
            if let Step::AnswersAfter(time) | Step::FailsAfter(time) = step {
                tokio::time::sleep(time).await;
            }
            let failure = |kind| Failure::new(kind, "as the script says");
            let pieces = match step {
                Step::Answers | Step::AnswersAfter(_) => {
                    vec![Ok(piece(&nth.to_string())), Ok(piece("!")), Ok(last())]
                }
                Step::FailsAfter(_) => return Err(failure(FailureKind::Http(500))),
                Step::BreaksOff => vec![Ok(piece("?")), Err(failure(FailureKind::Truncated))],
                Step::Unfinished => vec![Ok(piece("?"))],
                Step::SaysNothing => vec![Ok(last())],
            };
            Ok(Opened {
                first_byte: Instant::now(),
                connection: Connection::Fresh,
                queued: None,
                deltas: stream::iter(pieces).boxed(),
            })
        })
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        unreachable!("nobody asks")
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        unreachable!("nobody asks")
    }

    fn load<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        ready(Ok(())).boxed()
    }

    fn unload<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        ready(Ok(())).boxed()
    }
}

fn piece(text: &str) -> Delta {
    Delta {
        text: text.to_owned(),
        tokens: 1,
        ..Delta::empty(Instant::now())
    }
}

fn last() -> Delta {
    Delta {
        usage: Some(Usage {
            prompt_tokens: 3,
            completion_tokens: 5,
        }),
        finish_reason: Some("stop".into()),
        is_last: true,
        ..Delta::empty(Instant::now())
    }
}

/// A client with this cache of an endpoint that follows this script, and how often that was asked.
pub(super) fn scripted(cache: CacheConfig, script: &[Step]) -> (Client, Arc<AtomicU32>) {
    let config = ClientConfig {
        cache: Some(cache),
        ..ClientConfig::default()
    };
    let endpoint = Endpoint::new(Protocol::OipRest, "http://127.0.0.1:1");
    let mut client = Client::new(&config, &[endpoint]).unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    Arc::get_mut(&mut client.links).unwrap()[0].transport = Box::new(Scripted {
        script: Mutex::new(script.iter().copied().collect()),
        asked: Arc::clone(&asked),
    });
    (client, asked)
}
