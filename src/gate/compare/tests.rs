use super::*;
use crate::trial::{Arm, Quad, fixture};
use proptest::prelude::*;

fn spec() -> GateSpec {
    GateSpec::default()
}

fn first() -> Look {
    looks(12, 4)[0]
}

fn judged(quads: usize, factors: &[(&str, f64)]) -> Judged {
    judge(&fixture::trial(quads, factors, 7), &spec(), first())
}

fn finding<'a>(judged: &'a Judged, metric: &str) -> &'a MetricFinding {
    judged
        .findings
        .iter()
        .find(|finding| finding.metric == metric)
        .unwrap()
}

#[test]
fn looks_grow_by_half_and_share_the_error() {
    let looks = looks(12, 4);

    let quads: Vec<u32> = looks.iter().map(|look| look.quads).collect();
    assert_eq!(quads, [12, 18, 27, 41, 62]);
    let errors: Vec<f64> = looks.iter().map(|look| look.error).collect();
    assert_eq!(errors, [0.025, 0.006_25, 0.006_25, 0.006_25, 0.006_25]);
    let alone: Vec<f64> = super::looks(12, 0).iter().map(|look| look.error).collect();
    assert_eq!(alone, [0.05]);
}

#[test]
fn a_tenth_more_cpu_is_a_regression_and_nothing_else_is() {
    let judged = judged(12, &[("cpu_per_request", 1.10)]);

    assert_eq!(judged.judgement, Judgement::Regressed);
    assert_eq!(judged.reason, "cpu_per_request +10.2 %");
    let cpu = finding(&judged, "cpu_per_request");
    assert_eq!(cpu.reason, "worse by more than the margin of 3 %");
    let change = cpu.change.unwrap();
    assert!(
        change.lower.unwrap() < 0.10 && change.upper.unwrap() > 0.10,
        "{change:?}"
    );
    assert_eq!(
        finding(&judged, "allocations_per_request").judgement,
        Judgement::Unchanged
    );
}

/// A comparison of 40 quads in which the candidate takes a tenth more CPU time, but these blocks measured nothing.
fn without(lacking: &[(usize, Arm)]) -> Judged {
    let mut trial = fixture::trial(40, &[("cpu_per_request", 1.10)], 7);
    for (quad, arm) in lacking {
        let quad = &mut trial.stages[0].quads[*quad];
        let place = quad.order.arms().iter().position(|turn| turn == arm);
        quad.blocks[place.unwrap()].values.clear();
    }
    judge(&trial, &spec(), looks(40, 0)[0])
}

#[test]
fn a_few_blocks_that_measured_nothing_are_left_out() {
    let judged = without(&[
        (3, Arm::Baseline),
        (9, Arm::Candidate),
        (20, Arm::Candidate),
    ]);

    assert_eq!(judged.judgement, Judgement::Regressed);
    assert_eq!(judged.reason, "cpu_per_request +10.0 %");
}

#[test]
fn a_candidate_that_now_and_then_measures_nothing_is_not_compared_by_the_rest() {
    let judged = without(&[
        (3, Arm::Candidate),
        (9, Arm::Candidate),
        (20, Arm::Candidate),
    ]);

    assert_eq!(judged.judgement, Judgement::Inconclusive);
    let cpu = finding(&judged, "cpu_per_request");
    assert_eq!(
        cpu.reason,
        "only 37 of 40 quads measured it in all of their blocks"
    );
}

#[test]
fn more_than_a_tenth_without_a_value_are_too_many() {
    let lacking: Vec<_> = (0..5).map(|quad| (quad, Arm::Baseline)).collect();

    assert_eq!(without(&lacking[..4]).judgement, Judgement::Regressed);
    assert_eq!(without(&lacking).judgement, Judgement::Inconclusive);
}

#[test]
fn no_change_is_unchanged_where_the_noise_allows_to_say_so() {
    let judged = judged(40, &[]);

    assert_eq!(
        finding(&judged, "cpu_per_request").judgement,
        Judgement::Unchanged
    );
    assert_eq!(finding(&judged, "rps_ok").judgement, Judgement::Unchanged);
    assert_eq!(judged.judgement, Judgement::Unchanged);
    assert_eq!(judged.reason, "6 metrics within their margins");
}

#[test]
fn less_throughput_is_worse_and_more_is_better() {
    let less = judged(12, &[("rps_ok", 0.8)]);
    let more = judged(12, &[("rps_ok", 1.25)]);

    assert_eq!(finding(&less, "rps_ok").judgement, Judgement::Regressed);
    assert!(finding(&less, "rps_ok").change.unwrap().estimate < -0.15);
    assert_eq!(finding(&more, "rps_ok").judgement, Judgement::Improved);
}

#[test]
fn what_is_advisory_decides_nothing() {
    let judged = judged(40, &[("latency_p95", 2.0)]);

    assert_eq!(
        finding(&judged, "latency_p95").judgement,
        Judgement::Regressed
    );
    assert_eq!(judged.judgement, Judgement::Unchanged);
}

#[test]
fn a_metric_that_is_named_in_the_scenario_decides() {
    let spec = GateSpec {
        margins: [("latency_p95".to_owned(), "10%".parse().unwrap())].into(),
        ..spec()
    };

    let judged = judge(
        &fixture::trial(40, &[("latency_p95", 2.0)], 7),
        &spec,
        first(),
    );

    assert_eq!(judged.judgement, Judgement::Regressed);
}

#[test]
fn five_quads_are_too_few_to_say_anything() {
    let judged = judged(5, &[("cpu_per_request", 3.0)]);

    let cpu = finding(&judged, "cpu_per_request");
    assert_eq!(cpu.judgement, Judgement::Inconclusive);
    assert_eq!(
        cpu.reason,
        "5 quads are too few for an interval: it takes more of them"
    );
    assert_eq!(judged.judgement, Judgement::Inconclusive);
}

#[test]
fn an_undecided_metric_says_what_it_could_have_found_and_what_would_decide() {
    let judged = judged(12, &[("latency_p50", 1.03)]);

    let p50 = finding(&judged, "latency_p50");
    assert_eq!(p50.judgement, Judgement::Inconclusive);
    let power = p50.power.unwrap();
    assert!(power.more_quads.unwrap() > 0);
    assert!(power.detectable > p50.margin);
    assert!((0.02..0.06).contains(&power.noise), "{}", power.noise);
}

#[test]
fn errors_that_return_fast_are_no_improvement() {
    let mut trial = fixture::trial(12, &[("latency_p50", 0.1), ("rps_ok", 9.0)], 7);
    for quad in &mut trial.stages[0].quads {
        let turns = quad.order.arms().into_iter().zip(&mut quad.blocks);
        for (_, block) in turns.filter(|(arm, _)| *arm == Arm::Candidate) {
            block.work.answered = 1250;
        }
    }

    let judged = judge(&trial, &spec(), first());

    assert_eq!(judged.judgement, Judgement::Regressed);
    let errors = finding(&judged, "error_rate");
    assert_eq!(
        errors.reason,
        "30,000 of 60,000 against 0 of 60,000 requests without a right answer"
    );
    let p50 = finding(&judged, "latency_p50");
    assert_eq!(p50.judgement, Judgement::Inconclusive);
    assert_eq!(
        p50.reason,
        "it looks better, but the candidate did less: see error_rate"
    );
}

#[test]
fn fewer_tokens_are_no_improvement() {
    let judged = judged(
        12,
        &[("latency_p50", 0.5), ("output_tokens_per_answer", 0.5)],
    );

    assert_eq!(judged.judgement, Judgement::Regressed);
    assert_eq!(
        finding(&judged, "output_tokens_per_answer").judgement,
        Judgement::Regressed
    );
    assert_eq!(
        finding(&judged, "latency_p50").judgement,
        Judgement::Inconclusive
    );
}

#[test]
fn a_candidate_that_answers_nothing_is_refused() {
    let mut trial = fixture::trial(12, &[], 7);
    for block in trial.stages[0]
        .quads
        .iter_mut()
        .flat_map(|quad| &mut quad.blocks)
    {
        block.work.answered = 0;
    }

    let judged = judge(&trial, &spec(), first());

    assert_eq!(judged.judgement, Judgement::Refused);
}

#[test]
fn more_than_a_tenth_of_blocks_that_were_not_valid_refuse_the_comparison() {
    let with_doubted = |quads: usize| {
        let mut trial = fixture::trial(40, &[], 7);
        for quad in trial.stages[0].quads.iter_mut().take(quads) {
            quad.blocks[1].refused = vec!["the generator was saturated".to_owned()];
        }
        judge(&trial, &spec(), first())
    };

    assert_eq!(with_doubted(16).judgement, Judgement::Unchanged);
    let judged = with_doubted(17);
    assert_eq!(judged.judgement, Judgement::Refused);
    let told =
        "error_rate: the measurement is not valid in 17 of 160 blocks: the generator was saturated";
    assert_eq!(judged.reason, told);
}

#[test]
fn starts_that_differ_more_than_quads_must_agree_by_themselves() {
    // Each start of the processes shifts the candidate by as much as it likes: of four starts, one is slow.
    let mut trial = fixture::trial(12, &[("cpu_per_request", 1.05)], 7);
    for quad in &mut trial.stages[0].quads {
        quad.start = quad.index / 3;
        let shift = if quad.start == 0 {
            1.6
        } else {
            1.0 + 0.02 * f64::from(u32::try_from(quad.start).unwrap())
        };
        let turns = quad.order.arms().into_iter().zip(&mut quad.blocks);
        for (_, block) in turns.filter(|(arm, _)| *arm == Arm::Candidate) {
            *block.values.get_mut("cpu_per_request").unwrap() *= shift;
        }
    }

    let judged = judge(&trial, &spec(), first());

    assert_eq!(
        finding(&judged, "cpu_per_request").judgement,
        Judgement::ProbablyRegressed
    );
}

#[test]
fn a_claim_is_supported_contradicted_or_neither() {
    let support = |better_by: &str, factor: f64| {
        let claim = crate::gate::spec::Hypothesis {
            says: "a tenth more throughput".to_owned(),
            metric: "rps_ok".to_owned(),
            better_by: better_by.parse().unwrap(),
        };
        let spec = GateSpec {
            hypothesis: Some(claim),
            ..spec()
        };
        judge(
            &fixture::trial(24, &[("rps_ok", factor)], 7),
            &spec,
            first(),
        )
        .claims[0]
            .support
    };

    assert_eq!(support("10%", 1.3), Support::Supported);
    assert_eq!(support("10%", 1.0), Support::Contradicted);
    assert_eq!(support("10%", 1.1), Support::Undecided);
}

#[test]
fn settings_out_of_range_are_refused_with_their_place() {
    let refused = |spec: GateSpec| spec.check().unwrap_err().to_string();

    assert_eq!(
        refused(GateSpec { quads: 5, ..spec() }),
        "quads: expected 6 to 500, found 5"
    );
    let margins = |name: &str| GateSpec {
        margins: [(name.to_owned(), "5%".parse().unwrap())].into(),
        ..spec()
    };
    assert_eq!(
        refused(margins("latency_p59")),
        "margins.latency_p59: expected the name of a metric, found `latency_p59`; did you mean `latency_p95`?"
    );
    assert_eq!(
        refused(margins("latency_max")),
        "margins.latency_max: expected a metric that repeats, found `latency_max`: an extreme of one block says nothing of the next"
    );
    assert!(spec().check().is_ok());
}

fn factor() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), 0.7..1.4_f64]
}

/// What a verdict becomes when the arms change places.
fn mirrored(judgement: Judgement) -> Judgement {
    match judgement {
        Judgement::Improved => Judgement::Regressed,
        Judgement::ProbablyImproved => Judgement::ProbablyRegressed,
        Judgement::ProbablyRegressed => Judgement::ProbablyImproved,
        Judgement::Regressed => Judgement::Improved,
        same @ (Judgement::Unchanged | Judgement::Inconclusive | Judgement::Refused) => same,
    }
}

fn judgements(judged: &Judged) -> Vec<Judgement> {
    judged
        .findings
        .iter()
        .map(|finding| finding.judgement)
        .collect()
}

proptest! {
    #[test]
    fn swapping_the_arms_mirrors_every_verdict(cpu in factor(), rps in factor(), p50 in factor(), seed in 0..1000_u64) {
        let trial = fixture::trial(14, &[("cpu_per_request", cpu), ("rps_ok", rps), ("latency_p50", p50)], seed);

        let here = judge(&trial, &spec(), first());
        let there = judge(&fixture::swapped(&trial), &spec(), first());

        let mirrored: Vec<Judgement> = judgements(&here).into_iter().map(mirrored).collect();
        prop_assert_eq!(mirrored, judgements(&there));
        for (one, other) in here.findings.iter().zip(&there.findings) {
            if let (Some(one), Some(other)) = (one.change, other.change) {
                prop_assert!(((1.0 + one.estimate) * (1.0 + other.estimate) - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn other_units_change_nothing(scale in 1e-6..1e6_f64, cpu in factor(), seed in 0..1000_u64) {
        let trial = fixture::trial(12, &[("cpu_per_request", cpu)], seed);
        let mut scaled = trial.clone();
        for block in scaled.stages[0].quads.iter_mut().flat_map(|quad| &mut quad.blocks) {
            for value in block.values.values_mut() {
                *value *= scale;
            }
        }

        prop_assert_eq!(judgements(&judge(&trial, &spec(), first())), judgements(&judge(&scaled, &spec(), first())));
    }

    #[test]
    fn the_order_of_quads_changes_nothing(turn in 0..12_usize, cpu in factor(), seed in 0..1000_u64) {
        let trial = fixture::trial(12, &[("cpu_per_request", cpu)], seed);
        let mut turned = trial.clone();
        turned.stages[0].quads.rotate_left(turn);

        prop_assert_eq!(judgements(&judge(&trial, &spec(), first())), judgements(&judge(&turned, &spec(), first())));
    }

    #[test]
    fn blocks_of_one_arm_may_trade_places_within_their_quad(seed in 0..1000_u64) {
        let trial = fixture::trial(12, &[], seed);
        let mut traded = trial.clone();
        traded.stages[0].quads.iter_mut().for_each(|quad: &mut Quad| quad.blocks.swap(1, 2));

        prop_assert_eq!(judgements(&judge(&trial, &spec(), first())), judgements(&judge(&traded, &spec(), first())));
    }
}
