//! Fisher's exact test of two shares (R. A. Fisher, "On the Interpretation of Chi-Squared from Contingency Tables, and the
//! Calculation of P", 1922).

use crate::units::float;
use statrs::function::factorial::ln_binomial;

/// How likely the second of two samples has as great a share as it has, or a greater one, when both come from one
/// population: `hits` of `of` in the first, and `hits` of `of` in the second.
pub fn fisher_greater(first: (u64, u64), second: (u64, u64)) -> f64 {
    let ((first_hits, first_of), (second_hits, second_of)) = (first, second);
    let hits = first_hits + second_hits;
    let all = ln_binomial(first_of + second_of, hits);
    let most = hits.min(second_of);
    let mut sum = 0.0;
    for seen in second_hits..=most {
        let rest = hits - seen;
        if rest > first_of {
            continue;
        }
        let term = (ln_binomial(second_of, seen) + ln_binomial(first_of, rest) - all).exp();
        sum += term;
        // Terms fall off geometrically past the mode: what is left is below any digit that is printed.
        let is_past = float(seen) * float(first_of + second_of) > float(hits) * float(second_of);
        if is_past && term < sum * 1e-16 {
            break;
        }
    }
    sum.min(1.0)
}
