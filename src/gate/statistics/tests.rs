//! What R 4.2 (`wilcox.test`, `qsignrank`, `p.adjust`, `fisher.test`, `qnorm`) and scipy 1.17 (`wilcoxon`,
//! `permutation_test`) give for the same data.

use super::*;
use proptest::prelude::*;

/// Differences without ties: those of one comparison of 12 quads.
const TWELVE: [f64; 12] = [
    0.0312, 0.0271, -0.0102, 0.0455, 0.0188, 0.0029, 0.0371, 0.0216, -0.0047, 0.0333, 0.0274,
    0.0151,
];
/// R's `round(rnorm(40, 0.02, 0.05), 4)` after `set.seed(1)`.
const FORTY: [f64; 40] = [
    -0.0113, 0.0292, -0.0218, 0.0998, 0.0365, -0.021, 0.0444, 0.0569, 0.0488, 0.0047, 0.0956,
    0.0395, -0.0111, -0.0907, 0.0762, 0.0178, 0.0192, 0.0672, 0.0611, 0.0497, 0.0659, 0.0591,
    0.0237, -0.0795, 0.051, 0.0172, 0.0122, -0.0535, -0.0039, 0.0409, 0.0879, 0.0149, 0.0394,
    0.0173, -0.0489, -0.0007, 0.0003, 0.017, 0.075, 0.0582,
];

fn assert_close(ours: f64, theirs: f64) {
    let most = 1e-12 * theirs.abs().max(1e-3);
    assert!((ours - theirs).abs() <= most, "{ours} is not {theirs}");
}

fn assert_all_close(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_close(*ours, *theirs);
    }
}

fn assert_interval(differences: &[f64], confidence: f64, theirs: (f64, f64, f64)) {
    let ours = Location::of(differences, confidence).unwrap();
    let interval = ours.interval.unwrap();

    assert_close(ours.estimate, theirs.0);
    assert_close(interval.lower, theirs.1);
    assert_close(interval.upper, theirs.2);
}

#[test]
fn signed_ranks_have_the_statistic_and_the_probability_of_r() {
    let about_nothing = SignedRanks::about(0.0, &TWELVE);
    assert_close(about_nothing.statistic(), 73.0);
    assert_close(
        2.0 * about_nothing.probability(Rejection::Greater),
        0.004_882_812_5,
    );

    let about_a_hundredth = SignedRanks::about(0.01, &TWELVE);
    assert_close(about_a_hundredth.statistic(), 63.0);
    assert_close(
        about_a_hundredth.probability(Rejection::Greater),
        0.031_982_421_875,
    );

    let about_four = SignedRanks::about(0.04, &TWELVE);
    assert_close(about_four.statistic(), 2.0);
    assert_close(about_four.probability(Rejection::Less), 0.000_732_421_875);

    let forty = SignedRanks::about(0.0, &FORTY);
    assert_close(forty.statistic(), 650.0);
    assert_close(
        2.0 * forty.probability(Rejection::Greater),
        0.000_891_216_919_626_459,
    );
}

#[test]
fn tied_ranks_have_the_probability_of_all_choices_of_signs() {
    let tied = [1.0, 1.0, -1.0, 2.0, 2.0, 3.0, -3.0, 4.0, 5.0, 0.0, 6.0, 6.0];

    let ranks = SignedRanks::about(0.0, &tied);

    assert_close(ranks.statistic(), 57.5);
    assert_close(ranks.probability(Rejection::Greater), 0.015_136_718_75);
}

#[test]
fn many_differences_have_the_normal_distribution_of_the_ranks() {
    // 250 values without ties whose positive ranks sum to 17,600: `psignrank(17599, 250, lower.tail = FALSE)` is 0.04742.
    let ranks: Vec<f64> = (1..=250).map(f64::from).collect();
    let mut sum = 0.0;
    let signed: Vec<f64> = ranks
        .iter()
        .rev()
        .map(|rank| {
            let is_positive = sum + rank <= 17_600.0;
            sum += if is_positive { *rank } else { 0.0 };
            if is_positive { *rank } else { -rank }
        })
        .collect();

    let ranks = SignedRanks::about(0.0, &signed);

    assert_close(ranks.statistic(), 17_600.0);
    let probability = ranks.probability(Rejection::Greater);
    assert!(
        (probability - NORMAL_OF_17600).abs() < 1e-9,
        "{probability}"
    );
}

/// `pnorm((17600 - 0.5 - 250*251/4) / sqrt(250*251*501/24), lower.tail = FALSE)`.
const NORMAL_OF_17600: f64 = 0.047_402_141_585_716_7;

#[test]
fn locations_and_their_intervals_are_those_of_r() {
    assert_interval(&TWELVE, 0.95, (0.021_425, 0.008_60, 0.032_15));
    assert_interval(&FORTY, 0.95, (0.027_85, 0.013_50, 0.040_45));
    assert_interval(&FORTY, 0.99, (0.027_85, 0.007_6, 0.045_2));
    assert_interval(
        &[0.12, 0.08, -0.01, 0.10, 0.11, 0.09],
        0.95,
        (0.095, -0.01, 0.12),
    );
}

#[test]
fn quantiles_of_the_statistic_are_those_of_r() {
    let found = (6..=14).map(|n| signed_rank::lower_quantile(0.025, n));
    let (quantiles, below): (Vec<usize>, Vec<f64>) = found.unzip();

    assert_eq!(quantiles, [1, 3, 4, 6, 9, 11, 14, 18, 22]);
    let theirs = [
        0.015_625,
        0.023_437_5,
        0.019_531_25,
        0.019_531_25,
        0.024_414_062_5,
        0.020_996_093_75,
        0.021_240_234_375,
        0.023_925_781_25,
        0.024_719_238_281_25,
    ];
    assert_all_close(&below, &theirs);
}

#[test]
fn five_differences_are_too_few_for_an_interval_of_95_percent() {
    let five = Location::of(&[0.1, 0.2, 0.3, 0.4, 0.5], 0.95).unwrap();

    assert_close(five.estimate, 0.3);
    assert_eq!(five.interval, None);
    assert_eq!(Location::of(&[], 0.95), None);
}

#[test]
fn flipped_signs_have_the_probability_of_scipy() {
    let means = [0.02, 0.035, 0.01, -0.004, 0.05, 0.03];

    assert_close(sign_flip_greater(0.0, &means), 0.031_25);
    assert_close(sign_flip_greater(0.01, &means), 0.093_75);
}

#[test]
fn adjusted_probabilities_are_those_of_r() {
    let probabilities = [0.001, 0.04, 0.03, 0.2, 0.005, 0.03];

    assert_all_close(
        &holm(&probabilities),
        &[0.006, 0.12, 0.12, 0.2, 0.025, 0.12],
    );
    assert_all_close(
        &false_discovery(&probabilities),
        &[0.006, 0.048, 0.045, 0.2, 0.015, 0.045],
    );
}

#[test]
fn two_shares_have_the_probability_of_fisher() {
    let within = |ours: f64, theirs: f64| {
        assert!((ours / theirs - 1.0).abs() < 1e-9, "{ours} is not {theirs}");
    };

    within(
        fisher_greater((12, 2000), (31, 2000)),
        0.002_580_647_375_169_13,
    );
    within(fisher_greater((0, 500), (5, 500)), 0.030_937_657_818_299_7);
    within(fisher_greater((7, 50), (7, 50)), 0.612_894_135_222_441);
    within(fisher_greater((0, 500), (0, 500)), 1.0);
}

#[test]
fn the_normal_distribution_is_that_of_r() {
    let within =
        |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-9, "{ours} is not {theirs}");

    within(normal_quantile(0.975), 1.959_963_984_540_05);
    within(normal_tail(2.5), 0.006_209_665_325_776_13);
}

#[test]
fn means_medians_and_deviations_are_those_of_r() {
    assert_close(mean(&TWELVE), 0.020_425);
    assert_close(median(&TWELVE), 0.024_35);
    assert_close(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_close(deviation(&TWELVE), 0.017_030_834_336_045_3);
    assert_close(mean(&[]) + median(&[]) + deviation(&[1.0]), 0.0);
}

fn differences() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.0..1.0_f64, 6..40)
}

proptest! {
    #[test]
    fn the_order_of_differences_changes_nothing(values in differences(), turn in 0..40_usize) {
        let mut turned = values.clone();
        turned.rotate_left(turn % values.len());

        prop_assert_eq!(Location::of(&values, 0.95), Location::of(&turned, 0.95));
        prop_assert_eq!(SignedRanks::about(0.1, &values), SignedRanks::about(0.1, &turned));
    }

    #[test]
    fn turning_the_signs_turns_everything(values in differences()) {
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();

        let (here, there) = (Location::of(&values, 0.95).unwrap(), Location::of(&turned, 0.95).unwrap());
        let (inside, outside) = (here.interval.unwrap(), there.interval.unwrap());
        assert_close(here.estimate, -there.estimate);
        assert_close(inside.lower, -outside.upper);
        assert_close(inside.upper, -outside.lower);
        assert_close(
            SignedRanks::about(0.05, &values).probability(Rejection::Greater),
            SignedRanks::about(-0.05, &turned).probability(Rejection::Less),
        );
    }

    #[test]
    fn a_location_outside_of_the_interval_is_one_that_the_test_rejects(values in differences(), at in -0.5..0.5_f64) {
        let interval = Location::of(&values, 0.95).unwrap().interval.unwrap();
        let ranks = SignedRanks::about(at, &values);
        let least = ranks.probability(Rejection::Greater).min(ranks.probability(Rejection::Less));

        let is_outside = at < interval.lower || at > interval.upper;
        prop_assert_eq!(is_outside, 2.0 * least <= 1.0 - interval.confidence + 1e-9);
    }

    #[test]
    fn adjusting_makes_nothing_more_likely_to_be_rejected(values in prop::collection::vec(0.0..1.0_f64, 1..12)) {
        for (one, (holm, discovery)) in values.iter().zip(holm(&values).iter().zip(false_discovery(&values))) {
            prop_assert!(*holm >= discovery - 1e-12 && discovery >= *one - 1e-12);
        }
    }
}
