//! Which connections are struck, which ports are closed, and what no connection can meet.

use super::*;
use crate::behaviour::{Behaviour, Welcome};
use crate::dice::Dice;
use crate::fault::{Fault, Faults};
use tokio::time::Instant;

fn parse(json: &str) -> Vec<Fault> {
    serde_json::from_str(json).unwrap()
}

fn at(port: Port, number: u64, millis: u64) -> Arrival {
    Arrival {
        port,
        number,
        since_start: Duration::from_millis(millis),
    }
}

/// Which of the first connections of a port are struck.
fn numbers(json: &str, port: Port) -> Vec<u64> {
    let faults = Faults::new(&parse(json));
    (0..10)
        .filter(|number| {
            let arrival = at(port, *number, 0);
            faults.befall(arrival, Dice::new(0, "")).is_some()
        })
        .collect()
}

#[test]
fn connections_are_struck_by_turn_by_port_and_a_number_of_times() {
    for (json, on_rest, on_grpc) in [
        (
            r#"[{"black_hole":{"every":3}}]"#,
            vec![2, 5, 8],
            vec![2, 5, 8],
        ),
        (
            r#"[{"black_hole":{"every":2,"times":2}}]"#,
            vec![1, 3],
            vec![1, 3],
        ),
        (
            r#"[{"black_hole":{"every":5,"protocols":["oip_grpc"]}}]"#,
            vec![],
            vec![4, 9],
        ),
        (
            r#"[{"black_hole":{"every":5,"protocols":["oip_rest","openai"]}}]"#,
            vec![4, 9],
            vec![],
        ),
    ] {
        assert_eq!(numbers(json, Port::Rest), on_rest, "{json}");
        assert_eq!(numbers(json, Port::Grpc), on_grpc, "{json}");
    }
}

#[tokio::test]
async fn the_struck_share_of_10000_connections_is_the_same_in_every_run() {
    let spec = r#"{"seed":7,"faults":[{"black_hole":{"share":"20%"}}]}"#;
    let now = Instant::now();
    let behaviour = Behaviour::try_new(serde_json::from_str(spec).unwrap(), now).unwrap();
    let count = |port| {
        let welcomes = (0..10_000).map(|number| behaviour.welcome(port, number, now).0);
        welcomes
            .filter(|welcome| *welcome == Welcome::Never)
            .count()
    };

    assert_eq!([Port::Rest, Port::Grpc].map(count), [2_107, 2_026]);
}

#[test]
fn the_first_fault_that_matches_strikes_and_none_that_needs_a_request() {
    let faults = Faults::new(&parse(
        r#"[{"stall":{}},{"slow_accept":{"until":"1s","by":{"fixed":"2s"}}},{"black_hole":{}}]"#,
    ));
    let by = serde_json::from_str(r#"{"fixed":"2s"}"#).unwrap();

    let early = faults.befall(at(Port::Rest, 0, 999), Dice::new(0, ""));
    let late = faults.befall(at(Port::Rest, 1, 1_000), Dice::new(0, ""));

    assert_eq!(early, Some(("slow_accept", &Mishap::Wait(by))));
    assert_eq!(late, Some(("black_hole", &Mishap::Swallow)));
}

#[test]
fn a_port_is_closed_in_its_windows_and_says_when_that_may_change() {
    let faults = Faults::new(&parse(
        r#"[{"refuse":{"from":"5s","until":"8s"}},{"refuse":{"from":"7s","until":"9s","protocols":["oip_grpc"]}},
            {"black_hole":{}}]"#,
    ));
    let told = |port, millis| {
        let shutter = faults.shutter(port, Duration::from_millis(millis));
        (
            shutter.shut_by.is_some(),
            shutter.until.map(|at| at.as_secs()),
        )
    };

    let rest = [0, 4_999, 5_000, 7_999, 8_000].map(|millis| told(Port::Rest, millis));
    let grpc = [0, 5_000, 7_000, 8_000, 9_000].map(|millis| told(Port::Grpc, millis));

    assert_eq!(
        rest,
        [
            (false, Some(5)),
            (false, Some(5)),
            (true, Some(8)),
            (true, Some(8)),
            (false, None)
        ]
    );
    assert_eq!(
        grpc,
        [
            (false, Some(5)),
            (true, Some(7)),
            (true, Some(8)),
            (true, Some(9)),
            (false, None)
        ]
    );
}

#[test]
fn conditions_that_no_connection_can_meet_are_refused() {
    for (json, expected) in [
        (
            r#"[{"black_hole":{"requests":{"from":5}}}]"#,
            "expected nothing, as connections are struck before they have any request in `black_hole.requests`, found \
             `{\"from\":5}`",
        ),
        (
            r#"[{"refuse":{"attempts":2}}]"#,
            "expected nothing, as connections are struck before they have any request in `refuse.attempts`, found `2`",
        ),
        (
            r#"[{"slow_accept":{"by":{"fixed":"1s"},"models":["tiny","large"]}}]"#,
            "expected nothing, as connections are struck before they have any request in `slow_accept.models`, found \
             `tiny, large`",
        ),
        (
            r#"[{"refuse":{"share":"5%"}}]"#,
            "expected nothing, as a port refuses every connection in its window in `refuse.share`, found `5%`",
        ),
        (
            r#"[{"refuse":{"times":3}}]"#,
            "expected nothing, as a port refuses every connection in its window in `refuse.times`, found `3`",
        ),
        (
            r#"[{"refuse":{"protocols":["oip_grpc","oip_rest"]}}]"#,
            "expected openai and oip_rest together, as they share a port in `refuse.protocols[1]`, found `oip_rest`",
        ),
        (
            r#"[{"black_hole":{"protocols":["openai"]}}]"#,
            "expected openai and oip_rest together, as they share a port in `black_hole.protocols[0]`, found `openai`",
        ),
        (
            r#"[{"slow_accept":{"by":{"fixed":"25h"}}}]"#,
            "expected at most 24h in `slow_accept.by.fixed`, found `1day 1h`",
        ),
        (
            r#"[{"black_hole":{"every":0}}]"#,
            "expected at least 1 in `black_hole.every`, found `0`",
        ),
        (
            r#"[{"refuse":{"from":"5s","until":"5s"}}]"#,
            "expected a time after `from` in `refuse.until`, found `5s`",
        ),
    ] {
        assert_eq!(parse(json)[0].check().unwrap_err().to_string(), expected);
    }
    let sound = r#"[{"refuse":{"from":"1s","protocols":["oip_rest","openai"]}}]"#;
    assert_eq!(parse(sound)[0].check(), Ok(()));
}
