//! Where texts end, what reasoning takes, and when a call has too little room.

use super::*;

fn text(choice: &Choice) -> String {
    let mut buffer = Vec::new();
    choice.push(0..choice.tokens(), &mut buffer);
    String::from_utf8(buffer).unwrap()
}

fn stopped(stops: &[&str], index: u32) -> Choice {
    let wish = Wish {
        max_tokens: Some(60),
        stops: stops.iter().copied().map(str::to_owned).collect(),
        ..Wish::default()
    };
    wish.choice(index, 100)
}

#[test]
fn a_text_ends_before_the_first_stop_sequence() {
    for (stops, index, tokens, expected) in [
        (&[" charlie"][..], 0, 2, " alpha bravo"),
        (&["lie", " delta"], 0, 3, " alpha bravo char"),
        (&[" delta", "avo c"], 0, 2, " alpha br"),
        (&[" alpha"], 0, 0, ""),
        (&[" bravo"], 1, 0, ""),
        (&[" delta"], 1, 2, " bravo charlie"),
    ] {
        let choice = stopped(stops, index);

        assert_eq!(
            (choice.tokens(), text(&choice).as_str()),
            (tokens, expected)
        );
        assert_eq!(choice.ending, Ending::Stop);
    }
}

#[test]
fn a_stop_sequence_across_turns_of_the_words_is_found_and_one_that_never_comes_is_not() {
    let across = stopped(&[" zulu alpha"], 3);
    let never = stopped(&["zulu bravo"], 0);

    assert_eq!(across.tokens(), 22);
    assert_eq!((never.tokens(), never.ending), (60, Ending::Length));
}

#[test]
fn reasoning_takes_its_share_and_the_words_go_on_after_it() {
    let wish = Wish {
        max_tokens: Some(9),
        reasoning_eighths: 4,
        stops: vec![" golf".to_owned()],
        ..Wish::default()
    };

    let choice = wish.choice(0, 100);

    assert_eq!((choice.reasoning, choice.tokens()), (4, 6));
    assert_eq!(choice.thoughts(&(3..6)), 3..4);
    assert_eq!(choice.spoken(&(3..9)), 4..6);
    assert_eq!(text(&choice), " alpha bravo charlie delta echo foxtrot");
}

#[test]
fn a_call_that_has_too_little_room_ends_for_length() {
    let wish = |max_tokens| Wish {
        max_tokens,
        instead: Some(Instead::Call {
            function: "f".into(),
            arguments: Arc::new(Fragments::new(r#"{"a":1}"#.to_owned())),
        }),
        ..Wish::default()
    };

    let (whole, cut) = (wish(None).choice(0, 100), wish(Some(2)).choice(0, 100));

    assert_eq!(
        (whole.ending, text(&whole).as_str()),
        (Ending::ToolCalls, r#"{\"a\":1}"#)
    );
    assert_eq!(
        (cut.ending, text(&cut).as_str()),
        (Ending::Length, r#"{\"a"#)
    );
}
