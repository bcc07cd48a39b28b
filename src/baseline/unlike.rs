//! Whether two runs may be held against each other by their numbers alone.

use crate::summary::RunSummary;
use std::fmt;

/// One thing in which two runs differ that must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// What differs.
    pub what: &'static str,
    /// In the stored run.
    pub stored: String,
    /// In the new one.
    pub new: String,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} was `{}` and is `{}`",
            self.what, self.stored, self.new
        )
    }
}

/// In what two runs differ that would make their numbers speak of different things: the scenario, its seed and plan, the
/// formulas of the metrics, the machine, how the tool was built, the stages. Nothing that varies by itself is among them, such as
/// the clock rate of the moment.
pub fn unlike(stored: &RunSummary, new: &RunSummary) -> Vec<Unlike> {
    let stages = |run: &RunSummary| {
        let names: Vec<&str> = run.stages.iter().map(|stage| stage.name.as_str()).collect();
        names.join(", ")
    };
    let own = |run: &RunSummary| {
        let identity = &run.identity;
        [
            ("scenario", identity.scenario.clone()),
            ("fingerprint of the plan", identity.fingerprint.clone()),
            ("seed", identity.seed.to_string()),
            ("version of the metrics", run.metrics_version.to_string()),
            ("list of stages", stages(run)),
        ]
    };
    let all = |run: &RunSummary| {
        let machine = run.identity.environment.comparable();
        own(run).into_iter().chain(machine)
    };
    let differ = all(stored)
        .zip(all(new))
        .filter(|(stored, new)| stored != new);
    differ
        .map(|((what, stored), (_, new))| Unlike { what, stored, new })
        .collect()
}
