//! Waits for the moment at which a request is due. The runtime's own timer counts in whole milliseconds and is a
//! millisecond or two late at the median, so on Linux a kernel timer is used, which is late by some 50 µs. However fine
//! the timer, the send lag that is left is measured on every request.

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
    use std::io;
    use std::time::Duration;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::Instant;

    /// A one-shot kernel timer.
    #[derive(Debug)]
    pub(in crate::drive) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "its replacement is unsafe code; what it warns of, a descriptor that changes, an OwnedFd cannot do"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            AsyncFd::with_interest(timer, Interest::READABLE).map(Self)
        }

        pub(super) async fn wait_until(&self, instant: Instant) -> io::Result<()> {
            let left = instant.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tokio::task::yield_now().await;
                return Ok(());
            }
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once(left))?;
            let mut expirations = [0; 8];
            self.0
                .async_io(Interest::READABLE, |timer| {
                    Ok(rustix::io::read(timer, &mut expirations)?)
                })
                .await?;
            Ok(())
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
}
