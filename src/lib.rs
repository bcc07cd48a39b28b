//! A measuring instrument for model inference: it loads a scenario, drives a client and a backend with exactly known
//! load, and turns what happened into facts, findings and a report.
//!
//! ```text
//! scenario file -> Scenario -> Plan -> Schedule (+ workload) -> drive(client) -> Sample* -> StageSummary -> RunSummary
//!               -> Finding* -> Report -> bytes + exit code
//! ```
//!
//! The modules stand in the order in which data passes through them; `docs/architecture.md` says who may import whom.
//!
//! A program runs a scenario like this:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use inferometer::{gate, plan, run, scenario::Overrides};
//! use inferometer_mock::{Mock, MockSpec};
//! use std::path::Path;
//!
//! let mock = Mock::start(MockSpec::default()).await?;
//! let scenario = format!(
//!     "name: from-code
//! target: {{ endpoints: [ {{ protocol: openai, url: '{}' }} ] }}
//! workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 8 }}, output: {{ tokens: 4 }}, stream: true }} }}
//! load: {{ closed: {{ in_flight: 2 }} }}
//! phases: {{ warmup: 10ms, measure: 100ms }}
//! expect: [ {{ metric: success_rate, at_least: 100% }} ]",
//!     mock.rest_url()
//! );
//!
//! let plan = plan::from_file(Path::new("from-code.yaml"), &scenario, &Overrides::default())?;
//! let summary = run::run(&plan, &run::Options::default(), &mut |_| {}).await?;
//! let findings = gate::judge(&summary, &plan.expectations);
//!
//! assert_eq!(gate::verdict(&summary, &findings), gate::Verdict::Passed);
//! mock.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What all stages share.
pub mod seed;
pub mod units;

// From a file to a plan.
pub mod scenario;

pub mod plan;
pub mod settings;

// What to send, and when.
pub mod tokenizer;
pub mod trace;

pub mod workload;

pub mod schedule;

// Sending it.
pub mod backend;
pub mod client;
pub mod drive;
pub mod observe;
pub mod sample;

// From samples to files and to a report.
pub mod archive;

pub mod summary;

pub mod metric;
pub mod trial;

pub mod baseline;
pub mod gate;
pub mod trend;

pub mod report;

// All of it in order, and the tool around it.
pub mod run;

pub mod doctor;
pub mod interleave;

pub mod cli;
pub mod command;
pub mod exit;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
