//! What the embedded client does with every fault of the mock, over each protocol: a table that is held by a snapshot, and laws
//! that hold for each of its lines.
//!
//! Each fault strikes a client with one retry, whose requests may be executed twice. `always` is one request, all attempts of which
//! are struck; `once` is two requests, of which only the first attempt is. A line of the table has the failures of each request in order,
//! how it ended and what it was told: `openai: <always> | <once, the first> | <once, the second>`.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be tested, in helpers as in tests"
)]

use futures_util::{StreamExt, stream};
use inferometer::client::{
    Client, ClientConfig, Endpoint, FailureKind, Input, Mode, Protocol, Repeats, Request, Retry,
};
use inferometer_mock::{Fault, Mock, MockSpec};
use inferometer_proto::quantity::Period;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Every kind of fault, with what is needed to see it.
fn faults() -> Vec<(&'static str, Value)> {
    vec![
        ("status", json!({ "http": 503 })),
        ("status", json!({ "http": 500 })),
        ("status", json!({ "http": 400 })),
        ("stall", json!({})),
        ("stall", json!({ "after_tokens": 2 })),
        ("not_ready", json!({})),
        ("delay", json!({ "by": { "fixed": "20ms" } })),
        ("cut", json!({ "after_tokens": 2 })),
        ("reset", json!({})),
        ("reset", json!({ "after_tokens": 2 })),
        ("close", json!({})),
        ("close", json!({ "after_tokens": 2 })),
        ("go_away", json!({})),
        ("error_event", json!({ "after_tokens": 2 })),
        ("malformed", json!({ "at_token": 2 })),
        ("oversized", json!({ "bytes": "17MiB", "at_token": 2 })),
        ("trickle", json!({ "bytes": "64B", "pause": "1ms" })),
        ("duplicate", json!({ "at_token": 1 })),
        ("reorder", json!({ "at_token": 1 })),
        ("wrong_answer", json!({})),
        ("wrong_content_type", json!({})),
        ("missing_usage", json!({})),
        ("missing_done", json!({})),
        ("refuse", json!({ "from": "0s" })),
        ("slow_accept", json!({ "by": { "fixed": "20ms" } })),
        ("black_hole", json!({})),
    ]
}

const PROTOCOLS: [Protocol; 3] = [Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc];

/// What one request came to.
#[derive(Debug)]
struct Outcome {
    failure: Option<FailureKind>,
    /// Of the attempts that failed before the last one.
    before: Vec<FailureKind>,
    text: String,
}

impl Outcome {
    fn line(&self) -> String {
        let ended = match self.failure {
            Some(kind) => kind.to_string(),
            None => "answered".to_owned(),
        };
        let before = self.before.iter().map(|kind| format!("{kind}, "));
        let text = match self.text.trim() {
            "" => "nothing",
            text => text,
        };
        format!("{}{ended}: {text}", before.collect::<String>())
    }
}

/// One line of the table.
#[derive(Debug)]
struct Case {
    kind: &'static str,
    fields: Value,
    protocol: Protocol,
    stream: bool,
}

impl Case {
    /// A mock with the fault, which strikes so often.
    async fn mock(&self, times: Option<u64>) -> Mock {
        let mut fields = self.fields.clone();
        if let Some(times) = times {
            let fields = fields.as_object_mut().unwrap();
            fields.insert("times".to_owned(), times.into());
        }
        let spec = json!({ "faults": [{ self.kind: fields }] });
        let spec: MockSpec = serde_json::from_value(spec).unwrap();
        Mock::start(spec).await.unwrap()
    }

    fn client(&self, mock: &Mock) -> Client {
        let (mode, url) = match self.protocol {
            Protocol::OipGrpc => (Mode::Grpc, mock.grpc_url()),
            Protocol::Openai | Protocol::OipRest => (Mode::Rest, mock.rest_url()),
        };
        let patience = Some(Period::from_secs(2));
        let config = ClientConfig {
            mode,
            first_byte_deadline: patience,
            chunk_deadline: patience,
            retry: Retry {
                attempts: 2,
                max_backoff: Period::default(),
                repeats: Repeats::Idempotent,
                ..Retry::default()
            },
            ..ClientConfig::default()
        };
        Client::new(&config, &[Endpoint::new(self.protocol, url)]).unwrap()
    }

    async fn ask(&self, client: &Client, id: &str) -> Outcome {
        let request = Request {
            id: id.to_owned(),
            model: "tiny".to_owned(),
            input: Input::Prompt("one two three".to_owned()),
            max_tokens: 4,
            stream: self.stream,
            temperature: None,
            top_p: None,
        };
        let kinds = |attempts: &[inferometer::client::Attempt]| {
            attempts
                .iter()
                .map(|attempt| attempt.failure.kind)
                .collect()
        };
        let mut reply = match client.inference().open(&request).await {
            Ok(reply) => reply,
            Err(failed) => {
                let mut before: Vec<FailureKind> = kinds(&failed.attempts);
                before.pop();
                return Outcome {
                    failure: Some(failed.failure.kind),
                    before,
                    text: String::new(),
                };
            }
        };
        let (mut text, mut failure) = (String::new(), None);
        while let Some(next) = reply.next().await {
            match next {
                Ok(chunk) => text.push_str(&chunk.text),
                Err(broken) => failure = Some(broken.kind),
            }
        }
        Outcome {
            failure,
            before: kinds(reply.failed_attempts()),
            text,
        }
    }

    /// The line, after the laws were held against it.
    async fn line(self) -> String {
        let mock = self.mock(None).await;
        let always = self.ask(&self.client(&mock), "always-0").await;
        self.hold(&always);
        let mut line = format!("  {}: {}", self.protocol, always.line());
        // A closed port counts no requests.
        if self.kind != "refuse" {
            let mock = self.mock(Some(1)).await;
            let client = self.client(&mock);
            let once = [
                self.ask(&client, "once-0").await,
                self.ask(&client, "once-1").await,
            ];
            for outcome in &once {
                self.hold(outcome);
            }
            assert_eq!(once[1].failure, None, "{self:?} leaves something: {once:?}");
            assert_eq!(once[1].text, " alpha bravo charlie delta", "{self:?}");
            write!(line, " | {} | {}", once[0].line(), once[1].line()).unwrap();
        }
        line
    }

    /// What has begun is never begun again, and nothing is given twice that was not sent twice.
    fn hold(&self, outcome: &Outcome) {
        let broke_off = outcome.before.contains(&FailureKind::Truncated);
        assert!(!broke_off, "{self:?} was begun again: {outcome:?}");
        let words: Vec<&str> = outcome.text.split_whitespace().collect();
        let distinct: BTreeSet<&str> = words.iter().copied().collect();
        let is_told_twice = words.len() > distinct.len();
        assert_eq!(
            is_told_twice,
            is_doubled(self, outcome),
            "{self:?}: {outcome:?}"
        );
    }
}

/// The one fault by which a server sends something twice, which no protocol lets a client see.
fn is_doubled(case: &Case, outcome: &Outcome) -> bool {
    case.kind == "duplicate" && outcome.text.contains("bravo bravo")
}

async fn table(stream: bool) -> String {
    let mut table = String::new();
    for (kind, fields) in faults() {
        writeln!(table, "{kind} {fields}").unwrap();
        let cases = PROTOCOLS.map(|protocol| Case {
            kind,
            fields: fields.clone(),
            protocol,
            stream,
        });
        let lines: Vec<String> = stream::iter(cases)
            .map(Case::line)
            .buffered(3)
            .collect()
            .await;
        writeln!(table, "{}", lines.join("\n")).unwrap();
    }
    table
}

#[tokio::test]
async fn whole_answers_under_every_fault() {
    insta::assert_snapshot!(table(false).await);
}

#[tokio::test]
async fn streams_under_every_fault() {
    insta::assert_snapshot!(table(true).await);
}

#[test]
fn every_fault_of_the_mock_has_a_line() {
    let schema = schemars::schema_for!(Fault).to_value();
    let variants = schema["oneOf"].as_array().unwrap();
    let known: BTreeSet<&str> = variants
        .iter()
        .map(|variant| variant["required"][0].as_str().unwrap())
        .collect();

    let shown: BTreeSet<&str> = faults().iter().map(|(kind, _)| *kind).collect();

    assert_eq!(shown, known);
}
