//! What a comparison says in sentences, in the same words in every format.

use super::rows::rows;
use super::{Comparison, Method};
use crate::gate::compare::{Change, ClaimFinding, Judgement, MetricFinding, Tier, looks};
use crate::metric::{Unit, print_change};
use crate::report::words::{capital, machine, plural};
use crate::trial::StageTrial;
use crate::units::wide;

/// The verdict and its main reason. Where one metric decides, with its interval and margin.
pub(in crate::report) fn sentence(comparison: &Comparison) -> String {
    let judged = &comparison.judged;
    let word = capital(judged.judgement.name());
    let deciding: Vec<&MetricFinding> = judged
        .findings
        .iter()
        .filter(|finding| finding.tier == Tier::Gated && finding.judgement == judged.judgement)
        .collect();
    match (deciding.as_slice(), judged.judgement) {
        (_, Judgement::Unchanged) | ([], _) => format!("{word}: {}.", judged.reason),
        ([first, rest @ ..], _) => {
            let more = match rest.len() {
                0 => String::new(),
                more => format!("; {more} more below"),
            };
            format!(
                "{word}: {}{more}.",
                of(first, comparison.trial.stages.len())
            )
        }
    }
}

/// `cpu_per_request +10.2 % (+9.1 to +11.4 %), worse by more than the margin of 3 %`.
fn of(finding: &MetricFinding, stages: usize) -> String {
    let place = if stages > 1 {
        format!(" in stage {}", finding.stage)
    } else {
        String::new()
    };
    match finding.change {
        Some(change) => format!(
            "{}{place} {} ({}), {}",
            finding.metric,
            print_change(change.estimate),
            interval(change),
            finding.reason
        ),
        None => format!("{}{place}: {}", finding.metric, finding.reason),
    }
}

/// An interval as people read it: `+9.1 to +11.4 %`.
pub(crate) fn interval(change: Change) -> String {
    match (change.lower, change.upper) {
        (Some(lower), Some(upper)) => {
            let (lower, upper) = (print_change(lower), print_change(upper));
            format!("{} to {upper}", lower.trim_end_matches(" %"))
        }
        _ => "too few quads".to_owned(),
    }
}

/// How it was measured: `36 quads of 4 x 100ms (14.4 s of sending) in 6 process starts, none dropped; look 1 of 5`.
pub(in crate::report) fn method(comparison: &Comparison) -> String {
    if let Method::Stored { runs, why } = &comparison.method {
        let runs = plural(wide(*runs), "stored run");
        return format!("held against {runs}, as {why}");
    }
    let trial = &comparison.trial;
    let quads = trial
        .stages
        .iter()
        .map(|stage| stage.quads.len())
        .sum::<usize>();
    let dropped = quads
        - trial
            .stages
            .iter()
            .map(|stage| stage.kept().count())
            .sum::<usize>();
    let starts = trial
        .stages
        .iter()
        .flat_map(|stage| &stage.quads)
        .map(|quad| quad.start)
        .max();
    format!(
        "{} of 4 x {} ({:.1} s of sending) in {}, {}; look {} of {}, intervals of at least {}",
        plural(wide(quads), "quad"),
        comparison.spec.block,
        trial.sending_seconds,
        plural(wide(starts.map_or(0, |last| last + 1)), "process start"),
        match dropped {
            0 => "none dropped".to_owned(),
            some => format!("{some} dropped"),
        },
        comparison.judged.look,
        comparison.spec.extensions + 1,
        confidence(comparison),
    )
}

/// The least confidence that an interval of this look has.
fn confidence(comparison: &Comparison) -> String {
    let spec = &comparison.spec;
    let look = looks(spec.quads, spec.extensions)
        .into_iter()
        .nth(comparison.judged.look.saturating_sub(1));
    look.map_or_else(
        || "no known confidence".to_owned(),
        |look| Unit::Share.print_round(look.confidence()),
    )
}

/// Why quads were dropped, each reason once.
fn dropped(stage: &StageTrial) -> Vec<String> {
    let mut reasons: Vec<String> = stage
        .quads
        .iter()
        .filter_map(|quad| quad.dropped.clone())
        .collect();
    reasons.dedup();
    reasons
}

/// What became of a claim: `Claim "+10 to 15 % throughput" (rps_ok better by 10 %): contradicted, measured +1.2 % (-0.4 to
/// +2.9 %)`.
pub(in crate::report) fn claim(claim: &ClaimFinding, stages: usize) -> String {
    let place = if stages > 1 {
        format!(" in stage {}", claim.stage)
    } else {
        String::new()
    };
    let measured = claim.change.map_or_else(
        || "not measured".to_owned(),
        |change| {
            format!(
                "measured {} ({})",
                print_change(change.estimate),
                interval(change)
            )
        },
    );
    format!(
        "Claim \"{}\" ({} better by {}){place}: {}, {measured}",
        claim.says,
        claim.metric,
        Unit::Share.print_round(claim.better_by),
        claim.support.name()
    )
}

/// What each arm is: `off`, `as it is`, `client.pool=off by ../old/inferometer 0.1.0`.
pub(in crate::report) fn arms(comparison: &Comparison) -> [(&'static str, String); 2] {
    let trial = &comparison.trial;
    [
        ("baseline", &trial.baseline),
        ("candidate", &trial.candidate),
    ]
    .map(|(role, arm)| {
        let settings = arm.settings.join(", ");
        let is_said = settings.is_empty()
            || settings == arm.name
            || settings == format!("variant {}", arm.name);
        let settings = if is_said {
            String::new()
        } else {
            format!(" ({settings})")
        };
        let program = match arm.program.as_str() {
            "" => String::new(),
            program => format!(" by {program} {}", arm.tool_version),
        };
        let words = format!("{}{settings}{program}", arm.name);
        (role, words)
    })
}

/// Where and when: names and values, in the order of reports.
pub(in crate::report) fn facts(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let identity = &comparison.identity;
    let mut facts = vec![
        ("Target", identity.target.clone()),
        ("Seed", identity.seed.to_string()),
        ("Started", identity.started.clone()),
    ];
    facts.extend(machine(&identity.environment));
    let build = &identity.environment.build;
    let version = env!("CARGO_PKG_VERSION");
    facts.push(("Tool", format!("inferometer {version} ({build} build)")));
    facts
}

/// What a reader must know beside the table, as sentences: the run's own noise, what was dropped and why, how it ended.
pub(in crate::report) fn notes(comparison: &Comparison) -> Vec<String> {
    let mut notes: Vec<String> = noise(comparison).into_iter().collect();
    for stage in &comparison.trial.stages {
        notes.extend(
            dropped(stage)
                .into_iter()
                .map(|why| format!("Quads were dropped: {why}.")),
        );
    }
    notes.extend(comparison.trial.notes.iter().cloned());
    notes
}

/// What the run's own comparison of each arm with itself says.
fn noise(comparison: &Comparison) -> Option<String> {
    let rows = rows(comparison);
    let told: Vec<String> = rows
        .iter()
        .filter(|row| !row.is_advisory)
        .filter_map(|row| {
            let noise = print_change(row.noise?);
            Some(format!(
                "{} {}",
                row.cells.first()?,
                noise.trim_start_matches('+')
            ))
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Noise of a quad, each arm against itself: {}.",
            told.join(", ")
        )
    })
}
