//! One line of `expect:` in a scenario: a metric and the limit that it must keep.

use super::Bound;
use crate::metric::{Metric, NotALimit};
use crate::summary::{Kind, Operation, StageSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A limit on one metric, in one stage or in all. Exactly one of `at_most` and `at_least` is given, written in the
/// metric's own unit: `100ms`, `99.5%`, `200/s`, `64KiB`, `3`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The metric's name, such as `latency_p99` or `success_rate`.
    pub metric: String,
    /// The value may not be above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
    /// The value may not be below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    /// Only requests of this load stream, by its name; all when left out. For whatever can be told of one stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Only requests for this operation; all when left out. For `latency_..`, `ttft_..`, and counts and shares of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Only requests of this part of a mix, by its name; all when left out. For the same metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Only requests that are this turn of their conversation, from 1; all when left out. For the same metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub turn: Option<u32>,
    /// Only stages with these swept values, for example `{ load.closed.in_flight: 10 }`. All stages when left out.
    #[serde(
        default,
        skip_serializing_if = "serde_json::Map::is_empty",
        rename = "where"
    )]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub only: serde_json::Map<String, serde_json::Value>,
}

/// A limit as written: text with a unit, or a plain number for counts and ratios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Limit(#[schemars(with = "LimitSchema")] pub serde_json::Value);

/// Why a rule cannot be checked, and which of its fields is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// The field of the rule.
    pub field: &'static str,
    /// What was expected there, and what was found.
    pub message: String,
}

impl Rule {
    /// Can this rule be checked at all?
    ///
    /// # Errors
    /// [`Invalid`] unless the metric exists and exactly one limit is given, in the metric's unit.
    pub fn check(&self) -> Result<(), Invalid> {
        self.resolve().map(|_| ())
    }

    /// The metric, and the limit as a value of its unit.
    pub(super) fn resolve(&self) -> Result<(&'static Metric, Bound), Invalid> {
        let metric = Metric::named(&self.metric).ok_or_else(|| Invalid {
            field: "metric",
            message: Metric::unknown(&self.metric),
        })?;
        let of_kinds = self.narrowed_by().filter(|_| !metric.is_told_of_kinds());
        let of_streams = self
            .stream
            .is_some()
            .then_some("stream")
            .filter(|_| !metric.is_told_of_streams());
        if let Some(field) = of_kinds.or(of_streams) {
            return Err(Invalid {
                field,
                message: format!(
                    "expected none beside `{}`, which is told of all requests together; leave it out",
                    metric.name
                ),
            });
        }
        let bound = match (&self.at_most, &self.at_least) {
            (Some(limit), None) => Bound::AtMost(limit.read("at_most", metric)?),
            (None, Some(limit)) => Bound::AtLeast(limit.read("at_least", metric)?),
            (Some(_), Some(_)) => {
                return Err(Invalid {
                    field: "at_least",
                    message:
                        "expected one of `at_most` and `at_least`, found both; write two rules"
                            .to_owned(),
                });
            }
            (None, None) => {
                return Err(Invalid {
                    field: "metric",
                    message: format!(
                        "expected a limit on `{}`, found none; add `at_most` or `at_least`, {}",
                        metric.name,
                        metric.unit.expected()
                    ),
                });
            }
        };
        Ok((metric, bound))
    }

    /// Is this rule about a stage with these swept settings?
    pub(super) fn applies_to(&self, settings: &Map<String, Value>) -> bool {
        self.only
            .iter()
            .all(|(path, wanted)| settings.get(path).is_some_and(|found| same(wanted, found)))
    }

    /// The field by which it is about some kinds of request alone, if it is.
    fn narrowed_by(&self) -> Option<&'static str> {
        let fields = [
            ("operation", self.operation.is_some()),
            ("part", self.part.is_some()),
            ("turn", self.turn.is_some()),
        ];
        let mut given = fields.into_iter().filter(|(_, is_given)| *is_given);
        given.next().map(|(field, _)| field)
    }

    /// The stage as if it had nothing but what the rule is about. `None` where the stage does not tell that apart.
    pub(super) fn narrowed<'a>(&self, stage: &'a StageSummary) -> Option<Cow<'a, StageSummary>> {
        let stage = match &self.stream {
            None => Cow::Borrowed(stage),
            Some(name) => Cow::Owned(stage.of_stream(name)?),
        };
        if self.narrowed_by().is_none() {
            return Some(stage);
        }
        let of_kinds = stage.of_kinds(|kind| self.is_about(kind))?;
        Some(Cow::Owned(of_kinds))
    }

    /// Is it about requests of this kind?
    fn is_about(&self, kind: &Kind) -> bool {
        let asks = self.operation.is_none_or(|one| kind.operation == one);
        let belongs = self.part.is_none() || kind.part == self.part;
        let is_turn = self.turn.is_none() || kind.turn == self.turn;
        asks && belongs && is_turn
    }

    /// Which of a stage's requests it is about, in words: `load`, `load in short`, `turn 2`, `stream chat`, `turn 2 in stream chat`;
    /// `None` where it is about all.
    pub(crate) fn subject(&self) -> Option<String> {
        let stream = self.stream.as_ref().map(|name| format!("stream {name}"));
        match (self.kinds(), stream) {
            (Some(kinds), Some(stream)) => Some(format!("{kinds} in {stream}")),
            (kinds, stream) => kinds.or(stream),
        }
    }

    /// Which kinds of request it is about, in words; `None` where it is about all.
    fn kinds(&self) -> Option<String> {
        let operation = self.operation.map(|operation| operation.name().to_owned());
        let turn = self.turn.map(|turn| format!("turn {turn}"));
        let what: Vec<String> = [operation, turn].into_iter().flatten().collect();
        match (what.join(", "), &self.part) {
            (what, None) => (!what.is_empty()).then_some(what),
            (what, Some(part)) if what.is_empty() => Some(part.clone()),
            (what, Some(part)) => Some(format!("{what} in {part}")),
        }
    }
}

impl Limit {
    fn read(&self, field: &'static str, metric: &Metric) -> Result<f64, Invalid> {
        metric
            .unit
            .parse(&self.0)
            .map_err(|not_a_limit: NotALimit| Invalid {
                field,
                message: not_a_limit.to_string(),
            })
    }
}

/// Equal values, where 10 and 10.0 are the same number.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted.as_f64(), found.as_f64()) {
        (Some(wanted), Some(found)) => (wanted - found).abs() <= f64::EPSILON * wanted.abs(),
        _ => wanted == found,
    }
}

/// What a limit looks like to an editor.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum LimitSchema {
    Text(String),
    Number(f64),
}
