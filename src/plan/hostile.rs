//! Hostile scenario files: what is read stays the same on its way through YAML, what can be planned is planned alike, and
//! every mistake is told with the name of its file and a place in it, without a character that moves a cursor.

use super::{Plan, no_file};
use crate::scenario::{Document, Error};
use serde_json::Value;
use std::collections::BTreeMap;

const SCENARIOS: &[&[u8]] = &[
    include_bytes!("../../scenarios/smoke/baseline.yaml"),
    include_bytes!("../../scenarios/resilience/retry.yaml"),
    include_bytes!("../../scenarios/load/open-poisson.yaml"),
    include_bytes!("../../scenarios/contract/chat-retry.yaml"),
    include_bytes!("../../scenarios/failover/primary-dies.yaml"),
    include_bytes!("../../scenarios/e2e/launched.yaml"),
    b"name: &n x\nseed: \"${SEED:-7}\"\nworkload: { chat: { model: *n, prompt: { tokens: 4 }, output: { tokens: 2 } } }\nload: { closed: { in_flight: 1 } }\nphases: { measure: 1s }\nsweep: { load.closed.in_flight: [1, 2] }\nexpect: [ { metric: error_rate, at_most: 0% } ]\n",
];

fn plan(document: &Document) -> Result<Plan, Error> {
    super::plan(document, &no_file)
}

fn read(text: &str) -> Result<Document, Error> {
    Document::read("hostile.yaml", text, &BTreeMap::new())
}

/// The same document as JSON, which is YAML too.
fn again(document: &Document) -> Document {
    let json = escaped(document.tree()).to_string();
    read(&json).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

/// Texts with their dollars doubled; keys have no variables.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('$', "$$").into(),
        Value::Array(list) => list.iter().map(escaped).collect(),
        Value::Object(block) => {
            let fields = block.iter();
            fields
                .map(|(key, value)| (key.clone(), escaped(value)))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A mistake in a file of this text, which is called `hostile.yaml`.
pub(crate) fn is_told_well(error: &Error, text: &str) {
    assert_eq!(error.file(), "hostile.yaml");
    assert!(!error.message.is_empty());
    let lines = text.lines().count().max(1);
    if let Some(place) = error.place {
        let line = usize::try_from(place.line).unwrap();
        assert!((1..=lines + 1).contains(&line), "{error}");
        assert!(place.column >= 1, "{error}");
    }
    let moves = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(
        !error.to_string().contains(moves),
        "{:?}",
        error.to_string()
    );
}

#[test]
fn a_hostile_scenario_is_a_document_of_the_same_meaning_or_a_mistake_with_its_place() {
    for honest in SCENARIOS {
        let document = read(str::from_utf8(honest).unwrap()).unwrap();
        assert!(plan(&document).is_ok());
    }

    inferometer_fuzz::hold(SCENARIOS, |bytes| {
        let Ok(text) = str::from_utf8(bytes) else {
            return;
        };
        let document = match read(text) {
            Ok(document) => document,
            Err(error) => return is_told_well(&error, text),
        };
        let same = again(&document);
        assert_eq!(same.tree(), document.tree());
        match (plan(&document), plan(&same)) {
            (Ok(one), Ok(same)) => assert_eq!(one.fingerprint, same.fingerprint),
            (Err(error), Err(same)) => {
                is_told_well(&error, text);
                assert_eq!(error.message, same.message);
            }
            (one, same) => panic!("{one:?}\n{same:?}"),
        }
    });
}
