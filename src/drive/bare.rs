//! Pacing without requests: how late the pacer alone releases, which no generator can undercut.

use super::pace::Pacer;
use crate::observe::Meter;
use std::io;
use std::num::NonZero;
use std::time::Duration;
use tokio::time::Instant;

/// What releasing alone takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paced {
    /// How late each release was, in their order.
    pub lags: Vec<Duration>,
    /// CPU time of the thread that released.
    pub cpu: Duration,
    /// From the first release that was due to the last one made.
    pub took: Duration,
}

/// Releases nothing so many times, one `gap` after the other, on the current thread and with the pacer of lanes. Blocks, and
/// must not be called where a runtime runs its tasks.
///
/// # Errors
/// The operating system refuses a runtime or a timer.
pub fn pace(gap: Duration, count: NonZero<u32>) -> io::Result<Paced> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let pacer = Pacer::fine()?;
        let mut lags = Vec::new();
        let meter = Meter::start();
        let start = Instant::now();
        for number in 1..=count.get() {
            let due = start + gap * number;
            pacer.wait_until(due).await?;
            lags.push(due.elapsed());
        }
        let took = start.elapsed();
        let cpu = meter.stop().cpu;
        Ok(Paced { lags, cpu, took })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_released_before_it_is_due() {
        let count = NonZero::new(20).unwrap();

        let paced = pace(Duration::from_micros(200), count).unwrap();

        assert_eq!(paced.lags.len(), 20);
        assert!(paced.took >= Duration::from_millis(4), "{paced:?}");
    }
}
