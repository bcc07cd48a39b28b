//! Requests that a server over HTTP/2 says it has not looked at: they are sent once more, over a fresh connection. The server
//! here speaks frames, as no library would let it misbehave so.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Types of frames (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What becomes of the second request of the first connection.
#[derive(Debug, Clone, Copy)]
enum Second {
    /// Its stream is refused, and the connection goes on.
    Refused,
    /// The server goes away, with the first request as its last.
    GoneBefore,
    /// Likewise, with the second request as its last: it may have been executed.
    GoneAfter,
}

/// A frame of so many bytes at most.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that no table has (RFC 7541, 6.2.2).
fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0, u8::try_from(name.len()).unwrap()];
    header.extend(name.bytes());
    header.push(u8::try_from(value.len()).unwrap());
    header.extend(value.bytes());
    header
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
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).await.unwrap();
    socket.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let mut head = [0; 9];
    while socket.read_exact(&mut head).await.is_ok() {
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
        socket.read_exact(&mut payload).await.unwrap();
        let stream = u32::from_be_bytes(stream);
        let reply = match kind {
            SETTINGS if flags == 0 => frame(SETTINGS, 1, 0, &[]),
            DATA | HEADERS if flags & END_STREAM != 0 => match second {
                Some(Second::Refused) if stream == 3 => {
                    frame(RST_STREAM, 0, stream, &7_u32.to_be_bytes())
                }
                Some(Second::GoneBefore) if stream == 3 => {
                    frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])
                }
                Some(Second::GoneAfter) if stream == 3 => {
                    let frame = frame(GOAWAY, 0, 0, &[0, 0, 0, 3, 0, 0, 0, 0]);
                    socket.write_all(&frame).await.unwrap();
                    return;
                }
                _ => answer(protocol, stream),
            },
            _ => Vec::new(),
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
        let config = ClientConfig {
            mode: match protocol {
                Protocol::OipGrpc => Mode::Grpc,
                Protocol::Openai | Protocol::OipRest => Mode::Rest,
            },
            http_version: HttpVersion::Two,
            ..ClientConfig::default()
        };
        Client::new(&config, &[Endpoint::new(protocol, &*self.url)]).unwrap()
    }
}

#[tokio::test]
async fn what_a_server_says_it_has_not_looked_at_is_sent_again_over_a_fresh_connection() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        for second in [Second::Refused, Second::GoneBefore] {
            let server = Framed::start(protocol, second).await;
            let client = server.client(protocol);
            let ask = async || client.inference().execute(&prompt(false)).await.unwrap();

            let answers = [ask().await, ask().await, ask().await];

            let failed = answers.map(|answer| {
                let failed = answer.failed_attempts.iter();
                let kinds: Vec<FailureKind> = failed.map(|attempt| attempt.failure.kind).collect();
                kinds
            });
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
