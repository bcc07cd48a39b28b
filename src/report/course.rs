//! How a run went through its stages, in sentences: what a search found and why not more, an order that was drawn, and what ended
//! it early. Nothing where stages simply ran one after the other.

use super::words::plural;
use crate::summary::{Course, Level, RunSummary, Search};
use crate::units::wide;

/// A word for what it is about, and a sentence.
pub(super) type Line = (&'static str, String);

/// What is to be said about the course of a run.
pub(super) fn lines(run: &RunSummary) -> Vec<Line> {
    let Some(course) = &run.course else {
        return Vec::new();
    };
    let search = course.search.as_ref();
    let found = search.map(|search| ("search", searched(run, search)));
    // The order of a search is its own.
    let is_drawn = search.is_none() && !course.order.is_sorted();
    let order = is_drawn.then(|| ("order", drawn(course)));
    let stopped = course.stopped.as_ref();
    let stopped = stopped.map(|why| ("stopped", ended(course, why)));
    [found, order, stopped].into_iter().flatten().collect()
}

/// The highest level of a search that met every expectation.
pub(super) fn found(run: &RunSummary) -> Option<String> {
    let search = run.course.as_ref()?.search.as_ref()?;
    Some(name(run, search.highest_met()?))
}

fn searched(run: &RunSummary, search: &Search) -> String {
    let found = match (search.highest_met(), search.lowest_missed()) {
        (None, None) => "no level was measured".to_owned(),
        (Some(met), None) => format!(
            "{} meets every expectation, and no level that was tried misses one",
            name(run, met)
        ),
        (None, Some(missed)) => format!(
            "no level meets the expectations, not even {}",
            missed_by(run, missed)
        ),
        (Some(met), Some(missed)) => format!(
            "{} is the highest level that meets every expectation; the lowest that does not is {}",
            name(run, met),
            missed_by(run, missed)
        ),
    };
    let tried = plural(wide(search.levels.len()), "level");
    format!("{}: {found} ({tried} measured).", search.setting)
}

fn missed_by(run: &RunSummary, level: &Level) -> String {
    let why = level
        .why
        .as_deref()
        .unwrap_or("it was not measured to its end");
    format!("{}, {why}", name(run, level))
}

fn name(run: &RunSummary, level: &Level) -> String {
    let stage = run.stages.iter().find(|stage| stage.index == level.stage);
    stage.map_or_else(
        || format!("stage {}", level.stage + 1),
        |stage| stage.name.clone(),
    )
}

fn drawn(course: &Course) -> String {
    let numbers: Vec<String> = course
        .order
        .iter()
        .map(|stage| (stage + 1).to_string())
        .collect();
    format!(
        "Stages ran in an order drawn from the seed: {}.",
        numbers.join(", ")
    )
}

fn ended(course: &Course, why: &str) -> String {
    let measured = course.order.len();
    let of = match course.search {
        Some(_) => String::new(),
        None => format!(" of {}", course.planned),
    };
    format!("{why}; {measured}{of} stages were measured.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn run(course: Course) -> RunSummary {
        RunSummary {
            course: Some(course),
            ..fixture::sweep()
        }
    }

    fn level(stage: usize, why: Option<&str>) -> Level {
        Level {
            stage,
            met: why.is_none(),
            why: why.map(str::to_owned),
        }
    }

    fn search(levels: Vec<Level>) -> Course {
        Course {
            planned: 5,
            order: levels.iter().map(|level| level.stage).collect(),
            search: Some(Search {
                setting: "load.closed.in_flight".to_owned(),
                levels,
            }),
            stopped: None,
        }
    }

    fn said(course: Course) -> Vec<String> {
        let run = run(course);
        lines(&run)
            .into_iter()
            .map(|(word, text)| format!("{word}: {text}"))
            .collect()
    }

    #[test]
    fn a_search_says_what_it_found_and_why_not_more() {
        let slow = "latency_p99: 130 ms is above the limit of 100 ms";
        let names: Vec<String> = fixture::sweep()
            .stages
            .iter()
            .map(|stage| stage.name.clone())
            .collect();

        assert_eq!(
            said(search(vec![
                level(0, None),
                level(2, Some(slow)),
                level(1, None)
            ])),
            [format!(
                "search: load.closed.in_flight: {} is the highest level that meets every expectation; the lowest that does not is \
                 {}, {slow} (3 levels measured).",
                names[1], names[2]
            )]
        );
        assert_eq!(
            said(search(vec![level(0, Some(slow))])),
            [format!(
                "search: load.closed.in_flight: no level meets the expectations, not even {}, {slow} (1 level measured).",
                names[0]
            )]
        );
        assert_eq!(
            said(search(vec![level(0, None)])),
            [format!(
                "search: load.closed.in_flight: {} meets every expectation, and no level that was tried misses one (1 level measured).",
                names[0]
            )]
        );
    }

    #[test]
    fn an_order_that_was_drawn_and_an_early_end_are_said() {
        let drawn = Course {
            planned: 4,
            order: vec![2, 0, 1],
            search: None,
            stopped: Some("the time is up".to_owned()),
        };

        assert_eq!(
            said(drawn),
            [
                "order: Stages ran in an order drawn from the seed: 3, 1, 2.",
                "stopped: the time is up; 3 of 4 stages were measured."
            ]
        );
    }
}
