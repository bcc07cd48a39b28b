//! Many requests at once, again and again: `{ bursts: { size: 100, every: 10s, within: 200ms, between: 5/s } }`. A burst begins
//! at the start of the stage and after each `every`; its requests are spread evenly over `within`, which is no time at all
//! when left out. `between` goes on at a constant gap all the while, as the load that the bursts come on top of.

use super::within_a_day;
use crate::seed::Seed;
use crate::units::{Offset, Period, Rate, count, float, nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Many requests at once, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Bursts {
    size: u32,
    every: Period,
    within: Period,
    between: Option<Rate>,
}

/// Bursts on their way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    bursts: Bursts,
    /// Requests of bursts so far.
    burst: u64,
    /// Other requests so far.
    other: u64,
}

impl Bursts {
    pub(super) fn arrivals(self, _: Seed) -> Arrivals {
        Arrivals {
            bursts: self,
            burst: 0,
            other: 0,
        }
    }

    /// When request `number` of the bursts starts.
    fn in_burst(&self, number: u64) -> u64 {
        let size = u64::from(self.size);
        let start = (number / size).saturating_mul(nanos(self.every.duration()));
        let spread = float(number % size) / float(size) * float(nanos(self.within.duration()));
        start.saturating_add(count(spread))
    }

    /// When request `number` of those between them starts, if there are any.
    fn between(&self, number: u64) -> Option<u64> {
        let rate = self.between?;
        Some(count(float(number) / rate.per_second() * 1e9))
    }
}

impl Arrivals {
    /// When the next request starts; one of a burst comes first where both are due.
    pub(super) fn next(&mut self) -> Offset {
        let burst = self.bursts.in_burst(self.burst);
        match self.bursts.between(self.other) {
            Some(other) if other < burst => {
                self.other += 1;
                Offset::from_nanos(other)
            }
            _ => {
                self.burst += 1;
                Offset::from_nanos(burst)
            }
        }
    }
}

/// Bursts as files have them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// Requests of one burst, 1 to 100000.
    #[schemars(range(min = 1, max = 100_000))]
    size: u32,
    /// From the start of one burst to the start of the next; above 0s, at most 24h.
    #[serde(deserialize_with = "within_a_day")]
    every: Period,
    /// How long a burst takes; `0s`, all at once, when left out; at most `every`.
    #[serde(default)]
    within: Period,
    /// Other requests per unit of time, at a constant gap all the while; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    between: Option<Rate>,
}

impl TryFrom<File> for Bursts {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        if !(1..=100_000).contains(&file.size) {
            return Err(format!(
                "expected a `size` of 1 to 100000 requests, found `{}`",
                file.size
            ));
        }
        if file.every.is_zero() {
            return Err("expected `every` above 0s, found `0s`".to_owned());
        }
        if file.within.duration() > file.every.duration() {
            return Err(format!(
                "expected `within` of at most `every`, found `{}` and `{}`",
                file.within, file.every
            ));
        }
        Ok(Self {
            size: file.size,
            every: file.every,
            within: file.within,
            between: file.between,
        })
    }
}

impl From<Bursts> for File {
    fn from(bursts: Bursts) -> Self {
        Self {
            size: bursts.size,
            every: bursts.every,
            within: bursts.within,
            between: bursts.between,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(json: serde_json::Value, count: usize) -> Vec<u64> {
        let bursts: Bursts = serde_json::from_value(json).unwrap();
        let mut arrivals = bursts.arrivals(Seed::new(1));
        (0..count)
            .map(|_| arrivals.next().nanos() / 1_000_000)
            .collect()
    }

    #[test]
    fn a_burst_is_all_at_once_unless_it_takes_a_while() {
        let at_once = serde_json::json!({ "size": 3, "every": "1s" });
        let spread = serde_json::json!({ "size": 2, "every": "1s", "within": "100ms" });

        assert_eq!(millis(at_once, 7), [0, 0, 0, 1000, 1000, 1000, 2000]);
        assert_eq!(millis(spread, 5), [0, 50, 1000, 1050, 2000]);
    }

    #[test]
    fn others_go_on_between_bursts_and_let_them_go_first() {
        let mixed = serde_json::json!({ "size": 2, "every": "1s", "between": "2/s" });

        assert_eq!(millis(mixed, 8), [0, 0, 0, 500, 1000, 1000, 1000, 1500]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let told = |json: serde_json::Value| {
            serde_json::from_value::<Bursts>(json)
                .unwrap_err()
                .to_string()
        };

        assert_eq!(
            told(serde_json::json!({ "size": 0, "every": "1s" })),
            "expected a `size` of 1 to 100000 requests, found `0`"
        );
        assert_eq!(
            told(serde_json::json!({ "size": 1, "every": "0s" })),
            "expected `every` above 0s, found `0s`"
        );
        assert_eq!(
            told(serde_json::json!({ "size": 1, "every": "1s", "within": "2s" })),
            "expected `within` of at most `every`, found `2s` and `1s`"
        );
    }
}
