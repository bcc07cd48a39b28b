//! Percentile spectra: how long the slowest one in ten, in a hundred, in a thousand took.

use super::{Timing, heights};
use crate::metric::Unit;
use crate::report::html::chart::{Chart, Point, Series, Stroke};
use crate::report::html::scale::{Axis, Spread, Tick};
use crate::summary::{Distribution, RunSummary, SpectrumPoint, StageSummary};

/// Curves beyond this number cannot be told apart in one picture.
const MOST_CURVES: usize = 8;
/// Points of a curve.
pub(in crate::report::html) const CURVE_POINTS: u64 = 160;

impl Timing {
    /// The spectrum in the stages that show most, faint where samples run out.
    pub(super) fn spectrum(&self, run: &RunSummary) -> Option<Chart> {
        let (curves, which) = self.shown(run);
        let series: Vec<_> = curves
            .iter()
            .flat_map(|(colour, name, times)| {
                curve_series(name, *colour, &times.spectrum(CURVE_POINTS))
            })
            .collect();
        let points = series.iter().flat_map(|series| &series.points);
        let rarest = points.map(|point| point.x).fold(2.0, f64::max);
        (!series.is_empty()).then(|| Chart {
            title: format!("{} by percentile", self.title),
            caption: format!(
                "Each 9 is ten times rarer. Dotted where too few samples lie beyond.{which}"
            ),
            x: rarity_axis(rarest),
            y: Axis::fitting(self.axis, Unit::Duration, &heights(&series), 30.0),
            series,
        })
    }

    /// The curves to draw in their colours, and which they are: where groups are compared, the highest level of each in
    /// the group's colour; otherwise all stages, or as many as can be told apart. Of several load streams each has its own.
    fn shown<'a>(&self, run: &'a RunSummary) -> (Vec<Curve<'a>>, String) {
        let measured = |stage: &&StageSummary| (self.of)(&stage.distributions).n() > 0;
        if run.scaling.len() > 1 {
            let highest = run
                .scaling
                .iter()
                .enumerate()
                .filter_map(|(colour, group)| {
                    let top = group.rows.last()?.stage;
                    let stage = run.stages.iter().find(|stage| stage.index == top)?;
                    Some((colour, stage)).filter(|(_, stage)| measured(stage))
                })
                .map(|(colour, stage)| {
                    let times = (self.of)(&stage.distributions);
                    (colour, stage.name.clone(), times)
                });
            let which = " Each at its highest concurrency.".to_owned();
            return (evenly(&highest.collect::<Vec<_>>(), MOST_CURVES), which);
        }
        let all: Vec<_> = self.each(run).collect();
        let shown = evenly(&all, MOST_CURVES);
        let which = if shown.len() < all.len() {
            let what = if run.stages.iter().all(|stage| stage.streams.is_empty()) {
                "stages"
            } else {
                "load streams"
            };
            format!(" {} of {} {what}.", shown.len(), all.len())
        } else {
            String::new()
        };
        let coloured = shown.into_iter().enumerate();
        let curves = coloured.map(|(colour, (name, times))| (colour, name, times));
        (curves.collect(), which)
    }

    /// Every curve that there is, with its name: of each stage, or of each of its load streams.
    fn each<'a>(&self, run: &'a RunSummary) -> impl Iterator<Item = (String, &'a Distribution)> {
        let of_stages = run.stages.iter().flat_map(move |stage| {
            let streams = stage.streams.iter().map(move |stream| {
                let name = match run.stages.as_slice() {
                    [_only] => stream.name.clone(),
                    _ => format!("{} {}", stage.name, stream.name),
                };
                (name, &stream.distributions)
            });
            let whole = (stage.name.clone(), &stage.distributions);
            let whole = stage.streams.is_empty().then_some(whole);
            whole.into_iter().chain(streams)
        });
        let of = self.of;
        let timed = of_stages.map(move |(name, times)| (name, of(times)));
        timed.filter(|(_, times)| times.n() > 0)
    }
}

/// A curve's colour, its name, and what it shows.
type Curve<'a> = (usize, String, &'a Distribution);

/// At most `most` of the items, spread evenly, the first and the last among them.
fn evenly<T: Clone>(items: &[T], most: usize) -> Vec<T> {
    let last = items.len().saturating_sub(1);
    if items.len() <= most {
        return items.to_vec();
    }
    (0..most)
        .filter_map(|step| {
            items
                .get(step * last / most.saturating_sub(1).max(1))
                .cloned()
        })
        .collect()
}

/// The supported part of a curve, and its faint continuation.
pub(in crate::report::html) fn curve_series(
    name: &str,
    colour: usize,
    curve: &[SpectrumPoint],
) -> [Series; 2] {
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
pub(in crate::report::html) fn rarity_axis(rarest: f64) -> Axis {
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
