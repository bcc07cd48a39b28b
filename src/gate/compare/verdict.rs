//! From probabilities and intervals to a verdict, for one metric and over all.

use super::effect::Effect;
use super::tier::Tier;
use super::{Judgement, MetricFinding};
use crate::metric::{Unit, print_change};

/// Metrics that say how much work was done. A candidate that does less of it is not faster.
const WORK: [&str; 2] = [super::correctness::METRIC, "output_tokens_per_answer"];

/// How one metric came out, and why. `harm` and `gain` are adjusted for the other metrics.
pub(super) fn of(effect: &Effect, harm: Option<f64>, gain: Option<f64>) -> (Judgement, String) {
    if let Some(why) = &effect.missing {
        return (Judgement::Inconclusive, why.clone());
    }
    let (Some(location), Some(interval)) = (effect.location, effect.interval()) else {
        let told = format!(
            "{} quads are too few for an interval: it takes more of them",
            effect.worse.len()
        );
        return (Judgement::Inconclusive, told);
    };
    let (limit, error) = (effect.limit(), effect.look.one_sided());
    let is_rejected =
        |probability: Option<f64>| probability.is_some_and(|probability| probability <= error);
    let margin = Unit::Share.print_round(effect.margin);
    if is_rejected(harm) {
        return if effect.starts_agree(1.0) {
            (
                Judgement::Regressed,
                format!("worse by more than the margin of {margin}"),
            )
        } else {
            (Judgement::ProbablyRegressed, starts(&margin, "worse"))
        };
    }
    if is_rejected(gain) {
        return if effect.starts_agree(-1.0) {
            (
                Judgement::Improved,
                format!("better by more than the margin of {margin}"),
            )
        } else {
            (Judgement::ProbablyImproved, starts(&margin, "better"))
        };
    }
    if interval.lower > -limit && interval.upper < limit {
        return (
            Judgement::Unchanged,
            format!("within the margin of {margin} either way"),
        );
    }
    if interval.lower > 0.0 && location.estimate > limit {
        return (
            Judgement::ProbablyRegressed,
            format!("worse, and likely by more than the margin of {margin}"),
        );
    }
    if interval.upper < 0.0 && location.estimate < -limit {
        return (
            Judgement::ProbablyImproved,
            format!("better, and likely by more than the margin of {margin}"),
        );
    }
    (Judgement::Inconclusive, undecided(effect, &margin))
}

fn starts(margin: &str, how: &str) -> String {
    format!(
        "{how} by more than the margin of {margin}, but process starts differ by more than their quads do, and there are too few of \
         them to say"
    )
}

fn undecided(effect: &Effect, margin: &str) -> String {
    let told = format!("the interval crosses the margin of {margin}");
    let told = match effect.more_quads() {
        Some(more) => format!("{told}: some {more} more quads would decide"),
        None => told,
    };
    match effect.idle() {
        Some(idle) => format!(
            "{told}; CPU time varies where its core is idle, here for {} of the time: send more at once",
            Unit::Share.print_round((idle * 100.0).round() / 100.0)
        ),
        None => told,
    }
}

/// Takes back what looks like an improvement where the candidate did less.
pub(super) fn not_faster_by_doing_less(findings: &mut [MetricFinding]) {
    let did_less: Vec<(String, String)> = findings
        .iter()
        .filter(|finding| {
            let is_less = matches!(
                finding.judgement,
                Judgement::Regressed | Judgement::ProbablyRegressed | Judgement::Refused
            );
            is_less && WORK.contains(&finding.metric.as_str())
        })
        .map(|finding| (finding.stage.clone(), finding.metric.clone()))
        .collect();
    for finding in findings {
        let less = did_less.iter().find(|(stage, _)| *stage == finding.stage);
        let looks_better = matches!(
            finding.judgement,
            Judgement::Improved | Judgement::ProbablyImproved
        );
        if let Some((_, metric)) = less.filter(|_| looks_better) {
            finding.judgement = Judgement::Inconclusive;
            finding.reason = format!("it looks better, but the candidate did less: see {metric}");
        }
    }
}

/// The verdict over all findings that decide, and why.
pub fn overall(findings: &[MetricFinding]) -> (Judgement, String) {
    let gated: Vec<&MetricFinding> = findings
        .iter()
        .filter(|finding| finding.tier == Tier::Gated && finding.is_measured())
        .collect();
    let with = |judgement| {
        gated
            .iter()
            .filter(move |finding| finding.judgement == judgement)
            .copied()
            .collect::<Vec<_>>()
    };
    for gravest in [
        Judgement::Refused,
        Judgement::Regressed,
        Judgement::ProbablyRegressed,
        Judgement::Inconclusive,
        Judgement::ProbablyImproved,
        Judgement::Improved,
    ] {
        let found = with(gravest);
        if !found.is_empty() {
            return (gravest, named(&found));
        }
    }
    if gated.is_empty() {
        return (
            Judgement::Refused,
            "nothing that decides was measured".to_owned(),
        );
    }
    (
        Judgement::Unchanged,
        format!("{} metrics within their margins", gated.len()),
    )
}

impl MetricFinding {
    /// Was there anything to compare? What neither arm measures, such as tokens of an embedding, decides nothing.
    fn is_measured(&self) -> bool {
        self.baseline.is_some()
            || self.candidate.is_some()
            || self.metric == super::correctness::METRIC
    }
}

/// The metrics of findings, each with its change: `cpu_per_request +10.2 %, latency_p50 +8.1 %`.
fn named(findings: &[&MetricFinding]) -> String {
    let of = |finding: &&MetricFinding| match finding.change {
        Some(change) => format!("{} {}", finding.metric, print_change(change.estimate)),
        None => format!("{}: {}", finding.metric, finding.reason),
    };
    findings.iter().map(of).collect::<Vec<_>>().join(", ")
}

impl super::Judged {
    /// Would more quads change nothing? They would not where harm is certain, or every metric that decides is.
    pub fn is_decided(&self) -> bool {
        let gated = self
            .findings
            .iter()
            .filter(|finding| finding.tier == Tier::Gated);
        matches!(self.judgement, Judgement::Regressed | Judgement::Refused)
            || gated
                .filter(|finding| finding.is_measured())
                .all(|finding| finding.judgement.is_final())
    }
}

#[cfg(test)]
mod tests {
    use crate::gate::compare::{judge, looks};
    use crate::gate::spec::GateSpec;
    use crate::trial::{Arm, fixture};

    /// Why CPU time is undecided where quads of it differ by a tenth, and so many requests are answered a second.
    fn undecided(answered_a_second: f64) -> String {
        let mut trial = fixture::trial(12, &[("cpu_per_request", 1.05)], 7);
        for quad in &mut trial.stages[0].quads {
            let louder = if quad.index.is_multiple_of(2) {
                1.1
            } else {
                0.9
            };
            for (place, block) in quad.blocks.iter_mut().enumerate() {
                let is_candidate = quad.order.arms()[place] == Arm::Candidate;
                let factor = if is_candidate { louder } else { 1.0 };
                *block.values.get_mut("cpu_per_request").unwrap() *= factor;
                *block.values.get_mut("rps_ok").unwrap() = answered_a_second;
            }
        }
        let judged = judge(&trial, &GateSpec::default(), looks(12, 4)[0]);
        let mut findings = judged.findings.into_iter();
        let cpu = findings.find(|finding| finding.metric == "cpu_per_request");
        cpu.unwrap().reason
    }

    #[test]
    fn cpu_time_that_varies_on_an_idle_core_says_so() {
        let (idle, busy) = (undecided(3_000.0), undecided(20_000.0));

        assert!(idle.ends_with("% of the time: send more at once"), "{idle}");
        assert!(busy.ends_with("more quads would decide"), "{busy}");
    }
}
