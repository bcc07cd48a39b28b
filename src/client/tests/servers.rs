//! Servers that do one thing, on ports of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The URL of a port where nobody listens.
pub(super) fn refusing() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// What a raw server does with each connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw {
    /// Reads a request, sends these bytes and closes.
    Answers(&'static [u8]),
    /// Sends these bytes for each request.
    KeepsAlive(&'static [u8]),
    /// Sends these bytes for the first request of each connection, and closes it on the second.
    AnswersOnce(&'static [u8]),
    /// Reads a request, sends these bytes, and then nothing more until the client closes.
    Hangs(&'static [u8]),
}

/// What a raw server has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) connections: AtomicU32,
    /// Notified when a request has been read by a server that hangs.
    pub(super) asked: Notify,
    /// Notified when a client has closed its connection.
    pub(super) closed: Notify,
}

/// A server that speaks bytes. It stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    pub(super) seen: Arc<Seen>,
    #[expect(dead_code, reason = "held so that dropping the server stops it")]
    tasks: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(raw: Raw) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let mut tasks = JoinSet::new();
        let witness = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                witness.connections.fetch_add(1, Ordering::Relaxed);
                connections.spawn(serve(connection, raw, Arc::clone(&witness)));
            }
        });
        Self { url, seen, tasks }
    }
}

async fn serve(mut connection: TcpStream, raw: Raw, seen: Arc<Seen>) {
    let mut request = [0; 4096];
    match raw {
        Raw::Answers(bytes) => {
            let _read = connection.read(&mut request).await.unwrap();
            connection.write_all(bytes).await.unwrap();
        }
        Raw::AnswersOnce(bytes) => {
            let _read = connection.read(&mut request).await.unwrap();
            connection.write_all(bytes).await.unwrap();
            let _read = connection.read(&mut request).await.unwrap();
        }
        Raw::KeepsAlive(bytes) => {
            while connection.read(&mut request).await.unwrap() > 0 {
                connection.write_all(bytes).await.unwrap();
            }
        }
        Raw::Hangs(bytes) => {
            let _read = connection.read(&mut request).await.unwrap();
            seen.asked.notify_one();
            connection.write_all(bytes).await.unwrap();
            while connection
                .read(&mut request)
                .await
                .is_ok_and(|read| read > 0)
            {}
            seen.closed.notify_one();
        }
    }
}

/// A port that swallows every attempt to connect, because its queue is full. It stays so until dropped.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Swallowing {
    pub(super) url: String,
    #[expect(dead_code, reason = "held so that the queue stays full")]
    full: (TcpListener, Vec<TcpStream>),
}

#[cfg(target_os = "linux")]
impl Swallowing {
    pub(super) async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        // A queue of n holds n + 1 connections.
        for _ in 0..2 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        Self {
            url: format!("http://{address}"),
            full: (listener, waiting),
        }
    }
}

/// A proxy that can be broken: dropping it closes its port and every connection through it.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) url: String,
    #[expect(
        dead_code,
        reason = "held so that dropping the proxy breaks its connections"
    )]
    tasks: JoinSet<()>,
}

impl Proxy {
    pub(super) async fn start(target: &str) -> Self {
        let target = target.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let mut to = TcpStream::connect(&target).await.unwrap();
                connections.spawn(async move {
                    // How the connection ends is for the test to see.
                    let _end = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        Self { url, tasks }
    }
}
