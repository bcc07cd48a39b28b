//! A client whose one endpoint follows a script, and callers who come at exact times.

use crate::client::batch::Kind;
use crate::client::tests::openai;
use crate::client::transport::{Delta, Opened, Transport, Turn};
use crate::client::*;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How the endpoint takes one request over the wire. Without a script it answers at once, as many tokens as were asked for.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// After so many milliseconds.
    AnswersAfter(u64),
    /// With so many tokens counted in all.
    Counts(u64),
    Fails(FailureKind),
    /// The head arrives, then the answer breaks off.
    BreaksOff,
    /// Nothing ever comes.
    Hangs,
}

/// What the endpoint saw: when, of which id, how many earlier attempts, the prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: u128,
    pub(super) id: String,
    pub(super) earlier_attempts: u32,
    pub(super) prompts: Vec<String>,
}

/// A client, and what came of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) client: Client,
    begun: Instant,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// How a request ended, and at which millisecond.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) at: u128,
    pub(super) answer: Result<Answer, Failed>,
}

/// Gathers for up to 5 ms.
pub(super) fn batching(max_size: u32) -> ClientConfig {
    ClientConfig {
        batch: Some(BatchConfig {
            max_size,
            adaptive: false,
            ..BatchConfig::default()
        }),
        ..ClientConfig::default()
    }
}

/// A client of one endpoint that follows this script, and of others that nobody gets to.
pub(super) fn world(config: &ClientConfig, others: &[Endpoint], script: &[Step]) -> World {
    let endpoints = [&[openai("http://127.0.0.1:1")], others].concat();
    let mut client = Client::new(config, &endpoints).unwrap();
    let (begun, sent) = (Instant::now(), Arc::default());
    Arc::get_mut(&mut client.links).unwrap()[0].transport = Box::new(Scripted {
        script: Mutex::new(script.iter().cloned().collect()),
        begun,
        sent: Arc::clone(&sent),
    });
    World {
        client,
        begun,
        sent,
    }
}

impl World {
    /// Asks for this prompt after so many milliseconds, under the prompt as the id.
    pub(super) fn ask(&self, prompt: &str, after: u64) -> JoinHandle<Ended> {
        let request = Request {
            id: prompt.to_owned(),
            input: Input::Prompt(prompt.to_owned()),
            ..crate::client::tests::prompt(false)
        };
        self.send(request, after)
    }

    /// Sends this request after so many milliseconds.
    pub(super) fn send(&self, request: Request, after: u64) -> JoinHandle<Ended> {
        let (client, begun) = (self.client.clone(), self.begun);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let answer = client.inference().execute(&request).await;
            let at = begun.elapsed().as_millis();
            Ended { at, answer }
        })
    }

    /// Asks at each of these milliseconds, with the number as the prompt, and waits for all.
    pub(super) async fn ask_at(&self, times: &[u64]) -> Vec<Ended> {
        let asking = times.iter().map(|at| self.ask(&at.to_string(), *at));
        all(asking.collect::<Vec<_>>()).await
    }

    pub(super) async fn until(&self, at: u64) {
        tokio::time::sleep_until(self.begun + Duration::from_millis(at)).await;
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// When which prompts were sent.
    pub(super) fn batches(&self) -> Vec<(u128, String)> {
        let batch = |sent: Sent| (sent.at, sent.prompts.join(" "));
        self.sent().into_iter().map(batch).collect()
    }
}

/// Waits for all.
pub(super) async fn all(asking: Vec<JoinHandle<Ended>>) -> Vec<Ended> {
    let mut ended = Vec::new();
    for asked in asking {
        ended.push(asked.await.unwrap());
    }
    ended
}

impl Ended {
    /// When and with which text it was answered.
    pub(super) fn answered(&self) -> (u128, &str) {
        (self.at, &self.answer.as_ref().unwrap().text)
    }

    pub(super) fn batch(&self) -> Option<Batch> {
        self.answer.as_ref().unwrap().batch
    }

    pub(super) fn failed(&self) -> &Failed {
        self.answer.as_ref().unwrap_err()
    }
}

#[derive(Debug)]
struct Scripted {
    script: Mutex<VecDeque<Step>>,
    begun: Instant,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Scripted {
    async fn take(&self, requests: &[Request], turn: Turn) -> Result<Opened, Failure> {
        let prompts = requests.iter().filter_map(|request| request.input.prompt());
        self.sent.lock().unwrap().push(Sent {
            at: self.begun.elapsed().as_millis(),
            id: requests[0].id.clone(),
            earlier_attempts: turn.earlier_attempts,
            prompts: prompts.map(str::to_owned).collect(),
        });
        let step = self.script.lock().unwrap().pop_front();
        let four_each = 4 * u64::try_from(requests.len()).unwrap();
        match step.unwrap_or(Step::AnswersAfter(0)) {
            Step::AnswersAfter(0) => Ok(opened(Ok(deltas(requests, four_each)))),
            Step::AnswersAfter(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Ok(opened(Ok(deltas(requests, four_each))))
            }
            Step::Counts(tokens) => Ok(opened(Ok(deltas(requests, tokens)))),
            Step::Fails(kind) => Err(Failure::new(kind, "as the script says")),
            Step::BreaksOff => Ok(opened(Err(Failure::new(FailureKind::Truncated, "cut")))),
            Step::Hangs => std::future::pending().await,
        }
    }
}

impl Transport for Scripted {
    fn protocol(&self) -> Protocol {
        Protocol::Openai
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(self.take(std::slice::from_ref(request), turn))
    }

    fn batch_kind(&self, request: &Request) -> Option<Kind> {
        Kind::of_texts(request)
    }

    fn infer_together<'a>(
        &'a self,
        requests: &'a [Request],
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(self.take(requests, turn))
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

fn opened(read: Result<Vec<Delta>, Failure>) -> Opened {
    let deltas = match read {
        Ok(deltas) => deltas.into_iter().map(Ok).collect(),
        Err(failure) => vec![Err(failure)],
    };
    Opened {
        first_byte: Instant::now(),
        connection: Connection::Reused,
        queued: None,
        deltas: stream::iter(deltas).boxed(),
    }
}

/// Each prompt with an exclamation mark, and the count of all.
fn deltas(requests: &[Request], tokens: u64) -> Vec<Delta> {
    let delta = |request: &Request| Delta {
        at: Instant::now(),
        text: format!("{}!", request.input.prompt().unwrap()),
        tokens: 1,
        usage: Some(Usage {
            prompt_tokens: 3,
            completion_tokens: tokens,
        }),
        finish_reason: Some("length".into()),
        values: None,
        is_last: false,
    };
    requests.iter().map(delta).collect()
}
