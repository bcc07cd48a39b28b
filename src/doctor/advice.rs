//! What a diagnosis means: whether the machine is fit to measure on, and what would make it better.

use super::Diagnosis;
use crate::metric::Unit;
use crate::summary::Calibration;
use crate::units::{Period, float};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether a machine is fit to measure on, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// It certifies at least 1,000 requests per second and 100 streams at once.
    Fit,
    /// It certifies something of both, or enough of one.
    Limited,
    /// It certifies no rate or no streams at all.
    Unfit,
}

/// From these levels on a machine is fit.
const ENOUGH: (f64, f64) = (1_000.0, 100.0);

impl Fitness {
    pub(super) fn of(calibration: &Calibration) -> Self {
        let (rate, streams) = ENOUGH;
        match (calibration.highest_rate, calibration.highest_concurrency) {
            (Some(highest), Some(most)) if highest >= rate && most >= streams => Self::Fit,
            (Some(_), Some(_)) => Self::Limited,
            (None, _) | (_, None) => Self::Unfit,
        }
    }
}

/// The verdict with its reason.
pub(super) fn sentence(calibration: &Calibration) -> String {
    let rate = calibration.highest_rate.map_or_else(
        || "no rate of requests".to_owned(),
        |rate| format!("up to {} requests a second", Unit::Count.print(rate)),
    );
    let streams = calibration.highest_concurrency.map_or_else(
        || "no streams".to_owned(),
        |streams| format!("up to {} streams at once", Unit::Count.print(streams)),
    );
    let word = match Fitness::of(calibration) {
        Fitness::Fit => "Fit to measure",
        Fitness::Limited => "Fit to measure a little",
        Fitness::Unfit => "Not fit to measure",
    };
    format!("{word}: would certify {rate} and {streams}.")
}

/// More than this of the time missing from a thread that only computes is somebody else's work.
const MUCH_MISSING: f64 = 0.02;
/// A timer that is later than this is coarse, or not served.
const LATE_TIMER: Duration = Duration::from_millis(1);
/// Fewer open files than this limit concurrency before anything else does.
const FEW_FILES: u64 = 4_096;
/// Fewer ports that are free than this are soon used up by connections that are made anew.
const FEW_PORTS: u64 = 10_000;

/// What would make the machine better, the most effective first.
pub(super) fn remedies(found: &Diagnosis) -> Vec<String> {
    let machine = &found.calibration.machine;
    let gaps = &found.scheduler;
    let longest = Unit::Duration.print(float(gaps.longest_ns));
    let debug = (machine.build == "debug").then(|| {
        "This is a debug build, which computes several times as long for each request: build with `cargo build --release`."
            .to_owned()
    });
    let core = (machine.cores < 2).then(|| {
        "Generator and target share the only core: give the machine a second one, or measure a target elsewhere.".to_owned()
    });
    let missing = (gaps.share > MUCH_MISSING).then(|| {
        format!(
            "A thread that only computed was kept waiting for {} of the time, {longest} at the longest: end what else runs on this machine.",
            Unit::Share.print(gaps.share)
        )
    });
    let late = found
        .timer
        .iter()
        .find(|timer| u128::from(timer.lag_p50_ns) > LATE_TIMER.as_nanos());
    let late = late.map(|timer| {
        format!(
            "The timer is late by {} at the median: rates above {} cannot be paced here. Linux has finer timers, and a virtual machine's host may hold them up.",
            Unit::Duration.print(float(timer.lag_p50_ns)),
            Unit::PerSecond.print(1e9 / float(timer.lag_p50_ns))
        )
    });
    let files = found
        .limits
        .open_files
        .filter(|files| files.limit < FEW_FILES);
    let files = files.map(|files| {
        format!(
            "This process may open {} files, and each connection is one: raise the limit with `ulimit -n 65536`.",
            Unit::Count.print(float(files.limit))
        )
    });
    let ports = found
        .limits
        .ports
        .filter(|ports| ports.limit.saturating_sub(ports.most) < FEW_PORTS);
    let ports = ports.map(|ports| {
        format!(
            "{} of {} ports for connections are free; a load that makes many anew uses them up, as each is kept for a minute after its end. Widen `net.ipv4.ip_local_port_range`, or let `client.pool` keep connections.",
            Unit::Count.print(float(ports.limit.saturating_sub(ports.most))),
            Unit::Count.print(float(ports.limit))
        )
    });
    let noise = found.noise.is_empty().then(|| {
        format!(
            "There was no time to measure the noise, or too little was answered: give it longer than {}.",
            Period::from(Duration::from_secs(found.took_ns.div_ceil(1_000_000_000)))
        )
    });
    [debug, core, missing, late, files, ports, noise]
        .into_iter()
        .flatten()
        .collect()
}
