//! Clients in another language: a shell script that says what it is told to say.

use crate::tool::Tool;

const SCENARIO: &str = "name: foreign
adapter: { command: [sh, client.sh] }
workload: { chat: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 2 }, stream: true } }
load: { closed: { in_flight: 2 } }
phases: { warmup: 0s, measure: 10s, drain: 1s, requests: 20 }
";

/// A scenario that this script sends: for each line, whose request is `$id`.
fn scripted(each_line: &str) -> Tool {
    let script = format!(
        r#"read -r line
echo '{{"ready":{{}}}}'
while read -r line; do
  id=${{line#*'"id":"'}}
  id=${{id%%'"'*}}
  {each_line}
done
"#
    );
    let tool = Tool::new().file("x.yaml", SCENARIO);
    tool.file("client.sh", &script)
}

#[test]
fn a_client_in_another_language_is_measured_as_the_embedded_one_and_held_against_the_journal() {
    let script = r#"printf '{"head":{"id":"%s"}}\n{"tokens":{"id":"%s","count":2}}\n{"done":{"id":"%s","prompt_tokens":3,"attempts":2}}\n' $id $id $id"#;
    let tool = scripted(script);

    let ended = tool.run(&["run", "x.yaml"]);

    // This one claims answers that it never asked the mock for.
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let claimed = "held against the target's own journal, the answers are 20 where it should be 0";
    assert!(ended.stdout.contains(claimed), "{ended:?}");
    let report = tool.report("foreign");
    let stage = &report["run"]["stages"][0];
    assert_eq!(stage["accounting"]["answered"], 20);
    assert_eq!(stage["attempts"]["attempts"], 40);
    assert_eq!(stage["tokens"]["token_source"], "chunks");
    assert_eq!(stage["throughput"]["output_tokens"], 40);
    assert_eq!(stage["throughput"]["prompt_tokens"], 60);
}

#[test]
fn what_a_foreign_client_reports_as_failed_is_counted_by_its_kind() {
    let script = r#"printf '{"failed":{"id":"%s","kind":"http_429"}}\n' $id"#;
    let tool = scripted(script);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report = tool.report("foreign");
    assert_eq!(report["run"]["stages"][0]["errors"]["http_429"], 20);
}

#[test]
fn a_foreign_client_that_talks_nonsense_or_ends_loses_all_that_it_had() {
    for script in ["echo what", "exit 3"] {
        let tool = scripted(script);

        let ended = tool.run(&["run", "x.yaml"]);

        assert_eq!(ended.code, Some(1), "{ended:?}");
        let report = tool.report("foreign");
        assert_eq!(report["run"]["stages"][0]["errors"]["closed"], 20);
    }
}

#[test]
fn a_foreign_client_that_cannot_be_started_is_named_with_the_reason() {
    for (command, reason) in [
        (
            "[no-such-program]",
            "adapter `no-such-program`: No such file",
        ),
        ("[sh, -c, exit 1]", "adapter `sh -c exit 1`: it ended"),
        (
            "[sh, -c, echo hello]",
            "adapter `sh -c echo hello`: it said what cannot be understood",
        ),
        (
            "[sleep, '60']",
            r#"adapter `sleep 60`: it did not say `{"ready":{}}` within 50ms"#,
        ),
    ] {
        let adapter = format!("adapter: {{ command: {command}, ready_within: 50ms }}");
        let text = SCENARIO.replace("adapter: { command: [sh, client.sh] }", &adapter);
        let tool = Tool::new().file("x.yaml", &text);

        let ended = tool.run(&["run", "x.yaml"]);

        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{ended:?}");
    }
}
