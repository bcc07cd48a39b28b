//! How often a comparison may look at its own result, after how many quads, and how much of the error that is allowed in
//! all each look may spend.

use crate::units::{count, float};

/// The error allowed over all looks together, on both sides.
const ERROR: f64 = 0.05;

/// The most looks: the first, and one after each of four extensions.
pub const LOOKS: usize = 5;

/// One look at the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// From 1.
    pub number: usize,
    /// Quads that there are by then.
    pub quads: u32,
    /// The error that it may spend, on both sides.
    pub error: f64,
}

impl Look {
    /// The error that it may spend on one side.
    pub fn one_sided(self) -> f64 {
        self.error / 2.0
    }

    /// The confidence of its intervals.
    pub fn confidence(self) -> f64 {
        1.0 - self.error
    }
}

/// The looks of a comparison that begins with `quads` and may be extended so often, by half each time. The first may spend
/// half of the error where there are others, which share the rest: together they spend no more than one alone
/// (C. E. Bonferroni).
pub fn looks(quads: u32, extensions: u32) -> Vec<Look> {
    let later = float(u64::from(extensions));
    let mut reached = quads;
    (0..=extensions)
        .map(|extension| {
            if extension > 0 {
                reached =
                    u32::try_from(count((f64::from(reached) * 1.5).ceil())).unwrap_or(u32::MAX);
            }
            let error = match (extensions, extension) {
                (0, _) => ERROR,
                (_, 0) => ERROR / 2.0,
                _ => ERROR / 2.0 / later,
            };
            Look {
                number: usize::try_from(extension)
                    .unwrap_or(usize::MAX)
                    .saturating_add(1),
                quads: reached,
                error,
            }
        })
        .collect()
}
