//! Which charts a run gets: for every sweep of concurrency throughput, efficiency, latency and time to first
//! token against it, and for all stages their percentile spectra.

use super::chart::{Chart, Point, Series, Stroke};
use super::scale::{Axis, Spread, Tick};
use crate::metric::{Metric, Unit};
use crate::summary::{
    Distribution, Reading, RunSummary, ScalingGroup, ScalingRow, SpectrumPoint, StageSummary,
};

/// Latency curves beyond this number cannot be told apart in one picture.
const MOST_CURVES: usize = 8;
/// Points of a percentile spectrum.
const CURVE_POINTS: u64 = 160;

/// All charts of a run.
pub(super) fn of(run: &RunSummary) -> Vec<Chart> {
    let mut charts = Vec::new();
    for group in &run.scaling {
        charts.push(throughput(group));
        charts.extend(efficiency(group));
        charts.extend(
            TIMINGS
                .iter()
                .filter_map(|timing| timing.against(run, group)),
        );
    }
    charts.extend(TIMINGS.iter().filter_map(|timing| timing.spectrum(run)));
    charts
}

/// The group's setting, and the settings that its stages share.
pub(super) fn group_name(group: &ScalingGroup) -> String {
    let shared: Vec<_> = group
        .shared
        .iter()
        .map(|(path, value)| format!("{path} = {value}"))
        .collect();
    if shared.is_empty() {
        group.setting.clone()
    } else {
        format!("{} at {}", group.setting, shared.join(", "))
    }
}

fn titled(title: &str, group: &ScalingGroup) -> String {
    if group.shared.is_empty() {
        title.to_owned()
    } else {
        format!("{title} ({})", group_name(group))
    }
}

/// The axis of concurrency: a tick at each level that was measured.
fn levels(group: &ScalingGroup) -> Axis {
    let ticks: Vec<_> = group
        .rows
        .iter()
        .map(|row| Tick {
            value: row.level,
            label: row.level.to_string(),
        })
        .collect();
    let ratio = match group.rows.as_slice() {
        [first, .., last] => last.level / first.level,
        _ => 1.0,
    };
    if ratio >= 8.0 {
        Axis::new("requests in flight", Spread::Logarithmic, ticks)
    } else {
        Axis::new("requests in flight", Spread::Linear, ticks).reaching(0.0)
    }
}

fn throughput(group: &ScalingGroup) -> Chart {
    let per_level = group
        .rows
        .first()
        .map_or(0.0, |first| first.rps_ok / first.level);
    let ideal = group.rows.iter().map(|row| Point {
        x: row.level,
        y: per_level * row.level,
        says: String::new(),
    });
    let measured = group.rows.iter().map(|row| Point {
        x: row.level,
        y: row.rps_ok,
        says: format!(
            "{} in flight: {}",
            row.level,
            Unit::PerSecond.print(row.rps_ok)
        ),
    });
    let series = vec![
        Series {
            name: "ideal: linear".to_owned(),
            stroke: Stroke::Reference,
            points: ideal.collect(),
        },
        Series {
            name: "right answers".to_owned(),
            stroke: Stroke::Marked(0),
            points: measured.collect(),
        },
    ];
    Chart {
        title: titled("Throughput against concurrency", group),
        caption: "Where the line leaves the ideal, more concurrency buys waiting instead of work."
            .to_owned(),
        x: levels(group),
        y: Axis::fitting(
            "right answers per second",
            Unit::PerSecond,
            &heights(&series),
            8.0,
        ),
        series,
    }
}

fn efficiency(group: &ScalingGroup) -> Option<Chart> {
    let point = |row: &ScalingRow| {
        Some(Point {
            x: row.level,
            y: row.efficiency?,
            says: format!(
                "{} in flight: {}",
                row.level,
                Unit::Share.print(row.efficiency?)
            ),
        })
    };
    let points: Vec<_> = group.rows.iter().filter_map(point).collect();
    if points.is_empty() {
        return None;
    }
    let ideal = group.rows.iter().map(|row| Point {
        x: row.level,
        y: 1.0,
        says: String::new(),
    });
    let series = vec![
        Series {
            name: "ideal: 100 %".to_owned(),
            stroke: Stroke::Reference,
            points: ideal.collect(),
        },
        Series {
            name: "efficiency".to_owned(),
            stroke: Stroke::Marked(2),
            points,
        },
    ];
    Some(Chart {
        title: titled("Efficiency against concurrency", group),
        caption: "Throughput per request in flight, against that of the lowest level.".to_owned(),
        x: levels(group),
        y: Axis::fitting("efficiency", Unit::Share, &heights(&series), f64::MAX),
        series,
    })
}

/// A duration that gets charts of its own.
struct Timing {
    title: &'static str,
    axis: &'static str,
    caption: &'static str,
    percentiles: [(&'static str, &'static str); 4],
    of: fn(&StageSummary) -> &Distribution,
}

/// The durations that get charts; those that no stage measured are left out.
const TIMINGS: [Timing; 2] = [
    Timing {
        title: "Latency",
        axis: "latency",
        caption: "From the scheduled start to the last token; right answers only.",
        percentiles: [
            ("p50", "latency_p50"),
            ("p90", "latency_p90"),
            ("p95", "latency_p95"),
            ("p99", "latency_p99"),
        ],
        of: |stage| &stage.distributions.latency,
    },
    Timing {
        title: "Time to first token",
        axis: "time to first token",
        caption: "From sending to the first token; right answers only.",
        percentiles: [
            ("p50", "ttft_p50"),
            ("p90", "ttft_p90"),
            ("p95", "ttft_p95"),
            ("p99", "ttft_p99"),
        ],
        of: |stage| &stage.distributions.ttft,
    },
];

impl Timing {
    /// Its percentiles against concurrency.
    fn against(&self, run: &RunSummary, group: &ScalingGroup) -> Option<Chart> {
        let series: Vec<_> = self
            .percentiles
            .iter()
            .enumerate()
            .map(|(colour, (name, metric))| Series {
                name: (*name).to_owned(),
                stroke: Stroke::Marked(colour),
                points: percentile(run, group, name, metric),
            })
            .filter(|series| !series.points.is_empty())
            .collect();
        (!series.is_empty()).then(|| Chart {
            title: titled(&format!("{} against concurrency", self.title), group),
            caption: self.caption.to_owned(),
            x: levels(group),
            y: Axis::fitting(self.axis, Unit::Duration, &heights(&series), 30.0),
            series,
        })
    }

    /// Its percentile spectrum in the stages that measured it, faint where samples run out.
    fn spectrum(&self, run: &RunSummary) -> Option<Chart> {
        let measured: Vec<_> = run
            .stages
            .iter()
            .filter(|stage| (self.of)(stage).n() > 0)
            .collect();
        let shown = evenly(&measured, MOST_CURVES);
        let curves: Vec<_> = shown
            .iter()
            .map(|stage| (stage.name.as_str(), (self.of)(stage).spectrum(CURVE_POINTS)))
            .collect();
        let series: Vec<_> = curves
            .iter()
            .enumerate()
            .flat_map(|(colour, (name, curve))| curve_series(name, colour, curve))
            .collect();
        let rarest = curves
            .iter()
            .filter_map(|(_, curve)| curve.last())
            .map(|point| point.rarity)
            .fold(2.0, f64::max);
        let part = if shown.len() < measured.len() {
            format!(" {} of {} stages.", shown.len(), measured.len())
        } else {
            String::new()
        };
        (!series.is_empty()).then(|| Chart {
            title: format!("{} by percentile", self.title),
            caption: format!(
                "Each 9 is ten times rarer. Dotted where too few samples lie beyond.{part}"
            ),
            x: rarity_axis(rarest),
            y: Axis::fitting(self.axis, Unit::Duration, &heights(&series), 30.0),
            series,
        })
    }
}

fn percentile(run: &RunSummary, group: &ScalingGroup, name: &str, metric: &str) -> Vec<Point> {
    let read = |row: &ScalingRow| {
        let stage = run.stages.iter().find(|stage| stage.index == row.stage)?;
        let Reading::Value(nanos) = Metric::named(metric)?.read(run, stage) else {
            return None;
        };
        Some(Point {
            x: row.level,
            y: nanos,
            says: format!(
                "{} in flight: {name} {}",
                row.level,
                Unit::Duration.print(nanos)
            ),
        })
    };
    group.rows.iter().filter_map(read).collect()
}

/// At most `most` of the stages, spread evenly, the first and the last among them.
fn evenly<'a>(stages: &[&'a StageSummary], most: usize) -> Vec<&'a StageSummary> {
    let last = stages.len().saturating_sub(1);
    if stages.len() <= most {
        return stages.to_vec();
    }
    (0..most)
        .filter_map(|step| {
            stages
                .get(step * last / most.saturating_sub(1).max(1))
                .copied()
        })
        .collect()
}

/// The supported part of a curve, and its faint continuation.
fn curve_series(name: &str, colour: usize, curve: &[SpectrumPoint]) -> [Series; 2] {
    let supported = curve.iter().filter(|point| point.supported).count();
    let (solid, _) = curve.split_at(supported);
    let (_, faint) = curve.split_at(supported.saturating_sub(1));
    let points = |part: &[SpectrumPoint]| {
        part.iter()
            .map(|point| Point {
                x: point.rarity,
                y: point.nanos,
                says: format!(
                    "{name}: {:.4} % within {}",
                    (1.0 - point.rarity.recip()) * 100.0,
                    Unit::Duration.print(point.nanos)
                ),
            })
            .collect()
    };
    [
        Series {
            name: name.to_owned(),
            stroke: Stroke::Plain(colour),
            points: points(solid),
        },
        Series {
            name: String::new(),
            stroke: Stroke::Faint(colour),
            points: points(faint),
        },
    ]
}

/// Percentiles as the axis of rarity, one step a decade.
fn rarity_axis(rarest: f64) -> Axis {
    const TICKS: [(f64, &str); 8] = [
        (1.0, "0 %"),
        (2.0, "50 %"),
        (10.0, "90 %"),
        (100.0, "99 %"),
        (1e3, "99.9 %"),
        (1e4, "99.99 %"),
        (1e5, "99.999 %"),
        (1e6, "99.9999 %"),
    ];
    let ticks = TICKS
        .into_iter()
        .filter(|(rarity, _)| *rarity <= rarest)
        .map(|(value, label)| Tick {
            value,
            label: label.to_owned(),
        })
        .collect();
    Axis::new("percentile", Spread::Logarithmic, ticks).reaching(rarest)
}

fn heights(series: &[Series]) -> Vec<f64> {
    series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.y)
        .collect()
}
