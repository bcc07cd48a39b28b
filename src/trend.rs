//! The history of a scenario: each metric in each run that compares with the newest, in order, and where its level changed. It
//! annotates, and judges nothing: to gate on a series is to be wrong about as often as its noise is.
//!
//! Example: `latency_p50`, 24 runs, 5.2 ms until run 17, 5.9 ms (+13 %) since.

use crate::baseline::unlike;
use crate::gate::statistics::{change_points, median};
use crate::metric::Metric;
use crate::summary::RunSummary;

/// The runs of a scenario that compare with the newest of them.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The scenario's name.
    pub scenario: String,
    /// The names of the runs, from the oldest.
    pub runs: Vec<String>,
    /// A series for each metric of each stage that was measured.
    pub series: Vec<Series>,
    /// Runs that are left out, of another plan or machine.
    pub left_out: usize,
}

/// One metric of one stage.
#[derive(Debug, Clone)]
pub struct Series {
    /// The stage's name.
    pub stage: String,
    /// The metric.
    pub metric: &'static Metric,
    /// Its value in each run; nothing where it was not measured.
    pub values: Vec<Option<f64>>,
    /// Its levels, from the oldest.
    pub levels: Vec<Level>,
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        (&self.stage, self.metric.name, &self.values, &self.levels)
            == (
                &other.stage,
                other.metric.name,
                &other.values,
                &other.levels,
            )
    }
}

/// Runs next to each other between which the metric did not change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The position of its first run.
    pub first: usize,
    /// The position of its last run.
    pub last: usize,
    /// The median of its values.
    pub median: f64,
    /// By what share that differs from the level before; nothing of the first one.
    pub change: Option<f64>,
}

impl History {
    /// The history of these metrics in runs from the oldest to the newest; `None` without a run.
    pub fn of(runs: &[RunSummary], metrics: &[&'static Metric]) -> Option<Self> {
        let newest = runs.last()?;
        let alike: Vec<&RunSummary> = runs
            .iter()
            .filter(|run| unlike(run, newest).is_empty())
            .collect();
        let mut series = Vec::new();
        for stage in &newest.stages {
            let of = |metric| one(&alike, &stage.name, metric);
            series.extend(metrics.iter().copied().filter_map(of));
        }
        Some(Self {
            scenario: newest.identity.scenario.clone(),
            runs: alike
                .iter()
                .map(|run| run.identity.run_id.clone())
                .collect(),
            series,
            left_out: runs.len() - alike.len(),
        })
    }
}

fn one(runs: &[&RunSummary], stage: &str, metric: &'static Metric) -> Option<Series> {
    let value = |run: &&RunSummary| {
        let stage = run.stages.iter().find(|other| other.name == stage)?;
        metric.read(run, stage).value()
    };
    let values: Vec<Option<f64>> = runs.iter().map(value).collect();
    let (places, measured): (Vec<usize>, Vec<f64>) = values
        .iter()
        .enumerate()
        .filter_map(|(place, value)| Some((place, (*value)?)))
        .unzip();
    (!measured.is_empty()).then(|| Series {
        stage: stage.to_owned(),
        metric,
        levels: levels(&places, &measured),
        values,
    })
}

fn levels(places: &[usize], values: &[f64]) -> Vec<Level> {
    let mut starts = vec![0];
    starts.extend(change_points(values));
    let ends = starts.iter().skip(1).copied().chain([values.len()]);
    let mut levels: Vec<Level> = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends.collect::<Vec<_>>()) {
        let part = values.get(start..end).unwrap_or_default();
        let place = |position: usize| places.get(position).copied().unwrap_or_default();
        let median = median(part);
        let before = levels
            .last()
            .map(|level| level.median)
            .filter(|before| *before > 0.0);
        levels.push(Level {
            first: place(start),
            last: place(end.saturating_sub(1)),
            median,
            change: before.map(|before| median / before - 1.0),
        });
    }
    levels
}

#[cfg(test)]
mod tests;
