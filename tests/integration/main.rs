//! The tool as its users meet it: the built binary run in a folder of its own, and the scenarios that it ships.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod adapter;
mod bad_input;
mod baselines;
mod client_batches;
mod client_enters_mock;
mod client_file;
mod client_health;
mod client_keeps_connections;
mod client_meets_mock;
mod client_under_faults;
mod comparison;
mod doctor;
mod guide;
mod interrupt;
mod launch;
mod mock_alone;
mod mock_child;
mod processes;
mod relay;
mod reports;
mod samples;
mod scenarios;
mod search;
mod secrets;
mod server;
mod streams;
mod target;
mod tool;
mod values_meet_mock;
