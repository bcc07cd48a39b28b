//! What scripted stubs saw in a stage: `{ "stubs": [ { "request": "POST /v1/chat/completions", "at_least": 1, "calls": 1 } ],
//! "unexpected": 0 }`. What was asked for stands beside what came, as it does for requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What scripted stubs saw in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// Every stub, in the order of the script.
    pub stubs: Vec<StubCalls>,
    /// Requests that no stub took.
    pub unexpected: u64,
    /// The first few different ones of these.
    pub examples: Vec<UnexpectedRequest>,
}

/// How often one stub was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StubCalls {
    /// Method and path of the requests that it takes.
    pub request: String,
    /// The script asks for at least so many calls.
    pub at_least: u64,
    /// The script asks for at most so many calls; it takes no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// Calls that came.
    pub calls: u64,
}

/// Requests that no stub took and that differ from the script alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnexpectedRequest {
    /// Method and path.
    pub request: String,
    /// How many there were.
    pub times: u64,
    /// Position of the stub that they came nearest to.
    pub nearest: usize,
    /// Why it did not take them.
    pub why: WhyUnexpected,
    /// The places in which they differ from what it takes.
    pub differences: Vec<Difference>,
}

/// Why a stub did not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyUnexpected {
    /// It is another request.
    Differs,
    /// The stub had been called as often as it may be.
    UsedUp,
    /// It was not the stub's turn: one above it was not called enough, or one below it was called already.
    OutOfTurn,
}

/// One place in which a request differs from what a stub takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The place, such as `path` or `body.messages[0].content`.
    pub place: String,
    /// What the stub expects there, as JSON, or `nothing`.
    pub expected: String,
    /// What was found there, as JSON, or `nothing`.
    pub found: String,
}

impl Script {
    /// Adds what the same script saw from another generator: a script of its own, which asks for as much again.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.stubs.iter_mut().zip(&other.stubs) {
            mine.calls += theirs.calls;
            mine.at_least += theirs.at_least;
            mine.at_most = mine
                .at_most
                .zip(theirs.at_most)
                .map(|(mine, theirs)| mine + theirs);
        }
        self.unexpected += other.unexpected;
        self.examples.extend(other.examples.iter().cloned());
    }
}
