//! The report as JUnit XML, for CI systems: a test suite a stage, a test case a finding, and one for the end of the run.
//! What failed is a failure; what could not be decided or was refused is an error, because neither is a pass.

use super::{Error, Report};
use crate::gate::{Finding, Verdict};
use crate::summary::RunEnd;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

pub(super) fn render(report: &Report) -> Result<Vec<u8>, Error> {
    let run = &report.run;
    let mut document = quick_junit::Report::new(run.identity.scenario.as_str());
    for stage in &run.stages {
        document.add_test_suite(suite(report, &stage.name, Some(&stage.name)));
    }
    document.add_test_suite(whole_run(report));
    Ok(document.to_string()?.into_bytes())
}

/// The findings on one stage.
fn suite(report: &Report, name: &str, stage: Option<&String>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.stage.as_ref() == stage);
    suite.add_test_cases(findings.map(|finding| case(report, finding)));
    suite
}

/// The findings on no stage, and whether the run came to its end: one that did not must never look green.
fn whole_run(report: &Report) -> TestSuite {
    let run = &report.run;
    let mut suite = suite(report, "run", None);
    let status = if run.end == RunEnd::Completed && !run.stages.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status
            .set_type(report.verdict.name())
            .set_message(report.sentence());
        status
    };
    let mut case = TestCase::new("the run came to its planned end", status);
    case.set_classname(run.identity.scenario.as_str());
    suite.add_test_case(case);
    suite
}

fn case(report: &Report, finding: &Finding) -> TestCase {
    let name = format!("{} {}", finding.metric, finding.limit.print(finding.unit));
    let mut case = TestCase::new(name, status(finding));
    case.set_classname(report.run.identity.scenario.as_str());
    if let Some(measured) = finding.measured {
        case.add_property(("measured", finding.unit.print(measured).as_str()));
    }
    case
}

fn status(finding: &Finding) -> TestCaseStatus {
    let kind = match finding.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Failed => NonSuccessKind::Failure,
        Verdict::Inconclusive | Verdict::Refused => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(finding.verdict.name())
        .set_message(finding.reason.as_str());
    if !finding.details.is_empty() {
        status.set_description(finding.details.join("\n"));
    }
    status
}
