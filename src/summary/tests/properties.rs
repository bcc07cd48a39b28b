//! What holds for all samples.

use super::*;
use proptest::prelude::*;

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Answered),
        Just(Outcome::WrongAnswer(Wrong::Empty)),
        Just(Outcome::Failed(Failure::Connect)),
        Just(Outcome::Failed(Failure::Http(500))),
        Just(Outcome::Cancelled),
        Just(Outcome::NotSent),
    ]
}

fn any_samples() -> impl Strategy<Value = Vec<Sample<'static>>> {
    let sample = (0..12_000_u64, 0..5_000_000_000_u64, any_outcome()).prop_map(
        |(millis, nanos, outcome)| {
            ended(
                Offset::from_millis(millis),
                Duration::from_nanos(nanos),
                outcome,
            )
        },
    );
    proptest::collection::vec(sample, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lanes_merged_are_one_lane_that_saw_all(one in any_samples(), two in any_samples()) {
        let mut merged = Recorder::new(WINDOW);
        let mut other = Recorder::new(WINDOW);
        for sample in &one { merged.record(sample); }
        for sample in &two { other.record(sample); }
        merged.merge(other);

        let all: Vec<_> = one.into_iter().chain(two).collect();

        prop_assert_eq!(summarize(facts(0, 1), merged), summary_of(&all));
    }

    #[test]
    fn the_order_of_samples_does_not_matter(samples in any_samples()) {
        let reversed: Vec<_> = samples.iter().rev().cloned().collect();

        prop_assert_eq!(summary_of(&samples), summary_of(&reversed));
    }

    #[test]
    fn accounting_always_adds_up(samples in any_samples()) {
        let summary = summary_of(&samples);

        prop_assert!(summary.accounting.adds_up());
        prop_assert_eq!(summary.distributions.latency.n(), summary.accounting.answered);
    }

    #[test]
    fn quantiles_are_within_a_thousandth(mut nanos in proptest::collection::vec(1..10_000_000_000_u64, 64..200)) {
        let samples: Vec<_> = nanos
            .iter()
            .map(|&nanos| ended(at(0), Duration::from_nanos(nanos), Outcome::Answered))
            .collect();
        nanos.sort_unstable();
        let rank = (nanos.len() * 9).div_ceil(10) - 1;
        let exact = crate::units::float(nanos[rank]);

        let p90 = summary_of(&samples).distributions.latency.read(Statistic::P90).value().unwrap();

        prop_assert!((p90 - exact).abs() <= exact / 1000.0, "{p90} is not {exact}");
    }
}
