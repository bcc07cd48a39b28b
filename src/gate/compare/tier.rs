//! What is gated on when nothing else is said, and by how much it may be worse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a metric decides anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// It decides.
    Gated,
    /// It is told, and decides nothing: its noise is too great for most comparisons.
    Advisory,
}

/// The usual metrics with their tiers and margins. Allocations hardly vary; CPU time varies by some 3 % from one quad to the
/// next, medians and throughput by some 5 %, tails by 10 % and more. Extremes are in no table: they never repeat.
pub const MARGINS: &[(&str, Tier, f64)] = &[
    ("output_tokens_per_answer", Tier::Gated, 0.01),
    ("allocations_per_request", Tier::Gated, 0.01),
    ("allocated_bytes_per_request", Tier::Gated, 0.01),
    ("cpu_per_request", Tier::Gated, 0.03),
    ("server_cpu_per_request", Tier::Gated, 0.03),
    ("rps_ok", Tier::Gated, 0.05),
    ("latency_p50", Tier::Gated, 0.05),
    ("latency_p95", Tier::Advisory, 0.10),
    ("latency_p99", Tier::Advisory, 0.15),
    ("ttft_p50", Tier::Advisory, 0.05),
    ("ttft_p95", Tier::Advisory, 0.10),
    ("itl_p50", Tier::Advisory, 0.05),
    ("itl_p95", Tier::Advisory, 0.10),
    ("output_tokens_per_second", Tier::Advisory, 0.05),
];
