//! Charts against concurrency. Of several groups every line is one group; of a single one, the lines of a duration are
//! its percentiles.

use super::{Picture, TIMINGS, Timing, heights};
use crate::metric::{Metric, Unit};
use crate::report::html::chart::{Chart, Point, Series, Stroke};
use crate::report::html::scale::{Axis, Spread, Tick};
use crate::report::html::scaling::levels;
use crate::summary::{Reading, ScalingGroup, ScalingRow};

/// Lines of a duration where there is one group.
const PERCENTILES: [&str; 4] = ["p50", "p90", "p95", "p99"];
/// Charts of a duration where there are several.
const COMPARED: [&str; 2] = ["p50", "p99"];

impl Picture<'_> {
    /// Every chart against concurrency that these groups have values for.
    pub(super) fn against_concurrency(&self) -> Vec<Chart> {
        let mut charts = vec![self.throughput()];
        charts.extend(self.efficiency());
        for timing in &TIMINGS {
            match self.groups {
                [only] => charts.extend(self.percentiles(timing, only)),
                _ => charts.extend(
                    COMPARED
                        .iter()
                        .filter_map(|percentile| self.compared(timing, percentile)),
                ),
            }
        }
        charts
    }

    fn throughput(&self) -> Chart {
        let lines = self.lines(|row| Some(row.rps_ok), Unit::PerSecond, "right answers");
        let first = self.groups.iter().filter_map(|group| group.rows.first());
        let per_request = first.map(|row| row.rps_ok / row.level).fold(0.0, f64::max);
        let series = self.with_ideal("ideal: linear", |level| per_request * level, lines);
        Chart {
            title: self.titled("Throughput against concurrency"),
            caption:
                "Where a line leaves the ideal, more concurrency buys waiting instead of work."
                    .to_owned(),
            x: self.concurrency(),
            y: Axis::fitting(
                "right answers per second",
                Unit::PerSecond,
                &heights(&series),
                8.0,
            ),
            series,
        }
    }

    fn efficiency(&self) -> Option<Chart> {
        let lines = self.lines(|row| row.efficiency, Unit::Share, "efficiency");
        if lines.is_empty() {
            return None;
        }
        let series = self.with_ideal("ideal: 100 %", |_| 1.0, lines);
        Some(Chart {
            title: self.titled("Efficiency against concurrency"),
            caption: "Throughput per request in flight, against that of the lowest level."
                .to_owned(),
            x: self.concurrency(),
            y: Axis::fitting("efficiency", Unit::Share, &heights(&series), f64::MAX),
            series,
        })
    }

    /// The percentiles of a duration in one group.
    fn percentiles(&self, timing: &Timing, group: &ScalingGroup) -> Option<Chart> {
        let series = PERCENTILES
            .iter()
            .enumerate()
            .map(|(colour, percentile)| Series {
                name: (*percentile).to_owned(),
                stroke: Stroke::Marked(colour),
                points: points(group, Unit::Duration, percentile, |row| {
                    self.read(timing, percentile, row)
                }),
            })
            .collect();
        self.durations(timing, timing.title.to_owned(), series)
    }

    /// One percentile of a duration in every group.
    fn compared(&self, timing: &Timing, percentile: &str) -> Option<Chart> {
        let lines = self.lines(
            |row| self.read(timing, percentile, row),
            Unit::Duration,
            percentile,
        );
        self.durations(timing, format!("{} {percentile}", timing.title), lines)
    }

    fn durations(&self, timing: &Timing, what: String, mut series: Vec<Series>) -> Option<Chart> {
        series.retain(|series| !series.points.is_empty());
        (!series.is_empty()).then(|| Chart {
            title: self.titled(&(what + " against concurrency")),
            caption: timing.caption.to_owned(),
            x: self.concurrency(),
            y: Axis::fitting(timing.axis, Unit::Duration, &heights(&series), 30.0),
            series,
        })
    }

    fn read(&self, timing: &Timing, percentile: &str, row: &ScalingRow) -> Option<f64> {
        let metric = Metric::named(&format!("{}_{percentile}", timing.family))?;
        match metric.read(self.run, self.stage(row.stage)?) {
            Reading::Value(nanos) => Some(nanos),
            Reading::Insufficient { .. } | Reading::NotMeasured(_) => None,
        }
    }

    /// A line for each group that has values; groups keep their colour from chart to chart.
    fn lines(
        &self,
        value: impl Fn(&ScalingRow) -> Option<f64>,
        unit: Unit,
        what: &str,
    ) -> Vec<Series> {
        let line = |(colour, group)| {
            let name = self.name(group);
            let says = if name.is_empty() {
                what.to_owned()
            } else {
                format!("{name}: {what}")
            };
            Series {
                stroke: Stroke::Marked(colour),
                points: points(group, unit, &says, &value),
                name: match self.groups {
                    [_] => what.to_owned(),
                    _ => name,
                },
            }
        };
        let mut lines: Vec<_> = self.groups.iter().enumerate().map(line).collect();
        lines.retain(|line| !line.points.is_empty());
        lines
    }

    /// The lines over what they would be if nothing got in the way.
    fn with_ideal(
        &self,
        name: &str,
        height: impl Fn(f64) -> f64,
        lines: Vec<Series>,
    ) -> Vec<Series> {
        let ideal = Series {
            name: name.to_owned(),
            stroke: Stroke::Reference,
            points: levels(self.groups)
                .into_iter()
                .map(|level| Point {
                    x: level,
                    y: height(level),
                    says: String::new(),
                })
                .collect(),
        };
        std::iter::once(ideal).chain(lines).collect()
    }

    /// The axis of concurrency: a tick at each level that was measured.
    fn concurrency(&self) -> Axis {
        let levels = levels(self.groups);
        let ticks = levels.iter().map(|&level| Tick {
            value: level,
            label: level.to_string(),
        });
        let ratio = match levels.as_slice() {
            [first, .., last] => last / first,
            _ => 1.0,
        };
        let (name, ticks) = ("requests in flight", ticks.collect());
        if ratio >= 8.0 {
            Axis::new(name, Spread::Logarithmic, ticks)
        } else {
            Axis::new(name, Spread::Linear, ticks).reaching(0.0)
        }
    }
}

/// The values of a group's levels.
fn points(
    group: &ScalingGroup,
    unit: Unit,
    what: &str,
    value: impl Fn(&ScalingRow) -> Option<f64>,
) -> Vec<Point> {
    let point = |row| {
        let height = value(row)?;
        Some(Point {
            x: row.level,
            y: height,
            says: format!("{} in flight: {what} {}", row.level, unit.print(height)),
        })
    };
    group.rows.iter().filter_map(point).collect()
}
