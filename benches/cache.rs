//! What a hit of the response cache costs, from call to last chunk: a whole answer through `execute` and a stream of 32
//! pieces through `open`, alone in the cache and beside 10,000 other answers.
//!
//! The server answers what is asked for the first time; nothing that is measured reaches it.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use inferometer::client::{
    CacheConfig, Client, ClientConfig, Endpoint, Input, Protocol, Request, Source,
};
use std::hint::black_box;
use tokio::runtime::{Builder, Runtime};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const WHOLE: &str = r#"{"choices":[{"text":" alpha","finish_reason":"length"}],"usage":{"prompt_tokens":64,"completion_tokens":32}}"#;
const PIECE: &str = "data: {\"choices\":[{\"text\":\" alpha\"}]}\n\n";
const END: &str = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A request with a prompt of 64 words, of which each `nth` is another.
fn request(nth: u32, stream: bool) -> Request {
    Request {
        id: "bench".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt(format!("{nth} {}", "word ".repeat(63))),
        max_tokens: 32,
        stream,
        temperature: None,
        top_p: None,
    }
}

/// A server that answers everything, with a stream or not.
async fn server(stream: bool) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200);
    let answer = if stream {
        let body = PIECE.repeat(32) + END;
        answer.set_body_raw(body, "text/event-stream")
    } else {
        answer.set_body_raw(WHOLE, "application/json")
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A client that has so many answers in its cache.
async fn client(server: &MockServer, answers: u32, stream: bool) -> Client {
    let config = ClientConfig {
        cache: Some(CacheConfig::default()),
        ..ClientConfig::default()
    };
    let endpoint = Endpoint::new(Protocol::Openai, server.uri());
    let client = Client::new(&config, &[endpoint]).expect("a client");
    for nth in 0..answers {
        read(&client, &request(nth, stream)).await;
    }
    client
}

async fn read(client: &Client, request: &Request) -> Source {
    let mut reply = client.inference().open(request).await.expect("an answer");
    while let Some(chunk) = reply.next().await {
        black_box(chunk.expect("a chunk"));
    }
    reply.source()
}

async fn execute(client: &Client, request: &Request) -> Source {
    let answer = client.inference().execute(request).await;
    black_box(answer.expect("an answer")).source
}

fn hits(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("cache_hit");
    for answers in [1, 10_000] {
        for stream in [false, true] {
            let server = runtime.block_on(server(stream));
            let client = runtime.block_on(client(&server, answers, stream));
            let request = request(0, stream);
            let source = runtime.block_on(execute(&client, &request));
            assert_eq!(
                source,
                Source::Cache,
                "it would not be hits that are measured"
            );
            if stream {
                group.bench_function(format!("open_stream_of_32/{answers}"), |bencher| {
                    bencher.to_async(&runtime).iter(|| read(&client, &request));
                });
            } else {
                group.bench_function(format!("execute_whole/{answers}"), |bencher| {
                    bencher
                        .to_async(&runtime)
                        .iter(|| execute(&client, &request));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, hits);
criterion_main!(benches);
