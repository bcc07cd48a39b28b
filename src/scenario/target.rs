//! Who answers the requests: `{ mock: {..} }` or `{ endpoints: [ { protocol: openai, url: "http://host:8000" } ] }`.

use super::phases::within_a_day;
use crate::client::Endpoint;
use crate::units::Period;
use inferometer_mock::MockSpec;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Who answers the requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub enum Target {
    /// The embedded mock, started for the run as a process of its own.
    Mock(MockSpec),
    /// Servers that are already there, first choice first.
    Endpoints {
        /// Where they are and what they speak.
        endpoints: Vec<Endpoint>,
        /// How long to wait until one of them is ready.
        ready_within: Period,
    },
}

impl Default for Target {
    fn default() -> Self {
        Self::Mock(MockSpec::default())
    }
}

/// Who answers the requests: exactly one of `mock` and `endpoints`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["mock"] }, { "required": ["endpoints"] }]))]
struct File {
    /// The embedded mock, started for the run as a process of its own.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    mock: Option<MockSpec>,
    /// Servers that are already there, first choice first.
    #[serde(
        default,
        deserialize_with = "some_endpoints",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1))]
    endpoints: Option<Vec<Endpoint>>,
    /// How long to wait until an endpoint is ready, 10s when left out. Only with `endpoints`.
    #[serde(
        default,
        deserialize_with = "some_period",
        skip_serializing_if = "Option::is_none"
    )]
    ready_within: Option<Period>,
}

/// `key:` with nothing behind it is refused as it is everywhere else, not taken for a key that is left out.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn some_endpoints<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Endpoint>>, D::Error> {
    let endpoints = Vec::deserialize(deserializer)?;
    if endpoints.is_empty() {
        return Err(D::Error::custom(
            "expected at least one endpoint, found an empty list",
        ));
    }
    Ok(Some(endpoints))
}

fn some_period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    within_a_day(deserializer).map(Some)
}

impl TryFrom<File> for Target {
    type Error = &'static str;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        match file {
            File {
                mock: Some(_),
                endpoints: None,
                ready_within: Some(_),
            } => Err(
                "expected `ready_within` only beside `endpoints`: the mock is ready when it has started",
            ),
            File {
                mock: Some(mock),
                endpoints: None,
                ready_within: None,
            } => Ok(Self::Mock(mock)),
            File {
                mock: None,
                endpoints: Some(endpoints),
                ready_within,
            } => Ok(Self::Endpoints {
                endpoints,
                ready_within: ready_within.unwrap_or(Period::from_secs(10)),
            }),
            File {
                mock: Some(_),
                endpoints: Some(_),
                ..
            } => Err("expected exactly one of `mock` and `endpoints`, found both"),
            File {
                mock: None,
                endpoints: None,
                ..
            } => Err("expected exactly one of `mock` and `endpoints`, found neither"),
        }
    }
}

impl From<Target> for File {
    fn from(target: Target) -> Self {
        match target {
            Target::Mock(mock) => Self {
                mock: Some(mock),
                endpoints: None,
                ready_within: None,
            },
            Target::Endpoints {
                endpoints,
                ready_within,
            } => Self {
                mock: None,
                endpoints: Some(endpoints),
                ready_within: Some(ready_within),
            },
        }
    }
}
