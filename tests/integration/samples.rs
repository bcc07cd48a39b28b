//! Every sample of a run, in files beside its report.

use crate::tool::Tool;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use std::collections::BTreeMap;
use std::fs::{self, File};

const SCENARIO: &str = "name: overload
seed: 7
target: { mock: { faults: [ { status: { share: 20%, http: 503 } } ] } }
workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: true } }
load: { open: { constant: { rate: 400/s }, max_in_flight: 2 } }
phases: { warmup: 50ms, measure: 250ms }
sweep: { client.mode: [rest, grpc] }
expect:
  - { metric: success_rate, at_least: 1% }
";

#[test]
fn every_request_of_a_run_is_a_row_of_each_file() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    let ended = tool.run(&["run", "x.yaml", "--samples", "parquet,jsonl"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = tool.report("overload");
    let offered: BTreeMap<_, _> = report["run"]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| {
            let offered = stage["accounting"]["offered"].as_u64().unwrap();
            (stage["index"].as_u64().unwrap(), offered)
        })
        .collect();
    assert_eq!(offered.len(), 2);
    assert!(offered.values().all(|&offered| offered > 0), "{offered:?}");
    assert_eq!(measured_lines(&tool), offered);
    assert_eq!(measured_rows(&tool), offered);
}

#[derive(serde::Deserialize)]
struct Line {
    stage: u64,
    measured: bool,
}

/// Of each stage, the rows of the measure phase.
fn measured_lines(tool: &Tool) -> BTreeMap<u64, u64> {
    let text = fs::read_to_string(tool.run_folder("overload").join("samples.jsonl")).unwrap();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        *counts.entry(line.stage).or_insert(0) += u64::from(line.measured);
    }
    counts
}

fn measured_rows(tool: &Tool) -> BTreeMap<u64, u64> {
    let file = File::open(tool.run_folder("overload").join("samples.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let place = |name| {
        schema
            .columns()
            .iter()
            .position(|column| column.name() == name)
    };
    let (stage, measured) = (place("stage").unwrap(), place("measured").unwrap());
    let mut counts = BTreeMap::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let stage = u64::try_from(row.get_long(stage).unwrap()).unwrap();
        *counts.entry(stage).or_insert(0) += u64::from(row.get_bool(measured).unwrap());
    }
    counts
}

#[test]
fn without_being_asked_for_no_samples_are_written() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    tool.run(&["run", "x.yaml", "--report", "json"]);

    let files: Vec<_> = fs::read_dir(tool.run_folder("overload")).unwrap().collect();
    assert_eq!(files.len(), 1);
}

#[test]
fn samples_in_a_format_that_is_not_known_are_bad_input() {
    let tool = Tool::new().file("x.yaml", SCENARIO);

    let ended = tool.run(&["run", "x.yaml", "--samples", "csv"]);

    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.stderr,
        "error: --samples: unknown format `csv`, expected parquet, jsonl\n"
    );
}
