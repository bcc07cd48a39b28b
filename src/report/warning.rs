//! What to keep in mind when reading the numbers: the certificate's doubts and the stages' notes as plain sentences with
//! a remedy. Doubts of one kind are one warning, however many stages have them.

use super::conditions;
use super::counted;
use super::place::Stages;
use super::words::{plural, requests};
use crate::metric::Unit;
use crate::summary::{Doubt, RunSummary};
use crate::units::{float, wide};
use std::collections::BTreeMap;
use std::mem::discriminant;

/// A sentence, and the stages it is about.
pub(super) struct Warning<'a> {
    pub(super) stages: Stages<'a>,
    pub(super) sentence: String,
}

/// Every warning of a run: doubts in the order they first came up, then who counted the tokens, then notes.
pub(super) fn warnings(run: &RunSummary) -> Vec<Warning<'_>> {
    let doubts = doubts(run).into_iter();
    doubts
        .chain(counted::warnings(run))
        .chain(notes(run))
        .collect()
}

fn doubts(run: &RunSummary) -> Vec<Warning<'_>> {
    let mut kinds: Vec<(Vec<&str>, Doubt)> = Vec::new();
    for trust in &run.certificate.stages {
        let stage = run.stages.iter().find(|stage| stage.index == trust.stage);
        let name = stage.map_or("run", |stage| stage.name.as_str());
        for doubt in &trust.doubts {
            let same = |(_, known): &&mut (_, Doubt)| is_alike(known, doubt);
            match kinds.iter_mut().find(same) {
                Some((names, known)) => {
                    names.push(name);
                    *known = joined(known, doubt);
                }
                None => kinds.push((vec![name], doubt.clone())),
            }
        }
    }
    kinds
        .into_iter()
        .map(|(names, doubt)| Warning {
            sentence: said(&doubt, run, names.len() > 1),
            stages: Stages::new(names, run.stages.len()),
        })
        .collect()
}

fn is_alike(one: &Doubt, other: &Doubt) -> bool {
    match (one, other) {
        (Doubt::Machine(one), Doubt::Machine(other)) => discriminant(one) == discriminant(other),
        (
            Doubt::InStream { stream, doubt },
            Doubt::InStream {
                stream: other,
                doubt: theirs,
            },
        ) => stream == other && is_alike(doubt, theirs),
        _ => discriminant(one) == discriminant(other),
    }
}

/// Two doubts of one kind as one, of a load stream or of the whole stage.
fn joined(one: &Doubt, other: &Doubt) -> Doubt {
    match (one, other) {
        (Doubt::InStream { stream, doubt }, Doubt::InStream { doubt: theirs, .. }) => {
            Doubt::InStream {
                stream: stream.clone(),
                doubt: Box::new(joined(doubt, theirs)),
            }
        }
        (one, other) => joined_of_stages(one, other),
    }
}

/// Two doubts of one kind as one: counts add up, measures are those of the worse; of disagreements the first is told.
fn joined_of_stages(one: &Doubt, other: &Doubt) -> Doubt {
    match (one, other) {
        (
            &Doubt::Accounting { offered, accounted },
            &Doubt::Accounting {
                offered: others,
                accounted: found,
            },
        ) => Doubt::Accounting {
            offered: offered + others,
            accounted: accounted + found,
        },
        (&Doubt::GeneratorBusy { share }, &Doubt::GeneratorBusy { share: other }) => {
            Doubt::GeneratorBusy {
                share: share.max(other),
            }
        }
        (
            Doubt::Late { lag_p99_ns, .. },
            Doubt::Late {
                lag_p99_ns: lag, ..
            },
        ) if lag > lag_p99_ns => other.clone(),
        (
            &Doubt::NotSent { count, offered },
            &Doubt::NotSent {
                count: more,
                offered: others,
            },
        ) => Doubt::NotSent {
            count: count + more,
            offered: offered + others,
        },
        (
            Doubt::Errors {
                count,
                offered,
                most,
            },
            Doubt::Errors {
                count: more,
                offered: others,
                ..
            },
        ) => Doubt::Errors {
            count: count + more,
            offered: offered + others,
            most: most.clone(),
        },
        (&Doubt::Saturated { count }, &Doubt::Saturated { count: more }) => Doubt::Saturated {
            count: count + more,
        },
        (Doubt::Machine(one), Doubt::Machine(other)) if other.share() > one.share() => {
            Doubt::Machine(*other)
        }
        _ => one.clone(),
    }
}

/// A doubt as plain sentences, the last of them what to do about it.
fn said(doubt: &Doubt, run: &RunSummary, in_many: bool) -> String {
    let at_worst = if in_many { "at worst " } else { "" };
    match doubt {
        Doubt::InStream { stream, doubt } => {
            format!("Load stream {stream}: {}", said(doubt, run, in_many))
        }
        Doubt::Accounting { offered, accounted } => format!(
            "{} were due and {} are accounted for. Every number of this stage is void; please report this as a defect of the instrument.",
            requests(*offered),
            Unit::Count.print(float(*accounted)),
        ),
        Doubt::Journal {
            client_answered,
            journal_answered,
            client_tokens,
            journal_tokens,
        } => disagreement(
            [*client_answered, *client_tokens],
            [*journal_answered, *journal_tokens],
            in_many,
        ),
        Doubt::Schedule { variation, asked } => format!(
            "The gaps of the schedule vary by {variation:.2} of their mean where the law asks for {asked:.2}. Nothing of this stage is what was asked for; please report this as a defect of the instrument.",
        ),
        Doubt::Shape { sent, scheduled } => lost_shape(*sent, *scheduled, at_worst),
        Doubt::Cancellations {
            client_cancelled,
            journal_abandoned,
        } => cancellations(*client_cancelled, *journal_abandoned),
        Doubt::GeneratorBusy { share } => format!(
            "The generator computed for {at_worst}{} of its lanes' time: throughput here may be the generator's limit, not the target's. Give it more lanes, or lower the load.",
            Unit::Share.print(*share),
        ),
        Doubt::Late {
            lag_p99_ns,
            latency_p50_ns,
        } => late(*lag_p99_ns, *latency_p50_ns, at_worst),
        Doubt::NotSent { count, offered } => not_sent(*count, *offered, run),
        Doubt::Errors { count, offered, .. } => format!(
            "{} of {} failed or were answered wrong{}. Latencies are those of right answers only.",
            Unit::Count.print(float(*count)),
            requests(*offered),
            error_kinds(run),
        ),
        Doubt::Machine(trouble) => conditions::told(*trouble, at_worst),
        Doubt::FewSamples { needed, .. } => {
            format!("Too few answers for a 99th percentile, which takes {needed}. Measure longer.")
        }
        Doubt::Saturated { count } => format!(
            "{} took longer than an hour and are counted as one hour.",
            requests(*count),
        ),
    }
}

/// The client's answers and output tokens, and the journal's.
fn disagreement(client: [u64; 2], journal: [u64; 2], in_many: bool) -> String {
    let who = if in_many {
        "In the first of them, the client"
    } else {
        "The client"
    };
    let print = |counts: [u64; 2]| counts.map(|count| Unit::Count.print(float(count)));
    let ([answers, tokens], [noted, noted_tokens]) = (print(client), print(journal));
    format!(
        "{who} counts {answers} answers with {tokens} output tokens, the target's own journal {noted} with {noted_tokens}. No number of this stage can be relied on; a client of your own may claim what it never got, otherwise please report this as a defect of the instrument.",
    )
}

fn late(lag_p99_ns: f64, latency_p50_ns: f64, at_worst: &str) -> String {
    format!(
        "Requests left late: {at_worst}1 % of them by more than {}, against a median latency of {}. Latency counts this in, service time does not. Free the machine, or lower the rate.",
        Unit::Duration.print(lag_p99_ns),
        Unit::Duration.print(latency_p50_ns),
    )
}

fn lost_shape(sent: f64, scheduled: f64, at_worst: &str) -> String {
    format!(
        "Requests left in other clusters than they were due: over twenty mean gaps their counts have a variance of \
         {at_worst}{sent:.2} times their mean, where the schedule has {scheduled:.2}. Free the machine, or lower the rate."
    )
}

fn not_sent(count: u64, offered: u64, run: &RunSummary) -> String {
    let mut stages = run.stages.iter();
    let has_journeys = stages.any(|stage| {
        let each = stage.operations.iter();
        let next = each.clone().skip(1);
        // Kinds of one part, or of no mix, are those of a journey.
        each.zip(next).any(|(one, other)| {
            one.kind.part == other.kind.part && one.kind.stream == other.kind.stream
        })
    });
    let first = if has_journeys {
        "Look at what failed before them in their journeys; or raise"
    } else {
        "Raise"
    };
    format!(
        "{} of {} were never sent; latencies are those of the others, and too good. {first} the in-flight cap, or lower the rate.",
        Unit::Count.print(float(count)),
        requests(offered),
    )
}

fn cancellations(client_cancelled: u64, journal_abandoned: u64) -> String {
    format!(
        "{} were given up by their callers, and the target's own journal has {} that were. What became of the others there is not known; please report this as a defect of the instrument.",
        requests(client_cancelled),
        Unit::Count.print(float(journal_abandoned)),
    )
}

/// What went wrong in the whole run, most frequent first: `: 274 http_500, 196 grpc_13`, or `, all as http_500`.
fn error_kinds(run: &RunSummary) -> String {
    const MOST: usize = 4;
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in run.stages.iter().flat_map(|stage| &stage.errors) {
        *totals.entry(kind).or_default() += count;
    }
    let mut kinds: Vec<_> = totals.into_iter().collect();
    if let [(only, _)] = kinds.as_slice() {
        return format!(", all as {only}");
    }
    kinds.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let named = kinds
        .iter()
        .take(MOST)
        .map(|(kind, count)| format!("{} {kind}", Unit::Count.print(float(*count))));
    let others = kinds.len().saturating_sub(MOST);
    let rest = (others > 0).then(|| format!("and {}", plural(wide(others), "more kind")));
    format!(": {}", named.chain(rest).collect::<Vec<_>>().join(", "))
}

/// The stages' notes; stages that share one share a warning.
fn notes(run: &RunSummary) -> Vec<Warning<'_>> {
    let mut warnings: Vec<Warning<'_>> = Vec::new();
    for stage in &run.stages {
        for note in &stage.notes {
            match warnings.iter_mut().find(|known| known.sentence == *note) {
                Some(known) => known.stages.push(&stage.name),
                None => warnings.push(Warning {
                    stages: Stages::new(vec![&stage.name], run.stages.len()),
                    sentence: note.clone(),
                }),
            }
        }
    }
    warnings
}
