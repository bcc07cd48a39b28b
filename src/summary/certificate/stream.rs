//! The instrument's account of itself in each of several load streams. A stage is as valid as its streams: what one of them did
//! to the target is in the numbers of the others.

use super::{Doubt, StageTrust, accounting, late, schedule, shape};
use crate::summary::stage::StageSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The instrument's account of itself in one of several load streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamTrust {
    /// The stream's name.
    pub stream: String,
    /// Its requests are all accounted for, and every answer has a latency.
    pub accounting_adds_up: bool,
    /// Whether what was sent of it had the shape that was asked for; nothing in a closed loop, and of too few requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape_kept: Option<bool>,
    /// Median send lag in nanoseconds.
    pub lag_p50_ns: Option<f64>,
    /// 99th percentile of the send lag in nanoseconds, where there are enough samples.
    pub lag_p99_ns: Option<f64>,
    /// Largest send lag in nanoseconds.
    pub lag_max_ns: Option<f64>,
}

/// What is doubted of a stream by itself. Everything else is about what the streams share, or adds up over them.
const CHECKS: [fn(&StageSummary) -> Option<Doubt>; 4] = [accounting, schedule, shape, late];

/// The account of each stream, and every doubt about one.
pub(super) fn each(stage: &StageSummary) -> (Vec<StreamTrust>, Vec<Doubt>) {
    let (mut accounts, mut doubts) = (Vec::new(), Vec::new());
    for (name, alone) in stage.by_stream() {
        let trust = StageTrust::of(&alone);
        accounts.push(StreamTrust {
            stream: name.to_owned(),
            accounting_adds_up: trust.accounting_adds_up,
            shape_kept: trust.shape_kept,
            lag_p50_ns: trust.lag_p50_ns,
            lag_p99_ns: trust.lag_p99_ns,
            lag_max_ns: trust.lag_max_ns,
        });
        let found = CHECKS.iter().filter_map(|check| check(&alone));
        doubts.extend(found.map(|doubt| Doubt::InStream {
            stream: name.to_owned(),
            doubt: Box::new(doubt),
        }));
    }
    (accounts, doubts)
}

/// Whether the shape of all streams that have one was kept.
pub(super) fn shape_kept(accounts: &[StreamTrust]) -> Option<bool> {
    let kept = accounts.iter().filter_map(|account| account.shape_kept);
    kept.reduce(|one, other| one && other)
}
