//! How long the tool takes from its start to its first request, embedded mock included. What is timed is more than that:
//! the whole life of `inferometer run` on a scenario that measures for one millisecond, reports and all.
//!
//! ```sh
//! cargo bench --bench startup
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures, and stops at whatever goes wrong"
)]

use std::fs;
use std::process::Command;
use std::time::Duration;
use tokio::time::Instant;

const SCENARIO: &str = "name: startup
workload: { chat: { model: tiny, prompt: { tokens: 4 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 1 } }
phases: { warmup: 0s, measure: 1ms }
";

const RUNS: usize = 31;

fn main() {
    let folder = std::env::temp_dir().join(format!("inferometer-startup-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("startup.yaml"), SCENARIO).unwrap();
    let mut times: Vec<Duration> = (0..RUNS).map(|_| time(&folder)).collect();
    fs::remove_dir_all(&folder).unwrap();
    times.sort();
    println!(
        "process start to exit, one request or more: median {:?}, worst of {RUNS} {:?} (first request within 150 ms is asked)",
        times[RUNS / 2],
        times[RUNS - 1]
    );
}

fn time(folder: &std::path::Path) -> Duration {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_inferometer"))
        .args(["run", "startup.yaml"])
        .current_dir(folder)
        .output()
        .unwrap();
    let elapsed = start.elapsed();
    assert!(output.status.success(), "{output:?}");
    elapsed
}
