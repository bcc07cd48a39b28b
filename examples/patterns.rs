//! Ways to use the client, each against mocks of its own, as `docs/client.md` shows them.
//!
//! ```text
//! cargo run --example patterns
//! ```

#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use futures_util::TryStreamExt;
use inferometer::client::{
    self, Answer, Client, Failed, FailureKind, Input, Message, Priority, Request, Role, Tensor,
};
use inferometer::scenario::{self, Overrides};
use inferometer::settings;
use inferometer_mock::{Mock, MockSpec};
use serde_json::json;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};

fn chat(question: &str) -> Request {
    Request {
        id: "q-1".into(),
        model: "tiny".into(),
        input: Input::Chat(vec![Message {
            role: Role::User,
            content: question.into(),
        }]),
        max_tokens: 16,
        stream: false,
        temperature: None,
        top_p: None,
    }
}

pub(crate) async fn whole(client: &Client, question: &str) -> Result<String, Failed> {
    let answer = client.inference().execute(&chat(question)).await?;
    Ok(answer.text)
}

async fn streamed(
    client: &Client,
    question: &str,
    mut show: impl FnMut(&str),
) -> Result<(), Failed> {
    let request = Request {
        stream: true,
        ..chat(question)
    };
    let mut chunks = pin!(client.inference().stream(&request));
    while let Some(chunk) = chunks.try_next().await? {
        show(&chunk.text);
    }
    Ok(())
}

async fn with_fallback(client: &Client, question: &str) -> Result<Answer, Failed> {
    let answer = client.inference().execute(&chat(question)).await?;
    for attempt in &answer.failed_attempts {
        let (endpoint, protocol) = (attempt.endpoint, attempt.protocol);
        println!("endpoint {endpoint} over {protocol}: {}", attempt.failure);
    }
    Ok(answer)
}

async fn unless(
    client: &Client,
    question: &str,
    stop: impl Future<Output = ()>,
) -> Option<Result<String, Failed>> {
    tokio::select! {
        answer = whole(client, question) => Some(answer),
        () = stop => None,
    }
}

async fn vectors(client: &Client, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failed> {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    let request = Request::embedding("e-1", "tiny", texts);
    let embeddings = client.inference().embed(&request).await?;
    Ok(embeddings.vectors)
}

async fn through(client: &Client, numbers: &[f32]) -> Result<Option<Vec<f32>>, Box<dyn Error>> {
    let rows = u64::try_from(numbers.len())?;
    let input = Tensor::of("x", &[rows, 1], numbers)?;
    let request = Request::tensors("t-1", "same", vec![input]);
    let outputs = client.inference().infer(&request).await?;
    Ok(outputs.get("x").and_then(Tensor::elements::<f32>))
}

fn advice(failed: &Failed) -> &'static str {
    use FailureKind::{Connect, Deadline, Ejected, Grpc, Http, Invalid, Stalled};
    let kind = failed.failure.kind;
    if matches!(kind, Invalid) {
        "mend the request: it was not sent"
    } else if matches!(kind, Connect | Ejected) {
        "no server can be reached"
    } else if matches!(kind, Http(401 | 403) | Grpc(7 | 16)) {
        "look at the key"
    } else if matches!(kind, Http(429 | 503) | Grpc(8 | 14)) {
        "the servers are busy: come again later"
    } else if matches!(kind, Deadline | Stalled) {
        "it took too long: ask for less, or wait longer"
    } else {
        "the answer was lost: ask again if asking twice does no harm"
    }
}

async fn all_loaded(client: &Client, models: &[&str]) -> Result<(), client::Error> {
    let mut loads = Vec::new();
    for model in models {
        loads.push(client.models().submit(model, Priority::Low)?);
    }
    for load in &mut loads {
        load.ended().await?;
        println!("{} is loaded", load.model());
    }
    Ok(())
}

/// A client of the endpoints that are written like those of a file.
fn client(text: &str) -> Result<Client, Box<dyn Error>> {
    let settings = settings::client_from_text("patterns", text, &Overrides::default());
    let settings = settings.map_err(|error: scenario::Error| error.to_string())?;
    Ok(Client::new(&settings.config, &settings.endpoints)?)
}

fn described(mock: serde_json::Value) -> Result<MockSpec, serde_json::Error> {
    serde_json::from_value(mock)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    one_shot_and_streamed().await?;
    failover().await?;
    cancelled().await?;
    no_text().await?;
    failing().await?;
    loading().await
}

async fn one_shot_and_streamed() -> Result<(), Box<dyn Error>> {
    let mock = Mock::start(MockSpec::default()).await?;
    let client = client(&format!(
        "endpoints: [ {{ protocol: openai, url: '{}' }} ]",
        mock.rest_url()
    ))?;

    let text = whole(&client, "Why is the sky blue?").await?;
    let mut pieces = Vec::new();
    streamed(&client, "Why is the sky blue?", |piece| {
        pieces.push(piece.to_owned());
    })
    .await?;

    println!("whole: {text}");
    println!("in {} pieces: {}", pieces.len(), pieces.concat());
    assert_eq!(pieces.concat(), text);
    mock.stop().await;
    Ok(())
}

async fn failover() -> Result<(), Box<dyn Error>> {
    let mock = Mock::start(MockSpec::default()).await?;
    let client = client(&format!(
        "mode: hybrid
breaker: {{}}
endpoints:
  - {{ protocol: oip_grpc, url: 'http://127.0.0.1:1' }}
  - {{ protocol: openai, url: '{}' }}",
        mock.rest_url()
    ))?;

    let answer = with_fallback(&client, "Why is the sky blue?").await?;

    assert_eq!(
        (answer.endpoint, answer.failed_attempts.len()),
        (Some(1), 1)
    );
    mock.stop().await;
    Ok(())
}

async fn cancelled() -> Result<(), Box<dyn Error>> {
    let mock = Mock::start(described(json!({ "latency": { "fixed": "1h" } }))?).await?;
    let client = client(&format!(
        "endpoints: [ {{ protocol: openai, url: '{}' }} ]",
        mock.rest_url()
    ))?;
    let arrived = async {
        while mock.counters().in_flight == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };

    let outcome = unless(&client, "Why is the sky blue?", arrived).await;

    assert!(outcome.is_none(), "{outcome:?}");
    let gone = async {
        while mock.counters().in_flight > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await?;
    println!("cancelled: the server has nothing left to do");
    mock.stop().await;
    Ok(())
}

async fn no_text() -> Result<(), Box<dyn Error>> {
    let same = json!({ "name": "same", "answer": "echo",
        "inputs": [ { "name": "x", "datatype": "FP32", "shape": [-1, 1] } ] });
    let mock = json!({ "models": [ { "name": "tiny" }, same ] });
    let mock = Mock::start(described(mock)?).await?;
    let client = client(&format!(
        "endpoints:
  - {{ protocol: openai, url: '{0}' }}
  - {{ protocol: oip_rest, url: '{0}' }}",
        mock.rest_url()
    ))?;

    let vectors = vectors(&client, &["one", "two"]).await?;
    let back = through(&client, &[0.5, 1.5]).await?;

    println!("{} vectors, and tensors {back:?}", vectors.len());
    assert_eq!(vectors.len(), 2);
    assert_eq!(back, Some(vec![0.5, 1.5]));
    mock.stop().await;
    Ok(())
}

async fn failing() -> Result<(), Box<dyn Error>> {
    let busy = json!({ "faults": [ { "status": { "http": 503, "attempts": 1 } } ] });
    let mock = Mock::start(described(busy)?).await?;
    let endpoints = format!(
        "endpoints: [ {{ protocol: openai, url: '{}' }} ]",
        mock.rest_url()
    );
    let patient = client(&format!("retry: {{ attempts: 2 }}\n{endpoints}"))?;
    let impatient = client(&endpoints)?;

    let answer = patient.inference().execute(&chat("Why?")).await?;
    let failed = impatient.inference().execute(&chat("Why?")).await;

    assert_eq!(answer.failed_attempts.len(), 1);
    let Err(failed) = failed else {
        return Err("the first attempt should have failed".into());
    };
    assert_eq!(failed.failure.kind, FailureKind::Http(503));
    println!("{failed}: {}", advice(&failed));
    mock.stop().await;
    Ok(())
}

async fn loading() -> Result<(), Box<dyn Error>> {
    let models = ["tiny", "other", "third"];
    let asleep = models.map(|name| json!({ "name": name, "loaded": false, "load_time": "20ms" }));
    let mock = Mock::start(described(json!({ "models": asleep }))?).await?;
    let client = client(&format!(
        "mode: grpc
loading: {{ concurrent: 2, preload: 1, on_demand: true }}
endpoints: [ {{ protocol: oip_grpc, url: '{}' }} ]",
        mock.grpc_url()
    ))?;

    let work = async {
        let text = whole(&client, "Why is the sky blue?").await?;
        println!("loaded and asked: {text}");
        all_loaded(&client, &models).await?;
        Ok::<(), Box<dyn Error>>(())
    };
    tokio::select! {
        worked = work => worked?,
        () = client.watch("patterns") => return Err("watching does not end by itself".into()),
    }

    let statistics = client.loading_statistics().unwrap_or_default();
    assert_eq!((statistics.asked, statistics.hits), (4, 1));
    assert_eq!(statistics.loads, 3);
    mock.stop().await;
    Ok(())
}
