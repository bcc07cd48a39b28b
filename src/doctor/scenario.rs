//! The short scenarios by which a machine is examined, and how far each is taken.

use crate::plan::{self, Plan};
use crate::scenario::Overrides;
use crate::summary::Taken;
use crate::units::Period;
use std::path::Path;
use std::time::Duration;

/// The rates between which the highest is sought, and the one to begin with.
pub(super) const RATES: (u32, u32) = (50, 100_000);
pub(super) const FIRST_RATE: u32 = 1_000;

/// Likewise of streams at once.
pub(super) const STREAMS: (u32, u32) = (5, 20_000);
pub(super) const FIRST_STREAMS: u32 = 100;

/// A 99th percentile takes as many samples, and a few to spare.
const SAMPLES: f64 = 700.0;

/// What must hold at a level for it to be certified, beside books that balance and no errors.
const VALIDITY: &str = "{ lag_p99: 1ms, generator_cpu: 90%, not_sent: 0%, shape: strict }";

/// One block of the measurement of noise: the load of `scenarios/validation/`, which keeps the cores at work. CPU time of a core that is
/// mostly idle varies far more.
pub(super) const BLOCK: &str = "name: noise
seed: 1
target: { mock: { latency: { lognormal: { median: 5ms, sigma: 0.3 } } } }
workload: { completion: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 16 } } }
load: { closed: { in_flight: 64 } }
phases: { warmup: 10ms, measure: 90ms, drain: 200ms }
";

/// As many callers, each asking again as soon as it is answered, which is at once.
pub(super) fn round_trips(callers: u32, period: Duration) -> String {
    format!(
        "name: loopback
target: {{ mock: {{}} }}
workload: {{ completion: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: 1 }} }} }}
load: {{ closed: {{ in_flight: {callers} }} }}
phases: {{ warmup: 50ms, measure: {}, drain: 500ms }}
",
        Period::from(period.max(Duration::from_millis(50)))
    )
}

/// Requests at a constant rate that are answered after 5 ms, until there are enough of them.
pub(super) fn constant_rate(per_second: u32) -> String {
    format!(
        "name: rate
target: {{ mock: {{ latency: {{ fixed: 5ms }} }} }}
validity: {VALIDITY}
workload: {{ completion: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: 1 }} }} }}
load: {{ open: {{ constant: {{ rate: {per_second}/s }}, max_in_flight: 10000 }} }}
phases: {{ warmup: 100ms, measure: {}, drain: 500ms }}
",
        long_enough(f64::from(per_second), 0.4)
    )
}

/// Streams of a token each 10 ms, the first after 50 ms.
pub(super) fn streams(at_once: u32) -> String {
    // Of 120 ms each.
    let per_second = f64::from(at_once) / 0.12;
    format!(
        "name: streams
target: {{ mock: {{ latency: {{ fixed: 50ms }}, per_output_token: {{ fixed: 10ms }} }} }}
client: {{ connect_deadline: 5s }}
validity: {VALIDITY}
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 16 }}, output: {{ tokens: 8 }}, stream: true }} }}
load: {{ closed: {{ in_flight: {at_once} }} }}
phases: {{ warmup: 300ms, measure: {}, drain: 1s }}
",
        long_enough(per_second, 0.5)
    )
}

/// The time in which enough requests end, from so many seconds to one.
fn long_enough(per_second: f64, least: f64) -> Period {
    let seconds = (SAMPLES / per_second).clamp(least, 1.0);
    Period::from(Duration::from_millis(crate::units::count(seconds * 1e3)))
}

/// As many streams as the process may have connections, beside the files that are open already.
pub(super) fn room_for_streams(files: Taken) -> u32 {
    const SPARE: u64 = 50;
    let room = files.limit.saturating_sub(files.most + SPARE);
    u32::try_from(room).unwrap_or(u32::MAX)
}

/// The plan of one of these scenarios.
pub(super) fn planned(text: &str) -> Plan {
    plan::from_file(Path::new("doctor.yaml"), text, &Overrides::default())
        .unwrap_or_else(|error| unreachable!("a scenario of our own is right: {error}"))
}

/// The plan with its only stage as often as this.
pub(super) fn alike(plan: &Plan, stages: usize) -> Plan {
    let again = plan.stages.iter().cycle().take(stages).cloned();
    let stages = again.enumerate().map(|(index, mut stage)| {
        stage.index = index;
        stage
    });
    Plan {
        stages: stages.collect(),
        ..plan.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_one_and_lasts_long_enough() {
        let lasts = |text: &str| planned(text).stages[0].phases.measure.duration();

        assert_eq!(lasts(&constant_rate(1_000)), Duration::from_millis(700));
        assert_eq!(lasts(&constant_rate(50)), Duration::from_secs(1));
        assert_eq!(lasts(&constant_rate(100_000)), Duration::from_millis(400));
        assert_eq!(lasts(&streams(100)), Duration::from_millis(840));
        assert_eq!(lasts(&streams(20_000)), Duration::from_millis(500));
        assert_eq!(
            lasts(&round_trips(1, Duration::from_secs(1))),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn blocks_are_alike_but_for_their_place() {
        let plan = alike(&planned(BLOCK), 3);

        let places: Vec<_> = plan.stages.iter().map(|stage| stage.index).collect();
        assert_eq!(places, [0, 1, 2]);
        assert_eq!(plan.stages[0].target, plan.stages[2].target);
    }

    #[test]
    fn a_process_has_room_for_fewer_streams_than_files() {
        let (most, limit) = (14, 1_024);

        assert_eq!(room_for_streams(Taken { most, limit }), 960);
    }
}
