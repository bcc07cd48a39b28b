//! Axes: from values to positions between 0 and 1, and where the ticks stand.

use crate::metric::Unit;

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spread {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart.
    Logarithmic,
}

/// One axis of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) label: String,
    spread: Spread,
    from: f64,
    to: f64,
    pub(super) ticks: Vec<Tick>,
}

/// A mark on an axis: its value, and its label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

impl Axis {
    /// An axis for these values with round ticks: logarithmic where they span more than 1 to `widest`.
    pub(super) fn fitting(label: &str, unit: Unit, values: &[f64], widest: f64) -> Self {
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values
            .iter()
            .copied()
            .filter(|value| *value > 0.0)
            .fold(most, f64::min);
        let (spread, marks) = if least > 0.0 && most / least > widest {
            (Spread::Logarithmic, decades(least, most))
        } else {
            (Spread::Linear, steps(most))
        };
        let ticks = marks
            .iter()
            .map(|&value| Tick {
                value,
                label: if value > 0.0 {
                    unit.print_round(value)
                } else {
                    "0".to_owned()
                },
            })
            .collect();
        Self::new(label, spread, ticks)
    }

    /// An axis from its first tick to its last.
    pub(super) fn new(label: &str, spread: Spread, ticks: Vec<Tick>) -> Self {
        Self {
            label: label.to_owned(),
            spread,
            from: ticks.first().map_or(0.0, |tick| tick.value),
            to: ticks.last().map_or(1.0, |tick| tick.value),
            ticks,
        }
    }

    /// Moves an end of the axis outward without a tick there.
    pub(super) fn reaching(mut self, value: f64) -> Self {
        self.from = self.from.min(value);
        self.to = self.to.max(value);
        self
    }

    /// Where a value stands, 0 at the start of the axis and 1 at its end.
    pub(super) fn position(&self, value: f64) -> f64 {
        let (from, to, value) = match self.spread {
            Spread::Linear => (self.from, self.to, value),
            Spread::Logarithmic => (self.from.ln(), self.to.ln(), value.ln()),
        };
        let span = to - from;
        if span > 0.0 {
            ((value - from) / span).clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}

/// Four to seven round steps from zero to at least `most`.
fn steps(most: f64) -> Vec<f64> {
    if most <= 0.0 {
        return vec![0.0, 1.0];
    }
    let magnitude = 10_f64.powf((most / 5.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| most / step <= 6.0)
        .unwrap_or(most);
    let mut marks = vec![0.0];
    let mut mark = 0.0;
    while mark < most {
        mark += step;
        marks.push(mark);
    }
    marks
}

/// 1, 2 and 5 of every decade around the values, or powers of ten where that is too many.
fn decades(least: f64, most: f64) -> Vec<f64> {
    let factors: &[f64] = if most / least > 1e3 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let mut decade = 10_f64.powf(least.log10().floor());
    let mut marks: Vec<f64> = Vec::new();
    while marks.last().is_none_or(|last| *last < most) {
        for factor in factors {
            let mark = decade * factor;
            if marks.last().is_none_or(|last| *last < most) {
                marks.push(mark);
            }
        }
        decade *= 10.0;
    }
    let below = marks.iter().filter(|mark| **mark <= least).count();
    marks.split_off(below.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn a_narrow_range_gets_round_linear_ticks_from_zero() {
        let axis = Axis::fitting("latency", Unit::Duration, &[3e6, 11e6], 50.0);

        assert_eq!(
            labels(&axis),
            ["0", "2 ms", "4 ms", "6 ms", "8 ms", "10 ms", "12 ms"]
        );
    }

    #[test]
    fn a_wide_range_gets_logarithmic_ticks_around_it() {
        let axis = Axis::fitting("rate", Unit::PerSecond, &[30.0, 1500.0], 10.0);

        assert_eq!(
            labels(&axis),
            [
                "20/s", "50/s", "100/s", "200/s", "500/s", "1,000/s", "2,000/s"
            ]
        );
    }

    #[test]
    fn positions_run_from_zero_to_one_and_stay_inside() {
        let axis = Axis::fitting("rate", Unit::Ratio, &[10.0], 10.0);

        assert!((axis.position(0.0) - 0.0).abs() < 1e-9);
        assert!((axis.position(5.0) - 0.5).abs() < 1e-9);
        assert!((axis.position(99.0) - 1.0).abs() < 1e-9);
    }
}
