//! What did not fit a script, in every format.

use super::*;

/// A report on one stage whose script was not kept.
fn scripted() -> Report {
    let stage = StageSummary {
        script: Some(fixture::script()),
        ..fixture::streaming_stage(0, 1)
    };
    let run = RunSummary::new(fixture::identity(), vec![stage]);
    let findings = judge(&run, &[]);
    Report::new(run, findings)
}

#[test]
fn the_terminal_shows_the_difference_below_its_finding() {
    insta::assert_snapshot!(terminal(&scripted(), NARROW));
}

#[test]
fn every_file_shows_the_difference_and_stays_well_formed() {
    let report = scripted();
    let difference = "headers.x-stainless-retry-count: expected";

    let markdown = rendered(&report, "markdown");
    let junit = rendered(&report, "junit");
    let html = rendered(&report, "html");

    assert!(
        markdown.contains("```text\nPOST /v1/chat/completions: nearest"),
        "{markdown}"
    );
    assert!(markdown.contains("found \"<b>'hi'|\"\n"), "{markdown}");
    assert!(
        junit.contains("found &quot;&lt;b&gt;`hi`|&quot;"),
        "{junit}"
    );
    assert!(html.contains("<pre>POST /v1/chat/completions: nearest to stubs[1]"));
    assert!(html.contains("found &#34;&#60;b&#62;`hi`|&#34;"));
    for page in [markdown, junit, html] {
        assert!(page.contains(difference), "{page}");
    }
}

#[test]
fn a_report_with_a_script_survives_its_file() {
    let report = scripted();

    let read = Report::from_json(rendered(&report, "json").as_bytes()).unwrap();

    assert_eq!(read, report);
}
