//! As it was measured: `latency: { empirical: { quantiles: { 0%: 5ms, 50%: 20ms, 99%: 80ms, 100%: 200ms } } }`, or the
//! measured durations themselves, `{ samples: [ 5ms, 7ms ] }` or `{ file: measured.txt }`.

mod file;
mod quantiles;
mod samples;

pub use quantiles::Quantiles;
pub use samples::Samples;

use super::Distribution;
use crate::spec::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A distribution that was measured. What stood in a file is read once, when the specification is, and from then on
/// part of it: a mock in another process, or in another folder, needs no file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
pub enum Empirical {
    /// Some of its quantiles, straight lines between them.
    Quantiles(Quantiles),
    /// Single durations; every draw is one of them.
    Samples(Samples),
}

/// A distribution that was measured.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Written {
    /// Some of its quantiles, from 0% to 100%, with straight lines between them:
    /// `{ 0%: 5ms, 50%: 20ms, 99%: 80ms, 100%: 200ms }`.
    Quantiles(Quantiles),
    /// Single durations, at most 100,000; every draw is one of them, each as likely as the others.
    Samples(Samples),
    /// The same from a text file: a duration such as `20ms`, or a number of milliseconds, on each line. Empty lines and
    /// those that begin with `#` are passed over. A relative path starts at the working directory.
    File(
        /// The path of the file.
        PathBuf,
    ),
}

impl TryFrom<Written> for Empirical {
    type Error = file::Error;

    fn try_from(written: Written) -> Result<Self, file::Error> {
        match written {
            Written::Quantiles(quantiles) => Ok(Self::Quantiles(quantiles)),
            Written::Samples(samples) => Ok(Self::Samples(samples)),
            Written::File(path) => file::read(&path).map(Self::Samples),
        }
    }
}

impl From<Empirical> for Written {
    fn from(empirical: Empirical) -> Self {
        match empirical {
            Empirical::Quantiles(quantiles) => Self::Quantiles(quantiles),
            Empirical::Samples(samples) => Self::Samples(samples),
        }
    }
}

impl Distribution for Empirical {
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Quantiles(quantiles) => quantiles.check(),
            Self::Samples(samples) => samples.check(),
        }
    }

    fn quantile(&self, u: f64) -> Duration {
        match self {
            Self::Quantiles(quantiles) => quantiles.quantile(u),
            Self::Samples(samples) => samples.quantile(u),
        }
    }
}
