//! The protocols in which the one backend answers. Each room knows its own bytes and nothing of the others'.

mod oip;
pub(crate) mod oip_grpc;
pub(crate) mod oip_rest;
pub(crate) mod openai;
mod rest;

pub(crate) use rest::{Unreadable, collect, router};

use std::time::Duration;

/// The end of an answer that was to be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("broken off, as the mock was asked to")]
pub(crate) struct BrokenOff;

/// How long after its last byte an answer breaks off, so that what was sent has left this process.
const SETTLE: Duration = Duration::from_millis(2);
