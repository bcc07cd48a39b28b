//! Where requests can go: `{ protocol: openai, url: "http://127.0.0.1:8000", priority: 0, weight: 2 }`.

use super::{ApiKey, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// What an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// OpenAI's REST API, under `/v1`.
    Openai,
    /// The Open Inference Protocol over REST, under `/v2`.
    OipRest,
    /// The Open Inference Protocol over gRPC.
    OipGrpc,
}

impl Protocol {
    /// Can models be loaded and unloaded over it?
    pub const fn has_repository(self) -> bool {
        match self {
            Self::Openai => false,
            Self::OipRest | Self::OipGrpc => true,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Openai => "openai",
            Self::OipRest => "oip_rest",
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
    /// libraries want it, may be there or not, and so may `/v2` with `oip_rest`. `https` is encrypted; `unix:/run/model.sock` is a unix domain socket.
    pub url: String,
    /// Lower comes first among endpoints of one protocol; its position in the list when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// How many of the requests it gets among endpoints of its protocol that have the same `priority`: twice the weight,
    /// twice the requests. 1 when left out, 1 to 1000.
    #[serde(
        default,
        deserialize_with = "weight",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<u32>,
    /// Where the key stands that each request shows, as `authorization: Bearer KEY`; none is sent when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKey>,
    /// A key that stands nowhere, in place of `api_key`.
    #[serde(skip)]
    pub(super) given_key: Option<Secret>,
    /// The certificates, as PEM, that alone are trusted, in place of `tls.roots`.
    #[serde(skip)]
    pub(super) trusted: Option<String>,
}

impl Endpoint {
    /// An endpoint that speaks `protocol` at `url`, and is like any other.
    pub fn new(protocol: Protocol, url: impl Into<String>) -> Self {
        Self {
            protocol,
            url: url.into(),
            priority: None,
            weight: None,
            api_key: None,
            given_key: None,
            trusted: None,
        }
    }

    /// The same endpoint, to be shown `key` whatever `api_key` says. The key is kept in memory alone.
    #[must_use]
    pub fn with_key(self, key: Secret) -> Self {
        Self {
            given_key: Some(key),
            ..self
        }
    }

    /// The same endpoint, of which only these certificates are believed, in PEM, whatever `tls.roots` says.
    #[must_use]
    pub fn trusting(self, pem: impl Into<String>) -> Self {
        Self {
            trusted: Some(pem.into()),
            ..self
        }
    }
}

/// What an endpoint may weigh.
const WEIGHTS: std::ops::RangeInclusive<u32> = 1..=1000;

fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let weight = u32::deserialize(deserializer)?;
    if WEIGHTS.contains(&weight) {
        Ok(Some(weight))
    } else {
        Err(serde::de::Error::custom(format_args!(
            "expected a weight from 1 to 1000, found `{weight}`"
        )))
    }
}
