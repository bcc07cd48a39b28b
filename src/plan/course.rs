//! Which stage comes next: the one after the last, one drawn by chance, or the one that says most about the highest level
//! that meets the expectations. A pure function of what the stages so far came to.

use super::Stage;
use super::explain::humantime;
use crate::scenario::Stop;
use crate::seed::Seed;
use rand::RngCore;
use serde::Serialize;
use std::time::Duration;

/// How a run goes through the stages of its plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// The order in which stages run.
    pub way: Way,
    /// What ends the run before all of them have.
    #[serde(skip)]
    pub stop: Stop,
}

/// The order in which the stages of a plan run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// As they stand in the plan.
    InOrder,
    /// In this order, which was drawn.
    Drawn(Vec<usize>),
    /// Each by what the ones before came to.
    Search(Search),
}

/// A search for the highest level that meets the expectations. Each stage of the plan is a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Search {
    /// The path of the setting.
    pub setting: String,
    /// Its values as numbers, in ascending order.
    pub levels: Vec<f64>,
}

/// A stage that is over: its index, and whether it met the expectations.
pub type Done = (usize, bool);

impl Way {
    /// An order drawn for so many stages.
    pub(super) fn drawn(seed: Seed, stages: usize) -> Self {
        let mut random = seed.stream("order of stages");
        let mut order: Vec<(u64, usize)> = (0..stages)
            .map(|stage| (random.next_u64(), stage))
            .collect();
        order.sort_unstable();
        Self::Drawn(order.into_iter().map(|(_, stage)| stage).collect())
    }

    /// The index of the stage that comes after those that are over; `None` when nothing more is to be learnt.
    pub fn next(&self, stages: usize, done: &[Done]) -> Option<usize> {
        match self {
            Self::InOrder => (done.len() < stages).then_some(done.len()),
            Self::Drawn(order) => order.get(done.len()).copied(),
            Self::Search(search) => search.next(done),
        }
    }

    /// The most of so many stages that run.
    pub fn most(&self, stages: usize) -> usize {
        match self {
            Self::InOrder | Self::Drawn(_) => stages,
            Self::Search(search) => search.most(),
        }
    }
}

impl Search {
    /// The lowest level first, then each at least twice the one before until one misses, then the middle of what is left between
    /// the highest that met the expectations and the lowest that did not.
    fn next(&self, done: &[Done]) -> Option<usize> {
        let with = |wanted: bool| {
            let matching = done.iter().filter(move |(_, met)| *met == wanted);
            matching.map(|(level, _)| *level)
        };
        let last = self.levels.len().checked_sub(1)?;
        match (with(true).max(), with(false).min()) {
            (None, None) => Some(0),
            (None, Some(_)) => None,
            (Some(met), None) => (met < last).then(|| self.doubled(met).min(last)),
            (Some(met), Some(missed)) => {
                let between = missed.saturating_sub(met);
                (between > 1).then_some(met + between / 2)
            }
        }
    }

    /// The first level of at least twice this one.
    fn doubled(&self, level: usize) -> usize {
        let Some(value) = self.levels.get(level) else {
            return level;
        };
        let levels = self.levels.iter().skip(level + 1);
        let below = levels.take_while(|next| **next < value * 2.0).count();
        level + 1 + below
    }

    /// Of all ways that it can go, the longest: a level is met or not, and nothing else decides.
    fn most(&self) -> usize {
        let levels = self.levels.len();
        let outcomes = (0..=levels).map(|first_missed| {
            let mut done: Vec<Done> = Vec::new();
            while let Some(level) = self.next(&done) {
                done.push((level, level < first_missed));
            }
            done.len()
        });
        outcomes.max().unwrap_or(0)
    }
}

impl Course {
    /// Why `stage` is not begun so long after the start of the run, if it is not.
    pub fn stops_before(&self, stage: &Stage, elapsed: Duration) -> Option<String> {
        let budget = self.stop.after?.duration();
        let takes = stage.phases.warmup.duration() + stage.phases.measure.duration();
        (elapsed + takes > budget).then(|| {
            let (name, budget) = (stage.name(), humantime(budget));
            format!("stage {name} would not have ended within {budget}, as `stop.after` asks")
        })
    }

    /// Why nothing comes after a stage with this share of requests that were not answered right, if nothing does.
    pub fn stops_after(&self, stage: &str, errors: f64) -> Option<String> {
        let limit = self.stop.error_share?;
        (errors > limit.ratio()).then(|| {
            let errors = errors * 100.0;
            format!("{errors:.1}% of the requests of stage {stage} were not answered right, more than the {limit} of `stop.error_share`")
        })
    }
}

#[cfg(test)]
mod tests;
