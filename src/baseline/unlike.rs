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
            "{} was `{}` and is `{}`",
            self.what, self.stored, self.new
        )
    }
}

/// In what two runs differ that would make their numbers speak of different things: the scenario, its seed and plan, the
/// formulas of the metrics, the machine, how the tool was built, the stages. Nothing that varies by itself is among them, such as
/// the clock rate of the moment.
pub fn unlike(stored: &RunSummary, new: &RunSummary) -> Vec<Unlike> {
    let (one, other) = (&stored.identity, &new.identity);
    let (before, now) = (&one.environment, &other.environment);
    let stages = |run: &RunSummary| {
        let names: Vec<&str> = run.stages.iter().map(|stage| stage.name.as_str()).collect();
        names.join(", ")
    };
    let pairs = [
        ("the scenario", one.scenario.clone(), other.scenario.clone()),
        (
            "the fingerprint of the plan",
            one.fingerprint.clone(),
            other.fingerprint.clone(),
        ),
        ("the seed", one.seed.to_string(), other.seed.to_string()),
        (
            "the version of the metrics",
            stored.metrics_version.to_string(),
            new.metrics_version.to_string(),
        ),
        ("the list of stages", stages(stored), stages(new)),
        (
            "the processor",
            before.cpu_model.clone(),
            now.cpu_model.clone(),
        ),
        (
            "the number of cores",
            before.cores.to_string(),
            now.cores.to_string(),
        ),
        (
            "the quota of CPU time",
            quota(before.cpu_quota),
            quota(now.cpu_quota),
        ),
        ("the operating system", before.os.clone(), now.os.clone()),
        (
            "the architecture",
            before.architecture.clone(),
            now.architecture.clone(),
        ),
        (
            "the build of the tool",
            before.build.clone(),
            now.build.clone(),
        ),
    ];
    let differ = pairs.into_iter().filter(|(_, stored, new)| stored != new);
    differ
        .map(|(what, stored, new)| Unlike { what, stored, new })
        .collect()
}

fn quota(cores: Option<f64>) -> String {
    cores.map_or_else(|| "none".to_owned(), |cores| format!("{cores} cores"))
}
