//! What else the machine did while the load ran: time that a hypervisor took, processes that waited for a core, quotas that
//! ran out, other processes' work, and how near the process was to its limits. Read from Linux's `/proc` and `/sys`; what a
//! system does not tell is `None`, never zero.
//!
//! ```text
//! steal 0, pressure { some: 0.31, full: 0 }, other_cores 0.8, open_files { most: 214, limit: 1024 }
//! ```

mod counters;
mod process;
mod tree;

pub use process::Process;
pub use tree::Watched;

use crate::units::{self, float};
use counters::Counters;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// What the machine did over the measure phase of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    /// For how long it was watched, in nanoseconds.
    pub watched_ns: u64,
    /// Share of the time of all cores that a hypervisor gave to other machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal: Option<f64>,
    /// How often work waited for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
    /// Share of the scheduler's periods in which this process's control group had used up its quota of CPU time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled: Option<f64>,
    /// Cores that processes used which are neither this one nor the target's, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_cores: Option<f64>,
    /// Open files of this process, connections among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<Taken>,
    /// Ports of the range from which connections are given theirs, whoever has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Taken>,
    /// What the target's processes used, where they run on this machine and were started by the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetUsage>,
}

/// Share of the time in which tasks of this machine that could run waited for a core.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Pressure {
    /// At least one of them.
    pub some: f64,
    /// All of them at once.
    pub full: f64,
}

/// How much of something limited was taken at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// The most at once, as far as it was looked at: at the begin and the end, of files also each second in between.
    pub most: u64,
    /// All there is.
    pub limit: u64,
}

/// What the processes of a target used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetUsage {
    /// CPU time, user and system, in nanoseconds.
    pub cpu_ns: u64,
    /// The largest resident memory that was seen, in bytes.
    pub rss_bytes: u64,
}

impl Taken {
    /// The share that was taken.
    pub fn share(self) -> f64 {
        units::ratio(self.most, self.limit).unwrap_or(0.0)
    }

    fn worse(self, other: Self) -> Self {
        if other.share() > self.share() {
            other
        } else {
            self
        }
    }
}

impl Conditions {
    /// The worse of two generators' conditions, which may be on different machines; what one of them lacks is lacking.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let larger = |ours: Option<f64>, theirs: Option<f64>| Some(ours?.max(theirs?));
        let worse = |ours: Option<Taken>, theirs: Option<Taken>| Some(ours?.worse(theirs?));
        Self {
            watched_ns: self.watched_ns.max(other.watched_ns),
            steal: larger(self.steal, other.steal),
            pressure: self.pressure.zip(other.pressure).map(|(a, b)| Pressure {
                some: a.some.max(b.some),
                full: a.full.max(b.full),
            }),
            throttled: larger(self.throttled, other.throttled),
            other_cores: larger(self.other_cores, other.other_cores),
            open_files: worse(self.open_files, other.open_files),
            ports: worse(self.ports, other.ports),
            target: self.target.zip(other.target).map(|(a, b)| TargetUsage {
                cpu_ns: a.cpu_ns.saturating_add(b.cpu_ns),
                rss_bytes: a.rss_bytes.saturating_add(b.rss_bytes),
            }),
        }
    }
}

/// The machine being watched, from [`Observation::begin`] to [`Observation::end`].
#[derive(Debug)]
pub struct Observation {
    began: Instant,
    counters: Counters,
    target: Watched,
    target_cpu: Option<Duration>,
    open_files: Option<Taken>,
    ports: Option<Taken>,
    target_rss: Option<u64>,
}

impl Observation {
    /// Begins to watch the machine, and the target's processes where they are known.
    pub fn begin(target: Watched) -> Self {
        let mut observation = Self {
            began: Instant::now(),
            counters: Counters::now(),
            target_cpu: target.cpu(),
            target,
            open_files: None,
            ports: counters::ports(),
            target_rss: None,
        };
        observation.look();
        observation
    }

    /// Begins again; of what was seen so far only the ports that were taken count.
    #[must_use]
    pub fn again(self) -> Self {
        let target_cpu = self.target.cpu();
        let mut observation = Self {
            began: Instant::now(),
            counters: Counters::now(),
            target_cpu,
            open_files: None,
            target_rss: None,
            ..self
        };
        observation.look();
        observation
    }

    /// Looks at what has a peak and no counter: open files, and the target's memory.
    pub fn look(&mut self) {
        self.open_files = most(self.open_files, counters::open_files());
        self.target_rss = self.target_rss.max(self.target.rss());
    }

    /// What happened since it began.
    pub fn end(mut self) -> Conditions {
        let counters = Counters::now();
        let cpu = self.target.cpu();
        let watched = self.began.elapsed();
        self.look();
        let target_cpu = cpu
            .zip(self.target_cpu)
            .map(|(now, then)| now.saturating_sub(then));
        let target = target_cpu.zip(self.target_rss);
        Conditions {
            open_files: self.open_files,
            ports: most(self.ports, counters::ports()),
            target: target.map(|(cpu, rss_bytes)| TargetUsage {
                cpu_ns: units::nanos(cpu),
                rss_bytes,
            }),
            ..counters.since(&self.counters, watched, target_cpu.unwrap_or_default())
        }
    }
}

fn most(one: Option<Taken>, other: Option<Taken>) -> Option<Taken> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.worse(other)),
        (known, None) | (None, known) => known,
    }
}

impl Counters {
    /// What was counted between two moments that lie `watched` apart, the target having used `target` of it.
    fn since(&self, earlier: &Self, watched: Duration, target: Duration) -> Conditions {
        let seconds = watched.as_secs_f64();
        let share = |part: Duration| (part.as_secs_f64() / seconds).clamp(0.0, 1.0);
        let cores = self.cores.zip(earlier.cores);
        let pressed = self.pressure.zip(earlier.pressure);
        let periods = self.periods.zip(earlier.periods);
        let own = self.own.zip(earlier.own);
        Conditions {
            watched_ns: units::nanos(watched),
            steal: cores.and_then(|(now, then)| {
                let all = now.all.saturating_sub(then.all);
                units::ratio(now.stolen.saturating_sub(then.stolen), all)
            }),
            pressure: pressed
                .filter(|_| seconds > 0.0)
                .map(|(now, then)| Pressure {
                    some: share(now.some.saturating_sub(then.some)),
                    full: share(now.full.saturating_sub(then.full)),
                }),
            throttled: periods.map(|(now, then)| {
                let throttled = now.throttled.saturating_sub(then.throttled);
                units::ratio(throttled, now.all.saturating_sub(then.all)).unwrap_or(0.0)
            }),
            other_cores: cores
                .zip(own)
                .filter(|_| seconds > 0.0)
                .map(|((now, then), own)| {
                    let busy = float(now.busy.saturating_sub(then.busy)) * now.seconds_per_tick;
                    let ours = own.0.saturating_sub(own.1) + target;
                    ((busy - ours.as_secs_f64()) / seconds).max(0.0)
                }),
            ..Conditions::default()
        }
    }
}

#[cfg(test)]
mod tests;
