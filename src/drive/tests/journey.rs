//! Journeys and cancellations: several requests in a slot, and callers that do not wait.

use super::*;
use crate::drive::request::Asked;
use crate::sample::Operation::{self, Chat, ListModels, Load, Unload};

/// Takes 10 ms to load, 20 ms to unload and 100 ms to answer; cannot load `broken`.
struct Models;

impl Exchange for Models {
    async fn exchange(&self, asked: &Asked, _clock: Clock, _heard: &mut Heard) -> Exchanged {
        let (millis, outcome) = match asked {
            Asked::Load(model) if model == "broken" => (10, Outcome::Failed(Failure::Http(500))),
            Asked::Load(_) => (10, Outcome::Answered),
            Asked::Unload(_) => (20, Outcome::Answered),
            Asked::Infer(_) => (100, Outcome::Answered),
            Asked::ListModels(_) | Asked::RefreshModels(_) => (0, Outcome::Answered),
        };
        sleep(Duration::from_millis(millis)).await;
        Exchanged::ended(outcome)
    }
}

/// Drives one slot of a closed loop, and says of each request what it was, when it was due, and how it ended, in milliseconds.
async fn one_slot(workload: &str, drain: Period) -> Vec<(Operation, u128, u128, Outcome)> {
    let phases = Phases {
        warmup: Period::default(),
        measure: Period::from_secs(1),
        drain,
        requests: NonZero::new(1),
    };
    let load = closed(1, Period::default());
    let record = drive_lane(Models, workload, phases, load, CancellationToken::new()).await;
    let millis = |offset: Offset| offset.duration().as_millis();
    let seen = record.sink.0.iter();
    seen.map(|seen| {
        (
            seen.operation,
            millis(seen.scheduled),
            millis(seen.finished),
            seen.outcome,
        )
    })
    .collect()
}

const CHAT: &str = r#"{ "model": "tiny", "prompt": { "tokens": 1 }, "output": { "tokens": 1 } }"#;

fn journey(steps: &str) -> String {
    format!(r#"{{ "journey": [ {} ] }}"#, steps.replace("CHAT", CHAT))
}

#[tokio::test(start_paused = true)]
async fn each_request_of_a_journey_is_due_when_the_one_before_has_ended_and_the_pause_is_over() {
    let life = journey(
        r#"{ "load": { "model": "tiny" } }, { "chat": CHAT, "times": 2, "think": "50ms" },
           { "list_models": {} }, { "unload": { "model": "tiny" } }"#,
    );

    let seen = one_slot(&life, Period::from_secs(2)).await;

    assert_eq!(
        seen,
        [
            (Load, 0, 10, Outcome::Answered),
            (Chat, 60, 160, Outcome::Answered),
            (Chat, 210, 310, Outcome::Answered),
            (ListModels, 310, 310, Outcome::Answered),
            (Unload, 310, 330, Outcome::Answered),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_ends_its_journey_and_the_others_are_told_as_not_sent() {
    let life = journey(
        r#"{ "load": { "model": "broken" } }, { "chat": CHAT, "times": 2 }, { "unload": { "model": "broken" } }"#,
    );

    let seen = one_slot(&life, Period::from_secs(2)).await;

    let failed = Outcome::Failed(Failure::Http(500));
    assert_eq!(
        seen,
        [
            (Load, 0, 10, failed),
            (Chat, 10, 10, Outcome::NotSent),
            (Chat, 10, 10, Outcome::NotSent),
            (Unload, 10, 10, Outcome::NotSent),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_journey_may_go_on_after_a_failure() {
    let life =
        journey(r#"{ "load": { "model": "broken" }, "on_failure": "continue" }, { "chat": CHAT }"#);

    let seen = one_slot(&life, Period::from_secs(2)).await;

    assert_eq!(seen[1], (Chat, 10, 110, Outcome::Answered));
}

#[tokio::test(start_paused = true)]
async fn a_journey_under_way_is_carried_through_until_the_drain_ends() {
    let long = journey(r#"{ "chat": CHAT, "times": 30 }, { "unload": { "model": "tiny" } }"#);

    let carried = one_slot(&long, Period::from_secs(3)).await;
    let cut = one_slot(&long, Period::from_millis(550)).await;

    assert_eq!(carried[30], (Unload, 3_000, 3_020, Outcome::Answered));
    let unfinished = Outcome::Failed(Failure::Unfinished);
    assert_eq!(cut.len(), 31);
    assert_eq!(cut[14], (Chat, 1_400, 1_500, Outcome::Answered));
    assert_eq!(cut[15], (Chat, 1_500, 1_550, unfinished));
    assert_eq!(cut[16], (Chat, 1_550, 1_550, Outcome::NotSent));
    assert_eq!(cut[30], (Unload, 1_550, 1_550, Outcome::NotSent));
}

#[tokio::test(start_paused = true)]
async fn at_the_cap_a_whole_journey_is_not_sent() {
    let life = journey(r#"{ "chat": CHAT, "times": 2 }"#);
    let phases = Phases {
        warmup: Period::default(),
        measure: Period::from_secs(1),
        drain: Period::from_secs(1),
        requests: None,
    };
    let load = constant(r#"{"constant": {"rate": "8/s"}, "max_in_flight": 1}"#);

    let record = drive_lane(Models, &life, phases, load, CancellationToken::new()).await;

    let samples = record.sink;
    assert_eq!(samples.ended(Outcome::Answered), 8);
    assert_eq!(samples.ended(Outcome::NotSent), 8);
    let mut numbers: Vec<u64> = samples.0.iter().map(|seen| seen.seq).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..16).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_caller_gives_up_so_long_after_sending_and_no_later() {
    let impatient = |after: &str| {
        let settings = format!(r#""cancel_after": "{after}", "model""#);
        let chat = CHAT.replacen(r#""model""#, &settings, 1);
        format!(r#"{{ "chat": {chat} }}"#)
    };

    let early = one_slot(&impatient("20ms"), Period::from_secs(2)).await;
    let late = one_slot(&impatient("101ms"), Period::from_secs(2)).await;

    assert_eq!(early, [(Chat, 0, 20, Outcome::Cancelled)]);
    assert_eq!(late, [(Chat, 0, 100, Outcome::Answered)]);
}

#[tokio::test(start_paused = true)]
async fn a_journey_goes_on_after_a_request_that_its_caller_gave_up() {
    let settings = CHAT.replacen(r#""model""#, r#""cancel_after": "30ms", "model""#, 1);
    let steps = r#"{ "chat": IMPATIENT }, { "chat": CHAT }"#.replace("IMPATIENT", &settings);

    let seen = one_slot(&journey(&steps), Period::from_secs(2)).await;

    assert_eq!(
        seen,
        [
            (Chat, 0, 30, Outcome::Cancelled),
            (Chat, 30, 130, Outcome::Answered),
        ]
    );
}
