//! What the instrument itself uses while it measures, and what the machine does meanwhile. A [`Meter`] belongs to one
//! thread and reads its CPU time and allocations; an [`Observation`] watches the machine.

mod allocation;
mod conditions;
mod gaps;
mod machine;
mod priority;
mod thread;

pub use allocation::CountingAllocator;
pub use conditions::{Conditions, Observation, Pressure, Process, Taken, TargetUsage, Watched};
pub use gaps::Gaps;
pub use machine::Machine;
pub(crate) use priority::stand_back;

use allocation::Counts;
use serde::{Deserialize, Serialize};
use std::ops::Add;
use std::time::Duration;

/// Resources that the client's threads used over the measure phase of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time of the threads, user and system.
    pub cpu: Duration,
    /// What they allocated; `None` when the counting allocator is not installed in this process.
    pub allocated: Option<Allocated>,
    /// How often the scheduler took the threads off their cores although they had more to do; `None` where the system does
    /// not tell.
    #[serde(default)]
    pub preempted: Option<u64>,
}

/// What the counting allocator counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allocated {
    /// Number of allocations, reallocations included.
    pub count: u64,
    /// Bytes asked for, never reduced by what was given back.
    pub bytes: u64,
    /// Highest number of bytes live at once, above where the phase began. Summed over threads it is an upper bound,
    /// since their peaks need not coincide.
    pub peak_live_bytes: u64,
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            allocated: self.allocated.zip(other.allocated).map(|(a, b)| Allocated {
                count: a.count + b.count,
                bytes: a.bytes + b.bytes,
                peak_live_bytes: a.peak_live_bytes + b.peak_live_bytes,
            }),
            preempted: self.preempted.zip(other.preempted).map(|(a, b)| a + b),
        }
    }
}

/// Reads what the current thread uses, from [`Meter::start`] to [`Meter::stop`] on the same thread.
#[derive(Debug)]
pub struct Meter {
    cpu: Duration,
    counts: Counts,
    preempted: Option<u64>,
}

impl Meter {
    /// Starts reading, and restarts the thread's peak of live bytes here.
    pub fn start() -> Self {
        // First, so that reading it is no part of what is read.
        let preempted = thread::preempted();
        allocation::restart_peak();
        Self {
            preempted,
            cpu: thread::cpu(),
            counts: allocation::counts(),
        }
    }

    /// What the thread used since [`Meter::start`].
    pub fn stop(self) -> Usage {
        let counts = allocation::counts();
        let cpu = thread::cpu();
        Usage {
            cpu: cpu.saturating_sub(self.cpu),
            allocated: counts.is_counting().then(|| counts.since(&self.counts)),
            preempted: thread::preempted()
                .zip(self.preempted)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_uses_cpu_time() {
        let meter = Meter::start();
        let mut sum = 0_u64;
        while meter.cpu + Duration::from_millis(2) > thread::cpu() {
            sum = std::hint::black_box(sum + 1);
        }

        assert!(meter.stop().cpu >= Duration::from_millis(2));
    }

    #[test]
    fn without_the_counting_allocator_allocations_are_unknown_not_zero() {
        let meter = Meter::start();
        drop(std::hint::black_box(vec![0_u8; 1024]));

        assert_eq!(meter.stop().allocated, None);
    }

    #[test]
    fn usage_adds_up_and_unknown_stays_unknown() {
        let known = Usage {
            cpu: Duration::from_secs(1),
            allocated: Some(Allocated {
                count: 1,
                bytes: 2,
                peak_live_bytes: 3,
            }),
            preempted: Some(4),
        };

        assert_eq!((known + known).allocated.map(|a| a.bytes), Some(4));
        assert_eq!((known + known).preempted, Some(8));
        assert_eq!((known + Usage::default()).allocated, None);
        assert_eq!((known + Usage::default()).preempted, None);
    }
}
