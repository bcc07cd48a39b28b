//! Where requests can go, and in which order: a list such as `[oipgrpc a, openai b]` under [`Mode::Hybrid`] gives
//! `[0, 1]`. Pure; connections are the transports' business.

use super::{Error, Mode};
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
    /// Its base URL, such as `http://127.0.0.1:8000`. A path is kept as a prefix; a final `/v1`, as OpenAI's own
    /// libraries want it, may be there or not.
    pub url: String,
}

impl Endpoint {
    /// An endpoint that speaks `protocol` at `url`, and is like any other.
    pub fn new(protocol: Protocol, url: impl Into<String>) -> Self {
        Self {
            protocol,
            url: url.into(),
        }
    }
}

/// Positions of the endpoints that `mode` uses: its preferred protocol first, and within a protocol as listed.
///
/// # Errors
/// [`Error::NoEndpoint`] when none is left.
pub(super) fn order(mode: Mode, endpoints: &[Endpoint]) -> Result<Vec<usize>, Error> {
    let order: Vec<usize> = mode
        .protocols()
        .iter()
        .flat_map(|&protocol| speaking(protocol, endpoints))
        .collect();
    if order.is_empty() {
        return Err(Error::NoEndpoint { mode });
    }
    Ok(order)
}

fn speaking(protocol: Protocol, endpoints: &[Endpoint]) -> impl Iterator<Item = usize> {
    endpoints
        .iter()
        .enumerate()
        .filter(move |(_, endpoint)| endpoint.protocol == protocol)
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(protocols: &[Protocol]) -> Vec<Endpoint> {
        protocols
            .iter()
            .map(|&protocol| Endpoint::new(protocol, "http://127.0.0.1:1"))
            .collect()
    }

    #[test]
    fn a_mode_uses_its_own_protocols_in_the_order_listed() {
        use Protocol::{OipGrpc, Openai};
        let mixed = endpoints(&[Openai, OipGrpc, Openai, OipGrpc]);

        assert_eq!(order(Mode::Rest, &mixed).unwrap(), [0, 2]);
        assert_eq!(order(Mode::Grpc, &mixed).unwrap(), [1, 3]);
        assert_eq!(order(Mode::Hybrid, &mixed).unwrap(), [1, 3, 0, 2]);
    }

    #[test]
    fn hybrid_is_content_with_one_protocol() {
        let rest_only = endpoints(&[Protocol::Openai]);

        assert_eq!(order(Mode::Hybrid, &rest_only).unwrap(), [0]);
    }

    #[test]
    fn a_mode_without_endpoint_is_refused_by_name() {
        let error = order(Mode::Grpc, &endpoints(&[Protocol::Openai])).unwrap_err();

        assert_eq!(
            error.to_string(),
            "mode `grpc` has no endpoint to use: expected at least one that speaks oip_grpc"
        );
    }
}
