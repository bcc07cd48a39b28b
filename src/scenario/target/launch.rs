//! A server that is started for the run by a command: `{ command: [./server, --port, "{port}"], endpoints: [ { protocol:
//! openai, url: "http://127.0.0.1:{port}" } ] }`.

mod placeholder;
mod variable;

pub use placeholder::{Placeholder, filled};
pub use variable::Variable;

use super::super::adapter::command;
use super::super::phases::within_a_day;
use super::some_text;
use crate::client::Endpoint;
use crate::units::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A server that is started for the run and ended after it. In the command, the environment and the URLs of the endpoints
/// `{port}` stands for a free port that is chosen for it, `{port.NAME}` for further ones, and in the command and the
/// environment `{inferometer}` for the path of this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// The program and its arguments. A program without a path is looked for in `PATH`; one with a relative path stands
    /// relative to the working directory. Reports show all of it.
    #[serde(deserialize_with = "command")]
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// Variables of its environment besides those of this program: a value, or the place of a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Variable>,
    /// The folder that it runs in, relative to the scenario; that of this program when left out.
    #[serde(
        default,
        deserialize_with = "some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub working_directory: Option<String>,
    /// Where it answers and what it speaks there, the client's first choice first.
    #[serde(deserialize_with = "super::endpoints")]
    #[schemars(length(min = 1))]
    pub endpoints: Vec<Endpoint>,
    /// How long to wait until it is ready; at most 24h.
    #[serde(default = "a_minute", deserialize_with = "within_a_day")]
    pub ready_within: Period,
    /// How long it may take to end once it is asked to, before it is killed; at most 24h.
    #[serde(default = "ten_seconds", deserialize_with = "within_a_day")]
    pub stop_within: Period,
    /// Where the working directory is, as far as it is known where the scenario stands. No setting and no part of the fingerprint.
    #[serde(skip)]
    pub directory: Option<PathBuf>,
}

fn a_minute() -> Period {
    Period::from_secs(60)
}

fn ten_seconds() -> Period {
    Period::from_secs(10)
}

impl Launch {
    /// The command on one line, as it is written.
    pub fn shown(&self) -> String {
        self.command.join(" ")
    }

    /// The names of the ports that the command or the environment is told; that of `{port}` is empty.
    pub fn told_ports(&self) -> BTreeSet<String> {
        let texts = self.environment.values().filter_map(Variable::text);
        ports(self.command.iter().map(String::as_str).chain(texts))
    }

    /// Likewise of the ports in the URLs of the endpoints.
    pub fn asked_ports(&self) -> BTreeSet<String> {
        ports(self.endpoints.iter().map(|endpoint| endpoint.url.as_str()))
    }

    /// The endpoints with the number that `port` says in the place of each port's name.
    pub fn endpoints_at(&self, port: impl Fn(&str) -> u16) -> Vec<Endpoint> {
        let at = |endpoint: &Endpoint| {
            let mut endpoint = endpoint.clone();
            endpoint.url = filled(&endpoint.url, |placeholder| match placeholder {
                Placeholder::Port(name) => Some(port(name).to_string()),
                Placeholder::Inferometer => None,
            });
            endpoint
        };
        self.endpoints.iter().map(at).collect()
    }
}

fn ports<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in texts {
        filled(text, |placeholder| {
            if let Placeholder::Port(name) = placeholder {
                names.insert(name.to_owned());
            }
            None
        });
    }
    names
}

#[cfg(test)]
mod tests;
