//! `gate:` in a scenario: how two arms are compared, and by how much they may differ.

use super::compare::{MARGINS, Tier};
use crate::metric::{Better, Metric};
use inferometer_proto::quantity::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How two variants of a scenario are compared by `inferometer ab` and `inferometer gate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GateSpec {
    /// The variant that is held to be known, where the command line names none.
    pub baseline: Option<String>,
    /// The variant that is in question, where the command line names none.
    pub candidate: Option<String>,
    /// How long each block sends. Its first tenth is not measured.
    pub block: Period,
    /// How many quads of four blocks there are before the first look at the result: 6 to 500.
    pub quads: u32,
    /// How often the comparison may go on when it is not decided, each time by half of the quads so far: 0 to 4.
    pub extensions: u32,
    /// After how many quads the processes of both arms are started anew: at least 1.
    pub quads_per_start: u32,
    /// No quad is begun after the comparison has taken this long.
    pub budget: Period,
    /// Metrics to gate on beside the usual ones, or with other margins: how much worse is too much.
    pub margins: BTreeMap<String, Share>,
    /// What somebody claims of the candidate, to be held against what is measured. It changes no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypothesis: Option<Hypothesis>,
}

/// A claim that the candidate is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// The claim in the words of who made it.
    pub says: String,
    /// The metric that it is about.
    pub metric: String,
    /// By how much it is better: 10% is a tenth more of what should be more, or a tenth less of what should be less.
    pub better_by: Share,
}

impl Default for GateSpec {
    fn default() -> Self {
        Self {
            baseline: None,
            candidate: None,
            block: Duration::from_millis(100).into(),
            quads: 36,
            extensions: 4,
            quads_per_start: 6,
            budget: Duration::from_mins(10).into(),
            margins: BTreeMap::new(),
            hypothesis: None,
        }
    }
}

/// Why a gate's settings cannot be used, and which of them is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", field.join("."))]
pub struct InvalidGate {
    /// The keys that lead to the setting.
    pub field: Vec<String>,
    /// What was expected there, and what was found.
    pub message: String,
}

impl GateSpec {
    /// Can two arms be compared like this?
    ///
    /// # Errors
    /// [`InvalidGate`] for the first setting that is out of its range or names no metric that can be compared.
    pub fn check(&self) -> Result<(), InvalidGate> {
        within("quads", self.quads, 6, 500)?;
        within("extensions", self.extensions, 0, 4)?;
        within("quads_per_start", self.quads_per_start, 1, 500)?;
        if self.block.duration() < Duration::from_millis(100) {
            return Err(invalid(
                ["block"],
                format!("expected at least 100ms, found `{}`", self.block),
            ));
        }
        for (name, margin) in &self.margins {
            let field = ["margins", name.as_str()];
            comparable(name, &field)?;
            if margin.ratio() < 0.001 {
                let told = format!(
                    "expected a margin of at least 0.1%, found `{margin}`: nothing is ever equal"
                );
                return Err(invalid(field, told));
            }
        }
        match &self.hypothesis {
            Some(claim) => comparable(&claim.metric, &["hypothesis", "metric"]).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Each metric that is gated on, with the tier that it has and its margin: the usual ones with what stands under
    /// `margins`, whose metrics are all of the first tier.
    pub fn gated(&self) -> Vec<(&'static Metric, Tier, f64)> {
        let usual = MARGINS.iter().filter_map(|(name, tier, margin)| {
            let metric = Metric::named(name)?;
            Some(match self.margins.get(*name) {
                Some(own) => (metric, Tier::Gated, own.ratio()),
                None => (metric, *tier, *margin),
            })
        });
        let further = self.margins.iter().filter_map(|(name, margin)| {
            let is_usual = MARGINS.iter().any(|(usual, ..)| usual == name);
            let metric = Metric::named(name).filter(|_| !is_usual)?;
            Some((metric, Tier::Gated, margin.ratio()))
        });
        usual.chain(further).collect()
    }
}

fn within(field: &str, found: u32, least: u32, most: u32) -> Result<(), InvalidGate> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(invalid(
        [field],
        format!("expected {least} to {most}, found {found}"),
    ))
}

/// The metric of this name, if its change can be good or bad and there is more than one value behind it.
fn comparable(name: &str, field: &[&str]) -> Result<&'static Metric, InvalidGate> {
    let refused = |message| Err(invalid(field.iter().copied(), message));
    let Some(metric) = Metric::named(name) else {
        return refused(Metric::unknown(name));
    };
    if metric.better == Better::Neither {
        return refused(format!(
            "expected a metric that can get worse, found `{name}`, which describes the load"
        ));
    }
    if name.ends_with("_max") || name.ends_with("_min") {
        return refused(format!(
            "expected a metric that repeats, found `{name}`: an extreme of one block says nothing of the next"
        ));
    }
    Ok(metric)
}

fn invalid<'a>(field: impl IntoIterator<Item = &'a str>, message: String) -> InvalidGate {
    InvalidGate {
        field: field.into_iter().map(str::to_owned).collect(),
        message,
    }
}
