//! What a stage took: of the client's threads, and of the target's processes.

use super::nanoseconds;
use super::reading::Reading;
use super::stage::StageSummary;
use crate::observe::{TargetUsage, Usage};
use crate::units::{self, float};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the client's threads used over the measure phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// CPU time, user and system, in nanoseconds in files.
    #[serde(rename = "cpu_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub cpu: Duration,
    /// Number of allocations, where a counting allocator is installed.
    pub allocations: Option<u64>,
    /// Bytes allocated in all, where a counting allocator is installed.
    pub allocated_bytes: Option<u64>,
    /// Most bytes live at once above the start of the phase, where a counting allocator is installed.
    pub peak_live_bytes: Option<u64>,
    /// How often the scheduler took these threads off their cores although they had more to do, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preempted: Option<u64>,
}

/// Why nothing is known of what the target uses.
const NOT_OURS: &str =
    "the target runs in no process that this run started, or its system does not tell";

impl StageSummary {
    /// CPU time of the target's processes for each request that ended in the measure phase, in nanoseconds. They are watched
    /// for a little longer or shorter than that lasts, which is set right in proportion.
    pub fn server_cpu_per_request(&self) -> Reading {
        match self.target_usage() {
            Some((watched_ns, target)) if watched_ns > 0 => {
                let busy = float(target.cpu_ns) / float(watched_ns);
                self.per_request(units::count(busy * float(units::nanos(self.measured))))
            }
            Some(_) | None => Reading::NotMeasured(NOT_OURS),
        }
    }

    /// The largest resident memory of the target's processes that was seen in the measure phase, in bytes.
    pub fn server_rss(&self) -> Reading {
        let seen = self.target_usage();
        Reading::or_not_measured(seen.map(|(_, target)| float(target.rss_bytes)), NOT_OURS)
    }

    fn target_usage(&self) -> Option<(u64, TargetUsage)> {
        let conditions = self.conditions?;
        Some((conditions.watched_ns, conditions.target?))
    }

    /// Did the generator compute for more than nine tenths of its lanes' time?
    pub fn is_generator_busy(&self) -> bool {
        const BUSY: f64 = 0.9;
        self.generator_cpu_share()
            .value()
            .is_some_and(|share| share > BUSY)
    }

    /// Share of the lanes' time that the generator itself spent computing; 1 means that it could do no more.
    pub fn generator_cpu_share(&self) -> Reading {
        let available = self.measured.as_secs_f64() * float(units::wide(self.lanes));
        let share = (available > 0.0).then(|| self.resources.cpu.as_secs_f64() / available);
        Reading::or_not_measured(share, "the measure phase had no length or no lanes")
    }
}

impl Resources {
    /// Both together. A figure that one shard lacks is lacking in the sum.
    pub(super) fn with(&self, other: &Self) -> Self {
        let sum = |ours: Option<u64>, theirs: Option<u64>| Some(ours?.saturating_add(theirs?));
        Self {
            cpu: self.cpu.saturating_add(other.cpu),
            allocations: sum(self.allocations, other.allocations),
            allocated_bytes: sum(self.allocated_bytes, other.allocated_bytes),
            peak_live_bytes: sum(self.peak_live_bytes, other.peak_live_bytes),
            preempted: sum(self.preempted, other.preempted),
        }
    }
}

impl From<Usage> for Resources {
    fn from(usage: Usage) -> Self {
        Self {
            cpu: usage.cpu,
            allocations: usage.allocated.map(|allocated| allocated.count),
            allocated_bytes: usage.allocated.map(|allocated| allocated.bytes),
            peak_live_bytes: usage.allocated.map(|allocated| allocated.peak_live_bytes),
            preempted: usage.preempted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture::streaming_stage;

    #[test]
    fn the_target_is_counted_for_as_long_as_requests_are() {
        let mut stage = streaming_stage(0, 4);
        stage.measured = Duration::from_secs(10);
        stage.throughput.finished = 1_000;
        let mut seen = stage.conditions.unwrap();
        seen.watched_ns = 12_500_000_000;
        seen.target = Some(TargetUsage {
            cpu_ns: 2_500_000_000,
            rss_bytes: 40 << 20,
        });
        stage.conditions = Some(seen);

        assert_eq!(
            stage.server_cpu_per_request().value(),
            Some(2_000_000.0),
            "a fifth of a core, of which 1,000 requests in 10 s each take 2 ms"
        );
        assert_eq!(stage.server_rss().value(), Some(41_943_040.0));
    }

    #[test]
    fn what_a_target_elsewhere_uses_is_unknown_and_not_zero() {
        let mut stage = streaming_stage(0, 4);
        stage.conditions = None;

        assert_eq!(
            stage.server_cpu_per_request(),
            Reading::NotMeasured(NOT_OURS)
        );
        assert_eq!(stage.server_rss(), Reading::NotMeasured(NOT_OURS));
    }
}
