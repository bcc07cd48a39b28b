//! The certificate as the page has it: one sentence by the worst stage, and a line for each stage and load stream.

use super::number;
use crate::metric::Unit;
use crate::report::{Report, words};
use crate::summary::{Accounting, Journal, Statistic};
use crate::units;

/// The account of one stage, or of a load stream in it.
pub(super) struct TrustLine {
    pub(super) stage: String,
    pub(super) books: String,
    pub(super) adds_up: bool,
    pub(super) shape: &'static str,
    pub(super) added: [String; 2],
    pub(super) lag: [String; 3],
    pub(super) cpu: String,
}

/// The certificate in one sentence, by its worst stage.
pub(super) fn sentence(report: &Report) -> String {
    let stages = &report.run.certificate.stages;
    let balanced = stages
        .iter()
        .filter(|stage| stage.accounting_adds_up)
        .count();
    let worst = |values: Vec<f64>, unit: Unit| {
        let most = values.into_iter().reduce(f64::max);
        most.map_or_else(|| "unknown".to_owned(), |value| unit.print(value))
    };
    let lag = stages.iter().filter_map(|stage| stage.lag_max_ns);
    let share = stages.iter().filter_map(|stage| stage.generator_cpu_share);
    format!(
        "Every request is accounted for in {balanced} of {}. The largest send lag was {}, the largest share of its \
         lanes' time that the generator spent computing {}. {}{}",
        words::plural(units::wide(stages.len()), "stage"),
        worst(lag.collect(), Unit::Duration),
        worst(share.collect(), Unit::Share),
        shaped(report),
        journaled(report)
    )
}

/// Whether the load had the shape that was asked for, and a space; nothing where none had a schedule.
fn shaped(report: &Report) -> String {
    let stages = &report.run.certificate.stages;
    let kept: Vec<bool> = stages.iter().filter_map(|stage| stage.shape_kept).collect();
    if kept.is_empty() {
        return String::new();
    }
    format!(
        "What was sent had the shape of its schedule, and that the shape of its law, in {} of {} with a \
         schedule. ",
        kept.iter().filter(|kept| **kept).count(),
        words::plural(units::wide(kept.len()), "stage"),
    )
}

/// What the target's own journal says to that.
fn journaled(report: &Report) -> String {
    let stages = &report.run.stages;
    let held: Vec<_> = stages
        .iter()
        .filter_map(|stage| stage.journal.as_ref())
        .collect();
    if held.is_empty() {
        return "The target keeps no journal of its own to hold them against.".to_owned();
    }
    let agreeing = held
        .iter()
        .copied()
        .filter_map(Journal::agrees)
        .filter(|agrees| *agrees);
    let late = held
        .iter()
        .filter_map(|journal| journal.lateness.read(Statistic::Max).value());
    format!(
        "The target's own journal agrees about the number of answers and tokens in {} of {}; the latest of its writes \
         came {} after it was due.{}",
        agreeing.count(),
        words::plural(units::wide(stages.len()), "stage"),
        late.reduce(f64::max).map_or_else(
            || "an unknown time".to_owned(),
            |late| Unit::Duration.print(late)
        ),
        added(report)
    )
}

/// How much later than its write the first piece of an answer was read, at worst.
fn added(report: &Report) -> String {
    let stages = report.run.certificate.stages.iter();
    let worst = |added: &mut dyn Iterator<Item = f64>| added.reduce(f64::max);
    let median = worst(&mut stages.clone().filter_map(|stage| stage.added_p50_ns));
    let rare = worst(&mut stages.filter_map(|stage| stage.added_p99_ns));
    let Some(median) = median else {
        return String::new();
    };
    let rare = rare.map_or_else(String::new, |rare| {
        format!(", by {} at the 99th percentile", Unit::Duration.print(rare))
    });
    format!(
        " The instrument read the first piece of an answer later than it was written by {} at the median{rare}, in the \
         worst stage.",
        Unit::Duration.print(median),
    )
}

/// A line for each stage, and one for each of its load streams where it has several.
pub(super) fn lines(report: &Report) -> Vec<TrustLine> {
    let duration = |nanos: Option<f64>| {
        nanos.map_or_else(|| "–".to_owned(), |nanos| Unit::Duration.print(nanos))
    };
    let stages = report.run.stages.iter().zip(&report.run.certificate.stages);
    let lines = stages.flat_map(|(stage, trust)| {
        let whole = TrustLine {
            stage: stage.name.clone(),
            books: books(&stage.accounting),
            adds_up: trust.accounting_adds_up,
            shape: shape(trust.shape_kept),
            added: [trust.added_p50_ns, trust.added_p99_ns].map(duration),
            lag: [trust.lag_p50_ns, trust.lag_p99_ns, trust.lag_max_ns].map(duration),
            cpu: trust
                .generator_cpu_share
                .map_or_else(|| "–".to_owned(), |share| Unit::Share.print(share)),
        };
        let streams = stage.streams.iter().zip(&trust.streams);
        let streams = streams.map(move |(stream, trust)| TrustLine {
            stage: format!("{}, load stream {}", stage.name, stream.name),
            books: books(&stream.accounting),
            adds_up: trust.accounting_adds_up,
            shape: shape(trust.shape_kept),
            added: [None, None].map(duration),
            lag: [trust.lag_p50_ns, trust.lag_p99_ns, trust.lag_max_ns].map(duration),
            cpu: "–".to_owned(),
        });
        std::iter::once(whole).chain(streams)
    });
    lines.collect()
}

fn books(held: &Accounting) -> String {
    format!(
        "{} = {} + {} + {} + {} + {}",
        number(held.offered),
        number(held.answered),
        number(held.wrong),
        number(held.failed),
        number(held.cancelled),
        number(held.not_sent)
    )
}

const fn shape(kept: Option<bool>) -> &'static str {
    match kept {
        None => "–",
        Some(true) => "kept",
        Some(false) => "lost",
    }
}
