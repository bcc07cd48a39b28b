//! The comparison as JUnit XML: a test suite a stage, a test case for each metric that decides. What regressed is a failure;
//! what is not decided or was refused is an error, because neither is a pass.

use super::{Comparison, Error};
use crate::gate::compare::{Judgement, MetricFinding, Tier};
use crate::metric::print_change;
use crate::report::comparison::words;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

pub(super) fn render(comparison: &Comparison) -> Result<Vec<u8>, Error> {
    let scenario = comparison.identity.scenario.as_str();
    let mut document = Report::new(scenario);
    for stage in &comparison.trial.stages {
        let mut suite = TestSuite::new(stage.name.as_str());
        let deciding = comparison
            .judged
            .findings
            .iter()
            .filter(|finding| finding.stage == stage.name && finding.tier == Tier::Gated);
        suite.add_test_cases(deciding.map(|finding| case(finding, scenario)));
        document.add_test_suite(suite);
    }
    Ok(document.to_string()?.into_bytes())
}

fn case(finding: &MetricFinding, scenario: &str) -> TestCase {
    let mut case = TestCase::new(finding.metric.as_str(), status(finding));
    case.set_classname(scenario);
    if let Some(change) = finding.change {
        let told = format!(
            "{} ({})",
            print_change(change.estimate),
            words::interval(change)
        );
        case.add_property(("change", told.as_str()));
    }
    case
}

fn status(finding: &MetricFinding) -> TestCaseStatus {
    let kind = match finding.judgement {
        Judgement::Improved | Judgement::Unchanged | Judgement::ProbablyImproved => {
            return TestCaseStatus::success();
        }
        Judgement::Regressed => NonSuccessKind::Failure,
        // What neither arm measures says nothing.
        Judgement::Inconclusive if finding.baseline.is_none() && finding.candidate.is_none() => {
            return TestCaseStatus::skipped();
        }
        Judgement::ProbablyRegressed | Judgement::Inconclusive | Judgement::Refused => {
            NonSuccessKind::Error
        }
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(finding.judgement.name())
        .set_message(finding.reason.as_str());
    status
}
