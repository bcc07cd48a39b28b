use super::fixture::{WINDOW, ended, facts, identity, streaming_stage, sweep, unary};
use super::*;
use crate::sample::{
    Chunk, Failure, Hedges, Outcome, Sample, Sink, Source, TokenSource, Tokens, Wrong,
};
use crate::units::Offset;
use std::time::Duration;

mod batch;
mod client;
mod operations;
mod properties;
mod run;
mod slots;
mod streams;

const fn at(millis: u64) -> Offset {
    Offset::from_millis(2_000 + millis)
}

const fn chunk(millis: u64, tokens: u32) -> Chunk {
    Chunk {
        at: at(millis),
        tokens,
    }
}

/// Scheduled at 0 ms, sent at 2, head at 10, tokens at 20, 30 (two) and 60, end at 61.
fn stream(chunks: &[Chunk]) -> Sample<'_> {
    Sample {
        stream: 0,
        seq: 0,
        operation: Operation::Chat,
        kind: 0,
        scheduled: at(0),
        sent: Some(at(2)),
        first_byte: Some(at(10)),
        chunks,
        finished: at(61),
        streamed: true,
        endpoint: Some(0),
        attempts: 2,
        failed_attempts: &[],
        answered_attempt: None,
        source: None,
        connection: None,
        queued: None,
        hedges: Hedges::default(),
        prompt_tokens: Some(5),
        batch: None,
        output_tokens: Some(Tokens {
            count: 5,
            source: TokenSource::Usage,
        }),
        outcome: Outcome::Answered,
    }
}

fn summary_of(samples: &[Sample<'_>]) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for sample in samples {
        recorder.record(sample);
    }
    summarize(facts(0, 1), recorder)
}

/// Mean, minimum and maximum are exact, so one sample shows a formula to the nanosecond.
fn only_value(distribution: &Distribution) -> Option<f64> {
    assert!(distribution.n() <= 1);
    distribution.read(Statistic::Mean).value()
}

#[test]
fn every_formula_holds_for_a_streamed_answer() {
    let chunks = [chunk(20, 1), chunk(30, 2), chunk(60, 2)];

    let summary = summary_of(&[stream(&chunks)]);

    let kept = &summary.distributions;
    assert_eq!(only_value(&kept.lag), Some(2e6));
    assert_eq!(only_value(&kept.latency), Some(60e6));
    assert_eq!(only_value(&kept.service_time), Some(58e6));
    assert_eq!(only_value(&kept.ttfb), Some(8e6));
    assert_eq!(only_value(&kept.ttft), Some(18e6));
    assert_eq!(only_value(&kept.ttft_sched), Some(20e6));
    assert_eq!(only_value(&kept.stall), Some(30e6));
    assert_eq!(only_value(&kept.tpot), Some(10e6));
    assert_eq!(only_value(&kept.ntpot), Some(11.6e6));
    assert_eq!(only_value(&kept.close), Some(1e6));
    assert_eq!(kept.failed_latency.n(), 0);
}

#[test]
fn icl_counts_chunks_and_itl_shares_their_gaps_among_tokens() {
    let chunks = [chunk(20, 1), chunk(30, 2), chunk(60, 2)];

    let kept = summary_of(&[stream(&chunks)]).distributions;

    assert_eq!((kept.icl.n(), kept.itl.n()), (2, 4));
    assert_eq!(kept.icl.read(Statistic::Mean), Reading::Value(20e6));
    assert_eq!(kept.itl.read(Statistic::Mean), Reading::Value(10e6));
    assert_eq!(kept.itl.read(Statistic::Min), Reading::Value(5e6));
    assert_eq!(kept.itl.read(Statistic::Max), Reading::Value(15e6));
}

#[test]
fn a_unary_answer_has_latency_and_no_token_gaps() {
    let mut chunks = Vec::new();

    let kept = summary_of(&[unary(at(0), Duration::from_millis(7), &mut chunks)]).distributions;

    assert_eq!(only_value(&kept.latency), Some(7e6));
    assert_eq!(
        kept.ttft.read(Statistic::P50),
        Reading::NotMeasured("no samples")
    );
    assert_eq!((kept.icl.n(), kept.itl.n(), kept.tpot.n()), (0, 0, 0));
}

#[test]
fn an_answer_without_chunks_ends_when_it_finished() {
    let sample = ended(at(0), Duration::from_millis(9), Outcome::Answered);

    let kept = summary_of(&[sample]).distributions;

    assert_eq!(only_value(&kept.latency), Some(9e6));
    assert_eq!(only_value(&kept.close), Some(0.0));
}

#[test]
fn one_token_has_no_tpot_and_is_counted() {
    let chunks = [chunk(20, 1)];
    let mut sample = stream(&chunks);
    sample.output_tokens = Some(Tokens {
        count: 1,
        source: TokenSource::Chunks,
    });

    let summary = summary_of(&[sample]);

    assert_eq!(summary.tokens.tpot_na, 1);
    assert_eq!(summary.distributions.tpot.n(), 0);
    assert_eq!(summary.tokens.sources, TokenSources::Chunks);
}

#[test]
fn requests_count_by_schedule_and_events_by_their_own_time() {
    let mut before = ended(
        Offset::from_millis(900),
        Duration::from_millis(200),
        Outcome::Answered,
    );
    before.output_tokens = Some(Tokens {
        count: 8,
        source: TokenSource::Usage,
    });
    let into_drain = ended(
        Offset::from_millis(10_900),
        Duration::from_millis(200),
        Outcome::Answered,
    );

    let summary = summary_of(&[before, into_drain]);

    assert_eq!(
        (summary.accounting.offered, summary.accounting.answered),
        (1, 1)
    );
    assert_eq!(only_value(&summary.distributions.latency), Some(200e6));
    assert_eq!(
        summary.throughput,
        Throughput {
            sent: 1,
            finished: 1,
            answered: 1,
            output_tokens: 8,
            prompt_tokens: 0
        }
    );
}

#[test]
fn failures_wrong_answers_and_unsent_requests_stay_out_of_latency() {
    let took = Duration::from_millis(3);
    let samples = [
        ended(at(0), took, Outcome::Failed(Failure::Http(503))),
        ended(at(1), took, Outcome::Failed(Failure::Http(503))),
        ended(at(2), took, Outcome::WrongAnswer(Wrong::Empty)),
        ended(at(3), Duration::ZERO, Outcome::NotSent),
    ];

    let summary = summary_of(&samples);

    assert_eq!(
        summary.accounting,
        Accounting {
            offered: 4,
            answered: 0,
            wrong: 1,
            failed: 2,
            cancelled: 0,
            not_sent: 1
        }
    );
    assert_eq!(summary.distributions.latency.n(), 0);
    assert_eq!(summary.distributions.failed_latency.n(), 3);
    assert_eq!(summary.distributions.lag.n(), 3);
    let errors: Vec<_> = summary.errors.into_iter().collect();
    assert_eq!(
        errors,
        [("empty_answer".to_owned(), 1), ("http_503".to_owned(), 2)]
    );
}

#[test]
fn answers_that_the_target_was_not_asked_for_are_told_apart_in_the_books() {
    let chunks = [chunk(20, 1)];
    let from = |source, attempts| Sample {
        attempts,
        source,
        ..stream(&chunks)
    };
    let mut recorder = Recorder::new(WINDOW);
    for sample in [
        from(Some(Source::Target), 1),
        from(Some(Source::Cache), 0),
        from(Some(Source::Shared), 0),
        from(None, 1),
    ] {
        recorder.record(&sample);
    }

    let journal = Some(Journal::default());
    let stage = summarize(
        StageFacts {
            journal,
            ..facts(0, 1)
        },
        recorder,
    );

    let Attempts {
        from_target,
        from_cache,
        shared,
        answers_received,
        ..
    } = stage.attempts;
    assert_eq!((from_target, from_cache, shared), (1, 1, 1));
    assert_eq!(answers_received, 2);
    let books = stage.journal.unwrap().client;
    assert_eq!((books.answered, books.cached), (2, 2));
    assert_eq!((books.output_tokens, books.attempts), (10, 2));
    assert_eq!(stage.accounting.answered, 4);
}

#[test]
fn durations_beyond_an_hour_are_counted_as_saturated() {
    let sample = ended(at(0), Duration::from_secs(4_000), Outcome::Answered);

    let kept = summary_of(&[sample]).distributions;

    assert_eq!(kept.latency.saturated(), 1);
    assert_eq!(kept.latency.read(Statistic::Max), Reading::Value(4e12));
}

#[test]
fn floors_are_the_smallest_that_wilks_allows() {
    let confidence = |quantile: f64, n: f64| {
        1.0 - quantile.powf(n) - n * (1.0 - quantile) * quantile.powf(n - 1.0)
    };

    for (statistic, quantile) in [
        (Statistic::P90, 0.9),
        (Statistic::P95, 0.95),
        (Statistic::P99, 0.99),
        (Statistic::P999, 0.999),
    ] {
        let floor = crate::units::float(statistic.floor());
        assert!(confidence(quantile, floor) >= 0.99, "{statistic:?}");
        assert!(confidence(quantile, floor - 1.0) < 0.99, "{statistic:?}");
    }
}

#[test]
fn a_percentile_below_its_floor_says_what_it_lacks() {
    let samples: Vec<_> = (0..661)
        .map(|millis| ended(at(millis), Duration::from_millis(1), Outcome::Answered))
        .collect();

    let latency = summary_of(&samples).distributions.latency;

    assert_eq!(
        latency.read(Statistic::P99),
        Reading::Insufficient {
            n: 661,
            needed: 662
        }
    );
    assert_eq!(latency.read(Statistic::P95), Reading::Value(1e6));
}

#[test]
fn after_a_stop_the_drain_is_in_no_rate() {
    let mut recorder = Recorder::new(WINDOW);
    let took = Duration::from_millis(100);
    recorder.record(&ended(at(0), took, Outcome::Answered));

    recorder.measure_ended(at(150));
    recorder.record(&ended(at(90), took, Outcome::Answered));

    let summary = summarize(facts(0, 1), recorder);
    assert_eq!(summary.accounting.answered, 2);
    assert_eq!(
        (summary.throughput.sent, summary.throughput.answered),
        (2, 1)
    );
}

#[test]
fn a_few_requests_that_all_left_late_are_doubted() {
    let mut sample = ended(at(0), Duration::from_millis(900), Outcome::Answered);
    sample.sent = Some(at(800));

    let run = RunSummary::new(identity(), vec![summary_of(&[sample])]);

    let [trust] = run.certificate.stages.as_slice() else {
        panic!("one stage");
    };
    assert!(matches!(trust.doubts.as_slice(), [Doubt::Late { .. }, ..]));
}

#[test]
fn a_level_that_never_measured_is_in_no_scaling() {
    let mut run = sweep();
    if let Some(last) = run.stages.last_mut() {
        last.measured = Duration::ZERO;
    }

    let run = RunSummary::new(identity(), run.stages);

    let levels = run.scaling.first().map(|group| group.rows.len());
    assert_eq!(levels, Some(6));
}

#[test]
fn extremes_that_were_edited_are_refused() {
    let whole = serde_json::to_value(streaming_stage(0, 1).distributions.latency).unwrap();
    let mut edited = whole;
    edited["min_ns"] = u64::MAX.into();

    let read: Result<Distribution, _> = serde_json::from_value(edited);

    assert!(read.unwrap_err().to_string().contains("`min_ns`"));
}

#[test]
fn a_shard_whose_target_died_is_never_only_interrupted() {
    let (mut interrupted, mut died) = (sweep(), sweep());
    interrupted.stages[0].end = StageEnd::Interrupted;
    died.stages[0].end = StageEnd::TargetDied;

    let merged = interrupted.merge(&died).unwrap();

    assert_eq!(merged.stages[0].end, StageEnd::TargetDied);
}
