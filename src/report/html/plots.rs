//! Which charts a run gets. What a reader compares stands in one picture: throughput, efficiency, latency and time to
//! first token against concurrency, a line for each group of stages, and the percentile spectra.

mod against;
mod spectrum;

pub(super) use spectrum::{CURVE_POINTS, curve_series, rarity_axis};

use super::chart::{Chart, Series};
use super::scaling::batches;
use crate::report::setting::Settings;
use crate::summary::{Distribution, Distributions, RunSummary, ScalingGroup, StageSummary};

/// All charts of a run.
pub(super) fn of(run: &RunSummary) -> Vec<Chart> {
    let settings = Settings::of(run);
    let mut charts = Vec::new();
    for groups in batches(run) {
        let picture = Picture {
            run,
            groups,
            settings: &settings,
        };
        charts.extend(picture.against_concurrency());
    }
    charts.extend(TIMINGS.iter().filter_map(|timing| timing.spectrum(run)));
    charts
}

/// Groups of stages that are compared in one picture.
struct Picture<'a> {
    run: &'a RunSummary,
    groups: &'a [ScalingGroup],
    settings: &'a Settings<'a>,
}

impl Picture<'_> {
    /// A title, with the group's name where the picture is of one group among others.
    fn titled(&self, title: &str) -> String {
        match self.groups {
            [only] if !only.shared.is_empty() => format!("{title}, {}", self.name(only)),
            _ => title.to_owned(),
        }
    }

    fn name(&self, group: &ScalingGroup) -> String {
        self.settings.phrase(&group.shared)
    }

    fn stage(&self, index: usize) -> Option<&StageSummary> {
        self.run.stages.iter().find(|stage| stage.index == index)
    }
}

/// A duration that gets charts of its own.
struct Timing {
    title: &'static str,
    axis: &'static str,
    caption: &'static str,
    /// What its metrics' names begin with.
    family: &'static str,
    of: fn(&Distributions) -> &Distribution,
}

/// The durations that get charts; those that no stage measured are left out.
const TIMINGS: [Timing; 2] = [
    Timing {
        title: "Latency",
        axis: "latency",
        caption: "From the scheduled start to the last token; right answers only.",
        family: "latency",
        of: |times| &times.latency,
    },
    Timing {
        title: "Time to first token",
        axis: "time to first token",
        caption: "From sending to the first token; right answers only.",
        family: "ttft",
        of: |times| &times.ttft,
    },
];

pub(super) fn heights(series: &[Series]) -> Vec<f64> {
    series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.y)
        .collect()
}
