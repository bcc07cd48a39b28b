//! Two variants of a scenario, compared by the built tool.

use crate::tool::{Ended, Tool};
use serde_json::Value;
use std::fs;

const SCENARIO: &str = "name: compared
seed: 7
target: { mock: { latency: { fixed: 1ms } } }
workload: { completion: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: false } }
load: { closed: { in_flight: 12 } }
phases: { measure: 1s }
variants:
  sound: { target.mock.latency.fixed: 1ms }
  slow: { target.mock.latency.fixed: 8ms }
  broken: { target.mock.faults: [ { status: { share: 60%, http: 500 } } ] }
gate: { baseline: sound, candidate: slow, block: 100ms, quads: 12, quads_per_start: 2, extensions: 0 }
";

fn compared(arguments: &[&str]) -> (Ended, Tool) {
    let tool = Tool::new().file("x.yaml", SCENARIO);
    let ended = tool.run(&[&["ab", "x.yaml"], arguments].concat());
    (ended, tool)
}

fn comparison(tool: &Tool) -> Value {
    let folder = fs::read_dir(tool.path("reports/compared/comparisons"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    for file in ["comparison.html", "comparison.md", "junit.xml"] {
        assert!(
            fs::metadata(folder.path().join(file)).unwrap().len() > 0,
            "{file}"
        );
    }
    serde_json::from_str(&fs::read_to_string(folder.path().join("comparison.json")).unwrap())
        .unwrap()
}

#[test]
fn a_slower_candidate_regresses_and_says_by_how_much() {
    let (ended, tool) = compared(&[]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("baseline  sound\ncandidate slow\n"),
        "{ended:?}"
    );
    let document = comparison(&tool);
    assert_eq!(document["verdict"], "regressed");
    let trial = &document["comparison"]["trial"]["stages"][0];
    let quads = trial["quads"].as_array().unwrap();
    // The machine may be taken away in one more.
    let kept = quads.iter().filter(|quad| quad["dropped"].is_null());
    assert_eq!(kept.count(), 12);
    assert_eq!(
        quads[11]["start"], 5,
        "both arms are started anew every two quads"
    );
    let findings = document["comparison"]["judged"]["findings"]
        .as_array()
        .unwrap();
    let rate = findings
        .iter()
        .find(|finding| finding["metric"] == "rps_ok")
        .unwrap();
    assert_eq!(rate["judgement"], "regressed");
    assert!(rate["change"]["upper"].as_f64().unwrap() < -0.05, "{rate}");
    let tokens = findings
        .iter()
        .find(|finding| finding["metric"] == "output_tokens_per_answer")
        .unwrap();
    assert_eq!(tokens["judgement"], "unchanged");
}

#[test]
fn errors_are_a_regression_however_fast_they_return() {
    let (ended, tool) = compared(&["--b", "broken", "--quiet"]);

    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    let document = comparison(&tool);
    let findings = document["comparison"]["judged"]["findings"]
        .as_array()
        .unwrap();
    let errors = findings
        .iter()
        .find(|finding| finding["metric"] == "error_rate")
        .unwrap();
    assert_eq!(errors["judgement"], "regressed");
    assert!(
        findings
            .iter()
            .all(|finding| finding["judgement"] != "improved"),
        "{findings:?}"
    );
}

#[test]
fn too_few_quads_decide_nothing_and_the_policy_says_what_that_is() {
    let few = [
        "--set",
        "gate.quads=6",
        "--a",
        "slow",
        "--b",
        "client.deadline=9s",
        "--b",
        "slow",
    ];
    let (told, _) = compared(&few);
    let (passed, _) = compared(&[&few[..], &["--on-inconclusive", "pass"]].concat());

    assert_eq!(told.code, Some(4), "{told:?}");
    assert_eq!(passed.code, Some(0), "{passed:?}");
}

#[test]
fn arms_that_cannot_be_are_told_before_anything_runs() {
    let told = |arguments: &[&str]| {
        let (ended, _) = compared(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.stderr
    };

    let gallery = [
        told(&["--b", "slwo"]),
        told(&["--b", "sound"]),
        told(&["--b", "slow", "--b", "broken"]),
        told(&["--b", "target.mock.latency.fixed=soon"]),
        told(&["--set", "gate.quads=3"]),
        told(&["--set", "gate.candidate=slwo"]),
        told(&["--report", "pdf"]),
    ];

    insta::assert_snapshot!(gallery.join("\n"));
}
