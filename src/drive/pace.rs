//! Waits for the moment at which a request is due. The runtime's own timer counts in whole milliseconds and is a
//! millisecond or two late at the median, so on Linux a kernel timer is used. That is late by some 50 µs, most of which the
//! core takes to wake up, so it is set a little early, and who wakes before the time spends the rest busy. However fine the
//! timer, the send lag that is left is measured on every request.

use std::io;
use tokio::time::Instant;

/// Waits until instants, one after the other.
#[derive(Debug)]
pub(super) enum Pacer {
    /// The runtime's timer: tests can pause it, and other systems have no better.
    #[cfg(any(test, not(target_os = "linux")))]
    Coarse,
    /// A kernel timer.
    #[cfg(target_os = "linux")]
    Fine(kernel::Timer),
}

impl Pacer {
    /// The finest pacer of this platform. Must be called in a runtime.
    pub(super) fn fine() -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        return kernel::Timer::new().map(Self::Fine);
        #[cfg(not(target_os = "linux"))]
        return Ok(Self::Coarse);
    }

    /// Another of the same kind, which can wait at the same time.
    pub(super) fn another(&self) -> io::Result<Self> {
        match self {
            #[cfg(any(test, not(target_os = "linux")))]
            Self::Coarse => Ok(Self::Coarse),
            #[cfg(target_os = "linux")]
            Self::Fine(_) => Self::fine(),
        }
    }

    /// Waits until `instant`. Returns at once, after letting other tasks run, if that is past.
    pub(super) async fn wait_until(&self, instant: Instant) -> io::Result<()> {
        match self {
            #[cfg(any(test, not(target_os = "linux")))]
            Self::Coarse => tokio::time::sleep_until(instant).await,
            #[cfg(target_os = "linux")]
            Self::Fine(timer) => timer.wait_until(instant).await?,
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    //! Linux's timer file descriptors.

    use rustix::fd::OwnedFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::cell::Cell;
    use std::io;
    use std::time::Duration;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::Instant;

    /// A one-shot kernel timer.
    #[derive(Debug)]
    pub(in crate::drive) struct Timer {
        timer: AsyncFd<OwnedFd>,
        early: Early,
    }

    impl Timer {
        #[expect(
            deprecated,
            reason = "its replacement is unsafe code; what it warns of, a descriptor that changes, an OwnedFd cannot do"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self {
                timer: AsyncFd::with_interest(timer, Interest::READABLE)?,
                early: Early::default(),
            })
        }

        pub(super) async fn wait_until(&self, instant: Instant) -> io::Result<()> {
            let left = instant.saturating_duration_since(Instant::now());
            let asleep = left.saturating_sub(self.early.by());
            if asleep.is_zero() {
                tokio::task::yield_now().await;
            } else {
                self.sleep(asleep).await?;
                self.early.woke(Instant::now() < instant);
            }
            while Instant::now() < instant {
                std::hint::spin_loop();
            }
            Ok(())
        }

        async fn sleep(&self, asleep: Duration) -> io::Result<()> {
            timerfd_settime(
                self.timer.get_ref(),
                TimerfdTimerFlags::empty(),
                &once(asleep),
            )?;
            let mut expirations = [0; 8];
            self.timer
                .async_io(Interest::READABLE, |timer| {
                    Ok(rustix::io::read(timer, &mut expirations)?)
                })
                .await?;
            Ok(())
        }
    }

    /// How much before its time the timer is set. It follows what the core takes to wake up, which is another at another time, so
    /// that one in four wakes too early: then half of the rest are hardly late, and next to nothing is spent waiting busily.
    #[derive(Debug)]
    struct Early(Cell<u32>);

    impl Early {
        const FIRST: u32 = 30_000;
        const MOST: u32 = 100_000;
        /// After each that was late, in nanoseconds.
        const MORE: u32 = 250;
        /// After each that was early: three times as much, so that there is one for three of the others.
        const LESS: u32 = 3 * Self::MORE;

        fn by(&self) -> Duration {
            Duration::from_nanos(self.0.get().into())
        }

        fn woke(&self, was_early: bool) {
            let by = self.0.get();
            self.0.set(if was_early {
                by.saturating_sub(Self::LESS)
            } else {
                by.saturating_add(Self::MORE).min(Self::MOST)
            });
        }
    }

    impl Default for Early {
        fn default() -> Self {
            Self(Cell::new(Self::FIRST))
        }
    }

    fn once(after: Duration) -> Itimerspec {
        Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: Timespec {
                tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: after.subsec_nanos().into(),
            },
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::seed::Seed;
        use rand::Rng;

        /// How early the timer is set after many wake-ups that took these microseconds, each as likely as the next.
        fn settled(wake_ups: std::ops::Range<u32>) -> u32 {
            let mut chance = Seed::new(7).stream("wake-ups");
            let early = Early::default();
            for _ in 0..4_000 {
                let took = Duration::from_micros(chance.random_range(wake_ups.clone()).into());
                early.woke(took < early.by());
            }
            early.0.get() / 1_000
        }

        #[test]
        fn a_timer_is_set_as_early_as_the_fastest_quarter_wakes_up() {
            let (fast, slow) = (settled(20..60), settled(60..140));

            assert!((25..=35).contains(&fast), "{fast}");
            assert!((72..=88).contains(&slow), "{slow}");
        }

        #[test]
        fn however_late_it_wakes_it_is_not_set_earlier_than_a_tenth_of_a_millisecond() {
            assert_eq!(settled(1_000..2_000), 100);
        }
    }
}
