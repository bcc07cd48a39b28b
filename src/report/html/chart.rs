//! A line chart as SVG. [`Chart`] says what to show; [`Drawing`] is the same in pixels, and `chart.svg` draws it.

use super::scale::Axis;
use askama::Template;
use std::fmt::Write;

/// What to show.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What the reader should see in it, as a sentence.
    pub(super) caption: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) stroke: Stroke,
    pub(super) points: Vec<Point>,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// A measured line in the n-th colour, with a mark at each point.
    Marked(usize),
    /// A measured line of many points in the n-th colour.
    Plain(usize),
    /// Its continuation where the samples run out.
    Faint(usize),
    /// What it is compared with.
    Reference,
}

/// A point, and what hovering over it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) says: String,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 18.0;
const BOTTOM: f64 = 56.0;
/// Height of one row of the legend.
const LEGEND_ROW: f64 = 20.0;
/// Colours in the style sheet.
const COLOURS: usize = 8;

/// The chart in pixels.
#[derive(Template)]
#[template(path = "chart.svg")]
struct Drawing<'a> {
    chart: &'a Chart,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_ticks: Vec<(String, &'a str)>,
    y_ticks: Vec<(String, &'a str)>,
    lines: Vec<Line<'a>>,
    legend: Vec<Entry<'a>>,
}

struct Line<'a> {
    class: String,
    path: String,
    marks: Vec<Mark<'a>>,
    dots: bool,
}

struct Mark<'a> {
    x: String,
    y: String,
    says: &'a str,
}

struct Entry<'a> {
    x: f64,
    y: f64,
    class: String,
    name: &'a str,
}

impl Chart {
    /// The chart as an SVG element.
    pub(super) fn draw(&self) -> Result<String, askama::Error> {
        Drawing::of(self).render()
    }
}

impl<'a> Drawing<'a> {
    fn of(chart: &'a Chart) -> Self {
        let legend = legend(&chart.series);
        let top = legend.last().map_or(12.0, |entry| entry.y + 20.0);
        let plane = Plane { top, chart };
        Self {
            chart,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            top,
            bottom: HEIGHT - BOTTOM,
            x_ticks: apart(&chart.x, WIDTH - LEFT - RIGHT)
                .map(|(value, label)| (pixels(plane.x(value)), label))
                .collect(),
            y_ticks: chart
                .y
                .ticks
                .iter()
                .map(|tick| (pixels(plane.y(tick.value)), tick.label.as_str()))
                .collect(),
            lines: chart
                .series
                .iter()
                .map(|series| plane.line(series))
                .collect(),
            legend,
        }
    }
}

/// Ticks whose labels do not run into each other.
fn apart(axis: &Axis, length: f64) -> impl Iterator<Item = (f64, &str)> {
    let mut free = f64::MIN;
    axis.ticks.iter().map(move |tick| {
        let at = axis.position(tick.value) * length;
        let half = text_width(&tick.label) / 2.0;
        let fits = at - half >= free;
        if fits {
            free = at + half + 6.0;
        }
        (tick.value, if fits { tick.label.as_str() } else { "" })
    })
}

/// Where values stand on the picture.
struct Plane<'a> {
    top: f64,
    chart: &'a Chart,
}

impl Plane<'_> {
    fn x(&self, value: f64) -> f64 {
        LEFT + self.chart.x.position(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let bottom = HEIGHT - BOTTOM;
        bottom - self.chart.y.position(value) * (bottom - self.top)
    }

    fn line<'a>(&self, series: &'a Series) -> Line<'a> {
        let mut path = String::new();
        for (index, point) in series.points.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let (x, y) = (pixels(self.x(point.x)), pixels(self.y(point.y)));
            if write!(path, "{command}{x} {y}").is_err() {
                unreachable!("a String takes every write");
            }
        }
        Line {
            class: series.stroke.class(),
            path,
            marks: series
                .points
                .iter()
                .filter(|point| !point.says.is_empty())
                .map(|point| Mark {
                    x: pixels(self.x(point.x)),
                    y: pixels(self.y(point.y)),
                    says: &point.says,
                })
                .collect(),
            dots: matches!(series.stroke, Stroke::Marked(_)),
        }
    }
}

impl Stroke {
    fn class(self) -> String {
        match self {
            Self::Marked(colour) | Self::Plain(colour) => format!("c{}", colour % COLOURS),
            Self::Faint(colour) => format!("c{} faint", colour % COLOURS),
            Self::Reference => "reference".to_owned(),
        }
    }
}

/// Names of the lines from left to right, in as many rows as it takes.
fn legend(series: &[Series]) -> Vec<Entry<'_>> {
    let (mut x, mut y) = (LEFT, 14.0);
    let mut entries = Vec::new();
    for series in series.iter().filter(|series| !series.name.is_empty()) {
        let width = 28.0 + text_width(&series.name) + 18.0;
        if x > LEFT && x + width > WIDTH {
            (x, y) = (LEFT, y + LEGEND_ROW);
        }
        entries.push(Entry {
            x,
            y,
            class: series.stroke.class(),
            name: &series.name,
        });
        x += width;
    }
    entries
}

/// About how wide a text is in the font of the chart.
fn text_width(text: &str) -> f64 {
    crate::units::float(crate::units::wide(text.chars().count())) * 6.8
}

/// A position to a tenth of a pixel.
fn pixels(position: f64) -> String {
    format!("{position:.1}")
}
