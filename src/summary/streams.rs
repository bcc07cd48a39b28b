//! Several load streams side by side: each is recorded by itself, and the stage is all of them together.
//! `{ "name": "chat", "accounting": { "offered": 500, "answered": 500 }, "shape": { .. } }`.

use super::accounting::Accounting;
use super::evidence::Evidence;
use super::recorder::Recorder;
use super::resources::Resources;
use super::shape::{self, Asked, Shape};
use super::stage::{Attempts, StageSummary, Throughput, TokenTally};
use super::timings::Distributions;
use super::{ClientCounts, Distribution};
use crate::sample::{Sample, Sink};
use crate::units::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::mem;
use std::time::Instant;

/// A recorder for each load stream of a stage, in their order; one where there are not several.
#[derive(Debug)]
pub struct Recorders(Vec<Recorder>);

/// What became of the requests of one of several load streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamSummary {
    /// The stream's name.
    pub name: String,
    /// What became of its requests that were scheduled in the measure phase.
    pub accounting: Accounting,
    /// What happened to its requests during the measure phase.
    pub throughput: Throughput,
    /// Attempts behind those requests.
    pub attempts: Attempts,
    /// Where its token counts came from.
    pub tokens: TokenTally,
    /// Its wrong answers and failures by kind.
    pub errors: BTreeMap<String, u64>,
    /// How long everything took.
    pub distributions: Distributions,
    /// Whether what was sent of it had the shape that was asked for; nothing in a closed loop, and of too few requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

impl From<Recorder> for Recorders {
    /// That of the only stream.
    fn from(recorder: Recorder) -> Self {
        Self(vec![recorder])
    }
}

impl FromIterator<Recorder> for Recorders {
    fn from_iter<I: IntoIterator<Item = Recorder>>(recorders: I) -> Self {
        let placed = recorders.into_iter().enumerate();
        Self(placed.map(|(place, one)| one.of_stream(place)).collect())
    }
}

impl Sink for Recorders {
    fn take(&mut self, sample: &Sample<'_>) {
        if let Some(recorder) = self.0.get_mut(sample.stream) {
            recorder.take(sample);
        }
    }

    fn begins(&mut self, epoch: Instant) {
        self.0.iter_mut().for_each(|one| one.begins(epoch));
    }

    fn measure_ended(&mut self, at: Offset) {
        self.0.iter_mut().for_each(|one| one.measure_ended(at));
    }
}

impl Recorders {
    /// Adds what another lane counted of the same streams.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            mine.merge(theirs);
        }
    }

    /// What is known of single requests, of every stream and lane.
    pub(super) fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        self.0.iter().flat_map(|one| &one.evidence)
    }

    /// Each stream by itself, where there are several.
    pub(super) fn each(&self, asked: &Asked) -> Vec<StreamSummary> {
        let Asked::SideBySide(streams) = asked else {
            return Vec::new();
        };
        let each = streams.iter().zip(&self.0);
        let summary = each.map(|((name, asked), recorder)| StreamSummary {
            name: name.clone(),
            accounting: recorder.accounting,
            throughput: recorder.throughput,
            attempts: recorder.attempts,
            tokens: recorder.tokens,
            errors: recorder.errors(),
            distributions: recorder.distributions(),
            shape: shape::kept(asked, recorder),
        });
        summary.collect()
    }

    /// All of them together. Each keeps the kinds of request that it tells apart.
    pub(super) fn together(self) -> Recorder {
        let together = self.0.into_iter().reduce(|mut all, mut one| {
            let kinds = mem::take(&mut one.operations);
            all.merge(one);
            all.operations.extend(kinds);
            all
        });
        together.unwrap_or_else(|| unreachable!("a stage has at least one load stream"))
    }
}

impl StreamSummary {
    /// Adds what another generator has of the same stream.
    pub(super) fn add(&mut self, other: &Self) {
        self.accounting.add(&other.accounting);
        self.throughput.add(&other.throughput);
        self.attempts.add(&other.attempts);
        self.tokens.add(&other.tokens);
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        self.distributions
            .add(&other.distributions, Distribution::merge);
    }
}

impl StageSummary {
    /// The stage as if it had nothing but the load stream of this name; what cannot be told of one stream is left out. `None`
    /// where there is none.
    pub fn of_stream(&self, name: &str) -> Option<Self> {
        let stream = self.streams.iter().find(|stream| stream.name == name)?;
        let kinds = self.operations.iter();
        let its_own = kinds.filter(|tally| tally.kind.stream.as_deref() == Some(name));
        Some(Self {
            index: self.index,
            name: self.name.clone(),
            settings: self.settings.clone(),
            end: self.end,
            measured: self.measured,
            lanes: self.lanes,
            accounting: stream.accounting,
            throughput: stream.throughput,
            attempts: stream.attempts,
            tokens: stream.tokens,
            endpoints: Vec::new(),
            operations: its_own.cloned().collect(),
            streams: Vec::new(),
            errors: stream.errors.clone(),
            distributions: stream.distributions.clone(),
            resources: Resources::default(),
            client: ClientCounts::default(),
            conditions: None,
            script: None,
            journal: None,
            shape: stream.shape.clone(),
            disturbances: None,
            validity: self.validity,
            notes: Vec::new(),
        })
    }

    /// The stage as each of its load streams has it, with their names, where there are several.
    pub fn by_stream(&self) -> impl Iterator<Item = (&str, Self)> {
        let names = self.streams.iter().map(|stream| stream.name.as_str());
        names.filter_map(|name| Some((name, self.of_stream(name)?)))
    }
}
