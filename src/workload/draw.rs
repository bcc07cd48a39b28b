//! A random stream for one purpose of one request, made without hashing: `SplitMix64` from a mixed start.
//!
//! Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.

use crate::seed::Seed;
use rand::RngCore;

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// `SplitMix64`.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    /// The stream for `purpose` of request `seq`.
    pub(super) fn of(purpose: &str, seed: Seed, seq: u64) -> Self {
        // Each part is mixed before the next one is added, so that neighbouring seeds, requests and purposes do not
        // give shifted copies of one stream.
        let purpose = purpose
            .bytes()
            .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        Self(mix(mix(mix(seed.number()) ^ seq) ^ purpose))
    }
}

impl Draw {
    /// A number below `choices`, each as likely as the others: the high half of a draw times the choices, which is even to one
    /// part in 2^64 for each choice.
    pub(super) fn below(&mut self, choices: u64) -> u64 {
        let above = (u128::from(self.next_u64()) * u128::from(choices)) >> 64;
        u64::try_from(above).unwrap_or(0)
    }
}

impl RngCore for Draw {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    fn next_u32(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.next_u64().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (byte, drawn) in chunk.iter_mut().zip(self.next_u64().to_le_bytes()) {
                *byte = drawn;
            }
        }
    }
}

/// The finalizer of `SplitMix64`, preceded by its step so that zero does not stay zero.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(GOLDEN_GAMMA);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
