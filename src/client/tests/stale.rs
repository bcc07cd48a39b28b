//! Requests that a server over HTTP/2 cannot have looked at, as it says so or as they were never written: they are sent once
//! more, over a fresh connection. And connections that swallow what all send. The server here speaks frames, as no library
//! would let it misbehave so.

use super::frames::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, begin, frame, header, next,
};
use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of the second request of the first connection.
#[derive(Debug, Clone, Copy)]
enum Second {
    /// Its stream is refused, and the connection goes on.
    Refused,
    /// The server goes away, with the first request as its last.
    GoneBefore,
    /// Likewise, with the second request as its last: it may have been executed.
    GoneAfter,
    /// Only one stream is taken at a time. The server answers the second request, and goes away with it as its last.
    AnsweredAndGone,
    /// Whatever comes from then on is read, and never answered.
    Swallowed,
}

/// An answer in the protocol, which for gRPC says nothing but that all is well.
fn answer(protocol: Protocol, stream: u32) -> Vec<u8> {
    let head = |headers: Vec<u8>| [vec![0x88], headers].concat();
    match protocol {
        Protocol::Openai | Protocol::OipRest => {
            let body = br#"{"choices":[{"text":"yes","finish_reason":"stop"}]}"#;
            let head = frame(HEADERS, END_HEADERS, stream, &head(Vec::new()));
            [head, frame(DATA, END_STREAM, stream, body)].concat()
        }
        Protocol::OipGrpc => {
            let head = head(header("content-type", "application/grpc"));
            let ends = END_HEADERS | END_STREAM;
            [
                frame(HEADERS, END_HEADERS, stream, &head),
                frame(DATA, 0, stream, &[0; 5]),
                frame(HEADERS, ends, stream, &header("grpc-status", "0")),
            ]
            .concat()
        }
    }
}

async fn serve(mut socket: TcpStream, protocol: Protocol, second: Option<Second>) {
    let settings: &[u8] = match second {
        // At most one stream at a time (RFC 9113, 6.5.2).
        Some(Second::AnsweredAndGone) => &[0, 3, 0, 0, 0, 1],
        _ => &[],
    };
    begin(&mut socket, settings).await;
    while let Some(request) = next(&mut socket).await {
        if !request.ends_request() {
            continue;
        }
        let stream = request.stream;
        let gone_after = |last: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, 0]);
        let reply = match second {
            Some(Second::Refused) if stream == 3 => {
                frame(RST_STREAM, 0, stream, &7_u32.to_be_bytes())
            }
            Some(Second::GoneBefore) if stream == 3 => gone_after(1),
            Some(Second::GoneAfter) if stream == 3 => {
                socket.write_all(&gone_after(3)).await.unwrap();
                return;
            }
            Some(Second::AnsweredAndGone) if stream == 3 => {
                [answer(protocol, stream), gone_after(3)].concat()
            }
            Some(Second::Swallowed) if stream >= 3 => Vec::new(),
            _ => answer(protocol, stream),
        };
        socket.write_all(&reply).await.unwrap();
    }
}

/// A server whose first connection goes on so; those after it answer everything. It stops when dropped.
struct Framed {
    url: String,
    connections: Arc<AtomicU32>,
    #[expect(dead_code, reason = "held so that dropping the server stops it")]
    tasks: JoinSet<()>,
}

impl Framed {
    async fn start(protocol: Protocol, second: Second) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicU32::new(0));
        let made = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let is_first = made.fetch_add(1, Ordering::Relaxed) == 0;
                served.spawn(serve(socket, protocol, is_first.then_some(second)));
            }
        });
        Self {
            url,
            connections,
            tasks,
        }
    }

    fn client(&self, protocol: Protocol) -> Client {
        self.client_with(protocol, ClientConfig::default())
    }

    fn client_with(&self, protocol: Protocol, config: ClientConfig) -> Client {
        let config = ClientConfig {
            mode: match protocol {
                Protocol::OipGrpc => Mode::Grpc,
                Protocol::Openai | Protocol::OipRest => Mode::Rest,
            },
            http_version: HttpVersion::Two,
            ..config
        };
        Client::new(&config, &[Endpoint::new(protocol, &*self.url)]).unwrap()
    }
}

fn failures(answer: &Answer) -> Vec<FailureKind> {
    let failed = answer.failed_attempts.iter();
    failed.map(|attempt| attempt.failure.kind).collect()
}

#[tokio::test]
async fn what_a_server_says_it_has_not_looked_at_is_sent_again_over_a_fresh_connection() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        for second in [Second::Refused, Second::GoneBefore] {
            let server = Framed::start(protocol, second).await;
            let client = server.client(protocol);
            let ask = async || client.inference().execute(&prompt(false)).await.unwrap();

            let answers = [ask().await, ask().await, ask().await];

            let failed = answers.map(|answer| failures(&answer));
            let once = vec![FailureKind::Stale];
            assert_eq!(failed[..2], [vec![], once], "{protocol} {second:?}");
            assert_eq!(failed[2], [], "{protocol} {second:?}");
            // Over REST the fresh connection is for one request alone.
            let made = match (protocol, second) {
                (Protocol::Openai, Second::GoneBefore) => 3,
                _ => 2,
            };
            assert_eq!(server.connections.load(Ordering::Relaxed), made);
        }
    }
}

#[tokio::test]
async fn what_a_server_may_have_executed_before_it_went_away_is_not_sent_again() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        let server = Framed::start(protocol, Second::GoneAfter).await;
        let client = server.client(protocol);
        client.inference().execute(&prompt(false)).await.unwrap();

        let failed = client
            .inference()
            .execute(&prompt(false))
            .await
            .unwrap_err();

        assert_eq!(kinds(&failed), [(0, FailureKind::Closed)], "{protocol}");
    }
}

#[tokio::test]
async fn what_still_waited_to_be_written_when_the_server_went_away_is_sent_over_another_connection()
{
    let server = Framed::start(Protocol::OipGrpc, Second::AnsweredAndGone).await;
    let client = server.client(Protocol::OipGrpc);
    let request = prompt(false);
    // The server's settings are known from here on.
    client.inference().execute(&request).await.unwrap();

    let calls = (0..5).map(|_| client.inference().execute(&request));
    let answers = futures_util::future::join_all(calls).await;

    let failed: Vec<Vec<FailureKind>> = answers
        .iter()
        .map(|answer| failures(answer.as_ref().unwrap()))
        .collect();
    let once = || vec![FailureKind::Stale];
    assert_eq!(failed, [vec![], once(), once(), once(), once()]);
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_shared_connection_that_swallows_everything_is_replaced_once() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        let server = Framed::start(protocol, Second::Swallowed).await;
        let config = ClientConfig {
            first_byte_deadline: Some(Period::from_millis(300)),
            retry: Retry {
                attempts: 2,
                max_backoff: Period::default(),
                repeats: Repeats::Idempotent,
                ..Retry::default()
            },
            ..ClientConfig::default()
        };
        let client = server.client_with(protocol, config);
        let request = prompt(false);
        client.inference().execute(&request).await.unwrap();

        let calls = (0..3).map(|_| client.inference().execute(&request));
        let answers = futures_util::future::join_all(calls).await;

        for answer in answers {
            assert_eq!(failures(&answer.unwrap()), [FailureKind::Stalled]);
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 2, "{protocol}");
    }
}
