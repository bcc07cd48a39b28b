//! What a run leaves behind.

use crate::tool::Tool;
use std::fs;

const SCENARIO: &str = "name: short
purpose: Both protocols answer.
seed: 7
workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: true } }
load: { closed: { in_flight: 4 } }
phases: { warmup: 50ms, measure: 200ms }
sweep: { client.mode: [rest, grpc] }
expect:
  - { metric: success_rate, at_least: 100% }
";

#[test]
fn a_run_writes_every_report_and_passes() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "plain when not a terminal"
    );
    let folder = tool.run_folder("short");
    for file in ["report.json", "report.html", "report.md", "junit.xml"] {
        assert!(fs::metadata(folder.join(file)).unwrap().len() > 0, "{file}");
    }
    let run = &tool.report("short")["run"];
    assert_eq!(run["end"], "completed");
    for stage in run["stages"].as_array().unwrap() {
        let accounting = &stage["accounting"];
        assert_eq!(
            accounting["offered"], accounting["answered"],
            "{accounting}"
        );
    }
}

#[test]
fn a_missed_expectation_fails_with_its_reason() {
    let text = SCENARIO.replace("success_rate, at_least: 100%", "latency_p50, at_most: 1us");
    let tool = Tool::new().file("x.yaml", &text);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("latency_p50"), "{ended:?}");
}

#[test]
fn too_few_samples_for_a_percentile_is_no_verdict() {
    let text = SCENARIO.replace(
        "success_rate, at_least: 100%",
        "latency_p99_9, at_most: 10s",
    );
    let tool = Tool::new().file(
        "x.yaml",
        &text.replace("in_flight: 4", "in_flight: 1, think: 10ms"),
    );

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(4), "{ended:?}");
}

#[test]
fn a_measurement_that_is_not_valid_is_refused_with_the_reason_and_the_remedy() {
    let text = SCENARIO
        .replace(
            "closed: { in_flight: 4 }",
            "open: { constant: { rate: 200/s } }",
        )
        .replace("seed: 7", "seed: 7\nvalidity: { lag_p99: 1ns }");
    let tool = Tool::new().file("x.yaml", &text);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.stdout.contains("Refused: success_rate") && ended.stdout.contains("lower the rate"),
        "{ended:?}"
    );
    let report = tool.report("short");
    let breach = &report["run"]["certificate"]["stages"][0]["breaches"][0];
    assert_eq!(breach["what"], "lag_p99", "{breach}");
    assert_eq!(breach["severity"], "refuse", "{breach}");
}

#[test]
fn quiet_says_nothing_and_reports_all_the_same() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    let ended = tool.run(&["run", "--quiet", "x.yaml"]);

    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    assert_eq!(tool.report("short")["run"]["end"], "completed");
}

#[test]
fn only_the_formats_asked_for_are_written() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    tool.run(&["run", "x.yaml", "--report", "junit"]);

    let files: Vec<_> = fs::read_dir(tool.run_folder("short")).unwrap().collect();
    assert_eq!(files.len(), 1);
}

#[test]
fn the_schema_of_reports_is_printed_as_it_is_published() {
    let published = fs::read_to_string("reports/schema/report.v1.json").unwrap();

    let printed = Tool::new().run(&["schema", "report"]);

    assert_eq!(printed.stdout, published);
}
