//! Input that is wrong: one clear message and exit code 2, and nothing is run.

use crate::tool::Tool;

#[test]
fn a_misspelt_key_is_pointed_at() {
    let tool = Tool::new().file("x.yaml", "name: x\nlod: {}\n");

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("x.yaml:2:1"), "{ended:?}");
    assert!(ended.stderr.contains("did you mean `load`?"), "{ended:?}");
    assert_eq!(ended.stdout, "");
}

#[test]
fn settings_have_names_and_no_positions() {
    let tool = Tool::new().file("x.yaml", &GOOD.replace("{ measure: 100ms }", "[0s, 100ms]"));

    let ended = tool.run(&["check", "x.yaml"]);

    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = "error: phases: expected a block of settings, found a list\n --> x.yaml:4:1\n";
    assert!(ended.stderr.starts_with(told), "{ended:?}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ended = Tool::new().run(&["check", "nowhere.yaml"]);

    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("could not be read"), "{ended:?}");
    assert!(ended.stderr.contains("nowhere.yaml"), "{ended:?}");
}

#[test]
fn a_file_that_is_not_text_is_named() {
    let tool = Tool::new();
    std::fs::write(tool.path("x.yaml"), b"name: x\npurpose: \xff\n").unwrap();

    let ended = tool.run(&["check", "x.yaml"]);

    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .stderr
            .contains("expected UTF-8 text, found other bytes in line 2"),
        "{ended:?}"
    );
    assert_eq!(ended.stdout, "1 scenario checked, 1 wrong\n");
}

#[test]
fn the_scenarios_that_ship_pass_the_check() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

    let ended = Tool::new().run(&["check", scenarios]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("nothing wrong\n"), "{ended:?}");
}

#[test]
fn one_bad_file_among_many_stops_all_before_anything_runs() {
    let tool = Tool::new().file("a.yaml", GOOD).file("b.yaml", "name: b\n");

    let ended = tool.run(&["run", "a.yaml", "b.yaml"]);

    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(!tool.path("reports").exists());
}

#[test]
fn an_unknown_report_format_lists_the_known_ones() {
    let tool = Tool::new().file("x.yaml", GOOD);

    let ended = tool.run(&["run", "x.yaml", "--report", "pdf"]);

    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("json, html, markdown, junit"),
        "{ended:?}"
    );
}

#[test]
fn a_wrong_command_line_is_bad_input_too() {
    assert_eq!(Tool::new().run(&["rnu"]).code, Some(2));
}

const GOOD: &str = "name: good
workload: { chat: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 1 } }
phases: { measure: 100ms }
";
