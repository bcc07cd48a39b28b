//! Joins shards: runs of one plan by several generators at the same time. Counts and histograms add up, so percentiles
//! of the whole are exact, which averages of percentiles never are.

use super::distribution::Distribution;
use super::document::Error;
use super::stage::{EndpointTally, StageSummary};
use super::{OperationTally, RunSummary, StreamSummary, scaling};
use std::fmt::Display;

impl RunSummary {
    /// Adds up two shards of one plan. Identity and environment are those of `self`.
    ///
    /// # Errors
    /// [`Error::Unlike`] unless both have the same fingerprint, metrics version and stages.
    pub fn merge(mut self, other: &Self) -> Result<Self, Error> {
        alike(
            "fingerprints",
            &self.identity.fingerprint,
            &other.identity.fingerprint,
        )?;
        alike(
            "metrics versions",
            &self.metrics_version,
            &other.metrics_version,
        )?;
        alike("numbers of stages", &self.stages.len(), &other.stages.len())?;
        for (mine, theirs) in self.stages.iter_mut().zip(&other.stages) {
            alike("stages", &mine.name, &theirs.name)?;
            mine.merge(theirs);
        }
        if self.course != other.course {
            self.course = None;
        }
        self.shards += other.shards;
        self.end = self.end.max(other.end);
        self.scaling = scaling::groups(&self.stages);
        self.certificate = self.certificate.made_anew(&self.stages);
        Ok(self)
    }
}

fn alike<T: PartialEq + Display>(what: &'static str, ours: &T, theirs: &T) -> Result<(), Error> {
    if ours == theirs {
        return Ok(());
    }
    Err(Error::Unlike {
        what,
        ours: ours.to_string(),
        theirs: theirs.to_string(),
    })
}

impl StageSummary {
    /// Adds a shard that ran at the same time: events add up over the longer of the two measure phases.
    fn merge(&mut self, other: &Self) {
        self.measured = self.measured.max(other.measured);
        self.lanes += other.lanes;
        self.end = self.end.max(other.end);
        self.accounting.add(&other.accounting);
        self.throughput.add(&other.throughput);
        self.attempts.add(&other.attempts);
        self.tokens.add(&other.tokens);
        self.distributions
            .add(&other.distributions, Distribution::merge);
        self.resources = self.resources.with(&other.resources);
        self.client = self.client.and(other.client);
        let both = self.conditions.zip(other.conditions);
        self.conditions = both.map(|(mine, theirs)| mine.with(&theirs));
        match (&mut self.script, &other.script) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (_, None) => {}
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
        }
        match (&mut self.journal, &other.journal) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (_, None) => {}
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
        }
        match (&mut self.disturbances, &other.disturbances) {
            (Some(mine), Some(theirs)) => mine.add(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        for theirs in &other.operations {
            self.add_operation(theirs);
        }
        for theirs in &other.streams {
            self.add_stream(theirs);
        }
        for theirs in &other.endpoints {
            self.add_endpoint(theirs);
        }
        for note in &other.notes {
            if !self.notes.contains(note) {
                self.notes.push(note.clone());
            }
        }
    }

    fn add_operation(&mut self, theirs: &OperationTally) {
        let mut known = self.operations.iter_mut();
        match known.find(|mine| mine.kind == theirs.kind) {
            Some(mine) => mine.add(theirs),
            None => self.operations.push(theirs.clone()),
        }
    }

    fn add_stream(&mut self, theirs: &StreamSummary) {
        let mut known = self.streams.iter_mut();
        match known.find(|mine| mine.name == theirs.name) {
            Some(mine) => mine.add(theirs),
            None => self.streams.push(theirs.clone()),
        }
    }

    fn add_endpoint(&mut self, theirs: &EndpointTally) {
        match self
            .endpoints
            .iter_mut()
            .find(|mine| mine.name == theirs.name)
        {
            Some(mine) => {
                mine.answered += theirs.answered;
                mine.failed += theirs.failed;
            }
            None => self.endpoints.push(theirs.clone()),
        }
    }
}
