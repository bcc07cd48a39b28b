//! An inference backend that tells the truth and misbehaves on command.
//!
//! One model of a server stands behind every protocol: a repository of models, a latency, a pace of tokens, a list of
//! faults. What happens to a request is decided by the seed, the request's id and the number of its earlier attempts
//! alone, so the same id meets the same latency and the same fault at any concurrency, on any protocol, in every run,
//! and a retry meets a chance of its own. Over REST a request tells its id as `x-request-id` and its earlier attempts as
//! `x-stainless-retry-count`, as OpenAI's SDKs do; over gRPC the same `x-request-id`, or the id in the message, and
//! `grpc-previous-rpc-attempts`, as gRPC's retry design has it (gRFC A6). Without the number it is the first attempt.
//!
//! ```text
//! MockSpec -> Behaviour -> Course (fault, pace) -> protocol (OpenAI REST, Open Inference Protocol gRPC) -> bytes
//!                  Visit ----------------------------------|-> Counters, Journal
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

mod admin;
mod ascii;
mod backend;
mod batching;
mod behaviour;
mod burden;
mod capacity;
mod clock;
mod connection;
mod course;
mod dice;
mod drip;
mod fault;
#[cfg(test)]
mod hostile;
mod journal;
mod keys;
mod latency;
mod metrics;
mod pace;
mod profile;
mod protocol;
mod refused;
mod repository;
mod server;
mod signature;
mod spec;
mod statistics;
mod tally;
mod tensor;
mod timer;
mod visit;
mod words;

pub use batching::BatchingSpec;
pub use burden::BurdenSpec;
pub use capacity::{CapacitySpec, WhenFull};
pub use clock::Clock;
pub use fault::{
    BlackHole, Close, Cut, Delay, Duplicate, ErrorEvent, Fault, GoAway, GrpcCode, Malformed,
    MissingDone, MissingUsage, NotReady, Numbers, Oversized, Refuse, Reorder, Reset, SlowAccept,
    Stall, Status, Trickle, Window, WrongAnswer, WrongContentType,
};
pub use journal::{
    End, Entry, Follower, JournalSpec, LONGEST_NAME, Operation, Page, Protocol, Write,
};
pub use latency::{Empirical, Gamma, Latency, Lognormal, Normal, Quantiles, Samples, Uniform};
pub use profile::Profile;
pub use server::{Bind, Error, Handle, Mock, TlsError};
pub use spec::{
    AdminSpec, Error as SpecError, FailLoads, Limits, MockSpec, ModelSpec, RepositorySpec,
    TensorAnswer, TensorSpec, Tls, TlsFiles, Token,
};
pub use tally::{Counters, Requests};
pub use tensor::Datatype;
