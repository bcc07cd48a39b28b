//! What scripted stubs saw, held against what their script asks for: each stub's calls, and that nothing came that no stub
//! takes. Example: `stubs[1]: POST /v1/chat/completions was never called, expected exactly 1`.

use super::{Bound, Finding, Origin, Verdict};
use crate::metric::Unit;
use crate::summary::{Script, StageEnd, StageSummary, StubCalls, UnexpectedRequest, WhyUnexpected};
use crate::units::{float, wide};

/// What a finding on requests that no stub takes has for a metric.
const UNEXPECTED: &str = "unexpected_requests";

/// Every finding on a stage's script; none where it had no script.
pub(super) fn judge(stage: &StageSummary) -> Vec<Finding> {
    let Some(script) = &stage.script else {
        return Vec::new();
    };
    let stubs = script.stubs.iter().enumerate();
    let calls = stubs.map(|(index, stub)| called(stage, index, stub));
    calls.chain([surprised(stage, script)]).collect()
}

fn called(stage: &StageSummary, index: usize, stub: &StubCalls) -> Finding {
    let (at_least, calls) = (float(stub.at_least), float(stub.calls));
    let bound = match stub.at_most {
        Some(most) if most == stub.at_least => Bound::Exactly(at_least),
        Some(most) if stub.at_least == 0 || stub.calls > most => Bound::AtMost(float(most)),
        Some(_) | None => Bound::AtLeast(at_least),
    };
    let verdict = match (bound.holds(calls), stage.end) {
        (true, _) => Verdict::Passed,
        // The calls that are missing might still have come.
        (false, StageEnd::Interrupted) if stub.calls < stub.at_least => Verdict::Inconclusive,
        (false, _) => Verdict::Failed,
    };
    let often = match stub.calls {
        0 => "never called".to_owned(),
        calls => format!("called {}", times(calls)),
    };
    let expected = bound.print(Unit::Count);
    let reason = format!("{} was {often}, expected {expected}", stub.request);
    Finding {
        metric: format!("stubs[{index}]"),
        measured: Some(calls),
        ..finding(stage, bound, verdict, reason)
    }
}

fn surprised(stage: &StageSummary, script: &Script) -> Finding {
    let (verdict, reason) = match script.unexpected {
        0 => (
            Verdict::Passed,
            "every request was expected by a stub".to_owned(),
        ),
        1 => (
            Verdict::Failed,
            "1 request was expected by no stub".to_owned(),
        ),
        many => (
            Verdict::Failed,
            format!("{many} requests were expected by no stub"),
        ),
    };
    let told: u64 = script.examples.iter().map(|example| example.times).sum();
    let others = script.unexpected.saturating_sub(told);
    let rest = (others > 0).then(|| format!("and {others} more, which differ in other ways"));
    Finding {
        metric: UNEXPECTED.to_owned(),
        measured: Some(float(script.unexpected)),
        details: script
            .examples
            .iter()
            .flat_map(example)
            .chain(rest)
            .collect(),
        ..finding(stage, Bound::AtMost(0.0), verdict, reason)
    }
}

fn finding(stage: &StageSummary, limit: Bound, verdict: Verdict, reason: String) -> Finding {
    Finding {
        metric: String::new(),
        unit: Unit::Count,
        stage: Some(stage.name.clone()),
        origin: Origin::Scenario,
        measured: None,
        limit,
        baseline: None,
        verdict,
        reason,
        details: Vec::new(),
    }
}

/// An unexpected request and what keeps it from the stub that it came nearest to, a line for each place.
fn example(example: &UnexpectedRequest) -> Vec<String> {
    let nearest = format!("stubs[{}]", example.nearest);
    let often = match example.times {
        1 => String::new(),
        many => format!(" ({})", times(many)),
    };
    let request = &example.request;
    let told = match example.why {
        WhyUnexpected::UsedUp => "once it had been called as often as it may be",
        WhyUnexpected::OutOfTurn => "out of its turn",
        WhyUnexpected::Differs => {
            return different(example, &format!("{request}{often}: nearest to {nearest}"));
        }
    };
    vec![format!("{request}{often}: what {nearest} expects, {told}")]
}

fn different(example: &UnexpectedRequest, head: &str) -> Vec<String> {
    let places = wide(example.differences.len());
    let s = if places == 1 { "" } else { "s" };
    let head = format!("{head}, with {places} difference{s}");
    let lines = example.differences.iter().map(|differs| {
        format!(
            "  {}: expected {}, found {}",
            differs.place, differs.expected, differs.found
        )
    });
    std::iter::once(head).chain(lines).collect()
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn stage(script: Script) -> StageSummary {
        StageSummary {
            script: Some(script),
            ..fixture::streaming_stage(0, 1)
        }
    }

    /// Verdict and reason of a stub that was called so often.
    fn judged(at_least: u64, at_most: Option<u64>, calls: u64, end: StageEnd) -> (Verdict, String) {
        let stub = StubCalls {
            request: "GET /".to_owned(),
            at_least,
            at_most,
            calls,
        };
        let script = Script {
            stubs: vec![stub],
            ..Script::default()
        };
        let finding = judge(&StageSummary {
            end,
            ..stage(script)
        })
        .swap_remove(0);
        (finding.verdict, finding.reason)
    }

    #[test]
    fn calls_are_held_against_what_the_script_asks_for() {
        use StageEnd::{Completed, Interrupted};
        use Verdict::{Failed, Inconclusive, Passed};
        let cases = [
            (
                (2, Some(2), 2, Completed),
                Passed,
                "called 2 times, expected exactly 2",
            ),
            (
                (2, Some(2), 1, Completed),
                Failed,
                "called once, expected exactly 2",
            ),
            (
                (2, Some(2), 1, Interrupted),
                Inconclusive,
                "called once, expected exactly 2",
            ),
            (
                (1, None, 9, Completed),
                Passed,
                "called 9 times, expected at least 1",
            ),
            (
                (1, None, 0, Completed),
                Failed,
                "never called, expected at least 1",
            ),
            (
                (1, Some(3), 0, Completed),
                Failed,
                "never called, expected at least 1",
            ),
            (
                (0, Some(3), 3, Completed),
                Passed,
                "called 3 times, expected at most 3",
            ),
            (
                (0, Some(3), 0, Completed),
                Passed,
                "never called, expected at most 3",
            ),
        ];

        for ((at_least, at_most, calls, end), verdict, reason) in cases {
            assert_eq!(
                judged(at_least, at_most, calls, end),
                (verdict, format!("GET / was {reason}"))
            );
        }
    }

    #[test]
    fn what_no_stub_expects_is_told_line_by_line() {
        let findings = judge(&stage(fixture::script()));

        let verdicts: Vec<_> = findings
            .iter()
            .map(|finding| (finding.metric.as_str(), finding.verdict))
            .collect();
        assert_eq!(
            verdicts,
            [
                ("stubs[0]", Verdict::Passed),
                ("stubs[1]", Verdict::Failed),
                (UNEXPECTED, Verdict::Failed),
            ]
        );
        assert_eq!(findings[2].reason, "4 requests were expected by no stub");
        assert_eq!(
            findings[2].details,
            [
                "POST /v1/chat/completions: nearest to stubs[1], with 2 differences",
                "  headers.x-stainless-retry-count: expected \"1\", found nothing",
                "  body.messages[0].content: expected \"hello\", found \"<b>`hi`|\"",
                "POST /v1/chat/completions (2 times): what stubs[0] expects, once it had been called as often as it may be",
                "and 1 more, which differ in other ways",
            ]
        );
    }

    #[test]
    fn a_request_out_of_its_turn_is_told_as_that() {
        let mut script = fixture::script();
        script.examples = vec![UnexpectedRequest {
            why: WhyUnexpected::OutOfTurn,
            ..script.examples.swap_remove(1)
        }];
        script.unexpected = 2;

        assert_eq!(
            judge(&stage(script))[2].details,
            ["POST /v1/chat/completions (2 times): what stubs[0] expects, out of its turn"]
        );
    }

    #[test]
    fn a_stage_without_a_script_has_no_findings_on_it() {
        assert_eq!(judge(&fixture::streaming_stage(0, 1)), []);
    }
}
