//! The quantile function of the standard normal distribution, from which other distributions are made:
//! `normal_quantile(0.975)` is 1.96.

/// The standard normal quantile, `0 < u < 1`, exact to about 1e-16: algorithm AS 241, PPND16 (Wichura, "The percentage
/// points of the normal distribution", Applied Statistics 37, 1988).
pub(super) fn normal_quantile(u: f64) -> f64 {
    let from_middle = u - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180_625 - from_middle * from_middle;
        return from_middle * rational(r, &MIDDLE);
    }
    let depth = (-u.min(1.0 - u).ln()).sqrt();
    let tail = if depth <= 5.0 {
        rational(depth - 1.6, &TAIL)
    } else {
        rational(depth - 5.0, &FAR_TAIL)
    };
    tail.copysign(from_middle)
}

/// Coefficients of a quotient of two polynomials, from the highest power down.
struct Rational {
    over: [f64; 8],
    under: [f64; 8],
}

fn rational(x: f64, quotient: &Rational) -> f64 {
    let horner = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    horner(&quotient.over) / horner(&quotient.under)
}

const MIDDLE: Rational = Rational {
    over: [
        2_509.080_928_730_122_7,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    under: [
        5_226.495_278_852_854,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
};

const TAIL: Rational = Rational {
    over: [
        7.745_450_142_783_414e-4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    under: [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
};

const FAR_TAIL: Rational = Rational {
    over: [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    under: [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normal_quantiles_agree_with_the_tables() {
        for (u, z) in [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_841),
            (0.001, -3.090_232_306_167_813_5),
            (1e-12, -7.034_483_825_301_131),
        ] {
            assert!(
                (normal_quantile(u) - z).abs() < 1e-12,
                "{u}: {}",
                normal_quantile(u)
            );
        }
    }

    proptest! {
        #[test]
        fn quantiles_rise(a in 1e-9..1.0_f64, b in 1e-9..1.0_f64) {
            prop_assume!(a < b && b < 1.0);
            prop_assert!(normal_quantile(a) <= normal_quantile(b));
        }

        #[test]
        fn the_normal_quantile_is_odd(u in 1e-6..0.5_f64) {
            prop_assert!((normal_quantile(u) + normal_quantile(1.0 - u)).abs() < 1e-9);
        }
    }
}
