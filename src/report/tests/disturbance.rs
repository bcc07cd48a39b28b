//! What faults of limited time did, in every format.

use super::*;

/// A report on two stages: in one the target recovered from both of its faults, in the other it never did from the second.
fn disturbed() -> Report {
    let stage = |index, in_flight, disturbances| StageSummary {
        disturbances: Some(disturbances),
        ..fixture::streaming_stage(index, in_flight)
    };
    let stages = vec![
        stage(0, 8, fixture::disturbances(true)),
        stage(1, 16, fixture::disturbances(false)),
    ];
    let run = RunSummary::new(fixture::identity(), stages);
    let rules = [
        at_most("detect", "50ms"),
        at_most("recover", "500ms"),
        at_most("lost", "5"),
    ];
    let findings = judge(&run, &rules);
    Report::new(run, findings)
}

#[test]
fn the_terminal_has_a_line_for_each_fault() {
    let told = terminal(&disturbed(), NARROW);

    let faults = told.lines().skip_while(|line| !line.starts_with("fault"));
    let faults: Vec<&str> = faults.take_while(|line| !line.is_empty()).collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn markdown_has_a_row_for_each_fault_and_says_what_counts_as_recovered() {
    let markdown = rendered(&disturbed(), "markdown");

    let table = markdown.lines().skip_while(|line| !line.contains("begins"));
    let table = table.take_while(|line| !line.starts_with('>') && !line.starts_with('<'));
    let faults: Vec<&str> = table.collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn html_has_a_row_for_each_fault_and_nothing_of_it_is_markup() {
    let html = rendered(&disturbed(), "html");

    assert_eq!(
        html.matches("<td class=\"left\">refuse at").count(),
        2,
        "{html}"
    );
    assert_eq!(
        html.matches("<td class=\"left\">death at").count(),
        2,
        "{html}"
    );
    assert!(
        html.contains("Recovered: of the requests due in the next 1.00 s"),
        "{html}"
    );
    assert!(!html.contains("<b>primary"), "{html}");
}

#[test]
fn a_report_with_faults_survives_its_file() {
    let report = disturbed();

    let read = Report::from_json(rendered(&report, "json").as_bytes()).unwrap();

    assert_eq!(read, report);
}
