//! Where all chance comes from: one [`Seed`] in the scenario, from which named, independent streams are drawn. The same
//! seed and name give the same stream on every machine and in every version.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The seed of a scenario, or one derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(u64);

impl Seed {
    /// A seed from the scenario file.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// A random stream of its own for `purpose`, such as `"arrivals"`.
    pub fn stream(self, purpose: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.digest(purpose))
    }

    /// A seed of its own for `purpose`, from which further streams can be drawn.
    #[must_use]
    pub fn derive(self, purpose: &str) -> Self {
        Self(self.stream(purpose).next_u64())
    }

    fn digest(self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.0.to_le_bytes())
            .chain_update(purpose.as_bytes())
            .finalize()
            .into()
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_give_the_same_stream_for_ever() {
        let drawn: Vec<u64> = {
            let mut stream = Seed::new(7).stream("arrivals");
            (0..3).map(|_| stream.next_u64()).collect()
        };

        assert_eq!(
            drawn,
            [
                1_232_565_101_768_790_605,
                4_884_567_020_776_689_931,
                10_757_251_702_809_945_101
            ]
        );
    }

    #[test]
    fn purposes_are_independent() {
        let arrivals = Seed::new(7).stream("arrivals").next_u64();
        let prompts = Seed::new(7).stream("prompts").next_u64();

        assert_ne!(arrivals, prompts);
    }
}
