use super::super::{Plan, from_files};
use crate::scenario::{Error, Overrides};
use crate::workload::{Call, Content, Prompt};
use std::cell::RefCell;
use std::path::Path;

/// A scenario whose prompts are those of `source`, with `more` behind it.
fn scenario(source: &str, more: &str) -> String {
    format!(
        "name: x\nworkload: {{ chat: {{ model: tiny, prompt: {{ {source} }}{more} }} }}\nload: {{ closed: {{ in_flight: 1 }} }}\nphases: {{ measure: 1s }}\n"
    )
}

/// Plans a scenario in the folder `here`; every file says `contents`. Also the paths that were opened.
fn planned(scenario: &str, contents: &str) -> (Result<Plan, String>, Vec<String>) {
    let opened = RefCell::new(Vec::new());
    let open = |path: &Path| -> Result<String, Error> {
        opened.borrow_mut().push(path.display().to_string());
        Ok(contents.to_owned())
    };
    let plan = from_files(
        Path::new("here/x.yaml"),
        scenario,
        &Overrides::default(),
        &open,
    );
    let plan = plan.map_err(|error| error.to_string());
    (plan, opened.into_inner())
}

const TWO: &str = "{\"prompt\":\"one\",\"output_tokens\":3}\n{\"prompt\":\"two\",\"output_tokens\":4,\"model\":\"large\"}\n";

#[test]
fn prompts_are_those_of_the_file_beside_the_scenario() {
    let (plan, opened) = planned(&scenario("jsonl: a.jsonl", ""), TWO);
    let stage = &plan.unwrap().stages[0];

    let asked = |seq| {
        let Call::Infer(Content::Generate(content)) =
            stage.streams.only().workload.asked(stage.seed, seq).call
        else {
            unreachable!()
        };
        let Prompt::Chat(turns) = content.prompt else {
            unreachable!()
        };
        (turns[0].text.clone(), content.output_tokens, content.model)
    };

    assert_eq!(opened, ["here/a.jsonl"]);
    assert_eq!(asked(0), ("one".to_owned(), 3, "tiny".to_owned()));
    assert_eq!(asked(3), ("two".to_owned(), 4, "large".to_owned()));
    // The mock has every model that some line asks for.
    assert_eq!(stage.streams.only().workload.models(), ["tiny", "large"]);
}

#[test]
fn an_output_of_the_scenario_goes_before_that_of_the_file() {
    let (plan, _) = planned(&scenario("jsonl: a.jsonl", ", output: { tokens: 9 }"), TWO);
    let stage = &plan.unwrap().stages[0];

    let Call::Infer(Content::Generate(content)) =
        stage.streams.only().workload.asked(stage.seed, 0).call
    else {
        unreachable!()
    };

    assert_eq!(content.output_tokens, 9);
}

#[test]
fn a_file_is_read_once_for_all_stages() {
    let swept = format!(
        "{}sweep: {{ load.closed.in_flight: [1, 2, 3] }}\n",
        scenario("jsonl: a.jsonl", "")
    );

    let (plan, opened) = planned(&swept, TWO);

    assert_eq!(plan.unwrap().stages.len(), 3);
    assert_eq!(opened, ["here/a.jsonl"]);
}

#[test]
fn a_swept_file_is_beside_the_scenario_too() {
    let swept = format!(
        "{}sweep: {{ workload.chat.prompt.jsonl: [a.jsonl, b.jsonl] }}\n",
        scenario("jsonl: a.jsonl", "")
    );

    let (plan, opened) = planned(&swept, TWO);

    assert!(plan.is_ok());
    assert_eq!(opened, ["here/a.jsonl", "here/b.jsonl"]);
}

#[test]
fn all_that_stands_in_a_file_is_part_of_the_fingerprint() {
    let plain = scenario("jsonl: a.jsonl, limit: 1", "");
    let fingerprint = |contents: &str| planned(&plain, contents).0.unwrap().fingerprint;

    assert_eq!(fingerprint(TWO), fingerprint(TWO));
    assert_ne!(fingerprint(TWO), fingerprint(&TWO.replace("two", "three")));
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line_and_where_it_is_named() {
    let told = |source: &str, more: &str, contents: &str| {
        planned(&scenario(source, more), contents).0.unwrap_err()
    };

    insta::assert_snapshot!(
        [
            told(
                "jsonl: a.jsonl",
                "",
                "{\"prompt\":\"one\"}\n{\"prompt\":2}\n"
            ),
            told(
                "jsonl: a.jsonl",
                "",
                "{\"prompt\":\"one\",\"max_tokens\":2}\n{\"prompt\":\"two\"}\n"
            ),
            told("sharegpt: a.json", "", "[]"),
            told("tokens: 3", "", ""),
        ]
        .join("\n\n")
    );
}
