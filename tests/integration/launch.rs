//! Servers that are launched for a run: the tool's own mock as somebody's server.

use crate::processes::{children_of, eventually, is_alive, send};
use crate::tool::{Ended, Tool};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;

const MOCK: &str = "models: [ { name: tiny } ]
latency: { fixed: \"${LATENCY:-1ms}\" }
";

const SCENARIO: &str = "name: launched
seed: 7
target:
  launch:
    command: [\"{inferometer}\", mock, mock.yaml, --rest, \"127.0.0.1:{port}\", --grpc, \"127.0.0.1:{port.grpc}\", --admin, \"127.0.0.1:0\"]
    environment: { LATENCY: 1ms }
    endpoints:
      - { protocol: openai, url: \"http://127.0.0.1:{port}\" }
      - { protocol: oip_grpc, url: \"http://127.0.0.1:{port.grpc}\" }
workload: { completion: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: false } }
load: { closed: { in_flight: 12 } }
phases: { warmup: 50ms, measure: 300ms }
variants:
  old: { target.launch.environment.LATENCY: 1ms }
  new: { target.launch.environment.LATENCY: 20ms }
gate: { baseline: old, candidate: new, block: 100ms, quads: 12, quads_per_start: 2, extensions: 0 }
";

fn tool(scenario: &str) -> Tool {
    Tool::new().file("x.yaml", scenario).file("mock.yaml", MOCK)
}

#[test]
fn a_server_is_launched_measured_and_ended() {
    let tool = tool(SCENARIO);

    let ended = tool.run(&["run", "x.yaml", "--set", "client.mode=hybrid"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = tool.report("launched");
    let stage = &report["run"]["stages"][0];
    assert_eq!(stage["end"], "completed");
    let usage = &stage["conditions"]["target"];
    assert!(usage["cpu_ns"].as_u64() > Some(1_000_000), "{usage}");
    assert!(usage["rss_bytes"].as_u64() > Some(1 << 20), "{usage}");
    let names: Vec<&str> = stage["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["http://127.0.0.1:{port}", "http://127.0.0.1:{port.grpc}"]
    );
}

/// A scenario whose server does this first.
fn with_command(command: &str) -> String {
    let line = SCENARIO
        .lines()
        .find(|line| line.contains("command:"))
        .unwrap();
    SCENARIO.replace(line, &format!("    command: {command}"))
}

#[test]
fn a_command_that_cannot_be_started_or_ends_too_soon_is_told_with_its_last_words() {
    let told = |command: &str| {
        let tool = tool(&with_command(command));
        let ended = tool.run(&["run", "x.yaml"]);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let folder = tool.path("");
        ended.stderr.replace(folder.to_str().unwrap(), "FOLDER/")
    };

    let gallery = [
        told("[no-such-server, \"{port}\", \"{port.grpc}\"]"),
        told("[\"./mock.yaml\", \"{port}\", \"{port.grpc}\"]"),
        told(
            "[\"{inferometer}\", mock, gone.yaml, \"--rest=127.0.0.1:{port}\", \"--grpc=127.0.0.1:{port.grpc}\"]",
        ),
    ];

    insta::assert_snapshot!(gallery.join("\n"));
}

#[test]
fn a_server_that_dies_in_mid_run_ends_it_with_its_last_words() {
    let scenario = with_command(
        "[sh, -c, \"\\\"$1\\\" mock mock.yaml --rest 127.0.0.1:$2 --grpc 127.0.0.1:$3 --admin 127.0.0.1:0 & sleep 1; echo out of memory; exit 9\", sh, \"{inferometer}\", \"{port}\", \"{port.grpc}\"]",
    )
    .replace("measure: 300ms", "measure: 1h");
    let tool = tool(&scenario);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(3), "{ended:?}");
    let report = tool.report("launched");
    assert_eq!(report["run"]["end"], "target_died");
    let notes = report["run"]["stages"][0]["notes"].to_string();
    assert!(
        notes.contains("ended with exit code 9; the last that it printed:")
            && notes.contains("out of memory"),
        "{notes}"
    );
}

/// The server of a running tool, and its keeper.
fn server_of(tool: u32) -> [u32; 2] {
    eventually("a server with its keeper", || {
        let keeper = *children_of(tool).first()?;
        let server = *children_of(keeper).first()?;
        Some([keeper, server])
    })
}

#[test]
fn nothing_is_left_however_the_tool_ends() {
    for signal in [Signal::INT, Signal::KILL] {
        let tool = tool(&SCENARIO.replace("measure: 300ms", "measure: 1h"));
        let mut running = tool.start(&["run", "x.yaml"]);
        let processes = server_of(running.id());

        send(running.id(), signal);
        running.wait().unwrap();

        for process in processes {
            eventually("the end of the server and its keeper", || {
                (!is_alive(process)).then_some(())
            });
        }
    }
}

fn comparison(tool: &Tool) -> Value {
    let folder = tool.path("reports/launched/comparisons");
    let run = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    serde_json::from_str(&fs::read_to_string(run.path().join("comparison.json")).unwrap()).unwrap()
}

/// What stands at this place of a document.
fn at<'a>(document: &'a Value, place: &str) -> &'a Value {
    document.pointer(place).unwrap()
}

/// The judgement of a metric.
fn judged(document: &Value, metric: &str) -> Value {
    let findings = at(document, "/comparison/judged/findings").as_array();
    let mut findings = findings.unwrap().iter();
    let finding = findings.find(|finding| at(finding, "/metric") == metric);
    at(finding.unwrap(), "/judgement").clone()
}

fn assert_slower(ended: &Ended, tool: &Tool) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let document = comparison(tool);
    assert_eq!(at(&document, "/verdict"), "regressed");
    assert_eq!(judged(&document, "rps_ok"), "regressed");
    let quads = at(&document, "/comparison/trial/stages/0/quads");
    assert_eq!(
        at(quads, "/11/start"),
        5,
        "both are launched anew every two quads"
    );
    for block in at(quads, "/0/blocks").as_array().unwrap() {
        let cpu = at(block, "/values/server_cpu_per_request");
        assert!(cpu.as_f64() > Some(0.0), "{block}");
    }
}

#[test]
fn two_variants_of_a_launched_server_are_compared() {
    let tool = tool(SCENARIO);

    let ended = tool.run(&["ab", "x.yaml"]);

    assert_slower(&ended, &tool);
}

#[test]
fn two_commands_typed_for_the_arms_are_compared() {
    let tool = tool(SCENARIO).file("slow.yaml", &MOCK.replace("${LATENCY:-1ms}", "20ms"));
    let command = |file| {
        format!(
            "target.launch.command=[\"{{inferometer}}\", mock, {file}, --rest, \"127.0.0.1:{{port}}\", --grpc, \"127.0.0.1:{{port.grpc}}\", --admin, \"127.0.0.1:0\"]"
        )
    };

    let ended = tool.run(&[
        "ab",
        "x.yaml",
        "--a",
        &command("mock.yaml"),
        "--b",
        &command("slow.yaml"),
    ]);

    assert_slower(&ended, &tool);
}

#[test]
fn an_arm_whose_server_cannot_be_started_is_told_with_its_last_words() {
    let tool = tool(SCENARIO);

    let ended = tool.run(&["ab", "x.yaml", "--b", "target.launch.command[2]=gone.yaml"]);

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("could not launch `{inferometer} mock gone.yaml ")
            && ended
                .stderr
                .contains("the last that it printed:\n  error: "),
        "{ended:?}"
    );
}

/// A scenario whose server is a script, and a baseline of its old variant.
fn saved() -> Tool {
    let command = "[sh, serve.sh, \"{inferometer}\", \"{port}\", \"{port.grpc}\"]";
    let scenario = with_command(command);
    let script =
        "exec \"$1\" mock mock.yaml --rest 127.0.0.1:$2 --grpc 127.0.0.1:$3 --admin 127.0.0.1:0\n";
    let tool = tool(&scenario).file("serve.sh", script);
    let ended = tool.run(&["baseline", "save", "main", "x.yaml", "--variant", "old"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    tool
}

#[test]
fn a_launched_baseline_is_run_again_beside_the_candidate() {
    let tool = saved();

    let ended = tool.run(&["gate", "x.yaml", "--baseline", "main", "--variant", "new"]);

    assert_slower(&ended, &tool);
    assert_eq!(comparison(&tool)["comparison"]["method"], "interleaved");
}

#[test]
fn a_baseline_whose_server_was_changed_since_is_judged_by_its_stored_runs() {
    let tool = saved();
    let script = fs::read_to_string(tool.path("serve.sh")).unwrap();
    fs::write(tool.path("serve.sh"), format!("# another\n{script}")).unwrap();

    let ended = tool.run(&["gate", "x.yaml", "--baseline", "main"]);
    let again = tool.run(&["baseline", "save", "main", "x.yaml", "--variant", "old"]);

    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = ended
        .stdout
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        told.contains("serve.sh, which its command names, is no longer the file that was saved"),
        "{ended:?}"
    );
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.stderr.contains("another server"), "{again:?}");
}

#[test]
fn no_output_shows_a_secret_of_the_environment() {
    let scenario = SCENARIO.replacen(
        "LATENCY: 1ms }",
        "LATENCY: 1ms, HF_TOKEN: { env: PLANTED_HERE } }",
        1,
    );
    let tool = tool(&scenario).set("PLANTED_HERE", "planted");
    let refused = self::tool(&SCENARIO.replacen("LATENCY: 1ms }", "HF_TOKEN: planted }", 1));

    let checked = tool.run(&["check", "x.yaml"]);
    let ran = tool.run(&["run", "x.yaml"]);
    let told = refused.run(&["check", "x.yaml"]);
    let typed = tool.run(&[
        "check",
        "x.yaml",
        "--set",
        "target.launch.environment.HF_TOKEN=planted",
    ]);

    assert_eq!([checked.code, ran.code], [Some(0), Some(0)], "{ran:?}");
    assert_eq!([told.code, typed.code], [Some(2), Some(2)], "{typed:?}");
    assert!(
        checked.stdout.contains("HF_TOKEN: { env: PLANTED_HERE }"),
        "{checked:?}"
    );
    let report = fs::read_to_string(tool.run_folder("launched").join("report.json")).unwrap();
    for output in [&checked, &ran, &told, &typed] {
        let shown = format!("{}{}", output.stdout, output.stderr);
        assert!(!shown.contains("planted"), "{output:?}");
    }
    assert!(!report.contains("planted"));
}
