//! Requests that were sent as one, held against a target that saw one.

use super::*;
use crate::sample::Batch;

/// One request of a batch that was asked for 4 tokens; all of it had 12.
fn of_a_batch(is_counted: bool, outcome: Outcome) -> Sample<'static> {
    Sample {
        attempts: 2,
        batch: Some(Batch {
            is_counted,
            output_tokens: Some(12),
        }),
        output_tokens: Some(Tokens {
            count: 4,
            source: TokenSource::Usage,
        }),
        ..ended(at(0), Duration::from_millis(10), outcome)
    }
}

/// The stage of these samples, whose target tells of one answer of so many tokens.
fn stage(samples: &[Sample<'_>], output_tokens: u64) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for sample in samples {
        recorder.record(sample);
    }
    let journal = Journal {
        requests: 2,
        answered: 1,
        failed: 1,
        output_tokens,
        ..Journal::default()
    };
    let facts = StageFacts {
        journal: Some(journal),
        ..facts(0, 1)
    };
    summarize(facts, recorder)
}

#[test]
fn a_batch_is_one_answer_in_the_books_and_each_request_counts_for_itself() {
    let batch = [true, false, false].map(|counted| of_a_batch(counted, Outcome::Answered));

    let stage = stage(&batch, 12);

    assert_eq!(stage.accounting.answered, 3);
    assert_eq!(stage.throughput.output_tokens, 12);
    assert_eq!(
        (stage.attempts.attempts, stage.attempts.answers_received),
        (6, 1)
    );
    let journal = stage.journal.unwrap();
    let books = ClientBooks {
        cancelled: 0,
        attempts: 2,
        answered: 1,
        output_tokens: 12,
        token_source: TokenSources::Usage,
        cached: 0,
    };
    assert_eq!(journal.client, books);
    assert_eq!(journal.agrees(), Some(true));
}

#[test]
fn who_gave_up_on_its_batch_does_not_make_the_books_disagree() {
    let given_up = of_a_batch(false, Outcome::Failed(Failure::Deadline));
    let batch = [
        given_up,
        of_a_batch(true, Outcome::Answered),
        of_a_batch(false, Outcome::Answered),
    ];

    let journal = stage(&batch, 12).journal.unwrap();

    assert_eq!(journal.agrees(), Some(true));
    assert_eq!(stage(&batch, 13).journal.unwrap().agrees(), Some(false));
}
