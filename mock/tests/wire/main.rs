//! The mock from outside: over its own ports, by clients that know nothing of its code.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what is not there fails them"
)]

mod admin;
mod answer_faults;
mod api_keys;
mod batching;
mod capacity;
mod connection_faults;
mod early_faults;
mod grpc;
mod grpc_client;
mod grpc_repository;
mod grpc_spoiled;
mod grpc_stream;
mod life;
mod limits;
mod metrics;
mod oip_rest;
mod openai;
mod openai_embeddings;
mod openai_faults;
mod openai_forms;
mod openai_refusals;
mod positional;
mod raw;
mod spoiled_answers;
mod spoiled_tensors;
mod statistics;
mod tls;
mod trickled;

use inferometer_mock::{Mock, MockSpec};
use std::time::Duration;

/// A mock as a specification in JSON describes it.
async fn mock(spec: &str) -> Mock {
    let spec: MockSpec = serde_json::from_str(spec).unwrap();
    Mock::start(spec).await.unwrap()
}

/// Returns once no request is in flight any more.
async fn until_idle(mock: &Mock) {
    let idle = async {
        while mock.counters().in_flight > 0 {
            tokio::task::yield_now().await;
        }
    };
    let deadline = Duration::from_secs(10);
    tokio::time::timeout(deadline, idle)
        .await
        .expect("the mock noticed that its client had left");
}

/// A file of the golden bodies, without the line feed that ends a file of one line.
macro_rules! golden {
    ($file:expr) => {
        include_str!(concat!("../../../proto/golden/", $file))
    };
}
use golden;
