//! What the instrument measured of itself on this machine beforehand, for runs in which nothing else says it: a target that is
//! somebody else's keeps no journal to be held against.

use super::certificate::Certificate;
use super::{Environment, RunSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `inferometer doctor` found out, as far as it says something about later runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// When, as RFC 3339 text.
    pub measured: String,
    /// The version of the tool that measured.
    pub tool_version: String,
    /// The machine and the build.
    pub machine: Environment,
    /// The highest rate of requests per second that it would certify; nothing if it certified none.
    pub highest_rate: Option<f64>,
    /// Median send lag at that rate, in nanoseconds.
    pub lag_p50_ns: Option<f64>,
    /// Its 99th percentile.
    pub lag_p99_ns: Option<f64>,
    /// The most streams at once that it would certify; nothing if it certified none.
    pub highest_concurrency: Option<f64>,
    /// What it added to the first token of so many streams, in nanoseconds at the median.
    pub added_p50_ns: Option<f64>,
    /// Likewise at the 99th percentile.
    pub added_p99_ns: Option<f64>,
    /// Median time of a request to the embedded mock and back, in nanoseconds: no service time can be shorter.
    pub round_trip_p50_ns: Option<f64>,
}

impl Calibration {
    /// What is no longer as it was, as `the processor was X and is Y`. Nothing where the calibration still holds.
    pub fn outdated(&self, machine: &Environment) -> Option<String> {
        let version = |version: &str| ("version of the tool", version.to_owned());
        let then = self.machine.comparable().into_iter();
        let now = machine.comparable().into_iter();
        let then = then.chain([version(&self.tool_version)]);
        let now = now.chain([version(env!("CARGO_PKG_VERSION"))]);
        then.zip(now)
            .find(|(was, is)| was != is)
            .map(|((what, was), (_, is))| format!("the {what} was {was} and is {is}"))
    }
}

impl RunSummary {
    /// The same run with what the last calibration gave, where something of it was held against no journal. A calibration of
    /// another machine or build says nothing, and is told as missing.
    #[must_use]
    pub fn calibrated(mut self, calibration: Option<Calibration>) -> Self {
        let certificate = &mut self.certificate;
        if certificate.unchecked.is_empty() {
            return self;
        }
        let missing = match &calibration {
            None => Some("This machine was never calibrated".to_owned()),
            Some(known) => known
                .outdated(&self.identity.environment)
                .map(|why| format!("The last calibration no longer holds: {why}")),
        };
        match missing {
            None => certificate.calibration = calibration,
            Some(missing) => certificate.unchecked.push(format!(
                "{missing}. `inferometer doctor` measures what the instrument adds on this machine."
            )),
        }
        self
    }
}

impl Certificate {
    /// The certificate of the same stages made anew, which keeps what stages do not tell.
    pub(super) fn made_anew(&self, stages: &[super::StageSummary]) -> Self {
        Self {
            calibration: self.calibration.clone(),
            ..Self::of(stages)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::summary::fixture::{calibration, single};

    #[test]
    fn a_run_without_a_journal_has_the_last_calibration() {
        let run = single().calibrated(Some(calibration()));

        assert_eq!(run.certificate.calibration, Some(calibration()));
        assert_eq!(run.certificate.unchecked, single().certificate.unchecked);
    }

    #[test]
    fn a_calibration_of_another_machine_is_told_as_missing() {
        let mut other = calibration();
        other.machine.cores = 2;

        let run = single().calibrated(Some(other));

        assert_eq!(run.certificate.calibration, None);
        assert_eq!(
            run.certificate.unchecked.last().unwrap(),
            "The last calibration no longer holds: the number of cores was 2 and is 8. `inferometer doctor` measures what the instrument adds on this machine."
        );
    }

    #[test]
    fn a_machine_that_was_never_calibrated_is_told_so() {
        let run = single().calibrated(None);

        assert!(
            run.certificate
                .unchecked
                .last()
                .unwrap()
                .starts_with("This machine was never calibrated.")
        );
    }

    #[test]
    fn what_was_all_held_against_a_journal_needs_no_calibration() {
        let mut run = single();
        run.certificate.unchecked.clear();

        let run = run.calibrated(Some(calibration()));

        assert_eq!(run.certificate.calibration, None);
    }
}
