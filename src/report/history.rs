//! The history of a scenario for people: a line with a small picture for each metric at a prompt, and a page with charts.

use super::Style;
use super::terminal::{Paint, printable};
use super::words::plural;
use crate::metric::print_change;
use crate::trend::{History, Level, Series};
use crate::units::wide;

pub use super::html::history as html;

/// Heights of the small picture.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The most runs that it has room for: the newest.
const MOST_BARS: usize = 40;

/// The history as text. Ends with a line break.
pub fn terminal(history: &History, style: Style) -> String {
    let title = style.paint(Paint::Bold, &printable(&history.scenario));
    let mut lines = vec![title, summary(history), String::new()];
    let several = history
        .series
        .iter()
        .any(|series| Some(&series.stage) != history.series.first().map(|first| &first.stage));
    for series in &history.series {
        let name = if several {
            format!(
                "{} in stage {}",
                series.metric.name,
                printable(&series.stage)
            )
        } else {
            series.metric.name.to_owned()
        };
        lines.push(format!(
            "{name:<28}  {}  {}",
            bars(&series.values),
            newest(series)
        ));
        lines.extend(
            changes(history, series)
                .into_iter()
                .map(|change| format!("    {change}")),
        );
    }
    lines.push(String::new());
    lines.push(style.paint(
        Paint::Dim,
        "Changes of level annotate and judge nothing: `inferometer gate` does that.",
    ));
    lines.join("\n") + "\n"
}

/// How many runs, from when to when, and how many are left out.
pub(super) fn summary(history: &History) -> String {
    let runs = plural(wide(history.runs.len()), "run");
    let span = match history.runs.as_slice() {
        [first, .., last] => format!(" from {first} to {last}"),
        [only] => format!(", {only}"),
        [] => String::new(),
    };
    let left_out = match history.left_out {
        0 => String::new(),
        some => format!(
            "; {} of another plan or machine left out",
            plural(wide(some), "run")
        ),
    };
    format!("{runs}{span}{left_out}")
}

fn bars(values: &[Option<f64>]) -> String {
    let newest = values.iter().skip(values.len().saturating_sub(MOST_BARS));
    let most = values.iter().flatten().copied().fold(f64::MIN, f64::max);
    let least = values.iter().flatten().copied().fold(f64::MAX, f64::min);
    let bar = |value: &Option<f64>| match value {
        None => ' ',
        Some(value) if most > least => {
            let height = (value - least) / (most - least) * 7.0;
            let place = usize::try_from(crate::units::count(height.round())).unwrap_or_default();
            BARS.get(place).copied().unwrap_or('█')
        }
        Some(_) => '▄',
    };
    newest.map(bar).collect()
}

fn newest(series: &Series) -> String {
    let value = series.values.iter().rev().flatten().next();
    value.map_or_else(
        || "not measured".to_owned(),
        |value| series.metric.unit.print(*value),
    )
}

/// A sentence for each change of level.
pub(super) fn changes(history: &History, series: &Series) -> Vec<String> {
    let pairs = series.levels.iter().zip(series.levels.iter().skip(1));
    let told = |(before, after): (&Level, &Level)| {
        let unit = series.metric.unit;
        let run = history.runs.get(after.first).map_or("", String::as_str);
        format!(
            "since {run}: {} -> {} ({})",
            unit.print(before.median),
            unit.print(after.median),
            after
                .change
                .map_or_else(|| "from nothing".to_owned(), print_change)
        )
    };
    pairs.map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    fn history() -> History {
        let values: Vec<Option<f64>> = (0..12)
            .map(|n| (n != 3).then_some(if n < 6 { 5e6 } else { 6e6 }))
            .collect();
        let level = |first, last, median, change| Level {
            first,
            last,
            median,
            change,
        };
        History {
            scenario: "chat".to_owned(),
            runs: (1..=12)
                .map(|day| format!("2026-01-{day:02}T00-00-00Z"))
                .collect(),
            series: vec![Series {
                stage: "all".to_owned(),
                metric: Metric::named("latency_p50").unwrap(),
                values,
                levels: vec![level(0, 5, 5e6, None), level(6, 11, 6e6, Some(0.2))],
            }],
            left_out: 2,
        }
    }

    #[test]
    fn a_history_shows_each_metric_and_its_changes() {
        let style = Style {
            colour: false,
            width: 100,
        };

        insta::assert_snapshot!(terminal(&history(), style));
    }

    #[test]
    fn the_page_has_a_chart_for_each_metric() {
        let page = String::from_utf8(html(&history()).unwrap()).unwrap();

        assert!(
            page.contains("since 2026-01-07T00-00-00Z: 5.00 ms -&gt; 6.00 ms (+20.0 %)")
                || page.contains("since 2026-01-07T00-00-00Z: 5.00 ms -&#62; 6.00 ms (+20.0 %)"),
            "{page}"
        );
        assert_eq!(page.matches("<svg ").count(), 1);
        assert_eq!(page.matches("<title>2026-").count(), 11);
    }
}
