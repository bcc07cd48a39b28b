//! Values between two ends, as a sweep and a search write them: `{ from: 1, to: 64, factor: 2 }`, `{ from: 10ms, to: 50ms, step: 10ms }` or
//! `{ from: 50/s, to: 2000/s, resolution: 5% }`.

use super::MOST;
use crate::scenario::{Document, Error, Part, Path};
use crate::units::{Period, Rate, Share, count, float, wide};
use serde_json::{Map, Value};
use std::time::Duration;

/// How fine a search is when it does not say.
const RESOLUTION: f64 = 0.05;

/// How the values of a range follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Each by a `factor` or a `step`.
    Sweep,
    /// Each by at most a `resolution`, from the lower end to the upper.
    Search,
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Count,
    Number,
    Rate,
    Period,
}

/// The values of the range that `block`, which stands at `place`, says: as files write them, and as numbers.
pub(super) fn values(
    document: &Document,
    place: &Path,
    block: &Map<String, Value>,
    steps: Steps,
) -> Result<Vec<(Value, f64)>, Error> {
    let field = |name: &'static str| Field::of(document, place, block, name);
    let names: &[&str] = match steps {
        Steps::Sweep => &["from", "to", "factor", "step"],
        Steps::Search => &["from", "to", "resolution"],
    };
    if let Some(unknown) = block.keys().find(|key| !names.contains(&key.as_str())) {
        let told = format!("expected {}", super::quoted(names));
        return Err(document.error(&place.key(unknown), Part::Key, told));
    }
    let (from, to) = (field("from").end()?, field("to").end()?);
    let form = shared(from.0, to.0).ok_or_else(|| {
        let told = "expected two ends of the same kind";
        document.error(place, Part::Value, told)
    })?;
    let (from, to) = (from.1, to.1);
    if from <= 0.0 || to <= from {
        let told = "expected `from` above zero and below `to`";
        return Err(document.error(place, Part::Value, told));
    }
    let numbers = match steps {
        Steps::Search => levels(from, to, field("resolution").resolution()?),
        Steps::Sweep => match (block.get("factor"), block.get("step")) {
            (Some(_), None) => {
                let factor = field("factor").factor()?;
                up_to(to, |nth| from * factor.powf(nth))
            }
            (None, Some(_)) => {
                let step = field("step").step(form)?;
                up_to(to, |nth| from + nth * step)
            }
            (Some(_), Some(_)) | (None, None) => {
                let told = "expected either `factor` or `step`";
                return Err(document
                    .error(place, Part::Value, told)
                    .hint("for example `{ from: 1, to: 64, factor: 2 }`"));
            }
        },
    };
    let written = numbers.into_iter().map(|number| form.write(number));
    let mut values: Vec<_> = written.take(MOST + 1).collect();
    values.dedup_by(|one, other| one.0 == other.0);
    Ok(values)
}

/// The values that a formula gives, up to `to`.
fn up_to(to: f64, value: impl Fn(f64) -> f64) -> Vec<f64> {
    // What a product of many factors is off by is no reason to leave the upper end out.
    let is_within = |value: &f64| *value <= to * (1.0 + 1e-9);
    let nths = (0..=wide(MOST)).map(float);
    nths.map(value).take_while(is_within).collect()
}

/// Levels evenly spread on a logarithmic scale, each at most `resolution` above the one before.
fn levels(from: f64, to: f64, resolution: f64) -> Vec<f64> {
    let span = (to / from).ln();
    let steps = (span / resolution.ln_1p() - 1e-9).ceil().max(1.0);
    let last = count(steps).min(wide(MOST));
    let level = |nth: u64| match nth {
        0 => from,
        nth if nth == last => to,
        nth => rounded(from * (span * float(nth) / steps).exp()),
    };
    (0..=last).map(level).collect()
}

/// To four digits, so that names of stages can be read.
fn rounded(number: f64) -> f64 {
    format!("{number:.3e}").parse().unwrap_or(number)
}

const fn shared(one: Form, other: Form) -> Option<Form> {
    match (one, other) {
        (Form::Count, Form::Count) => Some(Form::Count),
        (Form::Count | Form::Number, Form::Count | Form::Number) => Some(Form::Number),
        (Form::Rate, Form::Rate) => Some(Form::Rate),
        (Form::Period, Form::Period) => Some(Form::Period),
        _ => None,
    }
}

impl Form {
    fn read(value: &Value) -> Option<(Self, f64)> {
        match value {
            Value::Number(number) => match number.as_u64() {
                Some(whole) => Some((Self::Count, float(whole))),
                None => Some((Self::Number, number.as_f64()?)),
            },
            Value::String(text) => {
                let rate = text.parse::<Rate>().ok();
                let rate = rate.map(|rate| (Self::Rate, rate.per_second()));
                let period = || text.parse::<Period>().ok();
                rate.or_else(|| Some((Self::Period, period()?.duration().as_secs_f64())))
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The number as files write it, and the number that this is.
    fn write(self, number: f64) -> (Value, f64) {
        match self {
            Self::Count => (count(number).into(), float(count(number))),
            Self::Number => (number.into(), number),
            Self::Rate => (format!("{number}/s").into(), number),
            Self::Period => {
                let duration = Duration::from_secs_f64(number);
                (Period::from(duration).to_string().into(), number)
            }
        }
    }
}

/// One field of a range.
struct Field<'a> {
    document: &'a Document,
    place: Path,
    range: &'a Path,
    name: &'static str,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    fn of(
        document: &'a Document,
        range: &'a Path,
        block: &'a Map<String, Value>,
        name: &'static str,
    ) -> Self {
        Self {
            document,
            place: range.key(name),
            range,
            name,
            value: block.get(name),
        }
    }

    fn refused(&self, expected: &str) -> Error {
        let place = self.value.map_or(self.range, |_| &self.place);
        let told = format!("expected `{}`: {expected}", self.name);
        self.document.error(place, Part::Value, told)
    }

    fn end(&self) -> Result<(Form, f64), Error> {
        let expected = "a number, a rate such as 50/s or a duration such as 10ms";
        let end = self.value.and_then(Form::read);
        end.ok_or_else(|| self.refused(expected))
    }

    fn factor(&self) -> Result<f64, Error> {
        let factor = self.value.and_then(Value::as_f64);
        let factor = factor.filter(|factor| (1.001..=1e6).contains(factor));
        factor.ok_or_else(|| self.refused("a number of 1.001 to 1000000"))
    }

    fn step(&self, form: Form) -> Result<f64, Error> {
        let step = self.value.and_then(Form::read);
        let step = step.filter(|(of, step)| shared(form, *of) == Some(form) && *step > 0.0);
        let step = step.map(|(_, step)| step);
        step.ok_or_else(|| self.refused("an amount above zero of the same kind as the ends"))
    }

    fn resolution(&self) -> Result<f64, Error> {
        let Some(value) = self.value else {
            return Ok(RESOLUTION);
        };
        let share = value.as_str().and_then(|text| text.parse::<Share>().ok());
        let share = share.map(Share::ratio);
        let share = share.filter(|share| (0.001..=1.0).contains(share));
        share.ok_or_else(|| self.refused("a share of 0.1% to 100%"))
    }
}
