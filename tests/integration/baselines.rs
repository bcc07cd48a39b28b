//! Baselines as a user keeps them, and the gate that holds a scenario against one.

use crate::tool::{Ended, Tool};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const SCENARIO: &str = "name: kept
seed: 7
target: { mock: { latency: { fixed: 1ms } } }
workload: { completion: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: false } }
load: { closed: { in_flight: 4 } }
phases: { measure: 300ms }
gate: { block: 100ms, quads: 6, extensions: 0 }
";

/// A folder with one baseline, `main`, of one run.
fn saved() -> Tool {
    let tool = Tool::new().file("x.yaml", SCENARIO);
    let ended = tool.run(&["baseline", "save", "main", "x.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.stdout,
        "main: 1 run of kept saved in reports/baselines/main\n"
    );
    tool
}

fn gate(tool: &Tool) -> Ended {
    tool.run(&["gate", "x.yaml", "--baseline", "main"])
}

fn comparison(tool: &Tool) -> Value {
    let folder = tool.path("reports/kept/comparisons");
    let run = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    serde_json::from_str(&fs::read_to_string(run.path().join("comparison.json")).unwrap()).unwrap()
}

/// The one stored run.
fn stored(tool: &Tool) -> PathBuf {
    let runs = tool.path("reports/baselines/main/runs");
    fs::read_dir(runs).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_baseline_is_listed_shown_and_removed() {
    let tool = saved();

    let listed = tool.run(&["baseline", "list"]);
    let shown = tool.run(&["baseline", "show", "main"]);
    let removed = tool.run(&["baseline", "remove", "main"]);
    let empty = tool.run(&["baseline", "list"]);

    assert!(
        listed.stdout.starts_with("main  x.yaml  commit "),
        "{listed:?}"
    );
    assert!(
        shown.stdout.contains("\"kept\": true") && shown.stdout.contains("rps_ok"),
        "{shown:?}"
    );
    assert_eq!(removed.stdout, "main: removed\n");
    assert!(empty.stdout.starts_with("no baselines"), "{empty:?}");
}

#[test]
fn a_baseline_whose_program_is_there_is_run_again_beside_the_candidate() {
    let tool = saved();

    let ended = gate(&tool);

    // Nothing has changed: so few quads can at most not say so.
    assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
    let document = comparison(&tool);
    assert_eq!(document["comparison"]["method"], "interleaved");
    let quads = document["comparison"]["trial"]["stages"][0]["quads"]
        .as_array()
        .unwrap();
    assert_eq!(quads.len(), 6);
    let program = document["comparison"]["trial"]["baseline"]["program"]
        .as_str()
        .unwrap();
    assert!(
        program.ends_with("reports/baselines/main/program"),
        "{program}"
    );
}

#[test]
fn a_baseline_without_its_program_is_judged_by_its_stored_runs() {
    let tool = saved();
    fs::remove_file(tool.path("reports/baselines/main/program")).unwrap();

    let ended = gate(&tool);

    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("held against 1 stored run, as its program"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("it takes 8 stored runs"), "{ended:?}");
}

#[test]
fn stored_runs_of_another_machine_are_refused_by_name() {
    let tool = saved();
    let run = stored(&tool);
    let mut document: Value = serde_json::from_str(&fs::read_to_string(&run).unwrap()).unwrap();
    document["run"]["identity"]["environment"]["cpu_model"] = "Another CPU".into();
    fs::write(&run, document.to_string()).unwrap();

    let ended = tool.run(&["gate", "x.yaml", "--baseline", "main", "--stored"]);

    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("the processor was `Another CPU` and is `"),
        "{ended:?}"
    );
}

#[test]
fn a_scenario_that_was_changed_since_is_refused() {
    let tool = saved().file("x.yaml", &SCENARIO.replace("seed: 7", "seed: 8"));

    let ended = gate(&tool);

    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("is not the scenario that the baseline `main` was saved with"),
        "{ended:?}"
    );
    assert_eq!(gate(&Tool::new().file("x.yaml", SCENARIO)).code, Some(2));
}

#[test]
fn another_plan_is_saved_under_another_name() {
    let tool = saved();

    let ended = tool.run(&["baseline", "save", "main", "x.yaml", "--set", "seed=9"]);

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("is there already, of another plan"),
        "{ended:?}"
    );
}
