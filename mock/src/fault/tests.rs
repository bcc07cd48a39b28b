use super::*;
use crate::dice::Dice;
use crate::journal::{End, Entry, Operation, Protocol};
use std::time::Duration;
use tonic::Code;

fn parse(json: &str) -> Vec<Fault> {
    serde_json::from_str(json).unwrap()
}

fn entry(number: u64, id: &str, attempt: u32) -> Entry {
    Entry {
        number,
        id: id.into(),
        attempt,
        protocol: Protocol::Openai,
        operation: Operation::Chat,
        model: "tiny".into(),
        prompt_tokens: 0,
        output_tokens: 0,
        arrived_ns: 0,
        admitted_ns: None,
        fault: None,
        writes: Vec::new(),
        ended_ns: 0,
        end: End::Abandoned,
    }
}

/// The kind that strikes at some millisecond.
fn struck(faults: &Faults, seed: u64, entry: &Entry, millis: u64) -> Option<&'static str> {
    let moment = Moment {
        entry,
        streamed: false,
        since_start: Duration::from_millis(millis),
        dice: Dice::new(seed, &entry.id).after_attempts(entry.attempt),
    };
    faults.strike(&moment).map(|(kind, _)| kind)
}

fn strikes(json: &str, seed: u64) -> Vec<Option<&'static str>> {
    let faults = Faults::new(&parse(json));
    (0..10_000)
        .map(|number| struck(&faults, seed, &entry(0, &format!("request-{number}"), 0), 0))
        .collect()
}

/// Which of the first numbers are struck.
fn numbers(json: &str) -> Vec<u64> {
    let faults = Faults::new(&parse(json));
    (0..10)
        .filter(|number| struck(&faults, 0, &entry(*number, "plain", 0), 0).is_some())
        .collect()
}

fn refused(json: &str) -> String {
    parse(json)[0].check().unwrap_err().to_string()
}

#[test]
fn the_struck_share_of_10000_ids_is_the_same_in_every_run() {
    let struck = |share: &str| {
        let json = format!(r#"[{{"status":{{"share":"{share}","http":503}}}}]"#);
        strikes(&json, 7).iter().flatten().count()
    };

    assert_eq!(struck("0%"), 0);
    assert_eq!(struck("2%"), 181);
    assert_eq!(struck("20%"), 1_957);
    assert_eq!(struck("100%"), 10_000);
}

#[test]
fn every_attempt_of_a_request_is_struck_by_its_own_chance() {
    let faults = Faults::new(&parse(r#"[{"status":{"share":"20%","http":503}}]"#));
    let is_struck = |id: u32, attempt| {
        struck(&faults, 7, &entry(0, &format!("request-{id}"), attempt), 0).is_some()
    };
    let struck_up_to = |last| {
        (0..10_000)
            .filter(|&id| (0..=last).all(|earlier| is_struck(id, earlier)))
            .count()
    };

    assert_eq!([0, 1, 2].map(struck_up_to), [1_957, 382, 70]);
}

#[test]
fn the_first_fault_that_matches_wins() {
    let strikes = strikes(r#"[{"stall":{}},{"status":{"http":500}}]"#, 1);

    assert!(strikes.iter().all(|strike| *strike == Some("stall")));
}

#[test]
fn a_fault_added_at_the_end_changes_nothing_for_those_before_it() {
    let alone = strikes(r#"[{"status":{"share":"20%","http":503}}]"#, 3);
    let followed = strikes(
        r#"[{"status":{"share":"20%","http":503}},{"stall":{"share":"50%"}}]"#,
        3,
    );

    for (alone, followed) in alone.iter().zip(&followed) {
        assert!(alone.is_none() || alone == followed);
    }
}

#[test]
fn a_larger_share_strikes_all_that_a_smaller_one_struck() {
    let few = strikes(r#"[{"status":{"share":"5%","http":503}}]"#, 9);
    let many = strikes(r#"[{"status":{"share":"25%","http":503}}]"#, 9);

    assert!(
        few.iter()
            .zip(&many)
            .all(|(few, many)| few.is_none() || many.is_some())
    );
}

#[test]
fn requests_are_struck_by_turn_and_by_range_of_their_numbers() {
    assert_eq!(numbers(r#"[{"stall":{"every":3}}]"#), [2, 5, 8]);
    assert_eq!(
        numbers(r#"[{"stall":{"requests":{"from":2,"until":5}}}]"#),
        [2, 3, 4]
    );
    assert_eq!(numbers(r#"[{"stall":{"requests":{"from":8}}}]"#), [8, 9]);
    assert_eq!(
        numbers(r#"[{"stall":{"every":2,"requests":{"until":4}}}]"#),
        [1, 3]
    );
}

#[test]
fn a_number_at_the_end_of_an_id_comes_before_the_order_of_arrival() {
    let faults = Faults::new(&parse(r#"[{"stall":{"requests":{"from":17,"until":18}}}]"#));

    assert!(struck(&faults, 0, &entry(99, "s0-17", 0), 0).is_some());
    assert!(struck(&faults, 0, &entry(17, "s0-99", 0), 0).is_none());
    assert!(struck(&faults, 0, &entry(17, "no number", 0), 0).is_some());
    let endless = "9".repeat(30);
    assert!(struck(&faults, 0, &entry(17, &endless, 0), 0).is_some());
}

#[test]
fn a_window_of_time_begins_with_its_first_moment_and_ends_before_its_last() {
    let faults = Faults::new(&parse(r#"[{"stall":{"from":"5s","until":"8s"}}]"#));
    let at = |millis| struck(&faults, 0, &entry(0, "a", 0), millis).is_some();

    assert_eq!(
        [4_999, 5_000, 7_999, 8_000].map(at),
        [false, true, true, false]
    );
}

#[test]
fn three_times_are_three_and_then_all_is_well() {
    let faults = Faults::new(&parse(r#"[{"stall":{"every":2,"times":3}}]"#));
    let struck: Vec<_> = (0..12)
        .filter(|number| struck(&faults, 0, &entry(*number, "a", 0), 0).is_some())
        .collect();

    assert_eq!(struck, [1, 3, 5]);
}

#[test]
fn the_first_attempts_of_every_request_fail_and_then_it_succeeds() {
    let faults = Faults::new(&parse(r#"[{"status":{"http":503,"attempts":2}}]"#));
    let at = |attempt| struck(&faults, 0, &entry(0, "a", attempt), 0).is_some();

    assert_eq!([0, 1, 2].map(at), [true, true, false]);
}

#[test]
fn only_the_named_models_and_protocols_are_struck() {
    let model = Faults::new(&parse(r#"[{"stall":{"models":["large"]}}]"#));
    let protocol = Faults::new(&parse(r#"[{"stall":{"protocols":["oip_grpc"]}}]"#));
    let tiny = entry(0, "a", 0);
    let large = Entry {
        model: "large".into(),
        protocol: Protocol::OipGrpc,
        ..entry(0, "a", 0)
    };

    for faults in [&model, &protocol] {
        assert_eq!(struck(faults, 0, &tiny, 0), None);
        assert_eq!(struck(faults, 0, &large, 0), Some("stall"));
    }
}

#[test]
fn values_that_no_server_could_show_and_conditions_that_never_hold_are_refused() {
    for (json, expected) in [
        (
            r#"[{"status":{"http":200}}]"#,
            "expected an error status, 400 to 599 in `status.http`, found `200`",
        ),
        (
            r#"[{"status":{}}]"#,
            "expected an error status, 400 to 599, here or a code in `grpc` in `status.http`, found `nothing`",
        ),
        (
            r#"[{"status":{"grpc":"INTERNAL","message":""}}]"#,
            "expected 1 to 1024 bytes in `status.message`, found `0 bytes`",
        ),
        (
            r#"[{"delay":{"by":{"fixed":"25h"}}}]"#,
            "expected at most 24h in `delay.by.fixed`, found `1day 1h`",
        ),
        (
            r#"[{"stall":{"every":0}}]"#,
            "expected at least 1 in `stall.every`, found `0`",
        ),
        (
            r#"[{"stall":{"times":0}}]"#,
            "expected at least 1 in `stall.times`, found `0`",
        ),
        (
            r#"[{"stall":{"from":"5s","until":"5s"}}]"#,
            "expected a time after `from` in `stall.until`, found `5s`",
        ),
        (
            r#"[{"stall":{"requests":{"from":5,"until":5}}}]"#,
            "expected a number above `requests.from` in `stall.requests.until`, found `5`",
        ),
        (
            r#"[{"missing_done":{"protocols":["openai","oip_grpc"]}}]"#,
            "expected openai, the only protocol whose streams end with such a mark in `missing_done.protocols[1]`, \
             found `oip_grpc`",
        ),
    ] {
        assert_eq!(refused(json), expected);
    }
}

#[test]
fn a_code_of_grpc_is_known_by_its_name_alone() {
    let refused = |grpc: &str| {
        let json = format!(r#"[{{"status":{{"grpc":"{grpc}"}}}}]"#);
        serde_json::from_str::<Vec<Fault>>(&json)
    };

    assert!(refused("DEADLINE_EXCEEDED").is_ok());
    for unknown in ["OK", "unavailable", "14"] {
        let error = refused(unknown).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("unknown variant `{unknown}`")),
            "{error}"
        );
    }
}

#[test]
fn an_error_is_told_to_each_protocol_in_its_own_words() {
    let told = |json: &str| {
        let faults = parse(json);
        let Target::Request(fault) = faults[0].target() else {
            panic!("a status strikes requests");
        };
        let Strike::Refuse(refused) = fault.strike() else {
            panic!("a status refuses");
        };
        (refused.status.as_u16(), refused.code, refused.message)
    };

    let by_http = told(r#"[{"status":{"http":429}}]"#);
    let by_grpc = told(r#"[{"status":{"grpc":"ABORTED","message":"try elsewhere"}}]"#);
    let by_both = told(r#"[{"status":{"http":500,"grpc":"DATA_LOSS"}}]"#);

    let asked = |name: &str| format!("{name}, as the mock was asked to answer.");
    assert_eq!(
        by_http,
        (429, Code::ResourceExhausted, asked("Too Many Requests"))
    );
    assert_eq!(by_grpc, (409, Code::Aborted, "try elsewhere".to_owned()));
    assert_eq!(
        by_both,
        (500, Code::DataLoss, asked("Internal Server Error"))
    );
}

#[test]
fn spoiled_answers_are_held_to_what_a_server_could_show() {
    assert_eq!(
        refused(r#"[{"oversized":{"bytes":"0B"}}]"#),
        "expected 1B to 64MiB in `oversized.bytes`, found `0B`"
    );
    assert_eq!(
        refused(r#"[{"oversized":{"bytes":"65MiB"}}]"#),
        "expected 1B to 64MiB in `oversized.bytes`, found `65MiB`"
    );
    for (fields, expected) in [
        (
            r#""bytes":"65KiB","pause":"1ms""#,
            "expected 1B to 64KiB in `trickle.bytes`, found `65KiB`",
        ),
        (
            r#""bytes":"1B","pause":"0s""#,
            "expected above 0s, at most 24h in `trickle.pause`, found `0s`",
        ),
        (
            r#""bytes":"1B","pause":"25h""#,
            "expected above 0s, at most 24h in `trickle.pause`, found `1day 1h`",
        ),
    ] {
        assert_eq!(
            refused(&format!(r#"[{{"trickle":{{{fields}}}}}]"#)),
            expected
        );
    }
    assert_eq!(
        refused(r#"[{"error_event":{"http":200}}]"#),
        "expected an error status, 400 to 599 in `error_event.http`, found `200`"
    );
    assert_eq!(
        refused(r#"[{"wrong_content_type":{"protocols":["oip_grpc"]}}]"#),
        "expected openai or oip_rest in `wrong_content_type.protocols[0]`, found `oip_grpc`"
    );
    for kind in ["malformed", "duplicate", "reorder"] {
        let json = format!(r#"[{{"{kind}":{{"protocols":["oip_grpc"]}}}}]"#);
        assert!(parse(&json)[0].check().is_ok(), "{kind}");
    }
    assert!(parse(r#"[{"error_event":{}}]"#)[0].check().is_ok());
    assert!(
        parse(r#"[{"oversized":{"bytes":"64MiB"}}]"#)[0]
            .check()
            .is_ok()
    );
}
