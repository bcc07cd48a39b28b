use super::rule::{Limit, Rule};
use super::*;
use crate::sample::{Failure, Outcome};
use crate::summary::fixture::{WINDOW, ended, facts, identity, streaming_stage};
use crate::summary::{Recorder, RunSummary, StageEnd, StageSummary, summarize};
use crate::units::Offset;
use serde_json::{Map, Value, json};
use std::time::Duration;

fn at_most(metric: &str, limit: Value) -> Rule {
    Rule {
        stream: None,
        metric: metric.to_owned(),
        at_most: Some(Limit(limit)),
        at_least: None,
        operation: None,
        part: None,
        turn: None,
        only: Map::new(),
    }
}

/// A stage in which this many requests ended in this way, 5 ms each.
fn stage_of(requests: u64, outcome: Outcome) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..requests {
        let start = Offset::from_millis(1_000 + n);
        recorder.record(&ended(start, Duration::from_millis(5), outcome));
    }
    summarize(facts(0, 1), recorder)
}

fn run_of(stage: StageSummary) -> RunSummary {
    RunSummary::new(identity(), vec![stage])
}

/// Verdict and reason of the first finding, and the verdict on the run.
fn judged(run: &RunSummary, rule: Rule) -> (Verdict, String, Verdict) {
    let findings = judge(run, &[rule]);
    let first = findings.first().unwrap();
    (first.verdict, first.reason.clone(), verdict(run, &findings))
}

#[test]
fn a_value_at_its_limit_passes() {
    let run = run_of(stage_of(100, Outcome::Answered));

    let (verdict, reason, whole) = judged(&run, at_most("latency_max", json!("5ms")));

    assert_eq!((verdict, whole), (Verdict::Passed, Verdict::Passed));
    assert_eq!(reason, "5.00 ms keeps the limit of 5 ms");
}

#[test]
fn a_value_beyond_its_limit_fails_the_run() {
    let run = run_of(stage_of(100, Outcome::Answered));

    let (verdict, reason, whole) = judged(&run, at_most("latency_mean", json!("4ms")));

    assert_eq!((verdict, whole), (Verdict::Failed, Verdict::Failed));
    assert_eq!(reason, "5.00 ms is above the limit of 4 ms");
}

#[test]
fn too_few_samples_are_inconclusive() {
    let run = run_of(stage_of(100, Outcome::Answered));

    let (verdict, reason, whole) = judged(&run, at_most("latency_p99", json!("1s")));

    assert_eq!(
        (verdict, whole),
        (Verdict::Inconclusive, Verdict::Inconclusive)
    );
    assert_eq!(
        reason,
        "100 of the 662 samples that it takes, all within the limit: measure longer or at a higher rate"
    );
}

#[test]
fn what_was_not_measured_does_not_pass() {
    let run = run_of(stage_of(100, Outcome::Answered));

    let (verdict, reason, _) = judged(&run, at_most("ttft_p50", json!("1s")));

    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(reason, "not measured: no samples");
}

#[test]
fn zero_answers_fail_without_any_rule() {
    let run = run_of(stage_of(100, Outcome::Failed(Failure::Connect)));

    let findings = judge(&run, &[]);

    let [finding] = findings.as_slice() else {
        panic!("one finding: {findings:?}")
    };
    assert_eq!(finding.origin, Origin::Implied);
    assert_eq!(finding.reason, "no request of this stage was answered");
    assert_eq!(verdict(&run, &findings), Verdict::Failed);
}

/// A stage with this many right answers among a hundred requests.
fn stage_with(answered: u64) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..100 {
        let outcome = if n < answered {
            Outcome::Answered
        } else {
            Outcome::Failed(Failure::Http(500))
        };
        let start = Offset::from_millis(1_000 + n);
        recorder.record(&ended(start, Duration::from_millis(5), outcome));
    }
    summarize(facts(0, 1), recorder)
}

#[test]
fn a_stage_that_mostly_failed_does_not_pass_unless_that_was_expected() {
    let run = run_of(stage_with(49));

    let unexpected = judge(&run, &[]);
    let expected = judge(&run, &[at_most("error_rate", json!("60%"))]);

    assert_eq!(verdict(&run, &unexpected), Verdict::Failed);
    assert_eq!(
        unexpected[0].reason,
        "49.0 % is below the limit of 50 %, which holds unless the scenario has a rule on success_rate"
    );
    assert_eq!(verdict(&run, &expected), Verdict::Passed);
    let half = run_of(stage_with(50));
    assert_eq!(verdict(&half, &judge(&half, &[])), Verdict::Passed);
}

#[test]
fn what_an_interrupted_run_did_not_reach_is_inconclusive() {
    let mut stage = stage_of(0, Outcome::Answered);
    stage.end = StageEnd::Interrupted;
    let run = run_of(stage);
    let mut rule = at_most("error_rate", json!("50%"));
    rule.only
        .insert("load.closed.in_flight".to_owned(), json!(64));

    let findings = judge(&run, &[rule]);

    assert_eq!(
        findings[0].reason,
        r#"the run ended before a stage with the settings {"load.closed.in_flight":64}"#
    );
    assert_eq!(verdict(&run, &findings), Verdict::Inconclusive);
}

#[test]
fn a_run_without_stages_fails() {
    let run = RunSummary::new(identity(), Vec::new());

    assert_eq!(verdict(&run, &judge(&run, &[])), Verdict::Failed);
}

#[test]
fn books_that_do_not_balance_are_refused_even_where_a_limit_is_missed() {
    let mut stage = stage_of(100, Outcome::Answered);
    stage.accounting.offered += 1;
    let run = run_of(stage);

    let (verdict, reason, whole) = judged(&run, at_most("latency_mean", json!("4ms")));

    assert_eq!((verdict, whole), (Verdict::Refused, Verdict::Refused));
    assert_eq!(
        reason,
        "the requests do not add up: 101 offered, 100 answered (100 latencies), 0 wrong, 0 failed, 0 cancelled, 0 not sent"
    );
}

#[test]
fn an_interrupted_run_is_inconclusive_at_best() {
    let mut stage = stage_of(100, Outcome::Answered);
    stage.end = StageEnd::Interrupted;
    let run = run_of(stage);

    let (first, _, whole) = judged(&run, at_most("latency_mean", json!("5ms")));

    assert_eq!((first, whole), (Verdict::Passed, Verdict::Inconclusive));
}

#[test]
fn a_target_that_died_has_failed() {
    let mut stage = stage_of(100, Outcome::Answered);
    stage.end = StageEnd::TargetDied;
    let run = run_of(stage);

    let findings = judge(&run, &[]);

    assert_eq!(verdict(&run, &findings), Verdict::Failed);
    assert_eq!(
        findings.last().map(|finding| finding.reason.as_str()),
        Some("the target died during this stage")
    );
}

#[test]
fn a_rule_is_held_against_the_stages_it_names() {
    let run = RunSummary::new(
        identity(),
        vec![streaming_stage(0, 1), streaming_stage(1, 2)],
    );
    let mut rule = at_most("error_rate", json!("50%"));
    rule.only
        .insert("load.closed.in_flight".to_owned(), json!(2.0));

    let findings = judge(&run, &[rule]);

    let stages: Vec<_> = findings
        .iter()
        .filter(|finding| finding.origin == Origin::Scenario)
        .map(|finding| finding.stage.as_deref())
        .collect();
    assert_eq!(stages, [Some("in_flight=2")]);
}

#[test]
fn a_rule_that_no_stage_matches_fails() {
    let run = run_of(stage_of(100, Outcome::Answered));
    let mut rule = at_most("error_rate", json!("50%"));
    rule.only
        .insert("load.closed.in_flight".to_owned(), json!(64));

    let (verdict, reason, _) = judged(&run, rule);

    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(
        reason,
        r#"no stage has the settings {"load.closed.in_flight":64}, so nothing was checked"#
    );
}

#[test]
fn rules_that_cannot_be_checked_say_which_field_and_why() {
    let refused = |rule: Rule| rule.check().unwrap_err().to_string();
    let mut both = at_most("latency_p99", json!("1s"));
    both.at_least = Some(Limit(json!("1ms")));
    let mut neither = at_most("latency_p99", json!("1s"));
    neither.at_most = None;

    insta::assert_snapshot!(refused(at_most("latency_p98", json!("1s"))), @"metric: expected the name of a metric, found `latency_p98`; did you mean `latency_p99`?");
    insta::assert_snapshot!(refused(at_most("latency_p99", json!(100))), @"at_most: expected a duration with its unit, such as 250ms, found `100`");
    insta::assert_snapshot!(refused(both), @"at_least: expected one of `at_most` and `at_least`, found both; write two rules");
    insta::assert_snapshot!(refused(neither), @"metric: expected a limit on `latency_p99`, found none; add `at_most` or `at_least`, a duration with its unit, such as 250ms");
    assert_eq!(at_most("latency_p99", json!("1s")).check(), Ok(()));
}

#[test]
fn a_share_that_is_exactly_the_limit_keeps_it() {
    let mut stage = stage_of(999, Outcome::Answered);
    stage.accounting.offered += 1;
    stage.accounting.failed += 1;
    let rule = Rule {
        at_most: None,
        at_least: Some(Limit(json!("99.9%"))),
        ..at_most("success_rate", json!("99.9%"))
    };

    let (verdict, reason, _) = judged(&run_of(stage), rule);

    assert_eq!(verdict, Verdict::Passed, "{reason}");
}

#[test]
fn a_limit_missed_by_less_than_is_printed_says_by_how_much() {
    let run = run_of(stage_of(10, Outcome::Answered));

    let (_, reason, _) = judged(&run, at_most("latency_max", json!("4.999ms")));

    assert_eq!(reason, "5.00 ms is above the limit of 4.999 ms, by 1.00 µs");
}

/// A stage whose requests left so late that the generator's own lateness is most of what was measured.
fn late_stage(validity: crate::gate::Validity) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..100 {
        let due = Offset::from_millis(1_000 + n);
        let mut late = ended(due, Duration::from_millis(205), Outcome::Answered);
        late.sent = Some(due.after(Duration::from_millis(200)));
        recorder.record(&late);
    }
    let facts = crate::summary::StageFacts {
        validity,
        ..facts(0, 1)
    };
    summarize(facts, recorder)
}

#[test]
fn a_generator_that_was_late_refuses_every_number_of_its_stage() {
    let run = run_of(late_stage(Validity::default()));

    let (verdict, reason, whole) = judged(&run, at_most("latency_mean", json!("1s")));

    assert_eq!((verdict, whole), (Verdict::Refused, Verdict::Refused));
    assert_eq!(
        reason,
        "not valid: requests left late, at the 99th percentile by 200 ms, the limit is 102.5 ms: free the machine, or lower the rate"
    );
    let unasked = judge(&run, &[]);
    assert_eq!(super::verdict(&run, &unasked), Verdict::Refused);
}

#[test]
fn a_scenario_may_allow_more() {
    let allowing = Validity {
        lag_p99: "300ms".parse().ok(),
        ..Validity::default()
    };
    let run = run_of(late_stage(allowing));

    let (verdict, _, whole) = judged(&run, at_most("latency_mean", json!("1s")));

    assert_eq!((verdict, whole), (Verdict::Passed, Verdict::Passed));
}

#[test]
fn too_few_samples_are_refused_where_the_scenario_is_strict_about_them() {
    let mut stage = stage_of(100, Outcome::Answered);
    stage.validity.samples = Strictness::Strict;
    let run = run_of(stage);

    let (p99, _, whole) = judged(&run, at_most("latency_p99", json!("1s")));
    let (p50, _, _) = judged(&run, at_most("latency_p50", json!("1s")));

    assert_eq!((p99, whole), (Verdict::Refused, Verdict::Refused));
    assert_eq!(p50, Verdict::Passed);
}
