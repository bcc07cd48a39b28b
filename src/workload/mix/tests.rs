use super::*;
use crate::workload::{Call, Content, Kind};
use proptest::prelude::*;

const TEXT: &str = r#""model":"tiny","prompt":{"tokens":3},"output":{"tokens":2}"#;

fn read(parts: &str) -> Result<Workload, String> {
    let json = format!(r#"{{"mix":[{}]}}"#, parts.replace("TEXT", TEXT));
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

/// Three short chats for each long completion.
fn mix() -> Workload {
    read(r#"{"weight":3,"name":"short","chat":{TEXT}},{"name":"long","completion":{TEXT}}"#)
        .unwrap()
}

/// A journey of three requests beside a chat.
fn uneven() -> Workload {
    read(
        r#"{"name":"life","journey":[{"load":{"model":"tiny"}},{"chat":{TEXT},"times":2}]},{"name":"one","chat":{TEXT}}"#,
    )
    .unwrap()
}

#[test]
fn a_request_belongs_to_the_same_part_for_ever() {
    let mix = mix();

    let drawn: Vec<_> = (0..12)
        .map(|seq| mix.kind(Seed::new(7), seq).part.unwrap())
        .collect();

    assert_eq!(drawn, [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn what_is_asked_is_what_the_part_asks() {
    let mix = mix();

    for seq in 0..100 {
        let kind = mix.kind(Seed::new(7), seq);
        let Call::Infer(Content::Generate(content)) = mix.asked(Seed::new(7), seq).call else {
            unreachable!()
        };
        let is_chat = matches!(content.prompt, crate::workload::Prompt::Chat(_));
        assert_eq!(is_chat, kind.part == Some(0));
        assert_eq!(kind.operation, if is_chat { "chat" } else { "completion" });
    }
}

#[test]
fn a_slot_has_the_requests_of_its_part_and_no_number_twice() {
    let mix = uneven();
    let mut seen = Vec::new();

    for slot in 0..200 {
        let requests = mix.requests_of(Seed::new(7), slot);
        let kinds: Vec<_> = requests
            .clone()
            .map(|seq| mix.kind(Seed::new(7), seq))
            .collect();
        let kind = |part, operation| Kind {
            turn: None,
            part: Some(part),
            operation,
        };
        if kinds.len() == 1 {
            assert_eq!(kinds, [kind(1, "chat")]);
        } else {
            assert_eq!(kinds, [kind(0, "load"), kind(0, "chat"), kind(0, "chat")]);
        }
        seen.extend(requests);
    }

    assert!(seen.is_sorted_by(|one, next| one < next));
    assert_eq!(mix.kinds().len(), 3);
}

#[test]
fn mixes_that_mean_nothing_are_refused() {
    let told = |parts: &str| read(parts).unwrap_err();

    assert_eq!(
        told(r#"{"name":"a","chat":{TEXT}}"#),
        "expected 2 to 100 parts, found 1"
    );
    assert_eq!(
        told(r#"{"name":"a","chat":{TEXT}},{"name":"a","chat":{TEXT}}"#),
        "expected a name of its own for each part, found `a` twice"
    );
    assert_eq!(
        told(r#"{"name":"a"}"#),
        "expected exactly one of `chat`, `completion`, `conversation`, `embedding`, `tensor` and `journey` in a part, found none"
    );
    assert_eq!(
        told(r#"{"name":"a","chat":{TEXT},"completion":{TEXT}}"#),
        "expected exactly one of `chat`, `completion`, `conversation`, `embedding`, `tensor` and `journey` in a part, found several"
    );
    assert_eq!(
        told(r#"{"name":"a","weight":0,"chat":{TEXT}}"#),
        "expected 1 to 1000000, found `0`"
    );
    assert_eq!(
        told(r#"{"name":"A b","chat":{TEXT}}"#),
        "expected a name of at most 64 lower-case letters, digits and hyphens, found `A b`"
    );
    assert!(told(r#"{"name":"a","mix":[]}"#).starts_with("unknown field `mix`"));
}

#[test]
fn what_is_written_is_read_back() {
    for mix in [mix(), uneven()] {
        let written = serde_json::to_value(&mix).unwrap();
        assert_eq!(serde_json::from_value::<Workload>(written).unwrap(), mix);
    }
}

proptest! {
    #[test]
    fn parts_are_drawn_as_often_as_their_weights_say(one in 1_u32..1000, other in 1_u32..1000, seed: u64) {
        let parts = format!(
            r#"{{"weight":{one},"name":"a","chat":{{TEXT}}}},{{"weight":{other},"name":"b","chat":{{TEXT}}}}"#
        );
        let mix = read(&parts).unwrap();
        let drawn = (0..2_000).filter(|seq| mix.kind(Seed::new(seed), *seq).part == Some(0)).count();

        let share = f64::from(one) / f64::from(one + other);
        let expected = 2_000.0 * share;
        // Six standard deviations of a binomial count.
        let most = 6.0 * (2_000.0 * share * (1.0 - share)).sqrt() + 1.0;
        prop_assert!((f64::from(u32::try_from(drawn).unwrap()) - expected).abs() < most, "{drawn} of {expected}");
    }
}
