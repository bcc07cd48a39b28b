//! The facts of one stage: what was asked of it, what came back, how long everything took, and what the instrument
//! itself used. Example: `{ "name": "in_flight=10", "accounting": { "offered": 9000, "answered": 8998, "failed": 2 } }`.

use super::accounting::Accounting;
use super::disturbance::Disturbances;
use super::journal::Journal;
use super::nanoseconds;
use super::operation::OperationTally;
use super::reading::Reading;
use super::resources::Resources;
use super::script::Script;
use super::shape::{self, Asked, Shape};
use super::streams::{Recorders, StreamSummary};
use super::timings::Distributions;
use super::validity::Validity;
use crate::observe::{Conditions, Usage};
use crate::sample::{ClientCounts, TokenSource, Tokens};
use crate::units::{self, Offset, float};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the driver knows about a stage that no sample says.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFacts {
    /// Position in the run, from 0.
    pub index: usize,
    /// The stage's name in reports.
    pub name: String,
    /// The swept settings of this stage by path, such as `load.closed.in_flight`.
    pub settings: Vec<(String, Value)>,
    /// Endpoints in the order that [`crate::sample::Sample::endpoint`] counts them.
    pub endpoints: Vec<String>,
    /// What the client's threads used over the measure phase.
    pub usage: Usage,
    /// What the client counted over it, where it tells.
    pub client: ClientCounts,
    /// What the machine did over the measure phase, where that was watched.
    pub conditions: Option<Conditions>,
    /// Threads that sent and received.
    pub lanes: usize,
    /// How the stage ended.
    pub end: StageEnd,
    /// How long the measure phase really was; shorter than planned if it was cut short.
    pub measured: Duration,
    /// How the requests were to follow one another.
    pub asked: Asked,
    /// What scripted stubs saw, where they were the target.
    pub script: Option<Script>,
    /// What the target's own journal says, where it told it; the client's books in it are filled in by [`summarize`].
    pub journal: Option<Journal>,
    /// When each of the faults that were watched for really began, where that is known better than before.
    pub faults_began: Vec<Offset>,
    /// When the target executed a request that it had executed before, where its journal told that.
    pub duplicates: Option<Vec<Offset>>,
    /// Beyond which limits its numbers are refused.
    pub validity: Validity,
    /// Anything else a reader must know, as whole sentences.
    pub notes: Vec<String>,
}

/// How a stage ended, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StageEnd {
    /// At its planned end.
    Completed,
    /// Stopped from outside before that.
    Interrupted,
    /// The target was gone before that.
    TargetDied,
}

/// The facts of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageSummary {
    /// Position in the run, from 0.
    pub index: usize,
    /// The stage's name.
    pub name: String,
    /// The swept settings of this stage by path.
    pub settings: serde_json::Map<String, Value>,
    /// How it ended.
    pub end: StageEnd,
    /// Length of the measure phase, in nanoseconds in files.
    #[serde(rename = "measured_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub measured: Duration,
    /// Threads that sent and received.
    pub lanes: usize,
    /// What became of the requests that were scheduled in the measure phase.
    pub accounting: Accounting,
    /// What happened during the measure phase.
    pub throughput: Throughput,
    /// Attempts behind those requests.
    pub attempts: Attempts,
    /// Where token counts came from.
    pub tokens: TokenTally,
    /// Requests by endpoint, in the client's order.
    pub endpoints: Vec<EndpointTally>,
    /// Requests by their kind, where there are several: by their load stream, by the part of a mix, and by what they asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<OperationTally>,
    /// The load streams one by one, where there are several side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamSummary>,
    /// Wrong answers and failures by kind.
    pub errors: BTreeMap<String, u64>,
    /// How long everything took.
    pub distributions: Distributions,
    /// What the client's threads used.
    pub resources: Resources,
    /// What the client counted over the measure phase, where it told.
    #[serde(default, skip_serializing_if = "ClientCounts::is_empty")]
    pub client: ClientCounts,
    /// What the machine did over the measure phase, where that was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
    /// What scripted stubs saw, where they were the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// What the target's own journal says, where it told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Journal>,
    /// Whether what was sent had the shape that was asked for; nothing in a closed loop, of too few requests, and of several load
    /// streams together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// What faults of limited time did, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbances: Option<Disturbances>,
    /// Beyond which limits its numbers are refused, where the scenario says so.
    #[serde(default, skip_serializing_if = "Validity::is_default")]
    pub validity: Validity,
    /// Anything else a reader must know, as whole sentences.
    pub notes: Vec<String>,
}

/// What happened during the measure phase, by the time of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Throughput {
    /// Requests sent.
    pub sent: u64,
    /// Sent requests that ended, in whatever way.
    pub finished: u64,
    /// Requests that ended with a right answer.
    pub answered: u64,
    /// Output tokens of those answers.
    pub output_tokens: u64,
    /// Prompt tokens of those answers.
    pub prompt_tokens: u64,
}

/// Attempts behind the requests that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Attempts {
    /// Requests that were sent.
    pub requests: u64,
    /// Attempts they took together.
    pub attempts: u64,
    /// Requests that took more than one, those beside a slow one left out.
    pub retried: u64,
    /// Requests with a second attempt beside one that was slow.
    #[serde(default)]
    pub hedged: u64,
    /// Right answers that such a second attempt brought.
    #[serde(default)]
    pub hedge_won: u64,
    /// Right answers over a connection that was made for their request.
    #[serde(default)]
    pub fresh_connections: u64,
    /// Right answers over a connection that was there already.
    #[serde(default)]
    pub reused_connections: u64,
    /// Answers over the wire that brought the right answers: fewer than those where requests were batched.
    #[serde(default)]
    pub answers_received: u64,
    /// Right answers of the target's to their request, as far as that is known.
    #[serde(default)]
    pub from_target: u64,
    /// Right answers from the client's response cache.
    #[serde(default)]
    pub from_cache: u64,
    /// Right answers of the target's to another request that asked for the same at the same time.
    #[serde(default)]
    pub shared: u64,
}

/// Where token counts came from, and where they were too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TokenTally {
    /// Who counted the output tokens.
    #[serde(rename = "token_source")]
    pub sources: TokenSources,
    /// Streamed answers of fewer than two known output tokens, which have no `tpot`.
    pub tpot_na: u64,
}

/// Who counted the output tokens of a stage's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenSources {
    /// Nobody: there were no tokens, or no way to count them.
    #[default]
    None,
    /// The server, in its usage figures.
    Usage,
    /// The client, by the tokenizer that the scenario names.
    Tokenizer,
    /// The client, one token a chunk: a lower bound.
    Chunks,
    /// Some the one, some the other: token rates of this stage compare with nothing.
    Mixed,
}

/// Requests by the endpoint that ended them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EndpointTally {
    /// The endpoint's name.
    pub name: String,
    /// Requests it answered.
    pub answered: u64,
    /// Requests that failed there last, or were answered wrong.
    pub failed: u64,
}

/// Turns what was recorded into the facts of a stage.
pub fn summarize(facts: StageFacts, recorders: impl Into<Recorders>) -> StageSummary {
    let recorders = recorders.into();
    let streams = recorders.each(&facts.asked);
    let mut recorder = recorders.together();
    StageSummary {
        streams,
        disturbances: recorder.disturbances(&facts.faults_began, facts.duplicates.as_deref()),
        shape: shape::kept(&facts.asked, &recorder),
        index: facts.index,
        name: facts.name,
        settings: facts.settings.into_iter().collect(),
        end: facts.end,
        measured: facts.measured,
        lanes: facts.lanes,
        accounting: recorder.accounting,
        throughput: recorder.throughput,
        attempts: recorder.attempts,
        tokens: recorder.tokens,
        errors: recorder.errors(),
        operations: recorder.operations(),
        distributions: recorder.distributions(),
        endpoints: named(facts.endpoints, recorder.endpoints),
        resources: Resources::from(facts.usage),
        client: facts.client,
        conditions: facts.conditions,
        script: facts.script,
        journal: facts.journal.map(|journal| Journal {
            client: recorder.books,
            ..journal
        }),
        validity: facts.validity,
        notes: facts.notes,
    }
}

/// Gives tallies their endpoints' names. Neither list loses an entry if the other is shorter.
fn named(names: Vec<String>, tallies: Vec<EndpointTally>) -> Vec<EndpointTally> {
    let length = names.len().max(tallies.len());
    let names = names.into_iter().map(Some).chain(std::iter::repeat(None));
    let tallies = tallies
        .into_iter()
        .chain(std::iter::repeat_with(EndpointTally::default));
    names
        .zip(tallies)
        .take(length)
        .enumerate()
        .map(|(index, (name, tally))| EndpointTally {
            name: name.unwrap_or_else(|| format!("endpoint {index}")),
            ..tally
        })
        .collect()
}

impl StageSummary {
    /// Events per second of the measure phase.
    pub fn per_second(&self, events: u64) -> Reading {
        let seconds = self.measured.as_secs_f64();
        let rate = (seconds > 0.0).then(|| float(events) / seconds);
        Reading::or_not_measured(rate, "the measure phase had no length")
    }

    /// A total of the measure phase divided by the requests that ended in it.
    pub fn per_request(&self, total: u64) -> Reading {
        Reading::or_not_measured(
            units::ratio(total, self.throughput.finished),
            "no request ended in the measure phase",
        )
    }
}

impl Throughput {
    pub(super) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.finished += other.finished;
        self.answered += other.answered;
        self.output_tokens += other.output_tokens;
        self.prompt_tokens += other.prompt_tokens;
    }
}

impl Attempts {
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.attempts += other.attempts;
        self.retried += other.retried;
        self.hedged += other.hedged;
        self.hedge_won += other.hedge_won;
        self.fresh_connections += other.fresh_connections;
        self.reused_connections += other.reused_connections;
        self.answers_received += other.answers_received;
        self.from_target += other.from_target;
        self.from_cache += other.from_cache;
        self.shared += other.shared;
    }
}

impl TokenTally {
    pub(super) fn add(&mut self, other: &Self) {
        self.sources = self.sources.with(other.sources);
        self.tpot_na += other.tpot_na;
    }
}

impl TokenSources {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, only) | (only, Self::None) => only,
            (one, same) if one == same => one,
            _ => Self::Mixed,
        }
    }
}

impl From<Option<Tokens>> for TokenSources {
    fn from(tokens: Option<Tokens>) -> Self {
        match tokens.map(|tokens| tokens.source) {
            None => Self::None,
            Some(TokenSource::Usage) => Self::Usage,
            Some(TokenSource::Tokenizer) => Self::Tokenizer,
            Some(TokenSource::Chunks) => Self::Chunks,
        }
    }
}
