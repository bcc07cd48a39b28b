//! Who answers the requests: `{ mock: {..} }`, `{ mocks: { primary: {..}, secondary: {..} } }`, `{ stubs: [ .. ] }`,
//! `{ endpoints: [ { protocol: openai, url: "http://host:8000" } ] }` or `{ launch: { command: [..], endpoints: [..] } }`.

mod launch;
mod mocks;
mod stubs;

pub use launch::{Launch, Placeholder, Variable, filled};
pub use mocks::{ASKED_BY, Mocks, NamedMock};
pub use stubs::{ExpectedBody, Stub, StubBody, StubOrder, StubRequest, StubResponse, Times};

use super::phases::within_a_day;
use crate::client::Endpoint;
use crate::units::Period;
use inferometer_mock::MockSpec;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// Who answers the requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub enum Target {
    /// The embedded mock, started for the run as a process of its own.
    Mock(Box<MockSpec>),
    /// Several embedded mocks, each a process of its own, first choice first.
    Mocks(Mocks),
    /// A script of exact expectations over REST, run in this process.
    Stubs {
        /// What is answered to which request, and how often it must come.
        stubs: Vec<Stub>,
        /// Must requests come in the order of the list?
        order: StubOrder,
    },
    /// Servers that are already there, first choice first.
    Endpoints {
        /// Where they are and what they speak.
        endpoints: Vec<Endpoint>,
        /// How long to wait until one of them is ready.
        ready_within: Period,
    },
    /// A server that is started for the run by a command.
    Launch(Box<Launch>),
}

impl Target {
    /// Is it another one once a stage has used it: a script that was read, a mock that died as planned?
    pub fn wears_out(&self) -> bool {
        match self {
            Self::Stubs { .. } => true,
            Self::Mocks(mocks) => mocks.list().iter().any(|mock| mock.dies_after.is_some()),
            Self::Mock(_) | Self::Endpoints { .. } | Self::Launch(_) => false,
        }
    }

    /// How long it may take to come up and to go, together, where the scenario says so.
    pub fn patience(&self) -> Duration {
        match self {
            Self::Mock(_) | Self::Mocks(_) | Self::Stubs { .. } => Duration::ZERO,
            Self::Endpoints { ready_within, .. } => ready_within.duration(),
            Self::Launch(launch) => {
                let (ready, stop) = (launch.ready_within, launch.stop_within);
                ready.duration().saturating_add(stop.duration())
            }
        }
    }
}

impl Default for Target {
    fn default() -> Self {
        Self::Mock(Box::default())
    }
}

/// Who answers the requests: exactly one of `mock`, `mocks`, `stubs`, `endpoints` and `launch`.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["mock"] }, { "required": ["mocks"] }, { "required": ["stubs"] }, { "required": ["endpoints"] },
    { "required": ["launch"] },
]))]
struct File {
    /// The embedded mock, started for the run as a process of its own.
    #[serde(
        default,
        deserialize_with = "some",
        serialize_with = "shown",
        skip_serializing_if = "Option::is_none"
    )]
    mock: Option<MockSpec>,
    /// Several embedded mocks by name, each a process of its own: the client's first choice first.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    mocks: Option<Mocks>,
    /// Exact expectations over REST, in order: what is answered to which request, and how often it must come.
    #[serde(
        default,
        deserialize_with = "stubs::stubs",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = 100))]
    stubs: Option<Vec<Stub>>,
    /// Must requests come in the order of the list? `any` when left out. Only with `stubs`.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    order: Option<StubOrder>,
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
    /// A server that is started for the run by a command, and ended after it.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    launch: Option<Launch>,
}

/// `key:` with nothing behind it is refused as it is everywhere else, not taken for a key that is left out.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A target is written for people and fingerprints, which have no use for secrets.
#[expect(clippy::ref_option, reason = "serde calls it so")]
fn shown<S: Serializer>(mock: &Option<MockSpec>, serializer: S) -> Result<S::Ok, S::Error> {
    mock.as_ref().map(MockSpec::shown).serialize(serializer)
}

fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    some(deserializer)
}

fn some_endpoints<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Endpoint>>, D::Error> {
    endpoints(deserializer).map(Some)
}

fn endpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Endpoint>, D::Error> {
    let endpoints = Vec::deserialize(deserializer)?;
    if endpoints.is_empty() {
        return Err(D::Error::custom(
            "expected at least one endpoint, found an empty list",
        ));
    }
    Ok(endpoints)
}

fn some_period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    within_a_day(deserializer).map(Some)
}

impl TryFrom<File> for Target {
    type Error = String;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        let found = file.choices();
        let File {
            mock,
            mocks,
            stubs,
            order,
            endpoints,
            ready_within,
            launch,
        } = file;
        if order.is_some() && stubs.is_none() {
            return Err("expected `order` only beside `stubs`".to_owned());
        }
        let one = match (mock, mocks, stubs, endpoints, launch) {
            (Some(mock), None, None, None, None) => Self::Mock(Box::new(mock)),
            (None, Some(mocks), None, None, None) => Self::Mocks(mocks),
            (None, None, Some(stubs), None, None) => Self::Stubs {
                stubs,
                order: order.unwrap_or_default(),
            },
            (None, None, None, None, Some(launch)) => Self::Launch(Box::new(launch)),
            (None, None, None, Some(endpoints), None) => {
                return Ok(Self::Endpoints {
                    endpoints,
                    ready_within: ready_within.unwrap_or(Period::from_secs(10)),
                });
            }
            _ => return Err(not_one(&found)),
        };
        if ready_within.is_some() {
            return Err(
                "expected `ready_within` only beside `endpoints`, or inside `launch`: what the tool starts of its own is ready when it has started"
                    .to_owned(),
            );
        }
        Ok(one)
    }
}

impl File {
    /// The names of the choices that were made.
    fn choices(&self) -> Vec<&'static str> {
        [
            ("`mock`", self.mock.is_some()),
            ("`mocks`", self.mocks.is_some()),
            ("`stubs`", self.stubs.is_some()),
            ("`endpoints`", self.endpoints.is_some()),
            ("`launch`", self.launch.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| is_there.then_some(name))
        .collect()
    }
}

fn not_one(found: &[&str]) -> String {
    let found = match found {
        [] => "none".to_owned(),
        several => several.join(" and "),
    };
    format!(
        "expected exactly one of `mock`, `mocks`, `stubs`, `endpoints` and `launch`, found {found}"
    )
}

impl From<Target> for File {
    fn from(target: Target) -> Self {
        match target {
            Target::Mock(mock) => Self {
                mock: Some(*mock),
                ..Self::default()
            },
            Target::Mocks(mocks) => Self {
                mocks: Some(mocks),
                ..Self::default()
            },
            Target::Stubs { stubs, order } => Self {
                stubs: Some(stubs),
                order: Some(order),
                ..Self::default()
            },
            Target::Endpoints {
                endpoints,
                ready_within,
            } => Self {
                endpoints: Some(endpoints),
                ready_within: Some(ready_within),
                ..Self::default()
            },
            Target::Launch(launch) => Self {
                launch: Some(*launch),
                ..Self::default()
            },
        }
    }
}
