use super::*;
use crate::workload::Role;

fn lines(text: &str) -> Result<Records, String> {
    Records::jsonl(text, None).map_err(|error| error.to_string())
}

/// As many tokens as words.
fn words(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count()).unwrap()
}

fn dialogues(text: &str, most: (u32, u32)) -> Result<Records, String> {
    Records::sharegpt(text, None, most, &words).map_err(|error| error.to_string())
}

fn turn(role: Role, text: &str) -> Turn {
    Turn {
        role,
        text: text.to_owned(),
    }
}

#[test]
fn a_line_is_a_prompt_or_a_conversation_so_far() {
    let text = r#"{"prompt":"Who are you?","output_tokens":8,"id":7}

{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"max_tokens":3,"model":"large"}
{"prompt":"Why?"}
"#;

    let records = lines(text).unwrap();

    let [plain, conversation, open] = records.list() else {
        unreachable!()
    };
    assert_eq!(plain.rounds[0].text, "Who are you?");
    assert_eq!(
        (plain.rounds[0].output_tokens, &plain.model),
        (Some(8), &None)
    );
    assert_eq!(conversation.opening, [turn(Role::System, "Be brief.")]);
    assert_eq!(conversation.rounds[0].text, "Hi");
    assert_eq!(conversation.rounds[0].output_tokens, Some(3));
    assert_eq!(records.models().collect::<Vec<_>>(), ["large"]);
    assert_eq!(records.without_output(), Some(open));
    assert_eq!(open.line, Some(4));
}

#[test]
fn a_line_that_is_no_prompt_is_told_by_its_number() {
    let told = |line: &str| lines(&format!("{{\"prompt\":\"a\"}}\n\n{line}\n")).unwrap_err();

    assert_eq!(
        told("{}"),
        "line 3: expected `prompt` or `messages`, found neither"
    );
    assert_eq!(
        told(r#"{"prompt":"a","messages":[]}"#),
        "line 3: expected one of `prompt` and `messages`, found both"
    );
    assert_eq!(
        told(r#"{"prompt":""}"#),
        "line 3: expected a prompt, found an empty text"
    );
    assert_eq!(
        told(r#"{"messages":[{"role":"assistant","content":"a"}]}"#),
        "line 3: expected the last of `messages` to be of the role `user`"
    );
    assert_eq!(
        told(r#"{"prompt":"a","max_tokens":0}"#),
        "line 3: expected 1 to 100000 output tokens, found 0"
    );
    assert_eq!(
        told(r#"{"prompt":"a","max_tokens":1,"output_tokens":1}"#),
        "line 3: expected one of `output_tokens` and `max_tokens`, found both"
    );
    assert_eq!(
        told(r#"{"prompt":"a","model":" "}"#),
        "line 3: expected the name of a model, found an empty text"
    );
    assert_eq!(
        told(r#"{"prompt":3}"#),
        "line 3: invalid type: integer `3`, expected a string, in column 11"
    );
    assert_eq!(
        told("{"),
        "line 3: EOF while parsing an object, in column 1"
    );
    assert_eq!(
        lines("\n").unwrap_err(),
        "expected a prompt on each line, found nothing in the file"
    );
}

#[test]
fn a_limit_leaves_the_rest_unread() {
    let text = "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\nnothing\n";

    let records = Records::jsonl(text, std::num::NonZero::new(2)).unwrap();

    assert_eq!(records.list().len(), 2);
}

#[test]
fn conversations_are_read_as_far_as_human_and_model_take_turns() {
    let text = r#"[
        {"id":"a","conversations":[
            {"from":"system","value":"be brief"},
            {"from":"human","value":"one two three four"},{"from":"gpt","value":"a b c d e"},
            {"from":"human","value":"and five"},{"from":"gpt","value":"f"},
            {"from":"human","value":"lonely"}]},
        {"conversations":[{"from":"gpt","value":"a b c d"},{"from":"human","value":"a b c d"}]},
        {"conversations":[{"from":"human","value":"too short"},{"from":"gpt","value":"a b c d"}]},
        {"conversations":[{"from":"human","value":"one two three four"},{"from":"gpt","value":" "}]},
        {"conversations":[]}
    ]"#;

    let records = dialogues(text, (100, 100)).unwrap();

    let round = |text: &str, tokens| Round {
        text: text.to_owned(),
        output_tokens: Some(tokens),
    };
    assert_eq!(
        records.list(),
        [Record {
            opening: vec![turn(Role::System, "be brief")],
            rounds: vec![round("one two three four", 5), round("and five", 1)],
            model: None,
            line: None,
        }]
    );
    assert_eq!(records.without_output(), None);
}

#[test]
fn what_is_too_long_ends_a_conversation() {
    let text = r#"[{"conversations":[
        {"from":"human","value":"a b c d"},{"from":"gpt","value":"a b c d"},
        {"from":"human","value":"a b c d e"},{"from":"gpt","value":"a b c d"}]}]"#;
    let rounds = |most| dialogues(text, most).map(|records| records.list()[0].rounds.len());

    assert_eq!(rounds((5, 17)), Ok(2));
    assert_eq!(rounds((4, 17)), Ok(1));
    assert_eq!(rounds((5, 16)), Ok(1));
    assert_eq!(
        rounds((3, 17)).unwrap_err(),
        "expected conversations in which `human` asks and `gpt` answers, found none that can be used among 1"
    );
}

#[test]
fn what_is_no_list_of_conversations_is_told_with_its_line() {
    assert_eq!(
        dialogues("[\n  {\"conversations\": 3}\n]", (9, 9)).unwrap_err(),
        "line 2: invalid type: integer `3`, expected a sequence, in column 21"
    );
}

#[test]
fn records_come_one_after_the_other_and_again_from_the_first() {
    let records = lines("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"c\"}\n").unwrap();
    let text = |order, number| {
        let record = records.nth(order, Seed::new(7), number).unwrap();
        record.rounds[0].text.clone()
    };

    let in_file: String = (0..7).map(|number| text(Order::AsInFile, number)).collect();
    let shuffled: String = (0..9).map(|number| text(Order::Shuffled, number)).collect();

    assert_eq!(in_file, "abcabca");
    assert_eq!(shuffled, "abcbacabc");
    assert_eq!(
        Records::default().nth(Order::AsInFile, Seed::new(7), 0),
        None
    );
}

#[test]
fn no_file_is_more_than_it_says() {
    let honest: &[&[u8]] = &[
        br#"{"prompt":"Who are you?","output_tokens":8}"#,
        br#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":3,"model":"large"}"#,
        br#"[{"conversations":[{"from":"human","value":"a b c d"},{"from":"gpt","value":"a b c d"}]}]"#,
    ];

    inferometer_fuzz::hold(honest, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for records in [lines(&text), dialogues(&text, (9, 9))]
            .into_iter()
            .flatten()
        {
            let said = records.list().iter().flat_map(|record| &record.rounds);
            assert!(said.map(|round| round.text.len()).sum::<usize>() <= text.len());
        }
    });
}
