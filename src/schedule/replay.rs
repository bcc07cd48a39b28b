//! The times of a trace, `{ replay: { file: trace.csv, format: azure, speed: 2.0 } }`: the first request is due when the stage begins,
//! the others as long after it as the trace says, divided by `speed`.

use crate::seed::Seed;
use crate::trace::{Format, Trace};
use crate::units::{Offset, Period, count, float};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::num::NonZero;
use std::sync::Arc;

/// How much slower and faster than it was a trace may be replayed.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.001..=1000.0;

/// The requests of a trace at their times.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The file with the trace, relative to this one.
    pub file: String,
    /// How the file is written.
    pub format: Format,
    /// How many times as fast as it was, 0.001 to 1000.
    #[serde(default = "as_it_was", deserialize_with = "speed")]
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub speed: f64,
    /// Only so many of the first requests in the file; all when left out.
    #[serde(default)]
    pub limit: Option<NonZero<u64>>,
    /// Begin again when the trace is over, one gap of the mean length after its last request? Otherwise the stage is over when
    /// the last request has ended.
    #[serde(default, rename = "loop")]
    pub repeats: bool,
    /// What stands in the file; nothing until it is read.
    #[serde(skip)]
    trace: Option<Arc<Trace>>,
}

impl Replay {
    /// The same with what stands in its file.
    #[must_use]
    pub fn of(self, trace: Arc<Trace>) -> Self {
        Self {
            trace: Some(trace),
            ..self
        }
    }

    /// What stands in its file, once that is read.
    pub const fn trace(&self) -> Option<&Arc<Trace>> {
        self.trace.as_ref()
    }

    pub(super) fn arrivals(self, _: Seed) -> Arrivals {
        Arrivals {
            replay: self,
            next: 0,
        }
    }
}

/// A trace on its way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    replay: Replay,
    next: u64,
}

impl Arrivals {
    /// When the next request starts; `None` after the last, and of a trace that is not read.
    pub(super) fn next(&mut self) -> Option<Offset> {
        let trace = self.replay.trace()?;
        let lap = self.next / trace.requests();
        if lap > 0 && !self.replay.repeats {
            return None;
        }
        let before = lap.saturating_mul(trace.lap().nanos());
        let at = before.saturating_add(trace.entry(self.next).at.nanos());
        self.next += 1;
        let scaled = float(at) / self.replay.speed;
        Some(Offset::from_nanos(count(scaled)))
    }
}

/// A replay as plans write it: by what stands in the file once that is read, wherever the file stands.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<NonZero<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasts: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    repeats: Option<bool>,
}

impl Serialize for Replay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let trace = self.trace();
        let is_named = trace.is_none();
        let written = Written {
            file: is_named.then_some(&self.file),
            format: is_named.then_some(self.format),
            limit: self.limit.filter(|_| is_named),
            requests: trace.map(|trace| trace.requests()),
            lasts: trace.map(|trace| trace.last().duration().into()),
            speed: Some(self.speed).filter(|speed| speed.to_bits() != as_it_was().to_bits()),
            repeats: self.repeats.then_some(true),
        };
        written.serialize(serializer)
    }
}

const fn as_it_was() -> f64 {
    1.0
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if SPEEDS.contains(&speed) {
        return Ok(speed);
    }
    let (least, most) = (SPEEDS.start(), SPEEDS.end());
    Err(D::Error::custom(format_args!(
        "expected a speed of {least} to {most}, found `{speed}`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Law, Load, Open};
    use proptest::prelude::*;

    /// A replay of requests at these milliseconds.
    fn replay(settings: serde_json::Value, millis: &[u64]) -> Replay {
        let lines: Vec<String> = millis
            .iter()
            .map(|at| format!("{{\"timestamp\":{at},\"input_length\":1,\"output_length\":1}}"))
            .collect();
        let trace = Format::Mooncake.read(&lines.join("\n"), None).unwrap();
        let replay: Replay = serde_json::from_value(settings).unwrap();
        replay.of(Arc::new(trace))
    }

    fn plain() -> serde_json::Value {
        serde_json::json!({ "file": "t.jsonl", "format": "mooncake" })
    }

    fn with(key: &str, value: impl Into<serde_json::Value>) -> serde_json::Value {
        let mut settings = plain();
        settings[key] = value.into();
        settings
    }

    fn millis(replay: Replay, most: usize) -> Vec<u64> {
        let mut arrivals = replay.arrivals(Seed::new(1));
        let times = std::iter::from_fn(|| arrivals.next()).take(most);
        times.map(|at| at.nanos() / 1_000_000).collect()
    }

    #[test]
    fn requests_are_due_at_the_times_of_the_trace_from_its_first_on() {
        assert_eq!(
            millis(replay(plain(), &[500, 700, 700, 1500]), 9),
            [0, 200, 200, 1000]
        );
    }

    #[test]
    fn a_trace_may_be_faster_or_slower_than_it_was() {
        let times = [0, 200, 1000];

        assert_eq!(millis(replay(with("speed", 2), &times), 9), [0, 100, 500]);
        assert_eq!(
            millis(replay(with("speed", 0.5), &times), 9),
            [0, 400, 2000]
        );
    }

    #[test]
    fn a_trace_that_is_repeated_begins_again_a_mean_gap_after_its_end() {
        assert_eq!(
            millis(replay(with("loop", true), &[0, 100, 400]), 8),
            [0, 100, 400, 600, 700, 1000, 1200, 1300]
        );
    }

    #[test]
    fn a_load_ends_when_its_trace_does() {
        let load = |replay| {
            Load::Open(Open {
                law: Law::Replay(replay),
                max_in_flight: 1,
            })
        };

        assert!(load(replay(plain(), &[0])).ends());
        assert!(!load(replay(with("loop", true), &[0, 1])).ends());
    }

    #[test]
    fn a_replay_is_written_by_what_it_sends_and_not_by_where_that_stands() {
        let written = |replay| serde_json::to_value(replay).unwrap();
        let unread: Replay = serde_json::from_value(with("speed", 2)).unwrap();

        assert_eq!(
            written(replay(plain(), &[5, 1005])),
            serde_json::json!({ "requests": 2, "lasts": "1s" })
        );
        assert_eq!(
            written(replay(with("loop", true), &[5, 1005])),
            serde_json::json!({ "requests": 2, "lasts": "1s", "loop": true })
        );
        assert_eq!(
            written(unread),
            serde_json::json!({ "file": "t.jsonl", "format": "mooncake", "speed": 2.0 })
        );
    }

    #[test]
    fn a_speed_has_bounds() {
        let told = |speed: f64| {
            let error = serde_json::from_value::<Replay>(with("speed", speed)).unwrap_err();
            error.to_string()
        };

        assert_eq!(told(0.0), "expected a speed of 0.001 to 1000, found `0`");
        assert_eq!(
            told(1001.0),
            "expected a speed of 0.001 to 1000, found `1001`"
        );
    }

    proptest! {
        #[test]
        fn gaps_are_those_of_the_trace_divided_by_the_speed(
            mut times in prop::collection::vec(0_u64..1_000_000, 2..100),
            speed in 0.001_f64..=1000.0,
        ) {
            times.sort_unstable();
            let mut arrivals = replay(with("speed", speed), &times).arrivals(Seed::new(1));
            for at in &times {
                let expected = float((at - times[0]) * 1_000_000) / speed;
                let due = arrivals.next().unwrap().nanos();
                prop_assert!((float(due) - expected).abs() <= 0.5 + expected * 1e-12);
            }
            prop_assert_eq!(arrivals.next(), None);
        }
    }
}
