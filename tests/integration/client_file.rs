//! A client's file: the same one for programs, for `check --client` and for scenarios, and every mistake told at its place.

use crate::tool::Tool;
use inferometer::client::Protocol;
use inferometer::command::{plans, schema};
use inferometer::scenario::{Document, Overrides};
use inferometer::settings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SCENARIO: &str = "
name: x
workload: { chat: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 1 } }
phases: { warmup: 0s, measure: 100ms }
";

const CLIENT: &str = "deadline: 7s
retry: { attempts: 2, backoff: 9ms }
endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9' } ]
";

fn examples() -> Vec<PathBuf> {
    let files = plans::files(Path::new("examples/client"));
    files.into_iter().map(Result::unwrap).collect()
}

/// The lines of a text that hold one of the words.
fn lines<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let is_wanted = |line: &&str| words.iter().any(|word| line.contains(word));
    text.lines().map(str::trim).filter(is_wanted).collect()
}

#[test]
fn every_example_is_a_client_that_the_schema_accepts() {
    let judge = jsonschema::validator_for(&schema::client()).unwrap();

    for file in examples() {
        let text = std::fs::read_to_string(&file).unwrap();
        let client = settings::client_from_file(&file, &Overrides::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let document = Document::read("", &text, &BTreeMap::new()).unwrap();
        let wrong: Vec<String> = judge
            .iter_errors(document.tree())
            .map(|error| error.to_string())
            .collect();

        assert!(!client.endpoints.is_empty(), "{}", file.display());
        assert_eq!(wrong, [""; 0], "{}", file.display());
        let first = "# yaml-language-server: $schema=../../reports/schema/client.v1.json";
        assert_eq!(text.lines().next(), Some(first), "{}", file.display());
    }
    assert_eq!(examples().len(), 3);
}

#[test]
fn check_explains_each_setting_of_a_client_with_its_source() {
    let tool = Tool::new()
        .file("client.yaml", CLIENT)
        .set("INFEROMETER_CLIENT__RETRY__BACKOFF", "4ms");

    let ended = tool.run(&["check", "--client", "client.yaml", "--set", "mode=rest"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let words: Vec<Vec<&str>> = ended
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for expected in [
        "client.yaml (1 endpoint)",
        "mode rest --set mode=rest",
        "deadline 7s client.yaml:1",
        "connect_deadline 1s default",
        "model_list_ttl 5m default",
        "breaker none default",
        "retry.attempts 2 client.yaml:2",
        "retry.backoff 4ms environment variable INFEROMETER_CLIENT__RETRY__BACKOFF",
        "endpoints[0].url http://127.0.0.1:9 client.yaml:3",
        "1 client checked, nothing wrong",
    ] {
        let expected: Vec<&str> = expected.split(' ').collect();
        assert!(
            words.contains(&expected),
            "{expected:?} not in {}",
            ended.stdout
        );
    }
}

#[test]
fn a_scenario_takes_what_it_does_not_say_from_the_file_of_its_client() {
    let scenario =
        format!("{SCENARIO}client_file: client.yaml\nclient: {{ retry: {{ attempts: 5 }} }}\n");
    let tool = Tool::new()
        .file("x.yaml", &scenario)
        .file("client.yaml", CLIENT);

    let plan = plans::read(&tool.path("x.yaml"), &Overrides::default()).unwrap();

    let stage = &plan.stages[0];
    assert_eq!(stage.client.deadline.to_string(), "7s");
    assert_eq!(stage.client.retry.attempts, 5);
    assert_eq!(stage.client.retry.backoff.to_string(), "9ms");
    let inferometer::plan::Target::Endpoints { endpoints, .. } = &stage.target else {
        panic!("{:?}", stage.target)
    };
    assert_eq!(endpoints[0].protocol, Protocol::Openai);
    let checked = tool.run(&["check", "x.yaml"]);
    let told = lines(&checked.stdout, &["deadline", "attempts", "backoff"]);
    let told: Vec<String> = told
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for expected in [
        "deadline 7s client.yaml:1",
        "retry.attempts 5 x.yaml:7",
        "retry.backoff 9ms client.yaml:2",
        "retry.max_backoff 2s default",
    ] {
        assert!(
            told.contains(&expected.to_owned()),
            "{expected} not in {told:?}"
        );
    }
}

#[test]
fn a_target_and_what_stands_outside_win_over_the_file_of_the_client() {
    let scenario = format!(
        "{SCENARIO}client_file: client.yaml\ntarget: {{ mock: {{}} }}\nsweep: {{ client.deadline: [1s, 2s] }}\n"
    );
    let tool = Tool::new()
        .file("x.yaml", &scenario)
        .file("client.yaml", CLIENT);
    let overrides = Overrides {
        set: vec!["client.retry.attempts=4".to_owned()],
        environment: BTreeMap::from([
            (
                "INFEROMETER_CLIENT__RETRY__ATTEMPTS".to_owned(),
                "3".to_owned(),
            ),
            (
                "INFEROMETER_CLIENT__RETRY__BACKOFF".to_owned(),
                "8ms".to_owned(),
            ),
        ]),
        variant: None,
    };

    let plan = plans::read(&tool.path("x.yaml"), &overrides).unwrap();

    let deadlines: Vec<String> = plan
        .stages
        .iter()
        .map(|stage| stage.client.deadline.to_string())
        .collect();
    assert_eq!(deadlines, ["1s", "2s"]);
    assert_eq!(plan.stages[0].client.retry.attempts, 4);
    assert_eq!(plan.stages[0].client.retry.backoff.to_string(), "8ms");
    assert!(matches!(
        plan.stages[0].target,
        inferometer::plan::Target::Mock(_)
    ));
}

#[test]
fn a_plan_is_the_same_whether_its_client_stands_in_a_file_or_not() {
    let client = "client: { deadline: 7s, retry: { attempts: 2, backoff: 9ms } }\n";
    let target = "target: { endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9' } ] }\n";
    let tool = Tool::new()
        .file(
            "by-file.yaml",
            &format!("{SCENARIO}client_file: client.yaml\n"),
        )
        .file("whole.yaml", &format!("{SCENARIO}{client}{target}"))
        .file("client.yaml", CLIENT);
    let planned = |name: &str| plans::read(&tool.path(name), &Overrides::default()).unwrap();

    assert_eq!(
        planned("by-file.yaml").fingerprint,
        planned("whole.yaml").fingerprint
    );
    assert_eq!(planned("by-file.yaml").stages, planned("whole.yaml").stages);
}

#[test]
fn the_file_of_a_client_can_be_chosen_on_the_command_line() {
    let tool = Tool::new()
        .file("x.yaml", SCENARIO)
        .file("client.yaml", CLIENT);

    let ended = tool.run(&["check", "x.yaml", "--set", "client_file=client.yaml"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("client.yaml:1\n"), "{ended:?}");
    assert!(ended.stdout.contains("http://127.0.0.1:9"), "{ended:?}");
}

#[test]
fn a_mistake_is_shown_in_the_file_in_which_it_stands() {
    let mistakes = [
        ("retry: { atempts: 7 }\n", ""),
        ("deadline: 7\n", ""),
        ("endpoints:\n  - { protocol: openai, url: nowhere }\n", ""),
        (
            "mode: hybrid\nendpoints:\n  - { protocol: openai, url: 'http://127.0.0.1:9' }\n",
            "",
        ),
        ("mode: grpc\nproxy: 'http://127.0.0.1:3128'\n", ""),
        ("deadline: 7s\n", "client: { deadline: 0s }\n"),
        ("deadline: 7s\n", "adapter: { command: [cat] }\n"),
        ("retry: { attempts: 2 }\n", "client: { retry: 3 }\n"),
        ("a: [\n", ""),
    ];
    let mut gallery = Vec::new();
    for (client, scenario) in mistakes {
        let text = format!("{SCENARIO}client_file: ../client.yaml\n{scenario}");
        let open = |_: &Path| Ok(client.to_owned());
        let error = inferometer::plan::from_files(
            Path::new("s/x.yaml"),
            &text,
            &Overrides::default(),
            &open,
        );
        gallery.push(error.unwrap_err().to_string());
    }
    for named in ["nowhere.yaml", "", "[a]"] {
        let tool = Tool::new().file("x.yaml", &format!("{SCENARIO}client_file: {named}\n"));
        let ended = tool.run(&["check", "x.yaml"]);
        assert_eq!(ended.code, Some(2), "{named}: {ended:?}");
        gallery.push(ended.stderr.trim_end().to_owned());
    }
    let alone = inferometer::plan::from_file(
        Path::new("x.yaml"),
        &format!("{SCENARIO}client_file: client.yaml\n"),
        &Overrides::default(),
    );
    gallery.push(alone.unwrap_err().to_string());
    let tool = Tool::new().file("client.yaml", CLIENT);
    gallery.push(
        tool.run(&["check", "client.yaml"])
            .stderr
            .trim_end()
            .to_owned(),
    );

    insta::assert_snapshot!(gallery.join("\n\n"));
}
