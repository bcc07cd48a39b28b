use super::*;
use crate::seed::Seed;
use crate::units::{Rate, float};
use proptest::prelude::*;

fn rate(per_second: f64) -> Rate {
    Rate::try_per_second(per_second).unwrap()
}

fn constant(per_second: f64) -> Open {
    Open {
        law: Law::Constant(Constant {
            rate: rate(per_second),
        }),
        max_in_flight: 1,
    }
}

fn poisson(per_second: f64) -> Open {
    Open {
        law: Law::Poisson(Poisson {
            rate: rate(per_second),
        }),
        max_in_flight: 1,
    }
}

fn nanos(open: &Open, seed: u64, count: usize) -> Vec<u64> {
    open.slots(Seed::new(seed))
        .take(count)
        .map(|slot| slot.at.nanos())
        .collect()
}

/// Gaps in units of their expected mean, the first one from the start of the stage.
fn gaps(open: &Open, seed: u64, count: usize, per_second: f64) -> Vec<f64> {
    let starts = nanos(open, seed, count);
    let before = std::iter::once(0).chain(starts.iter().copied());
    starts
        .iter()
        .zip(before)
        .map(|(at, before)| float(at - before) * per_second / 1e9)
        .collect()
}

#[test]
fn slots_are_numbered_from_zero() {
    let sequence: Vec<u64> = poisson(10.0)
        .slots(Seed::new(1))
        .take(3)
        .map(|slot| slot.seq)
        .collect();

    assert_eq!(sequence, [0, 1, 2]);
}

#[test]
fn a_schedule_can_be_given_to_any_thread() {
    fn is_free<T: Iterator<Item = Slot> + Send + 'static>(_: &T) {}

    is_free(&poisson(10.0).slots(Seed::new(1)));
}

#[test]
fn a_constant_rate_starts_at_zero_and_never_drifts() {
    let open = constant(3.0);

    assert_eq!(
        nanos(&open, 1, 4),
        [0, 333_333_333, 666_666_667, 1_000_000_000]
    );
    assert_eq!(
        open.slots(Seed::new(1)).nth(3_000_000).unwrap().at.nanos(),
        1_000_000_000_000_000
    );
}

#[test]
fn a_poisson_process_starts_at_the_same_moments_for_ever() {
    assert_eq!(
        nanos(&poisson(200.0), 7, 5),
        [812_066, 7_350_832, 21_157_659, 22_861_559, 28_696_811]
    );
}

#[test]
fn gaps_of_a_poisson_process_are_exponential() {
    for seed in 0..10 {
        let mut gaps = gaps(&poisson(200.0), seed, 10_000, 200.0);
        let count = 10_000.0;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        gaps.sort_by(f64::total_cmp);
        // Kolmogorov and Smirnov: the largest distance between the empirical and the expected distribution.
        let distance = gaps
            .iter()
            .enumerate()
            .map(|(rank, gap)| {
                let expected = 1.0 - (-gap).exp();
                let below = float(rank.try_into().unwrap()) / count;
                (expected - below)
                    .abs()
                    .max((below + 1.0 / count - expected).abs())
            })
            .fold(0.0, f64::max);

        // Each bound is beyond the 99.9th percentile of its statistic for 10,000 gaps.
        assert!((mean - 1.0).abs() < 0.035, "seed {seed}: mean {mean}");
        assert!(
            (variance.sqrt() / mean - 1.0).abs() < 0.05,
            "seed {seed}: variation {}",
            variance.sqrt() / mean
        );
        assert!(distance < 0.0195, "seed {seed}: distance {distance}");
    }
}

#[test]
fn gaps_of_a_poisson_process_are_independent() {
    let gaps = gaps(&poisson(200.0), 3, 10_000, 200.0);

    let correlation = gaps
        .windows(2)
        .map(|pair| (pair[0] - 1.0) * (pair[1] - 1.0))
        .sum::<f64>()
        / 9_999.0;

    assert!(correlation.abs() < 0.035, "{correlation}");
}

proptest! {
    #[test]
    fn slots_never_go_back_in_time(seed: u64, per_second in 0.01_f64..1e6) {
        for open in [constant(per_second), poisson(per_second)] {
            let starts = nanos(&open, seed, 500);
            prop_assert!(starts.is_sorted());
        }
    }

    #[test]
    fn a_constant_rate_sends_rate_times_duration(per_second in 1_u32..100_000, seconds in 1_u32..20) {
        let end = u64::from(seconds) * 1_000_000_000;
        let expected = per_second * seconds;
        let sent = constant(f64::from(per_second)).slots(Seed::new(0)).take_while(|slot| slot.at.nanos() < end).count();
        prop_assert_eq!(sent, usize::try_from(expected).unwrap());
    }

    #[test]
    fn a_poisson_process_sends_about_rate_times_duration(seed: u64) {
        let end = 100_000_000_000;
        let sent = poisson(100.0).slots(Seed::new(seed)).take_while(|slot| slot.at.nanos() < end).count();
        // Six standard deviations of a Poisson count with mean 10,000.
        prop_assert!((9_400..=10_600).contains(&sent), "{}", sent);
    }

    #[test]
    fn what_is_written_is_read_back(per_second in 0.01_f64..1e6, max_in_flight in 1_u32..=100_000) {
        let law = Law::Poisson(Poisson { rate: rate(per_second) });
        let load = Load::Open(Open { law, max_in_flight });
        let read: Load = serde_json::from_value(serde_json::to_value(&load).unwrap()).unwrap();
        prop_assert_eq!(read, load);
    }
}
