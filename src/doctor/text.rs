//! A diagnosis at a prompt: the verdict first, what it rests on in aligned lines, then what would help.

use super::climb::{Step, highest, lowest_refused};
use super::noise::METRICS;
use super::{Diagnosis, Noise, Timer};
use crate::metric::Unit;
use crate::summary::Taken;
use crate::units::float;

/// Where the text behind a label begins.
const INDENT: usize = 14;

/// The diagnosis as text in lines of at most this many columns. Ends with a line break.
pub fn text(found: &Diagnosis, width: usize) -> String {
    let mut lines = vec![wrapped(&found.sentence, width, 0), String::new()];
    let mut line = |label: &str, text: &str| lines.push(labelled(label, text, width));
    line("rates", &rates(&found.rates));
    line("streams", &streams(&found.streams));
    line("timer", &timers(&found.timer));
    line("loopback", &loopback(found));
    line("scheduler", &scheduler(found));
    line("limits", &limits(found));
    let remedies = found.remedies.iter();
    let remedies = remedies.map(|remedy| labelled("remedy", remedy, width));
    for part in [detectable(&found.noise), remedies.collect()] {
        if !part.is_empty() {
            lines.push(String::new());
            lines.extend(part);
        }
    }
    lines.join("\n") + "\n"
}

/// The highest rate with how late it was sent, and why not more.
fn rates(steps: &[Step]) -> String {
    let level = |step: &Step| format!("{}/s", Unit::Count.print(step.level));
    climbed(steps, level, |step| {
        format!("late by {}", times(step.lag_p50_ns, step.lag_p99_ns))
    })
}

/// The most streams with what the instrument added to their first tokens, and why not more.
fn streams(steps: &[Step]) -> String {
    let level = |step: &Step| format!("{} at once", Unit::Count.print(step.level));
    climbed(steps, level, |step| {
        let added = times(step.added_p50_ns, step.added_p99_ns);
        format!("first tokens are read later than written by {added}")
    })
}

fn climbed(
    steps: &[Step],
    level: impl Fn(&Step) -> String,
    like: impl Fn(&Step) -> String,
) -> String {
    let best = match highest(steps) {
        Some(step) => {
            let share = step.generator_cpu_share.map_or_else(String::new, |share| {
                format!(
                    ", the generator computes {} of its time",
                    Unit::Share.print(share)
                )
            });
            format!("certified up to {}: {}{share}", level(step), like(step))
        }
        None => "certified none".to_owned(),
    };
    let refused = lowest_refused(steps).map(|step| {
        let reason = step.reason.as_deref().unwrap_or("refused");
        let reason = reason.strip_prefix("not valid: ").unwrap_or(reason);
        format!("; not {}: {reason}", level(step))
    });
    format!("{best}{}", refused.unwrap_or_default())
}

/// The median, and the 99th percentile where there were enough samples for it.
fn times(median: Option<f64>, rare: Option<f64>) -> String {
    let rare = rare.map(|rare| format!(", {} at the 99th percentile", Unit::Duration.print(rare)));
    format!("{} at the median{}", time(median), rare.unwrap_or_default())
}

fn time(nanos: Option<f64>) -> String {
    nanos.map_or_else(
        || "an unknown time".to_owned(),
        |nanos| Unit::Duration.print(nanos),
    )
}

fn timers(timers: &[Timer]) -> String {
    let told = timers.iter().map(|timer| {
        format!(
            "at {}/s late by {} at the median, {} at the 99th percentile, {} at most, taking {} of a core",
            Unit::Count.print(timer.per_second),
            Unit::Duration.print(float(timer.lag_p50_ns)),
            Unit::Duration.print(float(timer.lag_p99_ns)),
            Unit::Duration.print(float(timer.lag_max_ns)),
            Unit::Share.print(timer.cpu_share),
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

fn loopback(found: &Diagnosis) -> String {
    let seen = &found.loopback;
    let rate = seen.per_second.map_or_else(
        || "an unknown number of requests a second".to_owned(),
        |rate| format!("{} requests a second", Unit::Count.print(rate.round())),
    );
    format!(
        "a request and its answer take {}; 16 callers make {rate}, {} of CPU time each",
        times(seen.round_trip_p50_ns, seen.round_trip_p99_ns),
        time(seen.cpu_per_request_ns),
    )
}

fn scheduler(found: &Diagnosis) -> String {
    let gaps = &found.scheduler;
    let watched = Unit::Duration.print_round(float(gaps.watched_ns / 1_000_000 * 1_000_000));
    if gaps.count == 0 {
        return format!("took nothing from a thread that only computed for {watched}");
    }
    format!(
        "took {} of {watched} from a thread that only computed, {} {}, {} at the longest",
        Unit::Share.print(gaps.share),
        Unit::Count.print(float(gaps.count)),
        if gaps.count == 1 { "time" } else { "times" },
        Unit::Duration.print(float(gaps.longest_ns)),
    )
}

fn limits(found: &Diagnosis) -> String {
    let told = |taken: Option<Taken>, what: &str| {
        taken.map_or_else(
            || format!("{what}: not available"),
            |taken| {
                let (most, limit) = (float(taken.most), float(taken.limit));
                format!(
                    "{} of {} {what} in use",
                    Unit::Count.print(most),
                    Unit::Count.print(limit)
                )
            },
        )
    };
    format!(
        "{}, {}",
        told(found.limits.open_files, "files"),
        told(found.limits.ports, "ports for connections")
    )
}

/// The table of what could be told from noise.
fn detectable(noise: &[Noise]) -> Vec<String> {
    let Some(first) = noise.first() else {
        return Vec::new();
    };
    let minutes = first.detectable.iter().map(|found| found.minutes);
    let header = cells(minutes.map(|minutes| format!("{minutes} min")));
    let mut lines = vec![
        "The smallest change that a comparison could tell from noise, nine times in ten:"
            .to_owned(),
        format!("  {:<18}{header}", "metric"),
    ];
    lines.extend(METRICS.map(|metric| {
        let told = noise.iter().find(|noise| noise.metric == metric);
        let told = told.map(|noise| {
            let changes = noise.detectable.iter();
            cells(changes.map(|found| Unit::Share.print(found.change)))
        });
        let told = told.unwrap_or_else(|| "   too few answers in a block".to_owned());
        format!("  {metric:<18}{told}")
    }));
    lines
}

/// Texts at the right ends of columns.
fn cells(texts: impl Iterator<Item = String>) -> String {
    texts
        .map(|text| format!("{text:>10}"))
        .collect::<Vec<_>>()
        .concat()
}

/// A text with a word before it, and its further lines aligned with its first.
fn labelled(label: &str, text: &str, width: usize) -> String {
    let padding = " ".repeat(INDENT.saturating_sub(label.len()));
    format!(
        "{label}{padding}{}",
        wrapped(text, width, INDENT).trim_start()
    )
}

/// Text in lines that fit, each behind so many spaces.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(format!("{}{word}", " ".repeat(indent))),
        }
    }
    lines.join("\n")
}
