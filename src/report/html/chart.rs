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
    /// Marks in the n-th colour, which no line joins.
    Dots(usize),
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
/// Room at the left for the name of the axis and short labels; longer ones take more.
const LEFT: f64 = 78.0;
const RIGHT: f64 = 18.0;
const BOTTOM: f64 = 56.0;
/// Height of one row of the legend.
const LEGEND_ROW: f64 = 20.0;
/// Length of a line in the legend; long enough to show its dashes.
const LEGEND_LINE: f64 = 34.0;
/// Colours in the style sheet.
const COLOURS: usize = 8;
/// Marks as outlines around a point: disc, square, triangle up, diamond, triangle down, plus, bar, hexagon.
const SHAPES: [&str; COLOURS] = [
    "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z",
    "m-3.5-3.5h7v7h-7z",
    "m0-4.6l4.4 7.6h-8.8z",
    "m0-4.8l4.8 4.8l-4.8 4.8l-4.8-4.8z",
    "m0 4.6l4.4-7.6h-8.8z",
    "m-1.4-4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z",
    "m-4.6-1.8h9.2v3.6h-9.2z",
    "m-3-4.4h6l1.8 4.4l-1.8 4.4h-6l-1.8-4.4z",
];

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
    legend_line: f64,
}

struct Line<'a> {
    class: String,
    path: String,
    /// The outline of a mark around its point; empty where points have none.
    shape: &'static str,
    marks: Vec<Mark<'a>>,
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
    shape: &'static str,
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
        let left = left(&chart.y);
        let legend = legend(&chart.series, left);
        let top = legend.last().map_or(12.0, |entry| entry.y + 20.0);
        let plane = Plane { left, top, chart };
        Self {
            chart,
            width: WIDTH,
            height: HEIGHT,
            left,
            right: WIDTH - RIGHT,
            top,
            bottom: HEIGHT - BOTTOM,
            x_ticks: apart(&chart.x, WIDTH - left - RIGHT)
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
            legend_line: LEGEND_LINE,
        }
    }
}

/// Where the plane begins, so that the labels of its vertical axis stand clear of the axis' name.
fn left(axis: &Axis) -> f64 {
    const NAME_AND_GAPS: f64 = 29.0;
    let labels = axis.ticks.iter().map(|tick| text_width(&tick.label));
    labels
        .map(|width| width + NAME_AND_GAPS)
        .fold(LEFT, f64::max)
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
    left: f64,
    top: f64,
    chart: &'a Chart,
}

impl Plane<'_> {
    fn x(&self, value: f64) -> f64 {
        self.left + self.chart.x.position(value) * (WIDTH - self.left - RIGHT)
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
            shape: series.stroke.shape(),
        }
    }
}

impl Stroke {
    fn class(self) -> String {
        match self {
            Self::Marked(colour) | Self::Plain(colour) => format!("c{}", colour % COLOURS),
            Self::Dots(colour) => format!("c{} dots", colour % COLOURS),
            Self::Faint(colour) => format!("c{} faint", colour % COLOURS),
            Self::Reference => "reference".to_owned(),
        }
    }

    /// Every colour has a shape of its own, so that lines can be told apart without colours.
    fn shape(self) -> &'static str {
        match self {
            Self::Marked(colour) | Self::Dots(colour) => {
                SHAPES.get(colour % COLOURS).copied().unwrap_or_default()
            }
            Self::Plain(_) | Self::Faint(_) | Self::Reference => "",
        }
    }
}

/// Names of the lines from left to right, in as many rows as it takes.
fn legend(series: &[Series], left: f64) -> Vec<Entry<'_>> {
    let (mut x, mut y) = (left, 14.0);
    let mut entries = Vec::new();
    for series in series.iter().filter(|series| !series.name.is_empty()) {
        let width = LEGEND_LINE + 8.0 + text_width(&series.name) + 18.0;
        if x > left && x + width > WIDTH {
            (x, y) = (left, y + LEGEND_ROW);
        }
        entries.push(Entry {
            x,
            y,
            class: series.stroke.class(),
            shape: series.stroke.shape(),
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
