use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str) -> Document {
    Document::read("x.yaml", text, &BTreeMap::new()).unwrap()
}

fn told(error: &Error) -> (Option<Place>, &str) {
    (error.place, error.message.as_str())
}

#[test]
fn every_value_knows_where_it_stands() {
    let document = read("load:\n  closed: { in_flight: 10 }\n");
    let path = Path::parse("load.closed.in_flight");

    let value = document.error(&path, Part::Value, "");
    let key = document.error(&path, Part::Key, "");

    assert_eq!(
        value.place,
        Some(Place {
            line: 2,
            column: 24,
            length: 2
        })
    );
    assert_eq!(
        key.place,
        Some(Place {
            line: 2,
            column: 13,
            length: 9
        })
    );
    assert_eq!(document.origin(&path).to_string(), "x.yaml:2");
}

#[test]
fn what_is_missing_is_shown_at_the_block_that_lacks_it() {
    let document = read("phases: { warmup: 1s }\n");

    let error = document.error(&Path::parse("phases.measure"), Part::Value, "");

    assert_eq!(
        error.place,
        Some(Place {
            line: 1,
            column: 1,
            length: 6
        })
    );
}

#[test]
fn blocks_that_are_not_there_are_made_for_an_override() {
    let document = read("name: x\n");
    let path = Path::parse("client.retry.attempts");

    let changed = document
        .overridden(&path, json!(3), Origin::Set("a=3".to_owned()))
        .unwrap();

    assert_eq!(
        changed.tree(),
        &json!({ "name": "x", "client": { "retry": { "attempts": 3 } } })
    );
    assert_eq!(changed.origin(&path), Origin::Set("a=3".to_owned()));
    assert_eq!(
        changed.origin(&Path::parse("client.retry")),
        Origin::Default
    );
}

#[test]
fn an_override_reaches_into_lists() {
    let document = read("faults: [ { stall: { share: 1% } } ]\n");

    let by_bracket = document.overridden(
        &Path::parse("faults[0].stall.share"),
        json!("2%"),
        Origin::Set(String::new()),
    );
    let by_dot = document.overridden(
        &Path::parse("faults.0.stall.share"),
        json!("2%"),
        Origin::Set(String::new()),
    );

    assert_eq!(
        by_bracket.unwrap().tree(),
        &json!({ "faults": [{ "stall": { "share": "2%" } }] })
    );
    assert_eq!(
        by_dot.unwrap().tree(),
        &json!({ "faults": [{ "stall": { "share": "2%" } }] })
    );
}

#[test]
fn the_keys_of_a_sweep_are_paths_and_not_nested() {
    let path = Path::parse("sweep.load.closed.in_flight");

    assert_eq!(path, Path::root().key("sweep").key("load.closed.in_flight"));
    assert_eq!(path.index(2).to_string(), "sweep.load.closed.in_flight[2]");
}

#[test]
fn an_anchor_may_be_used_again_and_stands_where_it_is_used() {
    let document = read("a: &settings { b: 1 }\nc: *settings\n");

    assert_eq!(
        document.tree(),
        &json!({ "a": { "b": 1 }, "c": { "b": 1 } })
    );
    assert_eq!(document.origin(&Path::parse("c")).to_string(), "x.yaml:2");
}

#[test]
fn a_byte_order_mark_does_not_move_the_caret() {
    let error = Document::read("x.yaml", "\u{feff}a: 1\na: 2\n", &BTreeMap::new()).unwrap_err();

    assert_eq!(
        told(&error),
        (
            Some(Place {
                line: 2,
                column: 1,
                length: 1
            }),
            "the key `a` stands here for the second time"
        )
    );
    assert!(error.to_string().contains("2 | a: 2\n  | ^"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\\n\\t]{0,200}") {
        let _ = Document::read("x.yaml", &text, &BTreeMap::new());
    }

    #[test]
    fn no_structure_makes_the_reader_panic(text in "([a-c*&:{}\\[\\],\\-'\"|>$! \\n]){0,80}") {
        if let Err(error) = Document::read("x.yaml", &text, &BTreeMap::new()) {
            prop_assert!(error.to_string().starts_with("error: "));
        }
    }

    #[test]
    fn printing_a_path_round_trips(keys in prop::collection::vec("[a-z_]{1,8}", 1..5), index in 0_usize..100) {
        let path = keys.iter().fold(Path::root(), |path, key| path.key(key)).index(index).key("end");
        prop_assume!(!["sweep", "search"].contains(&keys[0].as_str()));
        prop_assert_eq!(Path::parse(&path.to_string()), path);
    }
}

#[test]
fn no_key_moves_the_cursor_of_whoever_reads_the_error() {
    let document = read("load: { \"\\e[2J\\r\\nerror: x\": 1 }\n");
    let path = Path::parse("load").key("\u{1b}[2J\r\nerror: x");

    let error = document
        .error(&path, Part::Key, "unknown field `\u{1b}[2J\n`")
        .hint("write \u{9b}2J");

    let told = "error: load.\u{fffd}[2J\u{fffd}\u{fffd}error: x: unknown field `\u{fffd}[2J\u{fffd}`\n \
        --> x.yaml:1:9\n  |\n1 | load: { \"\\e[2J\\r\\nerror: x\": 1 }\n  |         ^^^^^^^^^^^^^^^^^^^\n  \
        = help: write \u{fffd}2J";
    assert_eq!(error.to_string(), told);
}
