//! The desktop client's server whose report this project began with. Its figures are those that the report's *simulated*
//! client gave, not measurements of a server: p50 5 to 7 ms, p99 12 to 15 ms, at least 3 and at most 20 ms, and a mean of
//! 7.5 ms with 20 at once. The middle of each range is taken, with straight lines between, which makes a mean of 7.2 ms.
//! Loading a model takes ten times, inference two times the base latency there; so a load takes five times the median
//! inference:
//!
//! ```yaml
//! latency: { empirical: { quantiles: { 0%: 3ms, 50%: 6ms, 99%: 13.5ms, 100%: 20ms } } }
//! models: [ { name: tiny, load_time: 30ms } ]
//! ```

use super::stand_in;
use crate::latency::{Empirical, Latency, Quantiles};
use crate::repository::DEFAULT_MODEL;
use crate::spec::{MockSpec, ModelSpec};
use inferometer_proto::quantity::{Period, Share};
use std::time::Duration;

/// Shares of all requests, in hundredths, and the latency in microseconds below which they stay.
const QUANTILES: [(u32, u64); 4] = [(0, 3_000), (50, 6_000), (99, 13_500), (100, 20_000)];

const LOAD_TIME: Period = Period::from_millis(30);

pub(super) fn fill(spec: &mut MockSpec) {
    // A batch says itself when tokens come.
    if spec.batching.is_none() {
        stand_in(&mut spec.latency, latency());
    }
    stand_in(&mut spec.models, vec![ModelSpec::named(DEFAULT_MODEL)]);
    for model in &mut spec.models {
        stand_in(&mut model.load_time, LOAD_TIME);
    }
}

fn latency() -> Latency {
    let quantiles = QUANTILES.iter().filter_map(|(hundredths, micros)| {
        // All of them are between 0 and 1.
        let share = Share::try_from_ratio(f64::from(*hundredths) / 100.0).ok()?;
        Some((share, Duration::from_micros(*micros).into()))
    });
    Latency::Empirical(Empirical::Quantiles(Quantiles::new(quantiles)))
}
