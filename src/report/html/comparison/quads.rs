//! Each quad as a dot: by how much the candidate differs in it, between the margins.

use crate::gate::compare::{MetricFinding, Tier};
use crate::metric::{Metric, Unit, print_change};
use crate::report::comparison::{Comparison, interval};
use crate::report::html::chart::{Chart, Point, Series, Stroke};
use crate::report::html::scale::{Axis, Spread, Tick};
use crate::trial::{Quad, StageTrial};
use crate::units::{float, wide};

/// A chart for each metric that decides and was compared.
pub(super) fn of(comparison: &Comparison) -> Vec<Chart> {
    let findings = comparison.judged.findings.iter();
    findings
        .filter(|finding| finding.tier == Tier::Gated && finding.change.is_some())
        .filter_map(|finding| {
            let stage = comparison
                .trial
                .stages
                .iter()
                .find(|stage| stage.name == finding.stage)?;
            chart(finding, stage, comparison.trial.stages.len() > 1)
        })
        .collect()
}

fn chart(finding: &MetricFinding, stage: &StageTrial, several: bool) -> Option<Chart> {
    let change = finding.change?;
    let metric = Metric::named(&finding.metric)?;
    let dots: Vec<Point> = stage
        .quads
        .iter()
        .filter_map(|quad| dot(quad, metric))
        .collect();
    let last = float(wide(stage.quads.len().saturating_sub(1)));
    let level = |name: &str, stroke, y: f64| Series {
        name: name.to_owned(),
        stroke,
        points: [0.0, last]
            .map(|x| Point {
                x,
                y,
                says: String::new(),
            })
            .into(),
    };
    // The mirror of a margin: as much less as the other is more.
    let (above, below) = (finding.margin, -finding.margin / (1.0 + finding.margin));
    let mut series = vec![
        level("margins", Stroke::Reference, above),
        level("", Stroke::Reference, below),
        level("estimate", Stroke::Plain(1), change.estimate),
    ];
    for end in [change.lower, change.upper].into_iter().flatten() {
        series.push(level("", Stroke::Faint(1), end));
    }
    series.push(Series {
        name: "quads".to_owned(),
        stroke: Stroke::Dots(0),
        points: dots,
    });
    let heights = series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.y);
    let (lowest, highest) = heights.fold((0.0_f64, 0.0_f64), |(least, most), y| {
        (least.min(y), most.max(y))
    });
    let place = if several {
        format!(" in stage {}", stage.name)
    } else {
        String::new()
    };
    Some(Chart {
        title: format!("{}{place}, quad by quad", finding.metric),
        caption: format!(
            "{} ({}): {}. A dot is one quad, candidate over baseline.",
            print_change(change.estimate),
            interval(change),
            finding.judgement.name()
        ),
        x: positions(stage.quads.len()),
        y: changes(lowest, highest),
        series,
    })
}

fn dot(quad: &Quad, metric: &Metric) -> Option<Point> {
    let change = quad.difference(metric.name)?.exp_m1();
    let dropped = quad
        .dropped
        .as_ref()
        .map_or_else(String::new, |why| format!(", dropped: {why}"));
    Some(Point {
        x: float(wide(quad.index)),
        y: change,
        says: format!(
            "quad {}, {}: {}{dropped}",
            quad.index + 1,
            quad.order.name(),
            print_change(change)
        ),
    })
}

fn positions(quads: usize) -> Axis {
    let step = quads.div_ceil(12).max(1);
    let ticks = (0..quads).step_by(step).map(|index| Tick {
        value: float(wide(index)),
        label: (index + 1).to_string(),
    });
    Axis::new("quad", Spread::Linear, ticks.collect())
        .reaching(float(wide(quads.saturating_sub(1))))
}

/// Changes from the least to the greatest, none among them, with round ticks.
fn changes(lowest: f64, highest: f64) -> Axis {
    let step = [
        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
    ]
    .into_iter()
    .find(|step| (highest - lowest) / step <= 7.0)
    .unwrap_or(10.0);
    let (first, last) = (
        (lowest / step).floor().max(-40.0),
        (highest / step).ceil().min(40.0),
    );
    let mut ticks = Vec::new();
    let mut at = first;
    while at <= last {
        let value = at * step;
        let label = if at.abs() < 0.5 {
            "0".to_owned()
        } else {
            signed(value)
        };
        ticks.push(Tick { value, label });
        at += 1.0;
    }
    Axis::new("candidate over baseline", Spread::Linear, ticks)
}

fn signed(share: f64) -> String {
    let sign = if share > 0.0 { "+" } else { "" };
    format!("{sign}{}", Unit::Share.print_round(share))
}
