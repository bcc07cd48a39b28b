//! The percentile spectra of both arms in one picture, and the ratio of one to the other at each percentile.

use crate::metric::{Unit, print_change};
use crate::report::comparison::Comparison;
use crate::report::html::chart::{Chart, Point, Series, Stroke};
use crate::report::html::plots::{CURVE_POINTS, curve_series, heights, rarity_axis};
use crate::report::html::scale::Axis;
use crate::summary::{Distribution, Distributions, SpectrumPoint};
use crate::trial::StageTrial;

/// What is drawn: its title, and where it stands.
type Timing = (&'static str, fn(&Distributions) -> &Distribution);
const TIMINGS: [Timing; 2] = [
    ("Latency", |times| &times.latency),
    ("Time to first token", |times| &times.ttft),
];

/// Two pictures for each stage and each time that was taken in both arms.
pub(super) fn of(comparison: &Comparison) -> Vec<Chart> {
    let several = comparison.trial.stages.len() > 1;
    let mut charts = Vec::new();
    for stage in &comparison.trial.stages {
        for (title, times) in TIMINGS {
            let (baseline, candidate) = (times(&stage.baseline), times(&stage.candidate));
            if baseline.n() > 0 && candidate.n() > 0 {
                let title = titled(title, stage, several);
                let curves =
                    [baseline, candidate].map(|distribution| distribution.spectrum(CURVE_POINTS));
                charts.push(both(&title, comparison, &curves));
                charts.extend(ratio(&title, &curves));
            }
        }
    }
    charts
}

fn titled(title: &str, stage: &StageTrial, several: bool) -> String {
    if several {
        format!("{title} in stage {}", stage.name)
    } else {
        title.to_owned()
    }
}

fn both(title: &str, comparison: &Comparison, curves: &[Vec<SpectrumPoint>; 2]) -> Chart {
    let names = [
        &comparison.trial.baseline.name,
        &comparison.trial.candidate.name,
    ];
    let arms = names.into_iter().zip(curves).enumerate();
    let series: Vec<Series> = arms
        .flat_map(|(colour, (name, curve))| curve_series(name, colour, curve))
        .collect();
    let rarest = series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.x)
        .fold(2.0, f64::max);
    Chart {
        title: format!("{title} by percentile"),
        caption: "Each 9 is ten times rarer. Dotted where too few samples lie beyond.".to_owned(),
        x: rarity_axis(rarest),
        y: Axis::fitting("duration", Unit::Duration, &heights(&series), 30.0),
        series,
    }
}

/// The candidate's curve over the baseline's, as far as both are supported.
fn ratio(title: &str, [baseline, candidate]: &[Vec<SpectrumPoint>; 2]) -> Option<Chart> {
    let supported = candidate
        .iter()
        .filter(|point| point.supported && point.rarity >= 1.1);
    let points: Vec<Point> = supported
        .filter_map(|point| {
            let ratio = point.nanos / at(baseline, point.rarity)?;
            let percentile = (1.0 - point.rarity.recip()) * 100.0;
            let says = format!("{percentile:.4} %: {}", print_change(ratio - 1.0));
            Some(Point {
                x: point.rarity,
                y: ratio,
                says,
            })
        })
        .collect();
    let rarest = points.last()?.x;
    let one = Series {
        name: "alike".to_owned(),
        stroke: Stroke::Reference,
        points: [1.1, rarest]
            .map(|x| Point {
                x,
                y: 1.0,
                says: String::new(),
            })
            .into(),
    };
    let line = Series {
        name: "candidate / baseline".to_owned(),
        stroke: Stroke::Plain(1),
        points,
    };
    let series = vec![one, line];
    Some(Chart {
        title: format!("{title}, candidate over baseline"),
        caption:
            "Where in the distribution the change sits: in every request, or in the tail alone."
                .to_owned(),
        x: rarity_axis(rarest),
        y: Axis::fitting("ratio", Unit::Ratio, &heights(&series), 30.0),
        series,
    })
}

/// The height of a curve at a rarity, if it is supported there.
fn at(curve: &[SpectrumPoint], rarity: f64) -> Option<f64> {
    let point = curve.iter().find(|point| point.rarity >= rarity)?;
    point.supported.then_some(point.nanos)
}
