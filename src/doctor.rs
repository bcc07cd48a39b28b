//! Measures this machine with the instrument itself: how late it releases, what a request to itself costs, how steadily it is
//! let compute, the highest rate and concurrency that it would certify, and how small a change it could tell from noise.
//! Short runs of the real engine against the embedded mock; nothing here prints or opens a file.
//!
//! ```text
//! examine -> Diagnosis -> text | JSON
//!                      -> Calibration, for later runs
//! ```

mod advice;
mod climb;
mod noise;
mod scenario;
mod text;

pub use advice::Fitness;
pub use climb::Step;
pub use noise::{Detectable, Noise};
pub use text::text;

use crate::drive::{self, Paced};
use crate::metric::Metric;
use crate::observe::{Gaps, Observation, Watched};
use crate::plan::Plan;
use crate::run::{self, Options};
use crate::summary::{Calibration, RunSummary, Taken};
use crate::units::{float, nanos, wide};
use climb::Climb;
use serde::{Deserialize, Serialize};
use std::io;
use std::num::NonZero;
use std::time::Duration;
use tokio::time::Instant;

/// Name and version of the format of a stored diagnosis.
pub const SCHEMA: &str = "inferometer.doctor/v1";

/// What was found out about a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Name and version of this format, [`SCHEMA`].
    pub schema: String,
    /// Whether the machine is fit to measure on.
    pub fitness: Fitness,
    /// The same in a sentence.
    pub sentence: String,
    /// What would make it better, as whole sentences.
    pub remedies: Vec<String>,
    /// What later runs read.
    pub calibration: Calibration,
    /// Releasing alone, at several rates.
    pub timer: Vec<Timer>,
    /// Requests to the embedded mock, one after the other and several at once.
    pub loopback: Loopback,
    /// What was taken from a thread that only computed.
    pub scheduler: Gaps,
    /// Open files and ports, against their limits.
    pub limits: Limits,
    /// Rates that were tried, in their order.
    pub rates: Vec<Step>,
    /// Numbers of streams that were tried, in their order.
    pub streams: Vec<Step>,
    /// What the gate could tell from noise, by metric.
    pub noise: Vec<Noise>,
    /// How long all this took, in nanoseconds.
    pub took_ns: u64,
}

/// How late the pacer alone releases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Releases per second.
    pub per_second: f64,
    /// How many were made.
    pub releases: u64,
    /// Median lag in nanoseconds.
    pub lag_p50_ns: u64,
    /// 99th percentile of the lag in nanoseconds.
    pub lag_p99_ns: u64,
    /// Largest lag in nanoseconds.
    pub lag_max_ns: u64,
    /// Share of a core that releasing takes.
    pub cpu_share: f64,
}

/// What requests to the embedded mock take, which answers at once.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Loopback {
    /// Median time of one request after the other, in nanoseconds.
    pub round_trip_p50_ns: Option<f64>,
    /// Likewise the 99th percentile.
    pub round_trip_p99_ns: Option<f64>,
    /// Requests per second over several connections.
    pub per_second: Option<f64>,
    /// CPU time of the client for each of them, in nanoseconds.
    pub cpu_per_request_ns: Option<f64>,
}

/// What the process may have at the most, and has now; nothing where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Open files, connections among them.
    pub open_files: Option<Taken>,
    /// Ports that connections get theirs from.
    pub ports: Option<Taken>,
}

/// Why a machine could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A run could not be carried out.
    #[error(transparent)]
    Run(#[from] run::Error),
    /// There is no timer or no thread.
    #[error("could not measure the timer: {0}")]
    Timer(#[from] io::Error),
}

/// The parts of the examination by their shares of the time, in hundredths; the rest is for starting and stopping.
mod share {
    pub(super) const SCHEDULER: u32 = 3;
    pub(super) const TIMER: u32 = 5;
    pub(super) const LOOPBACK: u32 = 6;
    pub(super) const RATES: u32 = 30;
    pub(super) const STREAMS: u32 = 28;
    pub(super) const NOISE: u32 = 26;
}

/// Examines this machine within about this time, and tells `hear` what it is at.
///
/// # Errors
/// [`Error`] when nothing can be measured at all, or the examination was interrupted.
pub async fn examine(
    within: Duration,
    options: &Options,
    hear: &mut dyn FnMut(&str),
) -> Result<Diagnosis, Error> {
    let start = Instant::now();
    let part = move |share: u32| within * share / 100;
    hear("the scheduler");
    let scheduler = blocking(move || Gaps::watch(part(share::SCHEDULER))).await?;
    hear("the timer");
    let timer = timers(part(share::TIMER)).await?;
    let limits = limits();
    let doctor = Doctor { options, limits };
    hear("the loopback");
    let loopback = doctor.loopback(part(share::LOOPBACK)).await?;
    hear("rates");
    let rates = doctor.rates(part(share::RATES)).await?;
    hear("streams");
    let streams = doctor.streams(part(share::STREAMS)).await?;
    hear("noise");
    let noise = doctor.noise(part(share::NOISE)).await?;
    let calibration = calibration(&loopback, &rates, &streams);
    let fitness = Fitness::of(&calibration);
    let mut diagnosis = Diagnosis {
        schema: SCHEMA.to_owned(),
        fitness,
        sentence: advice::sentence(&calibration),
        remedies: Vec::new(),
        calibration,
        timer,
        loopback,
        scheduler,
        limits,
        rates,
        streams,
        noise,
        took_ns: nanos(start.elapsed()),
    };
    diagnosis.remedies = advice::remedies(&diagnosis);
    Ok(diagnosis)
}

/// Measures by short runs.
struct Doctor<'a> {
    options: &'a Options,
    limits: Limits,
}

impl Doctor<'_> {
    async fn run(&self, text: &str) -> Result<RunSummary, Error> {
        self.carry_out(&scenario::planned(text)).await
    }

    async fn carry_out(&self, plan: &Plan) -> Result<RunSummary, Error> {
        let run = run::run(plan, self.options, &mut |_| {}).await?;
        if self.options.interrupt.is_cancelled() {
            return Err(run::Error::Interrupted.into());
        }
        Ok(run)
    }

    async fn loopback(&self, period: Duration) -> Result<Loopback, Error> {
        let alone = self.run(&scenario::round_trips(1, period / 2)).await?;
        let many = self.run(&scenario::round_trips(16, period / 2)).await?;
        Ok(Loopback {
            round_trip_p50_ns: read(&alone, "service_time_p50"),
            round_trip_p99_ns: read(&alone, "service_time_p99"),
            per_second: read(&many, "rps_ok"),
            cpu_per_request_ns: read(&many, "cpu_per_request"),
        })
    }

    async fn rates(&self, period: Duration) -> Result<Vec<Step>, Error> {
        let climb = Climb::between(scenario::RATES, scenario::FIRST_RATE);
        let at = async |level| {
            let run = self.run(&scenario::constant_rate(level)).await?;
            Ok(Step::of(level, &run, climb::Kind::Rate))
        };
        climb.up(period, at).await
    }

    async fn streams(&self, period: Duration) -> Result<Vec<Step>, Error> {
        let (least, most) = scenario::STREAMS;
        let files = self.limits.open_files.map(scenario::room_for_streams);
        let most = files.map_or(most, |files| most.min(files));
        let climb = Climb::between((least, most), scenario::FIRST_STREAMS);
        let at = async |level| {
            let run = self.run(&scenario::streams(level)).await?;
            Ok(Step::of(level, &run, climb::Kind::Streams))
        };
        climb.up(period, at).await
    }

    async fn noise(&self, period: Duration) -> Result<Vec<Noise>, Error> {
        let blocks = noise::blocks_within(period);
        let plan = scenario::alike(&scenario::planned(scenario::BLOCK), blocks);
        let start = Instant::now();
        let run = self.carry_out(&plan).await?;
        Ok(noise::of(&run, start.elapsed()))
    }
}

/// What a run of one stage says.
fn read(run: &RunSummary, metric: &str) -> Option<f64> {
    let stage = run.stages.first()?;
    Metric::named(metric)?.read(run, stage).value()
}

/// Releases per second at which the pacer alone is measured, with as many releases as a 99th percentile takes.
const TIMED: [(u32, u32); 2] = [(1_000, 700), (5_000, 1_500)];

async fn timers(period: Duration) -> Result<Vec<Timer>, Error> {
    let mut timers = Vec::new();
    for (per_second, releases) in TIMED {
        let gap = Duration::from_secs(1) / per_second;
        // No longer than there is time for, and no shorter than a median takes.
        let fitting = period.as_nanos() / gap.as_nanos();
        let count = u32::try_from(fitting)
            .unwrap_or(releases)
            .clamp(100, releases);
        let Some(count) = NonZero::new(count) else {
            continue;
        };
        let paced = blocking(move || drive::pace(gap, count)).await??;
        timers.push(Timer::of(per_second, paced));
    }
    Ok(timers)
}

impl Timer {
    fn of(per_second: u32, paced: Paced) -> Self {
        let mut lags = paced.lags;
        lags.sort_unstable();
        // The nearest rank, of releases that are never none.
        let at = |hundredths: usize| {
            let rank = (lags.len() * hundredths).div_ceil(100);
            nanos(
                lags.get(rank.saturating_sub(1))
                    .copied()
                    .unwrap_or_default(),
            )
        };
        Self {
            per_second: f64::from(per_second),
            releases: wide(lags.len()),
            lag_p50_ns: at(50),
            lag_p99_ns: at(99),
            lag_max_ns: at(100),
            cpu_share: float(nanos(paced.cpu)) / float(nanos(paced.took).max(1)),
        }
    }
}

/// On a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, io::Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
}

fn limits() -> Limits {
    let seen = Observation::begin(Watched::nothing()).end();
    Limits {
        open_files: seen.open_files,
        ports: seen.ports,
    }
}

fn calibration(loopback: &Loopback, rates: &[Step], streams: &[Step]) -> Calibration {
    let rate = climb::highest(rates);
    let stream = climb::highest(streams);
    Calibration {
        measured: run::now(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: run::environment(),
        highest_rate: rate.map(|step| step.level),
        lag_p50_ns: rate.and_then(|step| step.lag_p50_ns),
        lag_p99_ns: rate.and_then(|step| step.lag_p99_ns),
        highest_concurrency: stream.map(|step| step.level),
        added_p50_ns: stream.and_then(|step| step.added_p50_ns),
        added_p99_ns: stream.and_then(|step| step.added_p99_ns),
        round_trip_p50_ns: loopback.round_trip_p50_ns,
    }
}

#[cfg(test)]
mod tests;
