//! Throughput, speed-up and efficiency by level of concurrency, groups of stages side by side.

use crate::metric::{Metric, Unit};
use crate::report::setting::Settings;
use crate::summary::{RunSummary, ScalingGroup, ScalingRow};

/// Groups beyond this number cannot be told apart in one picture, nor do they fit side by side.
const MOST_COMPARED: usize = 6;

/// The groups that are shown together: all of them, or each by itself where they are too many.
pub(super) fn batches(run: &RunSummary) -> impl Iterator<Item = &[ScalingGroup]> {
    let together = if run.scaling.len() > MOST_COMPARED {
        1
    } else {
        MOST_COMPARED
    };
    run.scaling.chunks(together)
}

/// A table of levels, with three columns for each group.
pub(super) struct ScalingTable {
    pub(super) groups: Vec<String>,
    pub(super) rows: Vec<LevelRow>,
}

/// One level of concurrency in every group of a table.
pub(super) struct LevelRow {
    pub(super) level: String,
    pub(super) cells: Vec<LevelCell>,
}

/// A value, and whether the generator may have been what limited it.
pub(super) struct LevelCell {
    pub(super) text: String,
    pub(super) generator_busy: bool,
}

/// The tables of a run.
pub(super) fn tables(run: &RunSummary) -> Vec<ScalingTable> {
    let settings = Settings::of(run);
    batches(run)
        .map(|groups| ScalingTable {
            groups: groups
                .iter()
                .map(|group| settings.phrase(&group.shared))
                .collect(),
            rows: rows(groups),
        })
        .collect()
}

/// How the columns are computed, in the words of the table of metrics.
pub(super) fn formulas() -> String {
    let formula = |name| Metric::named(name).map_or("", |metric| metric.formula);
    format!(
        "Speed-up is {}, efficiency {}, where X(N) is right answers per second with N requests in flight, and N0 the \
         lowest level of the group.",
        formula("speed_up"),
        formula("efficiency")
    )
}

/// What one more request in flight takes of the client's memory, a sentence for each group that says it.
pub(super) fn memory(run: &RunSummary) -> Vec<String> {
    let settings = Settings::of(run);
    let size = |bytes| Unit::Bytes.print(bytes);
    let sentence = |group: &ScalingGroup| {
        let memory = group.memory?;
        let place = if group.shared.is_empty() {
            String::new()
        } else {
            format!(" with {}", settings.phrase(&group.shared))
        };
        Some(format!(
            "One more request in flight{place} takes {} of the client's memory, {} to {} with {} % confidence: the slope over {} \
             levels (Theil, Sen).",
            size(memory.bytes),
            size(memory.low),
            size(memory.high),
            memory.percent(),
            memory.levels
        ))
    };
    run.scaling.iter().filter_map(sentence).collect()
}

/// Every level of any of the groups, lowest first.
pub(super) fn levels(groups: &[ScalingGroup]) -> Vec<f64> {
    let mut levels: Vec<_> = groups
        .iter()
        .flat_map(|group| &group.rows)
        .map(|row| row.level)
        .collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|one, other| one.total_cmp(other).is_eq());
    levels
}

fn rows(groups: &[ScalingGroup]) -> Vec<LevelRow> {
    levels(groups)
        .into_iter()
        .map(|level| LevelRow {
            level: level.to_string(),
            cells: groups
                .iter()
                .flat_map(|group| cells(group, level))
                .collect(),
        })
        .collect()
}

fn cells(group: &ScalingGroup, level: f64) -> [LevelCell; 3] {
    let row = group
        .rows
        .iter()
        .find(|row| row.level.total_cmp(&level).is_eq());
    let cell = |name: &str, value: fn(&ScalingRow) -> Option<f64>| LevelCell {
        text: row.and_then(value).zip(Metric::named(name)).map_or_else(
            || "–".to_owned(),
            |(value, metric)| metric.unit.print(value),
        ),
        generator_busy: row.is_some_and(|row| row.generator_busy),
    };
    [
        cell("rps_ok", |row| Some(row.rps_ok)),
        cell("speed_up", |row| row.speed_up),
        cell("efficiency", |row| row.efficiency),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture::{single, sweep};

    #[test]
    fn what_one_more_request_takes_in_memory_is_said_with_its_interval() {
        assert_eq!(
            memory(&sweep()),
            [
                "One more request in flight takes 12.0 KiB of the client's memory, 12.0 KiB to 12.0 KiB with 97 % confidence: \
                 the slope over 7 levels (Theil, Sen)."
            ]
        );
        assert_eq!(memory(&single()), [""; 0]);
    }
}
