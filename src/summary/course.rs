//! How a run went through its stages, where that was not simply one after the other to the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The course of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    /// How many stages the plan has. Of a search, how many levels there were to choose from.
    pub planned: usize,
    /// The indices of the stages in the order in which they ran.
    pub order: Vec<usize>,
    /// The search that the stages are levels of, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// Why it ended before its end, if a rule of the scenario ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A search for the highest level that meets the expectations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Search {
    /// The path of the setting that was searched.
    pub setting: String,
    /// What was tried, in this order.
    pub levels: Vec<Level>,
}

/// One level of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// Index of its stage; a higher one is a higher level.
    pub stage: usize,
    /// Did it meet every expectation?
    pub met: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Search {
    /// The highest level that met the expectations.
    pub fn highest_met(&self) -> Option<&Level> {
        let met = self.levels.iter().filter(|level| level.met);
        met.max_by_key(|level| level.stage)
    }

    /// The lowest level that did not.
    pub fn lowest_missed(&self) -> Option<&Level> {
        let missed = self.levels.iter().filter(|level| !level.met);
        missed.min_by_key(|level| level.stage)
    }

    /// The stage that the run is judged by: the highest that met the expectations, or the lowest if none did.
    pub fn answer(&self) -> Option<usize> {
        let level = self.highest_met().or_else(|| self.lowest_missed());
        level.map(|level| level.stage)
    }
}

impl Course {
    /// Is the run judged by this stage? Levels of a search that missed are what it looks for, and no failure.
    pub fn decides(&self, stage: usize) -> bool {
        let search = self.search.as_ref();
        search.is_none_or(|search| search.answer() == Some(stage))
    }
}
