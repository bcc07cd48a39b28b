//! A server at the other end of connections in memory.

use super::memory::{Gauge, Memory};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is done with each connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behaviour {
    /// Each request gets this answer; one for the head alone gets no body.
    Answers(&'static str),
    /// The first request gets this answer, and any other none.
    AnswersOnce(&'static str),
    /// The first request gets this answer, and any other the end of the connection.
    ClosesOnSecond(&'static str),
    /// A request gets this answer so many milliseconds later as its path says, `/7` for 7.
    TakesItsTime(&'static str),
}

#[derive(Debug, Default)]
struct Books {
    /// The connection and the first line of each request.
    seen: Mutex<Vec<(usize, String)>>,
    /// Closes the connections that there are.
    close: Mutex<CancellationToken>,
}

/// It stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    books: Arc<Books>,
    gauge: Arc<Gauge>,
    #[expect(dead_code, reason = "held so that dropping the server stops it")]
    tasks: JoinSet<()>,
}

impl Server {
    pub(super) fn start(behaviour: Behaviour) -> (Self, Memory) {
        let (memory, mut connected) = Memory::new();
        let gauge = Arc::clone(&memory.gauge);
        let books = Arc::new(Books::default());
        let mut tasks = JoinSet::new();
        let all = Arc::clone(&books);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut number = 0;
            while let Some(io) = connected.recv().await {
                let books = Arc::clone(&all);
                let closed = books.close.lock().unwrap().clone();
                let at = number;
                number += 1;
                connections.spawn(async move {
                    let serving = serve(io, at, behaviour, &books);
                    closed.run_until_cancelled(serving).await;
                });
            }
        });
        let server = Self {
            books,
            gauge,
            tasks,
        };
        (server, memory)
    }

    /// The connection and the first line of each request so far.
    pub(super) fn seen(&self) -> Vec<(usize, &'static str)> {
        let seen = self.books.seen.lock().unwrap();
        let leaked = |(at, line): &(usize, String)| (*at, &*line.clone().leak());
        seen.iter().map(leaked).collect()
    }

    /// How many connections there are.
    pub(super) fn open(&self) -> usize {
        self.gauge.open.load(Ordering::Relaxed)
    }

    /// The most that there were at once.
    pub(super) fn most(&self) -> usize {
        self.gauge.most.load(Ordering::Relaxed)
    }

    /// Closes every connection there is.
    pub(super) async fn close_all(&self) {
        std::mem::take(&mut *self.books.close.lock().unwrap()).cancel();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn serve(mut io: DuplexStream, at: usize, behaviour: Behaviour, books: &Books) {
    let mut first = true;
    while let Some(line) = request(&mut io).await {
        books.seen.lock().unwrap().push((at, line.clone()));
        let answer = match behaviour {
            Behaviour::AnswersOnce(_) if !first => std::future::pending().await,
            Behaviour::ClosesOnSecond(_) if !first => return,
            Behaviour::Answers(answer)
            | Behaviour::AnswersOnce(answer)
            | Behaviour::ClosesOnSecond(answer) => answer,
            Behaviour::TakesItsTime(answer) => {
                let millis = line.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
                tokio::time::sleep(Duration::from_millis(millis)).await;
                answer
            }
        };
        let end = answer.find("\r\n\r\n").map_or(answer.len(), |end| end + 4);
        let sent = if line.starts_with("HEAD") {
            &answer[..end]
        } else {
            answer
        };
        if io.write_all(sent.as_bytes()).await.is_err() || !keeps_alive(answer) {
            return;
        }
        first = false;
    }
}

fn keeps_alive(answer: &str) -> bool {
    let says = |text| answer.contains(text);
    says("keep-alive")
        || says("HTTP/1.1 ")
            && !says("connection: close")
            && (says("content-length") || says("chunked") || says(" 204 "))
}

/// Reads a request without a body, and gives its first line.
async fn request(io: &mut DuplexStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    head.lines().next().map(str::to_owned)
}
