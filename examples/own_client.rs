//! A client of one's own under the harness: a plain HTTP client, measured against the mock as the embedded client would be.
//!
//! ```text
//! cargo run --example own_client
//! ```

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "an example is read, and prints what it did"
)]

use inferometer::client::{Endpoint, FailureKind, Input, Request};
use inferometer::drive::{Arrivals, InferenceClient, Served};
use inferometer::plan::Stage;
use inferometer::{gate, plan, run, scenario::Overrides};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use tokio::time::Instant;

const SCENARIO: &str = "
name: own-client
workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 } } }
load: { closed: { in_flight: 4 } }
phases: { warmup: 100ms, measure: 1s }
expect: [ { metric: success_rate, at_least: 100% } ]
";

struct Plain {
    http: reqwest::Client,
    url: String,
}

impl InferenceClient for Plain {
    async fn infer(
        &self,
        request: &Request,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<Served, FailureKind> {
        let Input::Chat(messages) = &request.input else {
            return Err(FailureKind::Invalid);
        };
        let body = json!({
            "model": request.model, "messages": messages, "max_tokens": request.max_tokens,
        });
        // What the mock's journal is held against.
        let sent = self
            .http
            .post(&self.url)
            .header("x-request-id", &request.id);
        let answer = sent.body(body.to_string()).send().await;
        let answer = answer.map_err(|_| FailureKind::Connect)?;
        arrivals.head(Instant::now());
        if !answer.status().is_success() {
            return Err(FailureKind::Http(answer.status().as_u16()));
        }
        let text = answer.bytes().await.map_err(|_| FailureKind::Truncated)?;
        let answer: Value = serde_json::from_slice(&text).map_err(|_| FailureKind::Malformed)?;
        let output_tokens = answer["usage"]["completion_tokens"].as_u64();
        let arrived = output_tokens.and_then(|count| u32::try_from(count).ok());
        arrivals.tokens(Instant::now(), arrived.unwrap_or(1));
        Ok(Served {
            prompt_tokens: answer["usage"]["prompt_tokens"].as_u64(),
            output_tokens,
            attempts: 1,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let plan = plan::from_file(
        Path::new("own-client.yaml"),
        SCENARIO,
        &Overrides::default(),
    )?;
    let options = run::Options::default();
    let client = |_: &Stage, endpoints: &[Endpoint]| Plain {
        http: reqwest::Client::new(),
        url: format!("{}/v1/chat/completions", endpoints[0].url),
    };
    let summary = run::run_with(&plan, &options, &mut |_| {}, client).await?;
    let findings = gate::judge(&summary, &plan.expectations);
    let answered = summary.stages[0].accounting.answered;
    let verdict = gate::verdict(&summary, &findings);
    println!("{answered} answered: {verdict:?}");
    (verdict == gate::Verdict::Passed)
        .then_some(())
        .ok_or_else(|| "the expectations do not hold".into())
}
