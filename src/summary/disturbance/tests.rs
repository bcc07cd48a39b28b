use super::recovery::Series;
use super::*;
use crate::sample::{FailedAttempt, Failure, Outcome, Sample};
use crate::summary::fixture::{WINDOW, ended, facts};
use crate::summary::{Journal, Recorder, StageFacts, StageSummary, summarize};
use crate::units::{Offset, float, wide};
use proptest::prelude::*;
use std::time::Instant;

const fn at(millis: u64) -> Offset {
    Offset::from_millis(millis)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Right answers within 100 ms for 95 % of the requests, for one second.
const OBJECTIVE: Objective = Objective {
    latency: millis(100),
    success_rate: 0.95,
    held_for: millis(1_000),
};

/// A primary that refuses from 3 s to 4 s, and again from 6 s on; the secondary comes after it.
fn refusals(epoch: Instant) -> Vec<ExpectedFault> {
    let refusal = |begins, ends: Option<u64>| ExpectedFault {
        fault: "refuse".to_owned(),
        at: "the mock `primary`".to_owned(),
        struck: vec![0],
        fallbacks: vec![1],
        begins: epoch + millis(begins),
        ends: ends.map(|ends| epoch + millis(ends)),
    };
    vec![refusal(3_000, Some(4_000)), refusal(6_000, None)]
}

fn recorder() -> Recorder {
    let epoch = tokio::time::Instant::now().into_std();
    let watch = Watch::new(OBJECTIVE, refusals(epoch), WINDOW.end);
    let mut recorder = Recorder::watching(WINDOW, Some(watch));
    crate::sample::Sink::begins(&mut recorder, epoch);
    recorder
}

/// Answered by the secondary, in an attempt that began at once.
fn elsewhere(due: u64) -> Sample<'static> {
    Sample {
        endpoint: Some(1),
        answered_attempt: Some(at(due)),
        ..ended(at(due), millis(10), Outcome::Answered)
    }
}

fn summary_of(samples: &[Sample<'_>], facts: StageFacts) -> StageSummary {
    let mut recorder = recorder();
    for sample in samples {
        recorder.record(sample);
    }
    summarize(facts, recorder)
}

/// One request every 10 ms, answered in time by the primary but for those that `change` makes others of.
fn steady(change: impl Fn(u64) -> Option<Sample<'static>>) -> Vec<Sample<'static>> {
    let due = (0..1_100).map(|number| number * 10);
    due.map(|due| {
        change(due).unwrap_or_else(|| Sample {
            answered_attempt: Some(at(due)),
            ..ended(at(due), millis(10), Outcome::Answered)
        })
    })
    .collect()
}

fn failed(due: u64, took: u64) -> Sample<'static> {
    ended(at(due), millis(took), Outcome::Failed(Failure::Connect))
}

#[test]
fn a_fault_is_told_by_its_first_failed_attempt_and_the_first_elsewhere() {
    let refused = [FailedAttempt {
        endpoint: 0,
        began: at(3_020),
        failed: at(3_023),
    }];
    let before = [FailedAttempt {
        endpoint: 0,
        began: at(2_900),
        failed: at(2_950),
    }];
    let after = [FailedAttempt {
        endpoint: 0,
        began: at(4_000),
        failed: at(4_010),
    }];
    let mut over = elsewhere(3_020);
    over.failed_attempts = &refused;
    over.answered_attempt = Some(at(3_024));
    let mut early = elsewhere(2_900);
    early.failed_attempts = &before;
    let mut late = failed(4_000, 20);
    late.failed_attempts = &after;

    let summary = summary_of(&[elsewhere(3_500), late, early, over], facts(0, 1));

    let [first, second] = summary.disturbances.unwrap().faults.try_into().unwrap();
    assert_eq!(
        (first.begins, first.ends_ns),
        (millis(3_000), Some(4_000_000_000))
    );
    assert_eq!(
        (first.detect_ns, first.switch_ns),
        (Some(23_000_000), Some(24_000_000))
    );
    assert_eq!((second.begins, second.ends_ns), (millis(6_000), None));
    assert_eq!((second.detect_ns, second.switch_ns), (None, None));
    assert_eq!((first.lost, second.lost), (1, 0));
}

#[test]
fn whoever_began_to_wait_during_a_fault_was_struck_by_it() {
    let waited = [FailedAttempt {
        endpoint: 0,
        began: at(3_990),
        failed: at(4_490),
    }];
    let mut late = failed(3_990, 500);
    late.failed_attempts = &waited;

    let summary = summary_of(&[late], facts(0, 1));

    assert_eq!(summary.detect(), Reading::Value(1_490e6));
    assert_eq!(summary.switch(), Reading::NotMeasured(NOT_SWITCHED));
}

#[test]
fn what_is_told_of_a_stage_is_its_worst_fault_and_all_that_was_lost() {
    let samples = steady(|due| match due {
        2_000..2_100 | 3_000..3_200 => Some(failed(due, 5)),
        6_000..6_500 => Some(ended(at(due), millis(200), Outcome::Answered)),
        _ => None,
    });

    let summary = summary_of(&samples, facts(0, 1));

    let faults = &summary.disturbances.as_ref().unwrap().faults;
    // The last five of a hundred may miss the objective.
    let recovered = [150, 450].map(|after| Recovery::After(millis(after)));
    assert_eq!([faults[0].recover, faults[1].recover], recovered);
    assert_eq!(summary.recover(), Reading::Value(450e6));
    assert_eq!(summary.lost(), Reading::Value(20.0));
    assert_eq!((faults[0].lost, faults[1].lost), (20, 0));
}

#[test]
fn a_fault_that_nobody_notices_is_recovered_from_at_once() {
    let summary = summary_of(&steady(|_| None), facts(0, 1));

    assert_eq!(summary.recover(), Reading::Value(0.0));
    assert_eq!(summary.lost(), Reading::Value(0.0));
    assert_eq!(summary.detect(), Reading::NotMeasured(UNDETECTED));
}

#[test]
fn a_fault_that_shows_late_is_recovered_from_later() {
    let broken = steady(|due| (7_000..7_300).contains(&due).then(|| failed(due, 5)));

    let summary = summary_of(&broken, facts(0, 1));

    assert_eq!(summary.recover(), Reading::Value(1_250e6));
}

#[test]
fn an_objective_that_is_not_met_again_is_no_number() {
    let broken = steady(|due| (6_000..10_500).contains(&due).then(|| failed(due, 5)));

    let summary = summary_of(&broken, facts(0, 1));

    assert_eq!(summary.recover(), Reading::NotMeasured(NOT_RECOVERED));
}

#[test]
fn with_few_requests_nothing_can_be_said_of_recovery() {
    let sparse: Vec<_> = steady(|_| None).into_iter().step_by(20).collect();

    let summary = summary_of(&sparse, facts(0, 1));

    assert_eq!(
        summary.recover(),
        Reading::Insufficient { n: 5, needed: 10 }
    );
}

#[test]
fn requests_that_are_never_sent_are_lost_and_meet_nothing() {
    let not_sent = steady(|due| {
        let sample = ended(at(due), Duration::ZERO, Outcome::NotSent);
        (3_000..3_500).contains(&due).then_some(sample)
    });

    let summary = summary_of(&not_sent, facts(0, 1));

    assert_eq!(summary.lost(), Reading::Value(50.0));
    assert_eq!(summary.recover(), Reading::Value(450e6));
}

#[test]
fn a_death_counts_from_when_it_was_and_no_fault_that_came_too_late_counts() {
    let refused = [FailedAttempt {
        endpoint: 0,
        began: at(3_020),
        failed: at(3_023),
    }];
    let mut over = elsewhere(3_020);
    over.failed_attempts = &refused;
    let known = StageFacts {
        faults_began: vec![at(3_013), at(11_000)],
        ..facts(0, 1)
    };

    let summary = summary_of(&[over], known);

    assert_eq!(summary.detect(), Reading::Value(10e6));
    assert_eq!(summary.disturbances.unwrap().faults.len(), 1);
}

#[test]
fn without_faults_or_a_journal_nothing_is_measured() {
    let mut recorder = Recorder::new(WINDOW);
    recorder.record(&failed(3_000, 5));
    let mut summary = summarize(facts(0, 1), recorder);

    for reading in [
        summary.detect(),
        summary.switch(),
        summary.recover(),
        summary.lost(),
    ] {
        assert_eq!(reading, Reading::NotMeasured(UNDISTURBED));
    }
    assert_eq!(summary.duplicated(), Reading::NotMeasured(NO_JOURNAL));

    let journal = Journal {
        duplicated: Some(2),
        ..Journal::default()
    };
    summary.journal = Some(journal.clone());
    assert_eq!(summary.duplicated(), Reading::Value(2.0));
    summary.journal = Some(Journal {
        forgotten: 1,
        ..journal
    });
    assert_eq!(summary.duplicated(), Reading::NotMeasured(NO_JOURNAL));
}

#[test]
fn duplicates_belong_to_the_fault_that_began_last_before_them() {
    let known = StageFacts {
        duplicates: Some(vec![at(6_500), at(2_000), at(3_000), at(5_999)]),
        ..facts(0, 1)
    };

    let summary = summary_of(&[], known);

    let faults = summary.disturbances.unwrap().faults;
    assert_eq!(
        [faults[0].duplicated, faults[1].duplicated],
        [Some(2), Some(1)]
    );
}

#[test]
fn the_memory_of_a_series_is_bounded_by_wider_buckets() {
    let width = |seconds: u64| Series::until(at(seconds * 1_000)).width();

    assert_eq!(width(0), millis(10));
    assert_eq!(width(60), millis(10));
    assert_eq!(width(600), millis(100));
    assert_eq!(width(86_400), millis(14_400));
}

/// The definition, bucket by bucket of 10 ms.
fn by_definition(requests: &[(u64, bool)], begin: u64, end: u64) -> Recovery {
    let counted = |from: u64, until: u64| {
        let is_inside = |due: u64| from * 10 <= due && due < until * 10;
        let inside: Vec<_> = requests.iter().filter(|(due, _)| is_inside(*due)).collect();
        let met = inside.iter().filter(|(_, met)| *met).count();
        (wide(inside.len()), wide(met))
    };
    let is_met = |(due, met): (u64, u64)| float(met) >= float(due) * OBJECTIVE.success_rate;
    let (first, end) = (begin / 10, end / 10);
    let broken = (first..=end.saturating_sub(100).max(first))
        .find(|from| !is_met(counted(*from, (from + 100).min(end))));
    let whole = || broken.unwrap_or(first)..(end + 1).saturating_sub(100);
    let held = whole().find(|from| {
        let stretch = counted(*from, from + 100);
        stretch.0 >= 10 && is_met(stretch)
    });
    let fullest = whole().map(|from| counted(from, from + 100).0).max();
    match (held, broken, fullest) {
        (Some(_), None, _) => Recovery::After(Duration::ZERO),
        (Some(held), Some(_), _) => Recovery::After(at(held * 10).since(at(begin))),
        (None, _, Some(n)) if n < 10 => Recovery::Insufficient { n, needed: 10 },
        (None, _, _) => Recovery::Never,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recovery_is_what_its_definition_says(
        requests in proptest::collection::vec((0..4_000_u64, proptest::bool::weighted(0.9)), 0..200),
        begin in 0..4_000_u64,
        end in 1_000..4_000_u64,
    ) {
        let mut series = Series::until(at(4_000));
        for (due, met) in &requests {
            series.count(at(*due), *met);
        }

        let recovery = series.recovery(&OBJECTIVE, at(begin), None, at(end));

        prop_assert_eq!(recovery, by_definition(&requests, begin, end));
    }

    #[test]
    fn lanes_together_see_what_one_lane_would(
        due in proptest::collection::vec((0..11_000_u64, 0..3_u8), 0..120),
        split in 0..120_usize,
    ) {
        let samples: Vec<_> = due
            .iter()
            .map(|(due, kind)| match kind {
                0 => elsewhere(*due),
                1 => failed(*due, 300),
                _ => ended(at(*due), millis(20), Outcome::Answered),
            })
            .collect();
        let (one, other) = samples.split_at(split.min(samples.len()));
        let epoch = tokio::time::Instant::now().into_std();
        let lane = |samples: &[Sample<'_>]| {
            let mut watch = Watch::new(OBJECTIVE, refusals(epoch), WINDOW.end);
            watch.begins(epoch);
            for sample in samples {
                watch.see(sample);
            }
            watch
        };

        let mut together = lane(other);
        together.merge(&lane(one));

        let alone = lane(&samples).finish(WINDOW.end, &[], None);
        prop_assert_eq!(together.finish(WINDOW.end, &[], None), alone);
    }
}
