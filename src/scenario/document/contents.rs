//! What a file is meant to describe, and how the reader of a message about it is spoken to.

use super::Path;

/// What a client's file has beside its settings.
pub(super) const ENDPOINTS: &str = "endpoints";

/// What a file is meant to describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// A scenario.
    Scenario,
    /// What stands under `target.mock` in a scenario.
    Mock,
    /// A client: what stands under `client` in a scenario, and `endpoints`.
    Client,
}

impl Contents {
    /// What is said of a file in which nothing stands, and what to do about it.
    pub(super) fn nothing(self) -> (&'static str, &'static str) {
        match self {
            Self::Scenario => (
                "expected a scenario, found an empty file",
                "begin with `name: my-first` and `workload:`; docs/scenario.md describes every field",
            ),
            Self::Mock => (
                "expected the description of a mock, found an empty file",
                "write `{}` for a mock with every default, or name no file; docs/mock.md describes every field",
            ),
            Self::Client => (
                "expected the settings of a client, found an empty file",
                "write `{}` for a client with every default; docs/client.md says what can be set",
            ),
        }
    }

    /// The path in a scenario to what stands at the root of a file of its own, with the dot behind it.
    pub(in crate::scenario) const fn place_in_a_scenario(self) -> &'static str {
        match self {
            Self::Scenario => "",
            Self::Mock => "target.mock.",
            Self::Client => "client.",
        }
    }

    /// What is said of a file that is a single value or a list.
    pub(super) fn no_block(self) -> &'static str {
        match self {
            Self::Scenario => {
                "expected a scenario: a block with `name`, `workload`, `load` and `phases`"
            }
            Self::Mock => {
                "expected the description of a mock: a block with fields such as `models`, `latency` and `faults`"
            }
            Self::Client => {
                "expected the settings of a client: a block with fields such as `mode`, `deadline` and `endpoints`"
            }
        }
    }

    /// Where a setting stands that is at `path` in the file of a client.
    pub(in crate::scenario) fn client_setting(self, path: &Path) -> Path {
        let root = Path::root();
        match self {
            Self::Scenario | Self::Mock if root.key(ENDPOINTS).contains(path) => {
                root.key("target").join(path)
            }
            Self::Scenario | Self::Mock => root.key("client").join(path),
            Self::Client => path.clone(),
        }
    }

    /// How a value of such a file is set.
    pub(in crate::scenario) const fn example_of_set(self) -> &'static str {
        match self {
            Self::Scenario | Self::Mock => "for example `--set load.closed.in_flight=10`",
            Self::Client => "for example `--set retry.attempts=3`",
        }
    }
}
