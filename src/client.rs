//! The embedded client under test, and a client that a program can use: endpoints, deadline, retries, failover between
//! gRPC and REST, a model service and an inference service. It imports nothing of ours but the wire contract.

mod config;

pub use config::{ClientConfig, Mode, Retry};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// OpenAI's REST API, under `/v1`.
    Openai,
    /// The Open Inference Protocol over gRPC.
    OipGrpc,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Openai => "openai",
            Self::OipGrpc => "oip_grpc",
        })
    }
}

/// One place that can answer requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// What it speaks.
    pub protocol: Protocol,
    /// Its base URL, such as `http://127.0.0.1:8000`. A path is kept as a prefix.
    pub url: String,
}
