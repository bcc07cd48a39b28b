//! What the instrument itself uses while it measures: CPU time of the client's threads and their allocations. A
//! [`Meter`] belongs to one thread; its reading is the difference between two moments on that thread.

mod allocation;
mod machine;
mod thread_cpu;

pub use allocation::CountingAllocator;
pub use machine::Machine;

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
        }
    }
}

/// Reads what the current thread uses, from [`Meter::start`] to [`Meter::stop`] on the same thread.
#[derive(Debug)]
pub struct Meter {
    cpu: Duration,
    counts: Counts,
}

impl Meter {
    /// Starts reading, and restarts the thread's peak of live bytes here.
    pub fn start() -> Self {
        allocation::restart_peak();
        Self {
            cpu: thread_cpu::now(),
            counts: allocation::counts(),
        }
    }

    /// What the thread used since [`Meter::start`].
    pub fn stop(self) -> Usage {
        let counts = allocation::counts();
        Usage {
            cpu: thread_cpu::now().saturating_sub(self.cpu),
            allocated: counts.is_counting().then(|| counts.since(&self.counts)),
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
        while meter.cpu + Duration::from_millis(2) > thread_cpu::now() {
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
        };

        assert_eq!((known + known).allocated.map(|a| a.bytes), Some(4));
        assert_eq!((known + Usage::default()).allocated, None);
    }
}
