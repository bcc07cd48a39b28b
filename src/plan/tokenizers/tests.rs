use super::super::{Plan, from_files};
use crate::scenario::{Error, Overrides};
use crate::tokenizer::Tokenizer;
use crate::workload::{Call, Content, Prompt};
use std::path::Path;

const WORDS: &str = include_str!("../../../scenarios/load/tokenizer.json");
const SMALL: &str = include_str!("../../../tests/tokenizers/byte_level.json");

/// A scenario with this workload and a tokenizer.
fn scenario(workload: &str) -> String {
    format!(
        "name: x\nworkload: {workload}\ntokenizer: t/tokenizer.json\nload: {{ closed: {{ in_flight: 1 }} }}\nphases: {{ measure: 1s }}\n"
    )
}

/// Plans a scenario in the folder `here`, whose tokenizer is `tokenizer`, and whose prompts are `prompts`.
fn planned(workload: &str, tokenizer: &str, prompts: &str) -> Result<Plan, String> {
    let open = |path: &Path| match path.display().to_string().as_str() {
        "here/t/tokenizer.json" => Ok(tokenizer.to_owned()),
        "here/prompts.json" => Ok(prompts.to_owned()),
        other => Err(Error::of_file(other, "no such file")),
    };
    let overrides = Overrides::default();
    let plan = from_files(
        Path::new("here/x.yaml"),
        &scenario(workload),
        &overrides,
        &open,
    );
    plan.map_err(|error| error.to_string())
}

fn texts(plan: &Plan, seq: u64) -> Vec<String> {
    let stage = &plan.stages[0];
    let Call::Infer(content) = stage.streams.only().workload.asked(stage.seed, seq).call else {
        unreachable!()
    };
    match content {
        Content::Generate(content) => match content.prompt {
            Prompt::Text(text) => vec![text],
            Prompt::Chat(turns) => turns.into_iter().map(|turn| turn.text).collect(),
        },
        Content::Embed(content) => content.texts,
        Content::Infer(_) => unreachable!(),
    }
}

#[test]
fn prompts_that_are_drawn_have_exactly_as_many_tokens_as_they_are_asked_to() {
    let tokenizer = Tokenizer::read("t", WORDS).unwrap();
    let counts = |workload: &str| {
        let plan = planned(workload, WORDS, "").unwrap();
        let texts = (0..50).flat_map(|seq| texts(&plan, seq));
        texts
            .map(|text| tokenizer.count(&text).unwrap())
            .collect::<Vec<_>>()
    };

    let alone = "{ chat: { model: m, prompt: { tokens: 321 }, output: { tokens: 1 } } }";
    let shared = "{ completion: { model: m, prompt: { tokens: 21, shared_prefix: { tokens: 300, groups: 3 } }, output: { tokens: 1 } } }";
    let turns =
        "{ conversation: { model: m, turns: 2, prompt: { tokens: 321 }, output: { tokens: 1 } } }";
    let vectors = "{ embedding: { model: m, inputs: 2, input: { tokens: 321 } } }";
    let mix = "{ mix: [ { name: a, chat: { model: m, prompt: { tokens: 321 }, output: { tokens: 1 } } }, { name: b, journey: [ { embedding: { model: m, input: { tokens: 321 } } } ] } ] }";
    for workload in [alone, shared, turns, vectors, mix] {
        let counts = counts(workload);
        assert!(
            counts.iter().all(|count| *count == 321),
            "{workload}: {counts:?}"
        );
    }
}

#[test]
fn a_tokenizer_that_takes_words_apart_draws_no_prompts_but_counts_those_of_files() {
    let drawn = planned(
        "{ chat: { model: m, prompt: { tokens: 4 }, output: { tokens: 1 } } }",
        SMALL,
        "",
    );

    insta::assert_snapshot!(drawn.unwrap_err());

    // Five words that are thirteen tokens: a token for each four bytes would be seven.
    let question = "supercali fragil is ticexpi";
    let prompts = format!(
        r#"[{{"conversations":[{{"from":"human","value":"{question}"}},{{"from":"gpt","value":"The client waits for the first token."}}]}}]"#
    );
    let counted = Tokenizer::read("t", SMALL)
        .unwrap()
        .count(question)
        .unwrap();
    let taken = |most: u64| {
        let workload = format!(
            "{{ chat: {{ model: m, prompt: {{ sharegpt: prompts.json, max_prompt_tokens: {most} }} }} }}"
        );
        planned(&workload, SMALL, &prompts)
    };
    assert!(counted > 7);
    assert_eq!(texts(&taken(counted).unwrap(), 0), [question]);
    assert!(
        taken(counted - 1)
            .unwrap_err()
            .contains("none that can be used")
    );
}

#[test]
fn the_contents_of_the_tokenizer_belong_to_the_fingerprint_and_its_place_does_not() {
    let workload = "{ tensor: { model: m, inputs: [ { name: x, datatype: FP32, shape: [1] } ] } }";
    let fingerprint = |tokenizer: &str| {
        planned(
            &format!("{workload}\nclient: {{ mode: grpc }}"),
            tokenizer,
            "",
        )
        .unwrap()
        .fingerprint
    };

    assert_eq!(fingerprint(WORDS), fingerprint(WORDS));
    assert_ne!(fingerprint(WORDS), fingerprint(SMALL));
}

#[test]
fn a_file_that_is_no_tokenizer_is_told_with_its_place() {
    let chat = "{ chat: { model: m, prompt: { tokens: 4 }, output: { tokens: 1 } } }";

    insta::assert_snapshot!(planned(chat, "{ \"vocabulary\": [] }", "").unwrap_err());
    let missing = super::super::from_files(
        Path::new("elsewhere/x.yaml"),
        &scenario(chat),
        &Overrides::default(),
        &|path| {
            Err(Error::of_file(
                &path.display().to_string(),
                "could not read the file: not found",
            ))
        },
    );
    insta::assert_snapshot!(missing.unwrap_err().to_string());
}
