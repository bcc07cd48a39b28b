//! Known quantiles and straight lines between them: `{ 0%: 5ms, 50%: 20ms, 100%: 200ms }` is 12.5 ms at 25 %.

use crate::latency::check_period;
use crate::spec::Error;
use inferometer_proto::quantity::{Period, Share};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Quantiles, in rising order.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantiles(Arc<[(Share, Period)]>);

/// More than anyone writes by hand.
const MOST: usize = 1000;

const FIELD: &str = "empirical.quantiles";

impl Quantiles {
    /// The distribution with these quantiles, in any order. Whether they make one is decided when the specification is
    /// checked: 2 to 1000 of them, from 0 % to 100 %, each share once and no duration below that of a smaller share.
    pub fn new(quantiles: impl IntoIterator<Item = (Share, Period)>) -> Self {
        let mut quantiles: Vec<_> = quantiles.into_iter().collect();
        quantiles.sort_by(|(a, _), (b, _)| a.ratio().total_cmp(&b.ratio()));
        Self(quantiles.into())
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let unfit = |expected, found: &dyn fmt::Display| Err(Error::unfit(FIELD, expected, found));
        let [(first, _), .., (last, longest)] = *self.0 else {
            return unfit("at least `0%` and `100%`", &self.0.len());
        };
        if self.0.len() > MOST {
            return unfit("at most 1000 of them", &self.0.len());
        }
        if first.ratio() > 0.0 {
            return unfit("the first at `0%`", &first);
        }
        if last < Share::WHOLE {
            return unfit("the last at `100%`", &last);
        }
        for pair in self.0.windows(2) {
            let [(share, from), (next, to)] = *pair else {
                continue;
            };
            if next <= share {
                return unfit("each share once", &next);
            }
            if to < from {
                return unfit(
                    "durations that never fall from one share to the next",
                    &format_args!("{next}: {to}"),
                );
            }
        }
        check_period(FIELD, longest)
    }

    /// The duration below which the share `u` of all draws lies.
    pub(super) fn quantile(&self, u: f64) -> Duration {
        let above = self.0.partition_point(|(share, _)| share.ratio() <= u);
        match (self.0.get(above.wrapping_sub(1)), self.0.get(above)) {
            (Some((below, from)), Some((above, to))) => {
                let way = (u - below.ratio()) / (above.ratio() - below.ratio());
                let width = to.duration().saturating_sub(from.duration());
                from.duration().saturating_add(width.mul_f64(way))
            }
            (Some((_, edge)), None) | (None, Some((_, edge))) => edge.duration(),
            (None, None) => Duration::ZERO,
        }
    }
}

impl Serialize for Quantiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(share, period)| (share, period)))
    }
}

impl<'de> Deserialize<'de> for Quantiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Quantiles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("quantiles such as { 0%: 5ms, 50%: 20ms, 100%: 200ms }")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Quantiles, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Quantiles::new(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl JsonSchema for Quantiles {
    fn schema_name() -> Cow<'static, str> {
        "Quantiles".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$" },
            "additionalProperties": generator.subschema_for::<Period>(),
            "minProperties": 2,
            "maxProperties": MOST,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Latency;
    use crate::latency::tests::{assert_rises, mean};
    use proptest::prelude::*;
    use std::time::Duration;

    fn quantiles(pairs: &str) -> Latency {
        serde_json::from_str(&format!(r#"{{"empirical":{{"quantiles":{{{pairs}}}}}}}"#)).unwrap()
    }

    fn measured() -> Latency {
        quantiles(r#""0%":"5ms","50%":"20ms","99%":"80ms","100%":"200ms""#)
    }

    #[test]
    fn known_quantiles_are_met_and_straight_lines_lead_from_one_to_the_next() {
        for (u, micros) in [
            (1e-17, 5_000),
            (0.25, 12_500),
            (0.5, 20_000),
            (0.99, 80_000),
            (0.995, 140_000),
        ] {
            assert_eq!(measured().quantile(u), Duration::from_micros(micros), "{u}");
        }
        assert_eq!(measured().check(), Ok(()));
    }

    #[test]
    fn draws_have_the_mean_of_the_lines() {
        // 12.5 ms for half of them, 50 ms for 49 %, 140 ms for 1 %.
        let expected = 0.5 * 12.5 + 0.49 * 50.0 + 0.01 * 140.0;

        let millis = mean(&measured()) * 1e3;

        assert!((millis / expected - 1.0).abs() < 1e-3, "{millis}");
    }

    #[test]
    fn it_is_written_as_it_was_read_but_in_order() {
        let latency = quantiles(r#""100%":"2ms","0%":"1ms""#);

        assert_eq!(
            serde_json::to_string(&latency).unwrap(),
            r#"{"empirical":{"quantiles":{"0%":"1ms","100%":"2ms"}}}"#
        );
    }

    #[test]
    fn what_makes_no_distribution_is_refused() {
        for (pairs, told) in [
            (
                r#""50%":"1ms""#,
                "expected at least `0%` and `100%` in `empirical.quantiles`, found `1`",
            ),
            (
                r#""1%":"1ms","100%":"2ms""#,
                "expected the first at `0%` in `empirical.quantiles`, found `1%`",
            ),
            (
                r#""0%":"1ms","99%":"2ms""#,
                "expected the last at `100%` in `empirical.quantiles`, found `99%`",
            ),
            (
                r#""0%":"1ms","50%":"2ms","50.0%":"3ms","100%":"4ms""#,
                "expected each share once in `empirical.quantiles`, found `50%`",
            ),
            (
                r#""0%":"1ms","50%":"5ms","100%":"4ms""#,
                "expected durations that never fall from one share to the next in `empirical.quantiles`, found `100%: 4ms`",
            ),
            (
                r#""0%":"1ms","100%":"25h""#,
                "expected at most 24h in `empirical.quantiles`, found `1day 1h`",
            ),
        ] {
            assert_eq!(quantiles(pairs).check().unwrap_err().to_string(), told);
        }
    }

    proptest! {
        #[test]
        fn quantiles_rise(a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
            assert_rises(&measured(), a, b);
        }
    }
}
