//! Waits that end within some 50 µs of their time. The runtime's own timer counts in whole milliseconds, which is far
//! too coarse for a backend that has to be as fast or slow as it says; so on Linux all waits of a mock share one kernel
//! timer. It knows nothing of a clock that a test has paused: such a test takes the runtime's timer, which also serves
//! on other platforms.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// The timer of one mock. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Timer {
    /// The runtime's.
    #[default]
    Coarse,
    /// A kernel timer and its queue.
    #[cfg(target_os = "linux")]
    Fine(std::sync::Arc<kernel::Queue>),
}

impl Timer {
    /// The finest timer of this platform, and what must be run for it to ring. Must be called in a runtime.
    pub(crate) fn fine() -> io::Result<(Self, impl Future<Output = ()> + Send + use<>)> {
        #[cfg(target_os = "linux")]
        {
            let queue = std::sync::Arc::new(kernel::Queue::new()?);
            let ringing = std::sync::Arc::clone(&queue);
            Ok((Self::Fine(queue), async move { ringing.ring().await }))
        }
        #[cfg(not(target_os = "linux"))]
        Ok((Self::Coarse, std::future::ready(())))
    }

    /// An alarm on this timer, not set yet.
    pub(crate) fn alarm(&self) -> Alarm {
        match self {
            Self::Coarse => Alarm::Coarse(None),
            #[cfg(target_os = "linux")]
            Self::Fine(queue) => Alarm::Fine(kernel::Alarm::new(queue)),
        }
    }
}

/// One wait at a time, for any number of times.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// On the runtime's timer.
    Coarse(Option<Pin<Box<tokio::time::Sleep>>>),
    /// On the kernel's.
    #[cfg(target_os = "linux")]
    Fine(kernel::Alarm),
}

impl Alarm {
    /// Ready once `due` has come. A later call with another time replaces the earlier one.
    pub(crate) fn poll_until(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Coarse(sleep) => {
                let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
                if sleep.deadline() != due {
                    sleep.as_mut().reset(due);
                }
                sleep.as_mut().poll(context)
            }
            #[cfg(target_os = "linux")]
            Self::Fine(alarm) => alarm.poll_until(due, context),
        }
    }

    /// Waits until `due` has come.
    pub(crate) async fn until(&mut self, due: Instant) {
        poll_fn(|context| self.poll_until(due, context)).await;
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    //! One timer file descriptor, set to the earliest of all waits.

    use rustix::fd::OwnedFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::Instant;

    /// All waits of one mock.
    #[derive(Debug)]
    pub(crate) struct Queue {
        timer: AsyncFd<OwnedFd>,
        waits: Mutex<Waits>,
    }

    /// A time, and a number that tells equal times apart.
    type Key = (Instant, u64);

    /// By how much each wait puts off the next ring after the last: with 100 waits 50 µs, so that a ring wakes several of
    /// those that are due one after the other, and a busy mock spends its time on answers.
    const GATHER: Duration = Duration::from_nanos(500);

    /// The most by which a ring is put off.
    const LONGEST_GATHER: Duration = Duration::from_millis(1);

    #[derive(Debug, Default)]
    struct Waits {
        wakers: BTreeMap<Key, Waker>,
        /// When it rang last.
        rung: Option<Instant>,
        /// What the kernel timer is set to.
        set: Option<Instant>,
        alarms: u64,
    }

    impl Queue {
        #[expect(
            deprecated,
            reason = "its replacement is unsafe code; what it warns of, a descriptor that changes, an OwnedFd cannot do"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self {
                timer: AsyncFd::with_interest(timer, Interest::READABLE)?,
                waits: Mutex::default(),
            })
        }

        /// Wakes every wait whose time has come, for as long as this is polled.
        pub(super) async fn ring(&self) {
            let mut expirations = [0; 8];
            loop {
                let read = |timer: &OwnedFd| Ok(rustix::io::read(timer, &mut expirations)?);
                if self.timer.async_io(Interest::READABLE, read).await.is_err() {
                    return;
                }
                self.wake_due(Instant::now());
            }
        }

        fn wake_due(&self, now: Instant) {
            let mut waits = self.waits();
            let later = waits.wakers.split_off(&(now, u64::MAX));
            let due = std::mem::replace(&mut waits.wakers, later);
            waits.set = None;
            waits.rung = Some(now);
            if let Some((&(next, _), _)) = waits.wakers.first_key_value() {
                self.set(&mut waits, next, now);
            }
            drop(waits);
            due.into_values().for_each(Waker::wake);
        }

        /// Sets the kernel timer, unless it is set to an earlier time already; not so soon after the last ring that it would
        /// ring for one wait at a time.
        fn set(&self, waits: &mut Waits, due: Instant, now: Instant) {
            let due = due.max(waits.next_ring().unwrap_or(due));
            if waits.set.is_some_and(|set| set <= due) {
                return;
            }
            waits.set = Some(due);
            let left = due.saturating_duration_since(now);
            // Fails only for times that no `Duration` can hold.
            let flags = TimerfdTimerFlags::empty();
            timerfd_settime(self.timer.get_ref(), flags, &once(left)).ok();
        }

        fn waits(&self) -> MutexGuard<'_, Waits> {
            self.waits.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Waits {
        /// Before this it does not ring again.
        fn next_ring(&self) -> Option<Instant> {
            let waits = u32::try_from(self.wakers.len()).unwrap_or(u32::MAX);
            let gather = GATHER.saturating_mul(waits).min(LONGEST_GATHER);
            self.rung.map(|rung| rung + gather)
        }
    }

    /// One place in the queue, given up when dropped.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        queue: Arc<Queue>,
        number: u64,
        waiting_for: Option<Instant>,
    }

    impl Alarm {
        pub(super) fn new(queue: &Arc<Queue>) -> Self {
            let mut waits = queue.waits();
            waits.alarms += 1;
            Self {
                number: waits.alarms,
                queue: Arc::clone(queue),
                waiting_for: None,
            }
        }

        pub(super) fn poll_until(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
            let now = Instant::now();
            if self.waiting_for.is_some_and(|other| other != due) || now >= due {
                self.leave();
            }
            if now >= due {
                return Poll::Ready(());
            }
            let mut waits = self.queue.waits();
            let waker = waits.wakers.entry((due, self.number));
            waker
                .and_modify(|waker| waker.clone_from(context.waker()))
                .or_insert_with(|| context.waker().clone());
            self.waiting_for = Some(due);
            self.queue.set(&mut waits, due, now);
            Poll::Pending
        }

        fn leave(&mut self) {
            if let Some(due) = self.waiting_for.take() {
                self.queue.waits().wakers.remove(&(due, self.number));
            }
        }
    }

    impl Drop for Alarm {
        fn drop(&mut self) {
            self.leave();
        }
    }

    /// A timer that expires once. Zero would mean never.
    fn once(after: Duration) -> Itimerspec {
        let after = after.max(Duration::from_nanos(1));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn alarms_ring_in_the_order_of_their_times_and_never_early() {
        let (timer, ringing) = Timer::fine().unwrap();
        // Late enough for all to be set before the first rings, however busy the machine.
        let first = Instant::now() + Duration::from_millis(200);
        let mut tasks = JoinSet::new();
        for millis in [5_u64, 1, 3, 1, 0] {
            let mut alarm = timer.alarm();
            tasks.spawn(async move {
                let due = first + Duration::from_millis(millis);
                alarm.until(due).await;
                (millis, Instant::now() >= due)
            });
        }

        let rung = tokio::select! {
            rung = tasks.join_all() => rung,
            () = ringing => unreachable!("it rings until it is dropped"),
        };

        assert_eq!(
            rung,
            [(0, true), (1, true), (1, true), (3, true), (5, true)]
        );
    }

    #[tokio::test]
    async fn one_alarm_serves_many_times_and_one_that_is_dropped_is_forgotten() {
        let (timer, ringing) = Timer::fine().unwrap();
        let start = Instant::now();
        let mut dropped = timer.alarm();
        let mut alarm = timer.alarm();
        let waiting = async {
            let never = start + Duration::from_hours(1);
            let polled = futures_util::poll!(std::pin::pin!(dropped.until(never)));
            assert!(polled.is_pending());
            drop(dropped);
            for millis in 1..=3 {
                alarm.until(start + Duration::from_millis(millis)).await;
            }
        };

        tokio::select! {
            () = waiting => {}
            () = ringing => unreachable!("it rings until it is dropped"),
        }

        assert!(start.elapsed() >= Duration::from_millis(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_coarse_alarm_follows_a_paused_clock() {
        let start = Instant::now();
        let mut alarm = Timer::Coarse.alarm();

        alarm.until(start + Duration::from_secs(5)).await;
        alarm.until(start + Duration::from_secs(7)).await;

        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }
}
