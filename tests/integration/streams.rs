//! Several load streams side by side on one client and one mock.

use crate::tool::{Ended, Tool};
use serde_json::Value;

const SCENARIO: &str = "name: side-by-side
seed: 7
target: { mock: { latency: { fixed: 2ms } } }
streams:
  chat:
    workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: true } }
    load: { open: { poisson: { rate: 400/s } } }
  batch:
    workload: { completion: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 16 } } }
    load: { closed: { in_flight: 3 } }
  probe:
    workload:
      mix:
        - { name: short, embedding: { model: tiny, input: { tokens: 4 } } }
        - { name: long, embedding: { model: tiny, input: { tokens: 64 } } }
    load: { open: { constant: { rate: 250/s } } }
phases: { warmup: 100ms, measure: 2s }
expect:
  - { metric: success_rate, at_least: 100% }
  - { metric: ttft_p50, stream: chat, at_most: 1s }
  - { metric: offered, stream: probe, at_least: 500 }
  - { metric: offered, stream: probe, at_most: 500 }
  - { metric: answered, stream: probe, part: long, at_least: 180 }
";

/// The stage and its certificate.
fn measured(tool: &Tool) -> (Value, Value) {
    let report = tool.report("side-by-side");
    let of = |place: &str| report.pointer(place).unwrap().clone();
    (of("/run/stages/0"), of("/run/certificate/stages/0"))
}

fn ran(lanes: &str) -> (Tool, Ended) {
    let tool = Tool::new().file("x.yaml", SCENARIO);
    let ended = tool.run(&["run", "x.yaml", "--lanes", lanes, "--samples", "jsonl"]);
    (tool, ended)
}

fn count(tally: &Value, what: &str) -> u64 {
    let counted = tally.pointer(&format!("/accounting/{what}"));
    counted.and_then(Value::as_u64).unwrap()
}

#[test]
fn streams_add_up_to_their_stage_and_each_has_the_shape_of_its_own_law() {
    let (tool, ended) = ran("2");

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (stage, trust) = measured(&tool);
    let streams = stage["streams"].as_array().unwrap();
    let names: Vec<&str> = streams
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["batch", "chat", "probe"]);
    for what in ["offered", "answered", "wrong", "failed", "not_sent"] {
        let sum: u64 = streams.iter().map(|one| count(one, what)).sum();
        assert_eq!(sum, count(&stage, what), "{what}");
    }

    let asked = |one: &Value| one["shape"]["variation_asked"].as_f64();
    assert_eq!(
        streams.iter().map(asked).collect::<Vec<_>>(),
        [None, Some(1.0), Some(0.0)]
    );
    assert_eq!(stage["shape"], Value::Null);
    for stream in streams.iter().skip(1) {
        assert_eq!(stream["shape"]["schedule_follows_law"], true, "{stream}");
        assert_eq!(stream["shape"]["requests"], stream["accounting"]["offered"]);
    }
    assert_eq!(trust["streams"].as_array().unwrap().len(), 3);
    assert_eq!(trust["accounting_adds_up"], true);
}

#[test]
fn the_journal_agrees_about_the_requests_of_all_streams_one_by_one() {
    let (tool, _) = ran("2");

    let (stage, trust) = measured(&tool);

    let journal = &stage["journal"];
    assert_eq!(trust["journal_agrees"], true, "{journal}");
    assert_eq!(
        (&journal["repeated"], &journal["duplicated"]),
        (&0.into(), &0.into())
    );
    assert_eq!(journal["added"]["unknown"], 0);
    assert_eq!(
        journal["added"]["requests"],
        stage["accounting"]["answered"]
    );
}

#[test]
fn each_sample_says_of_which_stream_it_is_and_is_numbered_there() {
    let (tool, _) = ran("1");

    let samples = std::fs::read_to_string(tool.run_folder("side-by-side").join("samples.jsonl"));
    let samples = samples.unwrap();
    let rows = samples
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut probes: Vec<u64> = rows
        .filter(|row| row["stream"] == "probe")
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    probes.sort_unstable();

    // 100 ms of warm-up and two seconds at 250 a second.
    assert!(probes.into_iter().eq(0..525));
}

#[test]
fn a_report_has_a_line_for_each_stream_below_that_of_all() {
    let (tool, ended) = ran("1");

    let row = |name: &str| ended.stdout.lines().any(|line| line.starts_with(name));
    for name in ["load stream", "all", "batch", "chat", "probe"] {
        assert!(row(name), "{name}: {}", ended.stdout);
    }
    let page =
        std::fs::read_to_string(tool.run_folder("side-by-side").join("report.html")).unwrap();
    assert!(page.contains("all, load stream chat"));
}
