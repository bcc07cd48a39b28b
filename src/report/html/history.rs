//! The history of a scenario as a page: a chart for each metric, its levels as lines.

use super::chart::{Chart, Point, Series as Line, Stroke};
use super::plots::heights;
use super::scale::{Axis, Spread, Tick};
use crate::report::Error;
use crate::report::history::{changes, summary};
use crate::trend::{History, Series};
use crate::units::{float, wide};
use askama::Template;

#[derive(Template)]
#[template(path = "history.html")]
struct Page<'a> {
    history: &'a History,
    summary: String,
    charts: Vec<(String, Vec<String>, String)>,
}

/// The page.
///
/// # Errors
/// [`Error::Html`] if the template fails.
pub fn render(history: &History) -> Result<Vec<u8>, Error> {
    let mut charts = Vec::new();
    for series in &history.series {
        let chart = chart(history, series);
        charts.push((chart.title.clone(), changes(history, series), chart.draw()?));
    }
    let summary = summary(history);
    Ok(Page {
        history,
        summary,
        charts,
    }
    .render()?
    .into_bytes())
}

fn chart(history: &History, series: &Series) -> Chart {
    let unit = series.metric.unit;
    let runs = series.values.iter().zip(&history.runs).enumerate();
    let points = runs.filter_map(|(place, (value, run))| {
        let y = (*value)?;
        Some(Point {
            x: float(wide(place)),
            y,
            says: format!("{run}: {}", unit.print(y)),
        })
    });
    let mut lines = vec![Line {
        name: "runs".to_owned(),
        stroke: Stroke::Dots(0),
        points: points.collect(),
    }];
    for (number, level) in series.levels.iter().enumerate() {
        let at = |place: usize| Point {
            x: float(wide(place)),
            y: level.median,
            says: String::new(),
        };
        lines.push(Line {
            name: if number == 0 {
                "level".to_owned()
            } else {
                String::new()
            },
            stroke: Stroke::Plain(1),
            points: vec![at(level.first), at(level.last)],
        });
    }
    Chart {
        title: format!("{} in stage {}", series.metric.name, series.stage),
        caption: series.metric.doc.to_owned(),
        x: places(history.runs.len()),
        y: Axis::fitting(series.metric.name, unit, &heights(&lines), 30.0),
        series: lines,
    }
}

fn places(runs: usize) -> Axis {
    let step = runs.div_ceil(12).max(1);
    let ticks = (0..runs).step_by(step).map(|place| Tick {
        value: float(wide(place)),
        label: (place + 1).to_string(),
    });
    Axis::new("run", Spread::Linear, ticks.collect()).reaching(float(wide(runs.saturating_sub(1))))
}
