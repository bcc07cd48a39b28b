//! The swept settings of a run under names as short as can be told apart: `mode`, `stream` and `in_flight` for
//! `client.mode`, `workload.chat.stream` and `load.closed.in_flight`.

use crate::summary::{RunSummary, StageSummary};
use serde_json::{Map, Value};

/// The paths of the swept settings, in the order of the sweep.
pub(super) struct Settings<'a> {
    paths: Vec<&'a str>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(run: &'a RunSummary) -> Self {
        let mut paths: Vec<&str> = Vec::new();
        for path in run.stages.iter().flat_map(|stage| stage.settings.keys()) {
            if !paths.contains(&path.as_str()) {
                paths.push(path);
            }
        }
        Self { paths }
    }

    pub(super) fn paths(&self) -> &[&'a str] {
        &self.paths
    }

    /// What a stage has set for each of them.
    pub(super) fn values(&self, stage: &StageSummary) -> Vec<String> {
        self.paths
            .iter()
            .map(|path| stage.settings.get(*path).map_or_else(nothing, text))
            .collect()
    }

    /// Some settings in the words of stage names: `mode=rest stream=false`.
    pub(super) fn phrase(&self, settings: &Map<String, Value>) -> String {
        let words: Vec<_> = settings
            .iter()
            .map(|(path, value)| format!("{}={}", self.short(path), text(value)))
            .collect();
        words.join(" ")
    }

    /// The last part of the path, or as many more as it takes to tell it from the others.
    pub(super) fn short<'b>(&self, path: &'b str) -> &'b str {
        let is_unique = |tail: &str| {
            let ends = |other: &str| other.strip_suffix(tail).is_some_and(ends_a_part);
            self.paths.iter().filter(|other| ends(other)).count() <= 1
        };
        path.rmatch_indices('.')
            .filter_map(|(dot, _)| path.get(dot + 1..))
            .find(|tail| is_unique(tail))
            .unwrap_or(path)
    }
}

fn ends_a_part(head: &str) -> bool {
    head.is_empty() || head.ends_with('.')
}

fn nothing() -> String {
    "–".to_owned()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
