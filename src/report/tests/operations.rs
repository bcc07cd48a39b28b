//! The table of operations in every format.

use super::*;
use crate::sample::{Kind, Operation, Outcome};
use crate::summary::{Recorder, summarize};
use std::time::Duration;

/// One load of 50 ms, and two chats of 9 ms of which one was given up, in each of so many stages.
fn journeys(stages: usize) -> Report {
    let kinds = [Kind::of(Operation::Chat), Kind::of(Operation::Load)];
    let stage = |index| {
        let mut recorder = Recorder::new(fixture::WINDOW).telling_apart(&kinds);
        for (operation, millis, outcome) in [
            (Operation::Load, 50, Outcome::Answered),
            (Operation::Chat, 9, Outcome::Answered),
            (Operation::Chat, 9, Outcome::Cancelled),
        ] {
            let took = Duration::from_millis(millis);
            let mut sample = fixture::ended(fixture::WINDOW.start, took, outcome);
            sample.operation = operation;
            sample.kind = usize::from(operation == Operation::Load);
            recorder.record(&sample);
        }
        summarize(fixture::facts(index, 1), recorder)
    };
    let run = RunSummary::new(fixture::identity(), (0..stages).map(stage).collect());
    let slow = Rule {
        operation: Some(Operation::Load),
        ..at_most("latency_max", "40ms")
    };
    let findings = judge(&run, &[slow, at_least("success_rate", "100%")]);
    Report::new(run, findings)
}

#[test]
fn operations_are_told_apart_at_the_terminal() {
    insta::assert_snapshot!("terminal_operations", terminal(&journeys(1), NARROW));
    insta::assert_snapshot!(
        "terminal_operations_of_stages",
        terminal(&journeys(2), NARROW)
    );
}

#[test]
fn parts_of_a_mix_are_told_apart_beside_what_they_ask() {
    let kind = |part: &str, operation| Kind {
        stream: None,
        part: Some(part.to_owned()),
        turn: None,
        operation,
    };
    let kinds = [
        kind("life", Operation::Chat),
        kind("life", Operation::Load),
        kind("short", Operation::Chat),
    ];
    let mut recorder = Recorder::new(fixture::WINDOW).telling_apart(&kinds);
    for (kind, millis) in [(0, 9), (1, 50), (2, 3), (2, 4)] {
        let took = Duration::from_millis(millis);
        let mut sample = fixture::ended(fixture::WINDOW.start, took, Outcome::Answered);
        sample.kind = kind;
        recorder.record(&sample);
    }
    let stage = summarize(fixture::facts(0, 1), recorder);
    let run = RunSummary::new(fixture::identity(), vec![stage]);
    let of = |operation, part: &str, limit| Rule {
        operation,
        part: Some(part.to_owned()),
        ..at_most("latency_max", limit)
    };
    let rules = [
        of(None, "short", "3ms"),
        of(None, "life", "60ms"),
        of(Some(Operation::Load), "life", "40ms"),
    ];
    let findings = judge(&run, &rules);

    insta::assert_snapshot!(
        "terminal_parts_of_a_mix",
        terminal(&Report::new(run, findings), NARROW)
    );
}

#[test]
fn operations_are_told_apart_in_markdown_and_html() {
    let markdown = rendered(&journeys(1), "markdown");
    let html = rendered(&journeys(1), "html");

    assert!(
        markdown.contains(
            "| operation | offered | answered | failed | cancelled | latency p50 | latency p99 |"
        ),
        "{markdown}"
    );
    assert!(
        markdown.contains("| load | 1 | 1 | 0 | 0 | 50.0 ms | 1 of 662 |"),
        "{markdown}"
    );
    assert!(html.contains("<h2>Operations</h2>"));
    assert!(
        html.contains("<td class=\"left\">load</td><td>1</td>"),
        "{html}"
    );
}
