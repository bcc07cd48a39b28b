//! Ten million samples, and what memory this process holds on the way: a run of the library with a client that answers at
//! once, so that nothing but the drive, the recorder and, if asked for, the archive of every sample is at work.
//!
//! `cargo bench --bench soak`; with `SAMPLES=parquet` and a rate such as `RATE=60000/s` every sample is written, too.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use inferometer::archive::{Archive, FORMATS};
use inferometer::client::{FailureKind, Request};
use inferometer::drive::{Arrivals, InferenceClient, Served};
use inferometer::run::{Event, Options};
use inferometer::{plan, run, scenario::Overrides};
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use tokio::time::Instant;

/// Samples of the run.
const SAMPLES: u64 = 10_000_000;
/// Samples from one reading of memory to the next.
const STEP: u64 = 1_000_000;

/// Answers every request with four tokens, one after the other, without waiting.
struct Instantly;

impl InferenceClient for Instantly {
    async fn infer(
        &self,
        _request: &Request,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<Served, FailureKind> {
        // The other workers and the lane's own clockwork get their turn.
        tokio::task::yield_now().await;
        arrivals.head(Instant::now());
        for _ in 0..4 {
            arrivals.tokens(Instant::now(), 1);
        }
        Ok(Served {
            prompt_tokens: Some(8),
            output_tokens: Some(4),
            attempts: 1,
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(soak())
}

async fn soak() -> Result<(), Box<dyn Error>> {
    let load = match env::var("RATE") {
        Ok(rate) => format!("{{ open: {{ constant: {{ rate: {rate} }}, max_in_flight: 1000 }} }}"),
        Err(_) => "{ closed: { in_flight: 64 } }".to_owned(),
    };
    let scenario = format!(
        "name: soak
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 8 }}, output: {{ tokens: 4 }}, stream: true }} }}
load: {load}
phases: {{ requests: {SAMPLES}, measure: 1h }}"
    );
    let plan = plan::from_file(Path::new("soak.yaml"), &scenario, &Overrides::default())?;
    let folder = tempfile::tempdir()?;
    let wanted = env::var("SAMPLES").unwrap_or_default();
    let formats: Vec<_> = FORMATS
        .iter()
        .filter(|format| wanted.split(',').any(|name| name == format.name))
        .collect();
    let archive = Archive::create(folder.path(), &formats)?;
    let options = Options {
        samples: (!formats.is_empty()).then(|| archive.intake()),
        ..Options::default()
    };
    let mut next = STEP;
    let mut watch = |event: Event<'_>| {
        let Event::Progress { elapsed, counts } = event else {
            return;
        };
        let ended = counts.answered + counts.not_sent;
        if ended >= next {
            println!(
                "{:>9} samples, {:>6.1} s: {}",
                ended,
                elapsed.as_secs_f64(),
                resident()
            );
            next = ended / STEP * STEP + STEP;
        }
    };
    let summary = run::run_with(&plan, &options, &mut watch, |_, _| Instantly).await?;
    let offered: u64 = summary
        .stages
        .iter()
        .map(|stage| stage.accounting.offered)
        .sum();
    println!("{offered:>9} samples, the run is over: {}", resident());
    let written = archive.close()?;
    for format in formats {
        let bytes = fs::metadata(folder.path().join(format.file))?.len();
        println!("{written:>9} samples in {} bytes of {}", bytes, format.file);
    }
    Ok(())
}

/// Resident memory of this process, as the system says it.
fn resident() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(
        || "memory unknown".to_owned(),
        |size| format!("{} resident", size.trim()),
    )
}
