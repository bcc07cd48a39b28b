use super::super::{Call, Content, Workload};
use super::*;
use crate::seed::Seed;

fn workload(json: &str) -> Result<Workload, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

const LIFE: &str = r#"{"journey": [
    { "load": { "model": "tiny" } },
    { "chat": { "model": "tiny", "prompt": { "tokens": 2 }, "output": { "tokens": 3 } }, "times": 2, "think": "1s", "on_failure": "continue" },
    { "list_models": { "loaded": ["tiny"] } },
    { "unload": { "model": "tiny" } } ]}"#;

#[test]
fn a_journey_makes_its_requests_in_order_slot_after_slot() {
    let life = workload(LIFE).unwrap();
    let kinds: Vec<_> = (0..6)
        .map(|seq| match life.asked(Seed::new(7), seq).call {
            Call::Infer(_) => "chat",
            Call::Load(_) => "load",
            Call::Unload(_) => "unload",
            Call::ListModels(_) => "list_models",
            Call::RefreshModels(_) => "refresh_models",
        })
        .collect();

    assert_eq!(life.requests_per_slot(), 5);
    assert_eq!(
        kinds,
        ["load", "chat", "chat", "list_models", "unload", "load"]
    );
}

#[test]
fn each_request_of_a_journey_has_a_content_of_its_own_and_the_settings_of_its_step() {
    let life = workload(LIFE).unwrap();
    let asked = |seq| life.asked(Seed::new(7), seq);

    assert_ne!(asked(1).call, asked(2).call);
    assert_ne!(asked(1).call, asked(6).call);
    assert_eq!(asked(1).think.as_secs(), 1);
    assert_eq!(asked(1).on_failure, OnFailure::Continue);
    assert!(asked(3).think.is_zero());
    assert_eq!(asked(3).on_failure, OnFailure::Stop);
}

#[test]
fn what_is_written_is_read_back_and_defaults_are_left_out() {
    let life = workload(LIFE).unwrap();

    let written = serde_json::to_string(&life).unwrap();

    assert_eq!(workload(&written).unwrap(), life);
    assert!(
        written.contains(r#"{"list_models":{"loaded":["tiny"]}}"#),
        "{written}"
    );
}

#[test]
fn a_step_does_exactly_one_thing() {
    let none = workload(r#"{"journey": [ { "times": 2 } ]}"#).unwrap_err();
    let two =
        workload(r#"{"journey": [ { "load": { "model": "a" }, "unload": { "model": "a" } } ]}"#);
    let empty = workload(r#"{"journey": []}"#).unwrap_err();
    let often = workload(r#"{"journey": [ { "list_models": {}, "times": 0 } ]}"#).unwrap_err();

    assert!(none.contains("found none"), "{none}");
    assert!(two.unwrap_err().contains("found `load` and `unload`"));
    assert!(
        empty.contains("expected 1 to 100 steps, found 0"),
        "{empty}"
    );
    assert!(often.contains("expected 1 to 10000, found 0"), "{often}");
}

#[test]
fn a_step_may_ask_for_tensors_or_vectors_and_give_them_up() {
    let journey = r#"{"journey": [
        { "tensor": { "model": "rows", "inputs": [ { "name": "x", "datatype": "FP32", "shape": [1, 2] } ], "cancel_after": "20ms" } },
        { "embedding": { "model": "tiny", "input": { "tokens": 2 }, "cancel_after": "30ms" }, "times": 2 } ]}"#;
    let journey = workload(journey).unwrap();

    let asked: Vec<_> = (0..3)
        .map(|seq| journey.asked(Seed::new(7), seq))
        .map(|asked| {
            let is_tensor = matches!(asked.call, Call::Infer(Content::Infer(_)));
            (is_tensor, asked.cancel_after.map(|time| time.as_millis()))
        })
        .collect();

    assert_eq!(
        asked,
        [(true, Some(20)), (false, Some(30)), (false, Some(30))]
    );
    assert_eq!(journey.models(), ["rows", "tiny"]);
    let written = serde_json::to_string(&journey).unwrap();
    assert_eq!(workload(&written), Ok(journey));
    let never =
        r#"{"embedding": { "model": "tiny", "input": { "tokens": 2 }, "cancel_after": "0s" }}"#;
    let told = workload(never).unwrap_err();
    assert!(told.starts_with("expected a duration above 0s"), "{told}");
}
