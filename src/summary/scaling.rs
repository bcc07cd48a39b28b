//! Throughput against concurrency: stages that differ only in how many requests are kept in flight.
//!
//! With X(N) the rate of right answers at level N, and N0 the lowest level of the group:
//! speed-up `X(N) / X(N0)`, efficiency `X(N) / (N * X(N0) / N0)`. Both are 1 at N0; perfect scaling keeps the
//! efficiency at 1. Failures are no throughput.

use super::memory::{self, MemorySlope};
use super::stage::StageSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The settings that are a level of concurrency, by path.
const LEVELS: [&str; 1] = ["load.closed.in_flight"];

/// Stages that differ in nothing but their level of concurrency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScalingGroup {
    /// The swept setting that is the level.
    pub setting: String,
    /// The swept settings that all these stages share.
    pub shared: Map<String, Value>,
    /// One row a stage, lowest level first.
    pub rows: Vec<ScalingRow>,
    /// What one more request in flight takes of the client's memory; null with fewer than four levels, or where allocations
    /// were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemorySlope>,
}

/// One level of concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScalingRow {
    /// Index of the stage in the run.
    pub stage: usize,
    /// Requests kept in flight.
    pub level: f64,
    /// Right answers per second.
    pub rps_ok: f64,
    /// `X(N) / X(N0)`; null when nothing was answered at the lowest level.
    pub speed_up: Option<f64>,
    /// `X(N) / (N * X(N0) / N0)`; null when nothing was answered at the lowest level.
    pub efficiency: Option<f64>,
    /// Was the generator itself busy, so that its own limit may be what shows?
    pub generator_busy: bool,
}

/// All groups of at least two levels, in the order of their first stages.
pub(super) fn groups(stages: &[StageSummary]) -> Vec<ScalingGroup> {
    let mut groups: Vec<ScalingGroup> = Vec::new();
    for (setting, level, shared, stage) in stages.iter().filter_map(place) {
        // A stage that never came to measure is no level at which nothing was answered.
        let Some(rps_ok) = stage.per_second(stage.throughput.answered).value() else {
            continue;
        };
        let row = ScalingRow {
            stage: stage.index,
            level,
            rps_ok,
            speed_up: None,
            efficiency: None,
            generator_busy: stage.is_generator_busy(),
        };
        match groups
            .iter_mut()
            .find(|group| group.setting == setting && group.shared == shared)
        {
            Some(group) => group.rows.push(row),
            None => groups.push(ScalingGroup {
                setting: setting.to_owned(),
                shared,
                rows: vec![row],
                memory: None,
            }),
        }
    }
    groups.retain(|group| group.rows.len() > 1);
    for group in &mut groups {
        relate(&mut group.rows);
        group.memory = memory_of(&group.rows, stages);
    }
    groups
}

/// The slope of the client's live bytes on the level. A level whose bytes are not known leaves none.
fn memory_of(rows: &[ScalingRow], stages: &[StageSummary]) -> Option<MemorySlope> {
    let point = |row: &ScalingRow| {
        let stage = stages.iter().find(|stage| stage.index == row.stage)?;
        Some((row.level, stage.resources.peak_live_bytes?))
    };
    memory::slope(&rows.iter().map(point).collect::<Option<Vec<_>>>()?)
}

/// The level setting of a stage, its value, and the settings beside it.
fn place(stage: &StageSummary) -> Option<(&'static str, f64, Map<String, Value>, &StageSummary)> {
    LEVELS.iter().find_map(|&setting| {
        let level = stage.settings.get(setting)?.as_f64()?;
        let shared = stage
            .settings
            .iter()
            .filter(|(path, _)| path.as_str() != setting)
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect();
        (level > 0.0).then_some((setting, level, shared, stage))
    })
}

/// Sorts the rows by level and fills in what relates them to the first.
fn relate(rows: &mut [ScalingRow]) {
    rows.sort_by(|a, b| a.level.total_cmp(&b.level));
    let Some(first) = rows.first().copied().filter(|row| row.rps_ok > 0.0) else {
        return;
    };
    for row in rows {
        let speed_up = row.rps_ok / first.rps_ok;
        row.speed_up = Some(speed_up);
        row.efficiency = Some(speed_up * first.level / row.level);
    }
}
