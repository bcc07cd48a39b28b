//! Requests told apart by what they asked.

use super::*;

const TOOK: Duration = Duration::from_millis(9);

/// The kinds that are told apart here.
const KINDS: [Kind; 2] = [Kind::of(Operation::Chat), Kind::of(Operation::Load)];

fn asked(operation: Operation, outcome: Outcome) -> Sample<'static> {
    let kind = KINDS.iter().position(|kind| kind.operation == operation);
    Sample {
        operation,
        kind: kind.unwrap_or_default(),
        ..ended(at(0), TOOK, outcome)
    }
}

/// A load, and two chats of which one is cancelled, on each of two lanes.
fn stage() -> StageSummary {
    let lane = || {
        let mut recorder = Recorder::new(WINDOW).telling_apart(&KINDS);
        for sample in [
            asked(Operation::Load, Outcome::Answered),
            asked(Operation::Chat, Outcome::Answered),
            asked(Operation::Chat, Outcome::Cancelled),
        ] {
            recorder.record(&sample);
        }
        recorder
    };
    let mut recorder = lane();
    recorder.merge(lane());
    summarize(facts(0, 1), recorder)
}

#[test]
fn each_operation_has_its_own_accounting_and_latency() {
    let stage = stage();

    let of = |operation| stage.of_kinds(|kind| kind.operation == operation);
    let chat = of(Operation::Chat).unwrap();
    let load = of(Operation::Load).unwrap();

    assert_eq!(stage.accounting.offered, 6);
    assert_eq!((chat.accounting.offered, chat.accounting.answered), (4, 2));
    assert_eq!(chat.accounting.cancelled, 2);
    assert_eq!((load.accounting.offered, load.accounting.answered), (2, 2));
    assert_eq!(load.distributions.latency.n(), 2);
    assert_eq!(load.distributions.latency.max, 9_000_000);
    assert_eq!(of(Operation::Unload), None);
}

#[test]
fn several_kinds_together_have_the_sum_of_their_figures() {
    let stage = stage();

    let both = stage.of_kinds(|_| true).unwrap();

    assert_eq!(both.accounting, stage.accounting);
    assert_eq!(both.distributions.latency, stage.distributions.latency);
}

#[test]
fn each_kind_has_its_own_time_to_the_first_token_where_it_streams() {
    let mut recorder = Recorder::new(WINDOW).telling_apart(&KINDS);
    let chunk = |offset| Chunk {
        at: offset,
        tokens: 1,
    };
    let start = at(0);
    let chunks = [
        chunk(start.after(Duration::from_millis(4))),
        chunk(start.after(TOOK)),
    ];
    for streamed in [true, false] {
        recorder.record(&Sample {
            chunks: &chunks,
            streamed,
            ..asked(Operation::Chat, Outcome::Answered)
        });
    }
    let stage = summarize(facts(0, 1), recorder);

    let chat = stage.of_kinds(|kind| kind.operation == Operation::Chat);
    let ttft = chat.unwrap().distributions.ttft;

    assert_eq!((ttft.n(), ttft.max), (1, 4_000_000));
}

#[test]
fn a_stage_that_asks_one_thing_tells_it_once() {
    let recorder = Recorder::new(WINDOW).telling_apart(&KINDS[..1]);

    assert_eq!(summarize(facts(0, 1), recorder).operations, []);
}

#[test]
fn what_callers_gave_up_is_neither_answered_nor_failed_but_accounted_for() {
    let summary = summary_of(&[
        asked(Operation::Chat, Outcome::Answered),
        asked(Operation::Chat, Outcome::Cancelled),
    ]);

    assert!(summary.accounting.adds_up());
    assert_eq!(summary.accounting.awaited(), 1);
    assert_eq!(
        (summary.accounting.cancelled, summary.accounting.errors()),
        (1, 0)
    );
    assert_eq!(summary.distributions.failed_latency.n(), 0);
    assert_eq!(summary.errors.len(), 0);
}

#[test]
fn only_inference_is_in_the_books_that_a_journal_is_held_against() {
    let mut heard = facts(0, 1);
    heard.journal = Some(Journal::default());
    let mut recorder = Recorder::new(WINDOW);
    for operation in [Operation::Load, Operation::Chat, Operation::ListModels] {
        recorder.record(&asked(operation, Outcome::Answered));
    }

    let client = summarize(heard, recorder).journal.unwrap().client;

    assert_eq!((client.attempts, client.answered), (1, 1));
}
