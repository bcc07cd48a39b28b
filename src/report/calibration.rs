//! What the last calibration of the machine gave, as a sentence: it stands in for what a run could not check itself.

use crate::metric::Unit;
use crate::summary::{Calibration, RunSummary};

/// The sentence; nothing where a run needs no calibration, or has none that holds.
pub(super) fn sentence(run: &RunSummary) -> Option<String> {
    let Calibration {
        measured,
        highest_rate,
        lag_p50_ns,
        lag_p99_ns,
        highest_concurrency,
        added_p50_ns,
        added_p99_ns,
        round_trip_p50_ns,
        ..
    } = run.certificate.calibration.as_ref()?;
    let rate = highest_rate.map_or_else(
        || "no rate".to_owned(),
        |rate| {
            format!(
                "up to {}, with requests late by {}",
                Unit::PerSecond.print(rate),
                times(*lag_p50_ns, *lag_p99_ns)
            )
        },
    );
    let streams = highest_concurrency.map_or_else(
        || "no streams".to_owned(),
        |streams| {
            format!(
                "up to {} streams at once, with first tokens read later than written by {}",
                Unit::Count.print(streams),
                times(*added_p50_ns, *added_p99_ns)
            )
        },
    );
    Some(format!(
        "The last calibration of this machine, {measured}, certified {rate}; and {streams}. A request to the embedded mock and back took {}.",
        times(*round_trip_p50_ns, None)
    ))
}

/// The median, and the 99th percentile where there were enough samples for it.
fn times(median: Option<f64>, rare: Option<f64>) -> String {
    let print = |nanos| Unit::Duration.print(nanos);
    let median = median.map_or_else(|| "an unknown time".to_owned(), print);
    let rare = rare.map(|rare| format!(" and {} at the 99th percentile", print(rare)));
    format!("{median} at the median{}", rare.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{FORMATS, Report, Style, terminal};
    use crate::summary::fixture;

    #[test]
    fn reports_say_what_the_last_calibration_gave() {
        let run = fixture::single().calibrated(Some(fixture::calibration()));

        let sentence = sentence(&run).unwrap();

        assert_eq!(
            sentence,
            "The last calibration of this machine, 2030-01-01T00:00:00Z, certified up to 8,000/s, with requests late by 52.0 µs at the median and 410 µs at the 99th percentile; and up to 1,600 streams at once, with first tokens read later than written by 120 µs at the median and 2.90 ms at the 99th percentile. A request to the embedded mock and back took 95.0 µs at the median."
        );
        let report = Report::new(run, Vec::new());
        let style = Style {
            colour: false,
            width: 1_000,
        };
        assert!(terminal(&report, style).contains(&sentence));
        let html = FORMATS.iter().find(|format| format.name == "html").unwrap();
        let page = String::from_utf8((html.render)(&report).unwrap()).unwrap();
        assert!(page.contains(&sentence));
    }
}
