//! The guide of the client: what it shows is what there is.

#[path = "../../examples/patterns.rs"]
mod patterns;

use inferometer::client::{Client, ClientConfig};
use inferometer::scenario::Overrides;
use inferometer::{plan, settings};
use std::fs;
use std::path::Path;
use std::process::Command;

const GUIDE: &str = "docs/client.md";

/// The blocks of the guide in one language.
fn blocks(language: &str) -> Vec<String> {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let opening = format!("```{language}\n");
    let blocks = guide.split(&opening).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// The lines of a program, without their indentation.
fn lines(program: &str) -> String {
    let lines: Vec<&str> = program.lines().map(str::trim).collect();
    lines.join("\n")
}

#[test]
fn every_file_in_the_guide_is_one() {
    let blocks = blocks("yaml");

    for block in &blocks {
        let told = if block.starts_with("name:") {
            let open = |path: &Path| Ok(fs::read_to_string(path).unwrap());
            plan::from_files(Path::new(GUIDE), block, &Overrides::default(), &open).map(drop)
        } else {
            settings::client_from_text(GUIDE, block, &Overrides::default()).map(drop)
        };
        told.unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(blocks.len() >= 3, "{}", blocks.len());
}

#[test]
fn every_program_in_the_guide_stands_in_an_example_that_runs() {
    let examples = ["patterns", "client_from_file"]
        .map(|name| lines(&fs::read_to_string(format!("examples/{name}.rs")).unwrap()));

    for block in blocks("rust") {
        let quoted = lines(&block);
        assert!(
            examples
                .iter()
                .any(|example| example.contains(quoted.trim())),
            "{block}"
        );
    }
}

#[test]
fn the_patterns_do_what_they_promise() {
    patterns::main().unwrap();
}

#[test]
fn every_command_in_the_guide_succeeds() {
    let tool = assert_cmd::cargo::cargo_bin("inferometer");
    let others = std::env::var("PATH").unwrap();
    let path = format!("{}:{others}", tool.parent().unwrap().display());
    let commands: Vec<String> = blocks("sh")
        .iter()
        .flat_map(|block| block.lines())
        .map(str::to_owned)
        .collect();

    for command in &commands {
        let ended = Command::new("sh")
            .args(["-c", command])
            .env("PATH", &path)
            .output()
            .unwrap();

        assert!(ended.status.success(), "{command}: {ended:?}");
    }
    assert_eq!(commands.len(), 5);
}

#[test]
fn symptoms_are_told_in_the_words_of_the_tool() {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let url = "http://127.0.0.1:1";
    let without = Client::new(&ClientConfig::default(), &[]).unwrap_err();
    let text = format!(
        "endpoints: [ {{ protocol: openai, url: '{url}', api_key: {{ env: MODELS_API_KEY }} }} ]"
    );
    let keyless = settings::client_from_text("client.yaml", &text, &Overrides::default()).unwrap();
    let keyless = Client::new(&keyless.config, &keyless.endpoints).unwrap_err();

    for (symptom, told) in [
        (
            "mode `rest` has no endpoint to use: expected at least one that speaks openai or oip_rest",
            without.to_string(),
        ),
        (
            "could not use `MODELS_API_KEY`: it is not set",
            keyless.to_string(),
        ),
    ] {
        assert!(told.contains(symptom), "{told}");
        assert!(guide.contains(symptom), "{symptom}");
    }
}

#[tokio::test]
async fn failures_are_told_in_the_words_of_the_client() {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let never =
        serde_json::from_value(serde_json::json!({ "faults": [ { "stall": {} } ] })).unwrap();
    let mock = inferometer_mock::Mock::start(never).await.unwrap();
    let (silent, closed) = (mock.rest_url(), "http://127.0.0.1:1".to_owned());

    for (symptom, config, url) in [
        ("connect: ", "deadline: 5s", &closed),
        (
            "deadline: no complete answer within the deadline of ",
            "deadline: 20ms",
            &silent,
        ),
        (
            "stalled: no answer began within ",
            "first_byte_deadline: 20ms",
            &silent,
        ),
        ("ejected: every endpoint is ejected", "breaker: {}", &closed),
    ] {
        let text = format!("{config}\nendpoints: [ {{ protocol: openai, url: '{url}' }} ]");
        let file = settings::client_from_text("client.yaml", &text, &Overrides::default()).unwrap();
        let client = Client::new(&file.config, &file.endpoints).unwrap();
        let asked = patterns::whole(&client, "Why?").await;
        let again = patterns::whole(&client, "Why?").await.unwrap_err();

        assert!(asked.is_err());
        let told = again.to_string();
        assert!(told.starts_with(symptom), "{told}");
        assert!(guide.contains(symptom), "{symptom}");
    }
    mock.stop().await;
}
