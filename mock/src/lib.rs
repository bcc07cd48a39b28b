//! An inference backend that tells the truth and misbehaves on command.
//!
//! One model of a server stands behind every protocol: a repository of models, a latency, a pace of tokens, a list of
//! faults. What happens to a request is decided by the seed and the request's id alone, so the same id meets the same
//! latency and the same fault at any concurrency, on any protocol, in every run.
//!
//! ```text
//! MockSpec -> Behaviour -> Course (fault, pace) -> protocol (OpenAI REST, Open Inference Protocol gRPC) -> bytes
//!                                                      |-> Counters
//! ```
//!
//! A mock in a test:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use inferometer_mock::{Mock, MockSpec};
//!
//! let mock = Mock::start(MockSpec::default()).await?;
//! assert!(mock.rest_url().starts_with("http://127.0.0.1:"));
//! assert_eq!(mock.counters().in_flight, 0);
//! mock.stop().await;
//! # Ok::<(), inferometer_mock::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod child;

mod backend;
mod behaviour;
mod dice;
mod fault;
mod latency;
mod pace;
mod protocol;
mod repository;
mod server;
mod spec;
mod tally;
mod words;

pub use fault::{Cut, Fault, Stall, Status};
pub use latency::{Latency, Lognormal, Uniform};
pub use server::{Error, Mock};
pub use spec::{Error as SpecError, MockSpec, ModelSpec};
pub use tally::{Counters, Faults, Requests};
