//! Vectors of length 1, each a pure function of what it embeds: `[0.5345, -0.2673, 0.8018]` for three dimensions.

use crate::dice::mix;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The vector that belongs to a hash. Its components are evenly drawn, then brought to a length of 1 together.
pub(super) fn unit(hash: u64, dimensions: u32) -> Vec<f32> {
    let components = (0..dimensions).map(|index| component(mix(hash ^ mix(index.into()))));
    let mut vector: Vec<f32> = components.collect();
    let length = length(&vector);
    for component in &mut vector {
        *component /= length;
    }
    vector
}

/// The upper 23 bits as a number between -0.5 and 0.5, in the middle of its step, so that it is never 0.
fn component(bits: u64) -> f32 {
    // 32 bits are left after the shift, all of them in range.
    let upper = u32::try_from(bits >> 32).unwrap_or_default();
    f32::from_bits((0x7f << 23) | (upper >> 9)) - 1.5 + f32::EPSILON / 2.0
}

/// Summed in parts, which keeps the rounding of a long vector as small as that of a short one.
fn length(vector: &[f32]) -> f32 {
    let parts = vector.chunks(64);
    let sums = parts.map(|part| part.iter().map(|x| x * x).sum::<f32>());
    sums.sum::<f32>().sqrt()
}

/// A vector as little-endian FP32 in base64.
pub(super) fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extreme_bits_are_neither_zero_nor_out_of_bounds() {
        let ends = [0, 1 << 63, u64::MAX].map(|bits| component(bits).to_string());

        assert_eq!(ends, ["-0.49999994", "0.000000059604645", "0.49999994"]);
    }

    #[test]
    fn base64_holds_the_bytes_in_little_endian_order() {
        assert_eq!(base64(&[1.0, -2.0]), "AACAPwAAAMA=");
    }

    proptest! {
        #[test]
        fn every_vector_has_the_length_one(hash: u64, dimensions in 1_u32..=4096) {
            let vector = unit(hash, dimensions);

            let square: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
            prop_assert!((square - 1.0).abs() < 1e-5, "{square}");
            prop_assert_eq!(vector.len(), usize::try_from(dimensions).unwrap());
        }

        #[test]
        fn unlike_hashes_point_elsewhere(one: u64, other: u64) {
            prop_assume!(one != other);

            let pairs = unit(one, 384).into_iter().zip(unit(other, 384));
            let cosine: f32 = pairs.map(|(a, b)| a * b).sum();

            // The standard deviation of such a cosine is 0.051: eight of them.
            prop_assert!(cosine.abs() < 0.41, "{cosine}");
        }
    }
}
