//! What one process uses, by its id, as Linux tells it below `/proc/PID`.

use crate::observe::machine::kibibytes;
use crate::units::float;
use rustix::param::clock_ticks_per_second;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A process of this machine that may be gone by now.
///
/// ```
/// use inferometer::observe::Process;
///
/// let this = Process::of(std::process::id());
/// assert_eq!(this.cpu().is_some(), cfg!(target_os = "linux"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    folder: PathBuf,
}

impl Process {
    /// The process with this id.
    pub fn of(id: u32) -> Self {
        Self {
            folder: PathBuf::from(format!("/proc/{id}")),
        }
    }

    /// The one that asks.
    pub(super) fn this() -> Self {
        Self {
            folder: PathBuf::from("/proc/self"),
        }
    }

    /// CPU time of all its threads since it began, user and system. Exact to the nanosecond as long as no thread of it has
    /// ended, else to the scheduler's tick. `None` where the system does not tell, or the process is gone.
    pub fn cpu(&self) -> Option<Duration> {
        let stat = fs::read_to_string(self.folder.join("stat")).ok()?;
        // Neither is ever above the truth: the one is cut to ticks, the other lacks the threads that have ended.
        Some(ticks(&stat)?.max(self.threads()))
    }

    /// Its resident memory in bytes. `None` where the system does not tell, or the process is gone.
    pub fn rss(&self) -> Option<u64> {
        let status = fs::read_to_string(self.folder.join("status")).ok()?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        kibibytes(resident)
    }

    /// CPU time of the threads that it has now; zero where the kernel does not keep it.
    fn threads(&self) -> Duration {
        let Ok(tasks) = fs::read_dir(self.folder.join("task")) else {
            return Duration::ZERO;
        };
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|text| text.split_whitespace().next()?.parse().ok())
            .map(Duration::from_nanos)
            .sum()
    }
}

/// Fields 14 and 15 of `/proc/PID/stat`, user and system time in ticks.
pub(super) fn ticks(stat: &str) -> Option<Duration> {
    two_ticks(stat, 14)
}

/// The sum of this field of `/proc/PID/stat` and the next one, both in ticks. The third field is the first behind the name in
/// brackets, which may hold anything.
pub(super) fn two_ticks(stat: &str, field: usize) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let before = field.checked_sub(3)?;
    let mut times = fields.split(' ').skip(before).map(str::parse::<u64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    Some(Duration::from_secs_f64(
        float(ticks) / float(clock_ticks_per_second()),
    ))
}
