//! An HTTP server of the tests' own, as small as it can be: it shares no code with the mock or the client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What the server does with an inference request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manners {
    /// Answers at once.
    Answer,
    /// Reads the request and never answers.
    Stall,
    /// Answers with status 500.
    Fail,
    /// Answers this many requests on all connections together, then closes every connection unanswered.
    DieAfter(usize),
}

/// A running server and the inference requests that it has seen.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) requests: Receiver<()>,
}

impl Server {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, requests) = channel();
        thread::spawn(move || accept(&listener, manners, &seen));
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn accept(listener: &TcpListener, manners: Manners, seen: &Sender<()>) {
    let answered = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for connection in listener.incoming() {
        let (seen, answered) = (seen.clone(), answered.clone());
        let connection = connection.unwrap();
        thread::spawn(move || {
            let count = || answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            // The client may go at any time; the connection's end is the thread's end.
            serve(connection, manners, &seen, count).ok();
        });
    }
}

fn serve(
    connection: TcpStream,
    manners: Manners,
    seen: &Sender<()>,
    count: impl Fn() -> usize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection;
    while let Some(path) = request(&mut reader)? {
        if path.ends_with("/models") {
            answer(&mut writer, "200 OK", r#"{"object":"list","data":[]}"#)?;
            continue;
        }
        seen.send(()).ok();
        match manners {
            Manners::Answer => answer(&mut writer, "200 OK", ANSWER)?,
            Manners::Fail => answer(&mut writer, "500 Internal Server Error", ERROR)?,
            Manners::DieAfter(requests) if count() < requests => {
                answer(&mut writer, "200 OK", ANSWER)?;
            }
            Manners::DieAfter(_) => return Ok(()),
            Manners::Stall => {
                reader.read_to_end(&mut Vec::new())?;
            }
        }
    }
    Ok(())
}

const ANSWER: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"one two"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
const ERROR: &str = r#"{"error":{"message":"no","type":"server_error","param":null,"code":null}}"#;

/// Reads one request and gives its path; `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(Some(path))
}

fn answer(writer: &mut impl Write, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        writer,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
