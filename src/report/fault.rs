//! What did not pass, in few lines: findings that differ only in their stage are one [`Fault`], told by the stage that
//! is farthest from the limit.

use super::Report;
use super::place::Stages;
use crate::gate::{Bound, Finding, Verdict};

/// Findings on one metric that came out alike.
pub(super) struct Fault<'a> {
    pub(super) verdict: Verdict,
    pub(super) metric: &'a str,
    findings: Vec<&'a Finding>,
    all: usize,
}

/// All faults of a report, worst verdict first.
pub(super) fn faults(report: &Report) -> Vec<Fault<'_>> {
    let mut faults: Vec<Fault<'_>> = Vec::new();
    for finding in &report.findings {
        if finding.verdict == Verdict::Passed {
            continue;
        }
        match faults.iter_mut().find(|fault| fault.holds(finding)) {
            Some(fault) => fault.findings.push(finding),
            None => faults.push(Fault {
                verdict: finding.verdict,
                metric: &finding.metric,
                findings: vec![finding],
                all: report.run.stages.len(),
            }),
        }
    }
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.verdict));
    faults
}

impl Fault<'_> {
    fn holds(&self, finding: &Finding) -> bool {
        self.findings.iter().all(|other| {
            other.verdict == finding.verdict
                && other.metric == finding.metric
                && other.limit == finding.limit
                && other.measured.is_some() == finding.measured.is_some()
                // About the run as a whole there is no stage to tell such findings by.
                && (other.stage.is_some() && finding.stage.is_some()
                    || other.reason == finding.reason)
        })
    }

    /// The fault without a full stop: `latency_p99 in stage in_flight=64: 184 ms is above the limit of 160 ms`.
    pub(super) fn sentence(&self) -> String {
        let Some(told) = self.told() else {
            return self.metric.to_owned();
        };
        let stages = Stages::new(self.stages(), self.all);
        let alike = self
            .findings
            .iter()
            .all(|finding| finding.reason == told.reason);
        let place = if alike {
            stages.words()
        } else {
            let which = if told.measured.is_some() {
                "worst"
            } else {
                "first"
            };
            Some(stages.such_as(which, told.stage.as_deref().unwrap_or("run")))
        };
        match place {
            Some(place) => format!("{} in {place}: {}", self.metric, told.reason),
            None => format!("{}: {}", self.metric, told.reason),
        }
    }

    /// What did not fit the sentence.
    pub(super) fn details(&self) -> &[String] {
        self.told().map_or(&[], |told| &told.details)
    }

    /// The finding that speaks for all.
    fn told(&self) -> Option<&Finding> {
        self.findings.iter().copied().reduce(farther)
    }

    fn stages(&self) -> Vec<&str> {
        self.findings
            .iter()
            .filter_map(|finding| finding.stage.as_deref())
            .collect()
    }
}

/// Of two findings on one limit, the one that misses it by more; the first where that cannot be said.
fn farther<'a>(one: &'a Finding, other: &'a Finding) -> &'a Finding {
    let is_farther = match (one.limit, one.measured, other.measured) {
        (Bound::AtMost(_), Some(one), Some(other)) => other > one,
        (Bound::AtLeast(_), Some(one), Some(other)) => other < one,
        (Bound::Exactly(limit), Some(one), Some(other)) => {
            (other - limit).abs() > (one - limit).abs()
        }
        (Bound::AtMost(_) | Bound::AtLeast(_) | Bound::Exactly(_), _, _) => false,
    };
    if is_farther { other } else { one }
}
