//! What stands between a client and a server: a relay that passes bytes on and counts connections, and an HTTP proxy that
//! passes requests on, `CONNECT 127.0.0.1:8000 HTTP/1.1` or `GET http://127.0.0.1:8000/ HTTP/1.1`.

use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::JoinSet;

/// A port that passes on what comes. It stops when dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Its address.
    pub(crate) authority: String,
    /// What was seen of each connection: its first line at a proxy, nothing at a relay.
    seen: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Passes every connection on to the server at this URL.
    pub(crate) async fn to(url: &str) -> Self {
        let target = authority(url);
        Self::start(Some(target)).await
    }

    /// Passes every request on to where it says.
    pub(crate) async fn proxy() -> Self {
        Self::start(None).await
    }

    /// Passes every connection to a unix domain socket on to the server at this URL.
    pub(crate) fn from_socket(path: &Path, url: &str) -> JoinSet<()> {
        let listener = UnixListener::bind(path).unwrap();
        let target = authority(url);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let mut to = TcpStream::connect(&target).await.unwrap();
                // How it ends is for the client and the server to see.
                connections.spawn(async move { copy_bidirectional(&mut from, &mut to).await.ok() });
            }
        });
        tasks
    }

    async fn start(target: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let witness = Arc::clone(&seen);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                connections.spawn(pass(connection, target.clone(), Arc::clone(&witness)));
            }
        });
        Self {
            authority,
            seen,
            _tasks: tasks,
        }
    }

    /// What was seen of each connection so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// The host and port of a URL.
pub(crate) fn authority(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    rest.split('/').next().unwrap().to_owned()
}

async fn pass(mut from: TcpStream, target: Option<String>, seen: Arc<Mutex<Vec<String>>>) {
    let (target, head, line) = match target {
        Some(target) => (target, Vec::new(), String::new()),
        None => asked(&mut from).await,
    };
    seen.lock().unwrap().push(line);
    let mut to = TcpStream::connect(&target).await.unwrap();
    to.write_all(&head).await.unwrap();
    // How it ends is for the client and the server to see.
    copy_bidirectional(&mut from, &mut to).await.ok();
}

/// Where a request to a proxy wants to go, what is to be passed on of it, and its first line.
async fn asked(from: &mut TcpStream) -> (String, Vec<u8>, String) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(from.read_buf(&mut head).await.unwrap(), 0);
    }
    let line = String::from_utf8_lossy(&head);
    let line = line.lines().next().unwrap().to_owned();
    let wanted = line.split(' ').nth(1).unwrap().to_owned();
    if line.starts_with("CONNECT ") {
        from.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        (wanted, Vec::new(), line)
    } else {
        (authority(&wanted), head, line)
    }
}
