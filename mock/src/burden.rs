//! Work that each request costs beyond its answer: a server made worse by a known amount, so that whoever looks for slow
//! servers can be shown to find them.
//!
//! ```yaml
//! burden: { cpu: 6us, memory: 64KiB, lock: 100us }
//! ```

use crate::spec::{Error, is_default};
use crate::timer::Timer;
use inferometer_proto::quantity::{Period, Size};
use rustix::time::{ClockId, clock_gettime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What each request costs before its latency begins; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BurdenSpec {
    /// CPU time that it uses, at most 1s. Nothing else is served meanwhile, since a mock has one thread.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu: Period,
    /// Memory that it takes, writes to and gives back, at most 64MiB.
    #[serde(skip_serializing_if = "is_default")]
    pub memory: Size,
    /// For how long it holds a lock that all requests need, one after the other in the order of their arrival, at most 1m.
    /// The thread is free meanwhile.
    #[serde(skip_serializing_if = "is_default")]
    pub lock: Period,
}

const LONGEST_CPU: Duration = Duration::from_secs(1);
const LONGEST_LOCK: Duration = Duration::from_mins(1);
const MOST_MEMORY: u64 = 64 << 20;
/// Memory is handed out by the operating system in pages; one byte written to each makes it real.
const PAGE: usize = 4096;

impl BurdenSpec {
    /// Refuses what would keep a mock from answering at all, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.cpu.duration() > LONGEST_CPU {
            return Err(Error::unfit("cpu", "at most 1s", self.cpu));
        }
        if self.memory.bytes() > MOST_MEMORY {
            return Err(Error::unfit("memory", "at most 64MiB", self.memory));
        }
        if self.lock.duration() > LONGEST_LOCK {
            return Err(Error::unfit("lock", "at most 1m", self.lock));
        }
        Ok(())
    }
}

/// The lock that the requests of one mock share.
#[derive(Debug, Default)]
pub(crate) struct Burden {
    lock: Mutex<()>,
}

impl Burden {
    /// Bears what one request costs that was admitted at `admitted`, and says when it is done with it.
    pub(crate) async fn bear(&self, spec: BurdenSpec, timer: &Timer, admitted: Instant) -> Instant {
        if is_default(&spec) {
            return admitted;
        }
        if !spec.lock.is_zero() {
            let held = self.lock.lock().await;
            let until = Instant::now() + spec.lock.duration();
            timer.alarm().until(until).await;
            drop(held);
        }
        occupy(spec.memory);
        compute(spec.cpu.duration());
        Instant::now().max(admitted)
    }
}

/// Uses so much CPU time of this thread.
fn compute(period: Duration) {
    let done = used() + period;
    while used() < done {
        std::hint::spin_loop();
    }
}

/// The CPU time that this thread has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

/// Takes memory, writes to it and gives it back.
fn occupy(size: Size) {
    let Ok(bytes) = usize::try_from(size.bytes()) else {
        return;
    };
    let mut memory = vec![0_u8; bytes];
    for byte in memory.iter_mut().step_by(PAGE) {
        *byte = 1;
    }
    black_box(memory);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burden(json: &str) -> BurdenSpec {
        serde_json::from_str(json).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_burden_a_request_goes_on_at_the_time_of_its_admission() {
        let admitted = Instant::now();
        tokio::time::advance(Duration::from_millis(3)).await;

        let began = Burden::default()
            .bear(BurdenSpec::default(), &Timer::Coarse, admitted)
            .await;

        assert_eq!(began, admitted);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_hold_the_lock_one_after_the_other() {
        let (lock, since) = (Burden::default(), Instant::now());
        let spec = burden(r#"{"lock":"10ms"}"#);
        let one = || async {
            let began = lock.bear(spec, &Timer::Coarse, since).await;
            (began - since).as_millis()
        };

        let ended = tokio::join!(one(), one(), one());

        assert_eq!(ended, (10, 20, 30));
    }

    #[test]
    fn computing_takes_as_much_cpu_time_as_was_asked() {
        let before = used();

        occupy(Size::from_bytes(1 << 20));
        compute(Duration::from_millis(2));

        assert!(used() >= before + Duration::from_millis(2));
    }

    #[test]
    fn a_burden_that_would_stop_a_mock_is_refused() {
        let error = |json: &str| burden(json).check().unwrap_err().to_string();

        assert_eq!(
            error(r#"{"cpu":"2s"}"#),
            "expected at most 1s in `cpu`, found `2s`"
        );
        assert_eq!(
            error(r#"{"memory":"65MiB"}"#),
            "expected at most 64MiB in `memory`, found `65MiB`"
        );
        assert_eq!(
            error(r#"{"lock":"2m"}"#),
            "expected at most 1m in `lock`, found `2m`"
        );
    }
}
