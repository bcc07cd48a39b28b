//! What the client holds in memory for 1,000 streams whose consumer is slow: all are opened and none is read, until the server
//! can send no more; then all are read to their ends, and nothing may be missing. Over each protocol:
//!
//! ```sh
//! cargo bench --bench stalled_streams
//! ```
//!
//! The server is the mock, a process of its own, which sends as fast as it may. A relay in between counts what it gets rid of.
//! Heap is that of the client's thread alone, at its highest; resident memory is that of this process, relay included.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures, and stops at whatever goes wrong"
)]

use futures_util::future::join_all;
use inferometer::client::{
    Client, ClientConfig, Endpoint, HttpVersion, Input, Mode, Protocol, Reply, Request,
};
use inferometer::observe::{CountingAllocator, Meter};
use inferometer::units::{Period, float, wide};
use inferometer_mock::child::Addresses;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const STREAMS: usize = 1_000;
const TOKENS: u32 = 5_000;
/// What the relay's sockets may hold on their way to the client.
const SEND_BUFFER: u32 = 64 * 1024;
/// Nothing more is taken once nothing was for so long.
const QUIET: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(2);

fn main() {
    let mock = Mock::start();
    println!("{STREAMS} streams of {TOKENS} tokens each, opened and not read");
    for (name, protocol, http_version) in [
        ("openai over HTTP/1.1", Protocol::Openai, HttpVersion::One),
        ("openai over HTTP/2", Protocol::Openai, HttpVersion::Two),
        (
            "oip_rest over HTTP/1.1",
            Protocol::OipRest,
            HttpVersion::One,
        ),
        ("oip_grpc", Protocol::OipGrpc, HttpVersion::One),
    ] {
        measure(&mock, name, protocol, http_version);
    }
}

fn measure(mock: &Mock, name: &str, protocol: Protocol, http_version: HttpVersion) {
    let relay = Relay::to(mock.authority(protocol));
    let config = ClientConfig {
        mode: match protocol {
            Protocol::OipGrpc => Mode::Grpc,
            Protocol::Openai | Protocol::OipRest => Mode::Rest,
        },
        http_version,
        deadline: Period::from_secs(600),
        ..ClientConfig::default()
    };
    let endpoint = Endpoint::new(protocol, format!("http://{}", relay.authority));
    let client = Client::new(&config, &[endpoint]).unwrap();
    runtime().block_on(async {
        let meter = Meter::start();
        let opening = (0..STREAMS).map(|number| open(&client, number));
        let replies = timeout(LONGEST, join_all(opening)).await;
        let Ok(replies) = replies else {
            println!("{name}: not all streams could be opened while the others were not read");
            return;
        };
        relay.quiet().await;
        let heap = meter.stop().allocated.unwrap().peak_live_bytes;
        let resident = resident();
        let taken = relay.taken();
        let tokens: u64 = join_all(replies.into_iter().map(read)).await.iter().sum();
        assert_eq!(tokens, wide(STREAMS) * u64::from(TOKENS), "nothing is lost");
        let whole: u64 = relay.taken().iter().sum();
        println!(
            "{name}: heap {} a stream at most; taken {} a stream of {}, over {} connections, at most {} each; \
             resident {}; then {tokens} tokens read, none missing",
            kib(heap / wide(STREAMS)),
            kib(taken.iter().sum::<u64>() / wide(STREAMS)),
            kib(whole / wide(STREAMS)),
            taken.len(),
            kib(taken.iter().copied().max().unwrap_or_default()),
            kib(resident),
        );
    });
}

async fn open(client: &Client, number: usize) -> Reply {
    let request = Request {
        id: format!("stalled-{number}"),
        model: "tiny".into(),
        input: Input::Prompt("one two three".into()),
        max_tokens: TOKENS,
        stream: true,
        temperature: None,
        top_p: None,
    };
    client.inference().open(&request).await.unwrap()
}

/// Reads a stream to its end, and says how many tokens came.
async fn read(mut reply: Reply) -> u64 {
    let mut tokens = 0;
    while let Some(chunk) = reply.next().await {
        tokens += u64::from(chunk.unwrap().tokens);
    }
    tokens
}

fn kib(bytes: u64) -> String {
    format!("{:.1} KiB", float(bytes) / 1024.0)
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    kib * 1024
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Passes bytes on, on a thread of its own, and counts those that the client's side took of each connection.
struct Relay {
    authority: String,
    connections: Arc<Mutex<Vec<Arc<AtomicU64>>>>,
}

impl Relay {
    fn to(target: String) -> Self {
        let connections: Arc<Mutex<Vec<Arc<AtomicU64>>>> = Arc::default();
        let (told, hear) = mpsc::channel();
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            runtime().block_on(async {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_send_buffer_size(SEND_BUFFER).unwrap();
                socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let listener = socket.listen(4096).unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                accept(listener, &target, &counted).await;
            });
        });
        Self {
            authority: hear.recv().unwrap().to_string(),
            connections,
        }
    }

    fn taken(&self) -> Vec<u64> {
        let connections = self.connections.lock().unwrap();
        connections
            .iter()
            .map(|taken| taken.load(Relaxed))
            .collect()
    }

    /// Waits until nothing more is taken.
    async fn quiet(&self) {
        let mut before = self.taken();
        loop {
            sleep(QUIET).await;
            let now = self.taken();
            if now == before {
                return;
            }
            before = now;
        }
    }
}

async fn accept(listener: TcpListener, target: &str, counted: &Mutex<Vec<Arc<AtomicU64>>>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(target).await.unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        counted.lock().unwrap().push(Arc::clone(&taken));
        tokio::spawn(async move {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let up = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await.ok() });
            let mut buffer = vec![0; 8 * 1024];
            while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                if to_client.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
                taken.fetch_add(wide(length), Relaxed);
            }
            up.abort();
        });
    }
}

/// The mock as the tool runs it: a process of its own.
struct Mock {
    child: Child,
    addresses: Addresses,
}

impl Mock {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_inferometer"))
            .args(["mock", "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let spec = b"{\"journal\":{\"requests\":0,\"writes\":0}}\n";
        child.stdin.as_mut().unwrap().write_all(spec).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let addresses = serde_json::from_str(&line).unwrap();
        Self { child, addresses }
    }

    fn authority(&self, protocol: Protocol) -> String {
        let url = match protocol {
            Protocol::Openai | Protocol::OipRest => &self.addresses.rest,
            Protocol::OipGrpc => &self.addresses.grpc,
        };
        url.trim_start_matches("http://").to_owned()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
