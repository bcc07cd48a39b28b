//! Wakes those who pause, each at its moment, by one pacer: that of the operating system is finer than the runtime's own timer,
//! and a lane needs one of it for all, not one for each who waits.

use super::pace::Pacer;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// Who waits until when on a lane.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    /// By the moment, and the order in which they came.
    waiting: RefCell<BTreeMap<(Instant, u64), oneshot::Sender<()>>>,
    came: Cell<u64>,
    earlier: Notify,
}

impl Alarm {
    /// Waits until `instant`; not at all if that is past. Somebody has to let it ring meanwhile. Dropping the future ends the waiting.
    pub(super) async fn until(&self, instant: Instant) {
        if instant <= Instant::now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        let key = (instant, self.came.get());
        self.came.set(key.1 + 1);
        let is_first = {
            let mut waiting = self.waiting.borrow_mut();
            waiting.insert(key, wake);
            waiting
                .first_key_value()
                .is_some_and(|(first, _)| *first == key)
        };
        if is_first {
            self.earlier.notify_one();
        }
        // It is not forgotten as long as the alarm is there.
        woken.await.ok();
    }

    /// Wakes all who wait, each in time, until the future is dropped.
    pub(super) async fn ring(&self, pacer: &Pacer) {
        loop {
            let next = self.next();
            tokio::select! {
                biased;
                () = self.earlier.notified() => continue,
                () = reached(pacer, next) => {}
            }
            let now = Instant::now();
            while self.next().is_some_and(|next| next <= now) {
                let first = self.waiting.borrow_mut().pop_first();
                if let Some((_, wake)) = first {
                    // Who has given up waiting needs no call.
                    wake.send(()).ok();
                }
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        let waiting = self.waiting.borrow();
        waiting.first_key_value().map(|((instant, _), _)| *instant)
    }
}

/// Waits until `instant`, or for ever.
async fn reached(pacer: &Pacer, instant: Option<Instant>) {
    match instant {
        Some(instant) => {
            if pacer.wait_until(instant).await.is_err() {
                // Later than asked for, which is measured, and better than never.
                tokio::time::sleep_until(instant).await;
            }
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// When each of those who wait so many milliseconds is woken, in the order in which they are.
    async fn woken(waits: &[u64]) -> Vec<(u64, u128)> {
        let (alarm, woken) = (Alarm::default(), RefCell::new(Vec::new()));
        let begun = Instant::now();
        let waiting = waits.iter().map(|wait| {
            let (alarm, woken) = (&alarm, &woken);
            async move {
                alarm.until(begun + Duration::from_millis(*wait)).await;
                woken
                    .borrow_mut()
                    .push((*wait, begun.elapsed().as_millis()));
            }
        });
        tokio::select! {
            () = alarm.ring(&Pacer::Coarse) => {}
            _ = futures_util::future::join_all(waiting) => {}
        }
        woken.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_woken_at_its_moment_in_whatever_order_they_came() {
        let woken = woken(&[30, 10, 20, 10, 0]).await;

        assert_eq!(woken, [(0, 0), (10, 10), (10, 10), (20, 20), (30, 30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_holds_nobody_up() {
        let alarm = Alarm::default();
        let begun = Instant::now();
        let after = |millis| alarm.until(begun + Duration::from_millis(millis));

        tokio::select! {
            () = alarm.ring(&Pacer::Coarse) => {}
            () = async {
                tokio::time::timeout(Duration::from_millis(5), after(10)).await.unwrap_err();
                after(20).await;
            } => {}
        }

        assert_eq!(begun.elapsed().as_millis(), 20);
    }
}
