use super::*;
use crate::workload::{Generate, Kind, Prompt, Records, Role, Workload};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn read(fields: &str) -> Result<Workload, String> {
    let json = format!(r#"{{"conversation":{{"model":"tiny",{fields}}}}}"#);
    let read = serde_json::from_str(&json);
    read.map_err(|error| {
        error
            .to_string()
            .split(" at line")
            .next()
            .unwrap()
            .to_owned()
    })
}

const DRAWN: &str = r#""prompt":{"tokens":4},"output":{"tokens":2}"#;

fn turn(workload: &Workload, seq: u64) -> (Asked, Generate) {
    let asked = workload.asked(Seed::new(7), seq);
    let Call::Infer(Content::Generate(content)) = asked.call.clone() else {
        unreachable!()
    };
    (asked, content)
}

fn said(content: &Generate) -> Vec<(Role, &str)> {
    let Prompt::Chat(turns) = &content.prompt else {
        unreachable!()
    };
    turns
        .iter()
        .map(|turn| (turn.role, turn.text.as_str()))
        .collect()
}

/// Conversations of a file: of two turns with a system text before them, and of one.
fn recorded(more: &str) -> Workload {
    let mut workload = read(&format!(r#""prompt":{{"sharegpt":"a.json"}}{more}"#)).unwrap();
    let text = r#"[
        {"conversations":[{"from":"system","value":"be brief"},
            {"from":"human","value":"a b c d"},{"from":"gpt","value":"a b c d e"},
            {"from":"human","value":"f"},{"from":"gpt","value":"g h"}]},
        {"conversations":[{"from":"human","value":"i j k l"},{"from":"gpt","value":"a b c d"}]}]"#;
    let count = |text: &str| u32::try_from(text.split(' ').count()).unwrap();
    let records = Records::sharegpt(text, None, (99, 99), &count).unwrap();
    for (_, generation) in workload.generations_mut() {
        if let Prompts::Recorded(recorded) = &mut generation.prompt {
            recorded.fill(Arc::new(records.clone()));
        }
    }
    workload
}

#[test]
fn a_turn_adds_one_question_after_a_pause_but_for_the_first() {
    let workload = read(&format!(
        r#""turns":2,{DRAWN},"think":{{"uniform":{{"min":"1s","max":"3s"}}}}"#
    ))
    .unwrap();

    let (first, opening) = turn(&workload, 6);
    let (second, question) = turn(&workload, 7);

    assert_eq!(said(&opening), [(Role::User, "clear crowd castle job")]);
    assert_eq!(said(&question), [(Role::User, "ground gentle castle dog")]);
    assert_eq!((first.think, first.is_turn), (Duration::ZERO, true));
    assert_eq!((second.think.as_millis(), second.is_turn), (1960, true));
}

#[test]
fn a_shared_prefix_is_part_of_the_first_turn_alone() {
    let workload = read(
        r#""turns":2,"prompt":{"tokens":4,"shared_prefix":{"tokens":9,"groups":1}},"output":{"tokens":2}"#,
    )
    .unwrap();
    let words = |seq| said(&turn(&workload, seq).1)[0].1.split(' ').count();

    assert_eq!((words(0), words(1), words(2)), (13, 4, 13));
}

#[test]
fn recorded_conversations_ask_what_was_asked_for_as_long_as_was_answered() {
    let workload = recorded("");

    let requests: Vec<Vec<u64>> = (0..3)
        .map(|slot| workload.requests_of(Seed::new(7), slot).collect())
        .collect();
    let first = turn(&workload, 0).1;
    let second = turn(&workload, 1).1;
    let other = turn(&workload, 2).1;

    assert_eq!(requests, [vec![0, 1], vec![2], vec![4, 5]]);
    assert_eq!(
        said(&first),
        [(Role::System, "be brief"), (Role::User, "a b c d")]
    );
    assert_eq!(said(&second), [(Role::User, "f")]);
    assert_eq!(said(&other), [(Role::User, "i j k l")]);
    assert_eq!(
        (
            first.output_tokens,
            second.output_tokens,
            other.output_tokens
        ),
        (5, 2, 4)
    );
}

#[test]
fn drawn_turns_end_a_recorded_conversation_early_and_never_make_it_longer() {
    let turns = |more: &str| {
        let workload = recorded(more);
        let count = |slot| workload.requests_of(Seed::new(7), slot).count();
        (count(0), count(1))
    };

    assert_eq!(turns(r#","turns":1"#), (1, 1));
    assert_eq!(turns(r#","turns":9"#), (2, 1));
}

#[test]
fn turns_are_told_apart_where_that_is_asked_for() {
    let kind = |turn| Kind {
        part: None,
        turn,
        operation: "chat",
    };
    let together = read(&format!(r#""turns":2,{DRAWN}"#)).unwrap();
    let apart = read(&format!(r#""turns":2,{DRAWN},"tell_turns_apart":true"#)).unwrap();
    let many = read(&format!(r#""turns":1000,{DRAWN},"tell_turns_apart":true"#)).unwrap();

    assert_eq!(
        together.kinds().into_iter().collect::<Vec<_>>(),
        [kind(None)]
    );
    assert_eq!(
        apart.kinds().into_iter().collect::<Vec<_>>(),
        [kind(Some(1)), kind(Some(2))]
    );
    assert_eq!(apart.kind(Seed::new(7), 5), kind(Some(2)));
    assert_eq!(
        (many.kinds().len(), many.kind(Seed::new(7), 999)),
        (100, kind(Some(100)))
    );
}

#[test]
fn conversations_that_mean_nothing_are_refused() {
    let told = |fields: &str| read(fields).unwrap_err();

    assert_eq!(told(DRAWN), "missing field `turns`");
    assert_eq!(
        told(&format!(r#""turns":1001,{DRAWN}"#)),
        "expected at most 1000 turns, found more"
    );
    assert_eq!(
        told(r#""prompt":{"jsonl":"a"}"#),
        "expected `tokens` or `sharegpt` in the `prompt` of a conversation, found `jsonl`, whose lines are single requests"
    );
    assert_eq!(
        told(&format!(
            r#""turns":2,{DRAWN},"think":{{"uniform":{{"min":"3s","max":"1s"}}}}"#
        )),
        "expected at most the `max` beside it in `uniform.min`, found `3s`"
    );
    assert_eq!(
        told(&format!(r#""turns":2,{DRAWN},"think":3"#)),
        "invalid type: integer `3`, expected a duration such as `2s`, or a distribution such as `lognormal`"
    );
}

#[test]
fn what_is_written_is_read_back() {
    for fields in [
        format!(r#""turns":2,{DRAWN}"#),
        format!(
            r#""turns":{{"uniform":{{"min":2,"max":3}}}},{DRAWN},"think":"2s","tell_turns_apart":true"#
        ),
        format!(
            r#""turns":2,{DRAWN},"think":{{"lognormal":{{"median":"2s","sigma":0.5}}}},"cancel_after":"1s""#
        ),
    ] {
        let workload = read(&fields).unwrap();
        let written = serde_json::to_value(&workload).unwrap();
        assert_eq!(
            serde_json::from_value::<Workload>(written).unwrap(),
            workload
        );
    }
}

#[test]
fn pauses_have_the_distribution_asked_for() {
    let workload = read(&format!(
        r#""turns":2,{DRAWN},"think":{{"gamma":{{"mean":"2s","cv":1.0}}}}"#
    ))
    .unwrap();
    let count = 4_000_u32;
    let sum: f64 = (0..u64::from(count))
        .map(|slot| turn(&workload, 2 * slot + 1).0.think.as_secs_f64())
        .sum();

    // Five standard deviations of the mean of so many exponential pauses of 2 s.
    let mean = sum / f64::from(count);
    assert!((mean - 2.0).abs() < 0.16, "{mean}");
}

proptest! {
    #[test]
    fn the_turns_of_a_slot_are_drawn_by_its_number(seed: u64, slot in 0_u64..1_000_000) {
        let workload = read(&format!(r#""turns":{{"uniform":{{"min":2,"max":5}}}},{DRAWN}"#)).unwrap();
        let requests = workload.requests_of(Seed::new(seed), slot);
        prop_assert_eq!(requests.start, slot * 5);
        prop_assert!((2..=5).contains(&requests.clone().count()));
        prop_assert_eq!(requests, workload.requests_of(Seed::new(seed), slot));
    }
}
