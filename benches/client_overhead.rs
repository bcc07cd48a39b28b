//! What the embedded client costs over the libraries beneath it and beside it: the same POST to the same server on loopback,
//! 50 at a time, through [`Client`] with all its resilience and with none, through a bare loop over hyper's connections, and
//! through a bare reqwest loop. The bare loops read the body and look at nothing.
//!
//! The server runs in its own thread and answers from memory, so that the difference is the client's.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use inferometer::client::{
    BreakerConfig, Client, ClientConfig, Endpoint, Input, Protocol, Request, Retry, RetryBudget,
};
use std::hint::black_box;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

const IN_FLIGHT: u64 = 50;
const BODY: &str = r#"{"model":"tiny","prompt":"one two three","max_tokens":4}"#;
const PIECE: &str = r#"{"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"tiny","choices":[{"index":0,"text":" alpha","logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;

/// A server of one answer, for the life of the process. It knows where a request ends because each fits one segment.
fn serve(answer: String) -> io::Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener of this thread");
            let answer: &'static str = answer.leak();
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer_all(connection, answer.as_bytes()));
            }
        });
    });
    Ok(url)
}

async fn answer_all(mut connection: TcpStream, answer: &'static [u8]) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut request = [0; 4096];
    while connection.read(&mut request).await? > 0 {
        connection.write_all(answer).await?;
    }
    Ok(())
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn whole() -> String {
    let length = PIECE.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{PIECE}"
    )
}

fn streamed() -> String {
    let mut body: String = format!("data: {PIECE}\n\n").repeat(32);
    body.push_str("data: [DONE]\n\n");
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn request(stream: bool) -> Request {
    Request {
        id: "bench".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt("one two three".to_owned()),
        max_tokens: 4,
        stream,
        temperature: None,
        top_p: None,
    }
}

async fn ours(client: &Client, request: &Request) {
    let mut reply = client.inference().open(request).await.expect("an answer");
    while let Some(chunk) = reply.next().await {
        black_box(chunk.expect("a chunk"));
    }
}

async fn bare(client: &reqwest::Client, url: &reqwest::Url, body: &'static str) {
    let sent = client
        .post(url.clone())
        .header("content-type", "application/json")
        .header("x-request-id", "bench")
        .body(body)
        .send();
    let mut response = sent.await.expect("an answer");
    while let Some(piece) = response.chunk().await.expect("a piece") {
        black_box(piece);
    }
}

fn overhead(criterion: &mut Criterion) {
    for (name, answer, stream) in [
        ("whole", whole(), false),
        ("stream_of_32", streamed(), true),
    ] {
        let url = serve(answer).expect("a port");
        let mut group = criterion.benchmark_group(format!("client_overhead/{name}"));
        group.throughput(Throughput::Elements(IN_FLIGHT));
        let resilient = ClientConfig {
            retry: Retry {
                attempts: 3,
                budget: Some(RetryBudget::default()),
                ..Retry::default()
            },
            breaker: Some(BreakerConfig::default()),
            ..ClientConfig::default()
        };
        bench_ours(
            &mut group,
            "inferometer",
            &ClientConfig::default(),
            (&url, stream),
        );
        bench_ours(
            &mut group,
            "inferometer_resilient",
            &resilient,
            (&url, stream),
        );
        bench_hyper(&mut group, &url);
        bench_bare(&mut group, &url);
        group.finish();
    }
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn bench_ours(
    group: &mut Group<'_>,
    name: &str,
    config: &ClientConfig,
    (url, stream): (&str, bool),
) {
    let endpoint = Endpoint::new(Protocol::Openai, url);
    let client = Client::new(config, &[endpoint]).expect("a client");
    let request = request(stream);
    let runtime = runtime();
    group.bench_function(name, |bencher| {
        bencher.to_async(&runtime).iter(|| {
            let calls = (0..IN_FLIGHT).map(|_| ours(&client, &request));
            async { join_all(calls).await.len() }
        });
    });
}

/// One connection over HTTP/1.1, driven by a task of its own as hyper's guide has it.
async fn connect(authority: &str) -> SendRequest<Full<Bytes>> {
    let socket = TcpStream::connect(authority).await.expect("a connection");
    socket.set_nodelay(true).expect("a socket");
    let (sender, driver) = handshake(TokioIo::new(socket)).await.expect("a handshake");
    tokio::spawn(driver);
    sender
}

async fn bare_hyper(sender: &mut SendRequest<Full<Bytes>>, authority: &str) {
    sender.ready().await.expect("a free connection");
    let request = http::Request::post("/v1/completions")
        .header("host", authority)
        .header("content-type", "application/json")
        .header("x-request-id", "bench")
        .body(Full::new(Bytes::from_static(BODY.as_bytes())))
        .expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        black_box(frame.expect("a frame"));
    }
}

fn bench_hyper(group: &mut Group<'_>, url: &str) {
    let authority = url.trim_start_matches("http://");
    let runtime = runtime();
    let connecting = (0..IN_FLIGHT).map(|_| connect(authority));
    let senders = runtime.block_on(async { join_all(connecting).await });
    let senders: Vec<_> = senders.into_iter().map(Mutex::new).collect();
    group.bench_function("hyper", |bencher| {
        bencher.to_async(&runtime).iter(|| {
            let calls = senders.iter().map(async |sender| {
                bare_hyper(&mut *sender.lock().await, authority).await;
            });
            async { join_all(calls).await.len() }
        });
    });
}

fn bench_bare(group: &mut Group<'_>, url: &str) {
    let url = reqwest::Url::parse(&format!("{url}/v1/completions")).expect("a URL");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let runtime = runtime();
    group.bench_function("reqwest", |bencher| {
        bencher.to_async(&runtime).iter(|| {
            let calls = (0..IN_FLIGHT).map(|_| bare(&client, &url, BODY));
            async { join_all(calls).await.len() }
        });
    });
}

criterion_group!(benches, overhead);
criterion_main!(benches);
