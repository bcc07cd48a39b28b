//! CPU time per request of a whole closed-loop stage (workload, client, samples, recorder) against a bare loop of the
//! same REST library doing the same requests, on the same mock, in one invocation:
//!
//! ```sh
//! cargo bench --bench closed_loop
//! ```
//!
//! Blocks are interleaved (ABBA), CPU time is that of the sending thread alone, and the ratio is taken quad by quad.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures, and stops at whatever goes wrong"
)]

use inferometer::observe::{CountingAllocator, Meter};
use inferometer::plan::{self, Plan};
use inferometer::run::{self, Options};
use inferometer::scenario::Overrides;
use inferometer::units::{float, wide};
use inferometer_mock::child::Addresses;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const IN_FLIGHT: usize = 50;
const WARMUP: Duration = Duration::from_millis(300);
const MEASURE: Duration = Duration::from_secs(1);
const QUADS: usize = 6;

fn main() {
    let mock = Mock::start();
    let plan = plan(&mock.addresses);
    println!(
        "{IN_FLIGHT} in flight, unary chat completion, no latency: CPU per request of the sending thread"
    );
    let mut ratios: Vec<f64> = (1..=QUADS)
        .map(|quad| compare(quad, &plan, &mock))
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "median ratio {:.3} (at most 1.5 is asked)",
        ratios[QUADS / 2]
    );
}

/// One quad: ours, bare, bare, ours.
fn compare(quad: usize, plan: &Plan, mock: &Mock) -> f64 {
    let (a1, b1, b2, a2) = (ours(plan), bare(mock), bare(mock), ours(plan));
    let ratio = ((a1.cpu() * a2.cpu()) / (b1.cpu() * b2.cpu())).sqrt();
    println!("quad {quad}: ours {a1}, {a2}; bare {b1}, {b2}; ratio {ratio:.3}");
    ratio
}

/// What one block cost.
struct Block {
    requests: u64,
    cpu: Duration,
    elapsed: Duration,
}

impl Block {
    fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() / float(self.requests)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = float(self.requests) / self.elapsed.as_secs_f64();
        write!(f, "{:.1} us at {rate:.0}/s", self.cpu() * 1e6)
    }
}

fn plan(mock: &Addresses) -> Plan {
    let scenario = format!(
        "name: closed-loop
target: {{ endpoints: [ {{ protocol: openai, url: '{}' }} ] }}
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 16 }}, output: {{ tokens: 8 }} }} }}
load: {{ closed: {{ in_flight: {IN_FLIGHT} }} }}
phases: {{ warmup: {}ms, measure: {}ms }}",
        mock.rest,
        WARMUP.as_millis(),
        MEASURE.as_millis()
    );
    plan::from_file(Path::new("closed-loop"), &scenario, &Overrides::default()).unwrap()
}

/// The tool's own stage.
fn ours(plan: &Plan) -> Block {
    let summary = runtime()
        .block_on(run::run(plan, &Options::default(), &mut |_| {}))
        .unwrap();
    let stage = &summary.stages[0];
    assert_eq!(stage.accounting.offered, stage.accounting.answered);
    assert_eq!(stage.lanes, 1, "one thread on either side");
    Block {
        requests: stage.throughput.answered,
        cpu: stage.resources.cpu,
        elapsed: stage.measured,
    }
}

/// The bare loop: as many tasks, each posting the same body and reading the whole answer.
fn bare(mock: &Mock) -> Block {
    let url = format!("{}/v1/chat/completions", mock.addresses.rest);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answered = Arc::new(AtomicU64::new(0));
    runtime().block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let (client, url, answered) = (client.clone(), url.clone(), Arc::clone(&answered));
            tasks.spawn(async move {
                loop {
                    let request = client.post(&url).header("content-type", "application/json");
                    let answer = request.body(BODY).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    assert!(wide(answer.bytes().await.unwrap().len()) > 0);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        sleep(WARMUP).await;
        let (meter, before, start) = (
            Meter::start(),
            answered.load(Ordering::Relaxed),
            Instant::now(),
        );
        sleep(MEASURE).await;
        Block {
            elapsed: start.elapsed(),
            requests: answered.load(Ordering::Relaxed) - before,
            cpu: meter.stop().cpu,
        }
    })
}

const BODY: &str = r#"{"model":"tiny","messages":[{"role":"user","content":"one two three four five six seven eight nine ten one two three four five six"}],"max_tokens":8}"#;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
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
        child.stdin.as_mut().unwrap().write_all(b"{}\n").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let addresses = serde_json::from_str(&line).unwrap();
        Self { child, addresses }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
