use super::*;
use crate::seed::Seed;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn read(block: &str) -> Result<Prompts, String> {
    let read = serde_json::from_str(block);
    read.map_err(|error: serde_json::Error| {
        error
            .to_string()
            .split(" at line")
            .next()
            .unwrap()
            .to_owned()
    })
}

fn drawn(block: &str) -> Drawn {
    let Prompts::Drawn(drawn) = read(block).unwrap() else {
        unreachable!()
    };
    drawn
}

/// The first words of a text.
fn beginning(text: &str, words: usize) -> String {
    text.split(' ').take(words).collect::<Vec<_>>().join(" ")
}

#[test]
fn prompts_of_a_group_begin_with_the_same_bytes_and_go_on_by_themselves() {
    let prompts = drawn(r#"{"tokens":5,"shared_prefix":{"tokens":20,"groups":3}}"#);
    let texts: Vec<String> = (0..300)
        .map(|seq| prompts.text(Seed::new(7), seq))
        .collect();

    let prefixes: BTreeSet<String> = texts.iter().map(|text| beginning(text, 20)).collect();
    let whole: BTreeSet<&String> = texts.iter().collect();

    assert!(texts.iter().all(|text| text.split(' ').count() == 25));
    assert_eq!(prefixes.len(), 3);
    assert_eq!(whole.len(), 300);
}

#[test]
fn what_a_prompt_has_alone_is_the_same_with_and_without_a_shared_prefix() {
    let alone = drawn(r#"{"tokens":5}"#).text(Seed::new(7), 3);
    let shared =
        drawn(r#"{"tokens":5,"shared_prefix":{"tokens":2,"groups":3}}"#).text(Seed::new(7), 3);

    assert_eq!(shared, format!("{} {alone}", beginning(&shared, 2)));
}

#[test]
fn a_prompt_has_the_same_prefix_for_ever() {
    let prompts = drawn(
        r#"{"tokens":1,"shared_prefix":{"tokens":{"uniform":{"min":1,"max":4}},"groups":2}}"#,
    );

    let texts: Vec<String> = (0..4).map(|seq| prompts.text(Seed::new(7), seq)).collect();

    assert_eq!(
        texts,
        [
            "area both both",
            "early glad color journey",
            "area both body",
            "area both glass"
        ]
    );
}

#[test]
fn blocks_that_mean_nothing_are_refused() {
    let told = |block: &str| read(block).unwrap_err();

    assert_eq!(
        told("{}"),
        "expected one of `tokens`, `jsonl` and `sharegpt`, found none"
    );
    assert_eq!(
        told(r#"{"tokens":1,"jsonl":"a"}"#),
        "expected one of `tokens`, `jsonl` and `sharegpt`, found several"
    );
    assert_eq!(
        told(r#"{"tokens":1,"limit":1}"#),
        "expected `limit` only with a file"
    );
    assert_eq!(
        told(r#"{"tokens":1,"order":"shuffled"}"#),
        "expected `order` only with a file"
    );
    assert_eq!(
        told(r#"{"jsonl":"a","shared_prefix":{"tokens":1,"groups":1}}"#),
        "expected `shared_prefix` only with `tokens`"
    );
    assert_eq!(
        told(r#"{"jsonl":"a","max_prompt_tokens":1}"#),
        "expected `max_prompt_tokens` only with `sharegpt`"
    );
    assert!(
        told(r#"{"tokens":1,"shared_prefix":{"tokens":1,"groups":0}}"#)
            .starts_with("invalid value")
    );
}

#[test]
fn what_is_written_is_read_back() {
    for block in [
        r#"{"tokens":5,"shared_prefix":{"tokens":2,"groups":3}}"#,
        r#"{"jsonl":"a.jsonl"}"#,
        r#"{"sharegpt":"a.json","order":"shuffled","limit":3,"max_prompt_tokens":9,"max_total_tokens":8}"#,
    ] {
        assert_eq!(serde_json::to_string(&read(block).unwrap()).unwrap(), block);
    }
}

proptest! {
    #[test]
    fn groups_are_drawn_equally_often(groups in 1_u32..9, seed: u64) {
        let prompts = drawn(&format!(r#"{{"tokens":1,"shared_prefix":{{"tokens":9,"groups":{groups}}}}}"#));
        let mut counts = std::collections::BTreeMap::new();
        for seq in 0..900 {
            *counts.entry(beginning(&prompts.text(Seed::new(seed), seq), 9)).or_insert(0_u32) += 1;
        }

        let share = 1.0 / f64::from(groups);
        let most = 6.0 * (900.0 * share * (1.0 - share)).sqrt() + 1.0;
        prop_assert_eq!(counts.len(), usize::try_from(groups).unwrap());
        for count in counts.values() {
            prop_assert!((f64::from(*count) - 900.0 * share).abs() < most, "{counts:?}");
        }
    }
}
