//! The scenarios that ship are right, and those that are wrong are told so in a way that helps.

use inferometer::command::{plans, schema};
use inferometer::plan::{self, Plan};
use inferometer::scenario::{Document, Overrides};
use inferometer::workload::Workload;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Every file below `folder`, relative to the crate, sorted by name.
fn files(folder: &str) -> Vec<PathBuf> {
    plans::files(Path::new(folder))
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn planned(file: &Path) -> Plan {
    plans::read(file, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn told(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let name = PathBuf::from(file.file_name().unwrap());
    match plan::from_file(&name, &text, &Overrides::default()) {
        Ok(_) => panic!("{} should not have been planned", file.display()),
        Err(error) => error.to_string(),
    }
}

fn gallery(folder: &str) -> String {
    files(folder)
        .iter()
        .fold(String::new(), |mut gallery, file| {
            writeln!(gallery, "{}\n", told(file)).unwrap();
            gallery
        })
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    insta::assert_snapshot!(gallery("tests/integration/broken/yaml"));
}

#[test]
fn what_is_not_shaped_like_a_scenario_is_told_with_its_place() {
    insta::assert_snapshot!(gallery("tests/integration/broken/shape"));
}

#[test]
fn what_does_not_fit_together_is_told_with_its_place() {
    insta::assert_snapshot!(gallery("tests/integration/broken/meaning"));
}

#[test]
fn an_override_that_is_wrong_is_told_by_its_origin() {
    let text = std::fs::read_to_string("scenarios/smoke/baseline.yaml").unwrap();
    let wrong_sets = [
        "client.deadline",
        "=3",
        "client.deadline=soon",
        "client.dedline=2s",
        "client.retry={ attempts: 99 }",
        "load.closed.in_flight=[1",
        "load.closed.in_flight=5",
        "sweep.load.closed.in_flight=[1, 0]",
        "sweep.load.closed.in_flight=7",
        "target.mock.faults[3].stall.share=1%",
        "target.mock.faults.first.stall.share=1%",
        "workload.chat.prompt.tokens.normal.mean=3",
        "load.open.poisson.rate=3/s",
        "name=Not A Name",
        "lod.closed.in_flight=3",
    ];
    let wrong_variables = [
        ("INFEROMETER_CLIENT__DEADLINE", "later"),
        ("INFEROMETER_CLIENT__RETRY__TIMES", "3"),
        ("INFEROMETER_CLIENT__MODE", "grpc"),
        ("INFEROMETER_CLIENT_DEADLINE", "2s"),
    ];
    let sets = wrong_sets.map(|set| Overrides {
        set: vec![set.to_owned()],
        ..Overrides::default()
    });
    let variables = wrong_variables.map(|(name, value)| Overrides {
        environment: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        ..Overrides::default()
    });

    let mut gallery = String::new();
    for overrides in sets.iter().chain(&variables) {
        let error = plan::from_file(Path::new("baseline.yaml"), &text, overrides).unwrap_err();
        writeln!(gallery, "{error}\n").unwrap();
    }

    insta::assert_snapshot!(gallery);
}

#[test]
fn every_shipped_scenario_measures_what_it_always_did() {
    let fingerprints = files("scenarios")
        .iter()
        .fold(String::new(), |mut list, file| {
            let plan = planned(file);
            writeln!(list, "{}  {}", plan.fingerprint, file.display()).unwrap();
            list
        });

    insta::assert_snapshot!(fingerprints);
}

#[test]
fn every_shipped_scenario_is_named_like_its_file_and_names_the_schema() {
    for file in files("scenarios") {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next();

        assert_eq!(
            planned(&file).name,
            file.file_stem().unwrap().to_str().unwrap()
        );
        assert_eq!(
            first,
            Some("# yaml-language-server: $schema=../../reports/schema/scenario.v1.json"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_explanation_of_a_scenario_reads_well() {
    let explanation = planned(Path::new("scenarios/smoke/baseline.yaml"))
        .explain()
        .to_string();
    let is_left_out = |line: &str| line.contains("  none  ") && line.ends_with("  default");

    // What is left out stands there too, and is more with each setting that there is.
    assert!(explanation.lines().any(is_left_out), "{explanation}");
    let lines: Vec<&str> = explanation
        .lines()
        .filter(|line| !is_left_out(line))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_published_schemas_are_the_current_ones() {
    for (name, schema) in [
        ("scenario", schema::scenario()),
        ("client", schema::client()),
    ] {
        let file = format!("reports/schema/{name}.v1.json");
        let published = std::fs::read_to_string(&file).unwrap();

        assert_eq!(
            published,
            schema::text(&schema),
            "write the output of `inferometer schema {name}` to {file}"
        );
    }
}

#[test]
fn the_schema_accepts_every_shipped_scenario() {
    let schema = jsonschema::validator_for(&schema::scenario()).unwrap();
    for file in files("scenarios") {
        let text = std::fs::read_to_string(&file).unwrap();
        let document = Document::read("", &text, &BTreeMap::new()).unwrap();

        let wrong: Vec<String> = schema
            .iter_errors(document.tree())
            .map(|error| error.to_string())
            .collect();

        assert_eq!(wrong, [""; 0], "{}", file.display());
    }
}

#[test]
fn the_schema_refuses_whatever_is_not_shaped_like_a_scenario() {
    let schema = jsonschema::validator_for(&schema::scenario()).unwrap();
    let accepted: Vec<PathBuf> = files("tests/integration/broken/shape")
        .into_iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let document = Document::read("", &text, &BTreeMap::new()).unwrap();
            schema.is_valid(document.tree())
        })
        .collect();

    assert_eq!(accepted, [""; 0].map(PathBuf::from));
}

#[test]
fn the_schema_accepts_a_variable_wherever_a_value_stands() {
    let schema = jsonschema::validator_for(&schema::scenario()).unwrap();
    let written = serde_json::json!({
        "name": "x",
        "seed": "${SEED:-7}",
        "client": { "mode": "${MODE:-rest}", "deadline": "${DEADLINE:-2s}" },
        "workload": { "chat": {
            "model": "${MODEL:-tiny}",
            "prompt": { "tokens": 64 },
            "output": { "tokens": "${OUTPUT:-32}" },
            "stream": "${STREAM:-true}",
        } },
        "load": { "open": { "poisson": { "rate": "${RATE:-200/s}" } } },
        "phases": { "measure": "10s" },
    });

    // JSON is YAML.
    let planned = plan::from_file(
        Path::new("x.yaml"),
        &written.to_string(),
        &Overrides::default(),
    );

    assert!(schema.is_valid(&written));
    let plan = planned.unwrap();
    let workload = &plan.stages[0].streams.iter().next().unwrap().workload;
    assert!(matches!(workload, Workload::Chat(chat) if chat.stream));
}

#[test]
fn the_first_example_of_the_reference_is_a_scenario() {
    let reference = std::fs::read_to_string("docs/scenario.md").unwrap();
    let example = reference
        .split("```yaml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();

    let plan = plan::from_file(
        Path::new("docs/scenario.md"),
        example,
        &Overrides::default(),
    )
    .unwrap();

    assert_eq!(
        plan.fingerprint,
        planned(Path::new("scenarios/smoke/my-first.yaml")).fingerprint
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_to_a_file_makes_the_planner_panic(cut in 0_usize..900, length in 0_usize..40, put in "[a-z0-9 :{}\\[\\],\\-\\n&*$]{0,6}") {
        let text = std::fs::read_to_string("scenarios/smoke/baseline.yaml").unwrap();
        let head: String = text.chars().take(cut).collect();
        let tail: String = text.chars().skip(cut + length).collect();

        if let Err(error) = plan::from_file(Path::new("x.yaml"), &format!("{head}{put}{tail}"), &Overrides::default()) {
            prop_assert!(error.to_string().starts_with("error: "));
        }
    }
}
