//! Looks for the highest level at which a short run is certified: four times as much as long as it is, then between the last
//! that was and the first that was not. A level is not given up before it has failed twice, since a busy machine can spoil a
//! short run.

use super::Error;
use crate::gate;
use crate::metric::Unit;
use crate::summary::{Breach, RunEnd, RunSummary, Severity, StageSummary};
use crate::units::{count, float};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// How it went at one level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Requests per second, or streams at once.
    pub level: f64,
    /// Whether the run would be certified.
    pub certified: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Median send lag in nanoseconds.
    pub lag_p50_ns: Option<f64>,
    /// Its 99th percentile.
    pub lag_p99_ns: Option<f64>,
    /// What the instrument added to the first token, or to the whole answer, in nanoseconds at the median.
    pub added_p50_ns: Option<f64>,
    /// Likewise at the 99th percentile.
    pub added_p99_ns: Option<f64>,
    /// Share of its lanes' time that the generator computed.
    pub generator_cpu_share: Option<f64>,
}

/// What is climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rate,
    Streams,
}

/// The most that the instrument may add to the first token of a stream: at the median, and at the 99th percentile. The one is
/// what matters to a comparison, the other a tenth of the time to the first token, 50 ms.
const MOST_ADDED: (f64, f64) = (1e6, 5e6);

impl Step {
    /// Judges a run of one stage.
    pub(super) fn of(level: u32, run: &RunSummary, kind: Kind) -> Self {
        let trust = run.certificate.stages.first();
        let step = Self {
            level: f64::from(level),
            certified: false,
            reason: None,
            lag_p50_ns: trust.and_then(|trust| trust.lag_p50_ns),
            lag_p99_ns: trust.and_then(|trust| trust.lag_p99_ns),
            added_p50_ns: trust.and_then(|trust| trust.added_p50_ns),
            added_p99_ns: trust.and_then(|trust| trust.added_p99_ns),
            generator_cpu_share: trust.and_then(|trust| trust.generator_cpu_share),
        };
        let reason = step.objection(run, kind);
        Self {
            certified: reason.is_none(),
            reason,
            ..step
        }
    }

    /// Why the level is not certified.
    fn objection(&self, run: &RunSummary, kind: Kind) -> Option<String> {
        let (Some(stage), Some(trust)) = (run.stages.first(), run.certificate.stages.first())
        else {
            return Some("nothing was measured".to_owned());
        };
        if run.end != RunEnd::Completed {
            return Some("the run ended early".to_owned());
        }
        if let Some(breach) = trust.breaches.iter().find(|breach| is_grave(breach)) {
            return Some(gate::told(breach));
        }
        if let Some(failed) = failed(stage) {
            return Some(failed);
        }
        match kind {
            Kind::Rate => None,
            Kind::Streams => self.adds_too_much(),
        }
    }

    fn adds_too_much(&self) -> Option<String> {
        let (median, rare) = MOST_ADDED;
        let above = |value: Option<f64>, limit: f64, what: &str| {
            let value = value.filter(|value| *value > limit)?;
            Some(format!(
                "first tokens were read later than they were written, by {} at the {what}, the limit is {}",
                Unit::Duration.print(value),
                Unit::Duration.print_round(limit)
            ))
        };
        above(self.added_p50_ns, median, "median")
            .or_else(|| above(self.added_p99_ns, rare, "99th percentile"))
    }
}

fn is_grave(breach: &Breach) -> bool {
    breach.severity == Severity::Refuse
}

fn failed(stage: &StageSummary) -> Option<String> {
    let held = &stage.accounting;
    let unanswered = held.offered - held.answered.min(held.offered);
    let most = stage.errors.iter().max_by_key(|(_, count)| **count);
    let (kind, _) = most?;
    Some(format!(
        "{} of {} requests failed, most of them as {kind}",
        Unit::Count.print(float(unanswered)),
        Unit::Count.print(float(held.offered))
    ))
}

/// The highest level that was certified.
pub(super) fn highest(steps: &[Step]) -> Option<&Step> {
    let certified = steps.iter().filter(|step| step.certified);
    certified.max_by(|one, other| one.level.total_cmp(&other.level))
}

/// The first level above the highest that was not certified.
pub(super) fn lowest_refused(steps: &[Step]) -> Option<&Step> {
    let highest = highest(steps).map_or(0.0, |step| step.level);
    let refused = steps
        .iter()
        .filter(|step| !step.certified && step.level > highest);
    refused.min_by(|one, other| one.level.total_cmp(&other.level))
}

/// Where a climb stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Climb {
    least: u32,
    most: u32,
    next: Option<u32>,
    highest: Option<u32>,
    refused: Option<u32>,
    /// Has the next level failed once?
    again: bool,
}

impl Climb {
    /// Between these levels, beginning with this one.
    pub(super) fn between((least, most): (u32, u32), first: u32) -> Self {
        Self {
            least,
            most,
            next: Some(first.clamp(least.min(most), most)),
            highest: None,
            refused: None,
            again: false,
        }
    }

    /// Climbs until the highest level is known well enough, or the time is over; at least one level is tried.
    pub(super) async fn up(
        mut self,
        period: Duration,
        at: impl AsyncFn(u32) -> Result<Step, Error>,
    ) -> Result<Vec<Step>, Error> {
        let start = Instant::now();
        let mut steps: Vec<Step> = Vec::new();
        while let Some(level) = self.next {
            // No step is begun for which there is less time than the steps before it took.
            let usual = start
                .elapsed()
                .checked_div(u32::try_from(steps.len()).unwrap_or(u32::MAX));
            if usual.is_some_and(|usual| start.elapsed() + usual > period) {
                break;
            }
            let step = at(level).await?;
            self.note(level, step.certified);
            steps.push(step);
        }
        Ok(steps)
    }

    /// Takes note of a level and says which comes next.
    fn note(&mut self, level: u32, certified: bool) {
        if certified {
            self.again = false;
            self.highest = Some(self.highest.map_or(level, |highest| highest.max(level)));
        } else if !self.again {
            self.again = true;
            self.next = Some(level);
            return;
        } else {
            self.again = false;
            self.refused = Some(self.refused.map_or(level, |refused| refused.min(level)));
        }
        self.next = match (self.highest, self.refused) {
            (Some(highest), None) => {
                (highest < self.most).then(|| highest.saturating_mul(4).min(self.most))
            }
            (None, Some(refused)) => (refused > self.least).then(|| (refused / 4).max(self.least)),
            (Some(highest), Some(refused)) => between(highest, refused),
            (None, None) => None,
        };
    }
}

/// The level in the middle, where both are far enough apart: half as much again.
fn between(highest: u32, refused: u32) -> Option<u32> {
    let (low, high) = (f64::from(highest), f64::from(refused));
    (high > 1.5 * low).then(|| u32::try_from(count((low * high).sqrt())).unwrap_or(highest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(level: u32, certified: bool) -> Step {
        Step {
            level: f64::from(level),
            certified,
            reason: None,
            lag_p50_ns: None,
            lag_p99_ns: None,
            added_p50_ns: None,
            added_p99_ns: None,
            generator_cpu_share: None,
        }
    }

    /// The levels tried on a machine that can do so much.
    async fn levels(capacity: u32, period: Duration, each: Duration) -> Vec<u32> {
        let tried = std::cell::RefCell::new(Vec::new());
        let climb = Climb::between((50, 100_000), 1_000);
        let steps = climb
            .up(period, async |level| {
                tokio::time::sleep(each).await;
                tried.borrow_mut().push(level);
                Ok(step(level, level <= capacity))
            })
            .await
            .unwrap();
        assert_eq!(steps.len(), tried.borrow().len());
        tried.into_inner()
    }

    const LONG: Duration = Duration::from_secs(1_000);
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_climbs_by_fours_and_then_between() {
        assert_eq!(
            levels(9_000, LONG, SECOND).await,
            [1_000, 4_000, 16_000, 16_000, 8_000, 11_314, 11_314]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_down_where_the_first_level_is_too_high() {
        assert_eq!(
            levels(100, LONG, SECOND).await,
            [1_000, 1_000, 250, 250, 62, 124, 124, 88]
        );
        assert_eq!(
            levels(0, LONG, SECOND).await,
            [1_000, 1_000, 250, 250, 62, 62, 50, 50]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_the_highest_level_there_is() {
        assert_eq!(
            levels(u32::MAX, LONG, SECOND).await,
            [1_000, 4_000, 16_000, 64_000, 100_000]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_begins_no_step_that_would_not_end_in_time() {
        let period = Duration::from_millis(3_900);

        assert_eq!(
            levels(u32::MAX, period, SECOND).await,
            [1_000, 4_000, 16_000]
        );
        assert_eq!(levels(0, Duration::ZERO, SECOND).await, [1_000]);
    }

    #[test]
    fn the_highest_level_is_the_best_that_was_certified() {
        let steps = [
            step(1_000, true),
            step(4_000, false),
            step(4_000, true),
            step(16_000, false),
        ];

        assert_eq!(highest(&steps).map(|step| step.level), Some(4_000.0));
        assert_eq!(
            lowest_refused(&steps).map(|step| step.level),
            Some(16_000.0)
        );
    }
}
