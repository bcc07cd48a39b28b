//! The closed loop: a fixed number of requests in flight; each answer makes room for the next request.

use super::exchange::Exchange;
use super::heard::Heard;
use super::lane::Share;
use super::sender::Sender;
use crate::sample::Sink;
use crate::schedule::{Closed, Slot};
use crate::units::wide;
use std::cell::Cell;
use std::rc::Rc;
use tokio::task::JoinSet;

/// So many workers begin together. Each has a connection to make first, and one whose connection is there has a request to
/// send: without a pause, the first ones would wait until the last one has begun.
pub(super) const TOGETHER: usize = 4;

/// Keeps this lane's share of `in_flight` requests going until sending is over, then waits for the last answers.
pub(super) async fn send<E: Exchange, S: Sink>(sender: &Rc<Sender<E, S>>, closed: &Closed) {
    let share = sender.source.share;
    let sequence = Rc::new(Sequence::new(share));
    let mut workers = JoinSet::new();
    for worker in 0..share.of(closed.in_flight) {
        if worker % TOGETHER == 0 {
            tokio::task::yield_now().await;
        }
        let (sender, sequence) = (Rc::clone(sender), Rc::clone(&sequence));
        let think = closed.think.duration();
        workers.spawn_local(async move {
            let mut heard = Heard::default();
            let sending = &sender.sending;
            while !sending.is_over() {
                let at = sending.clock.now();
                let seq = sequence.next();
                if !sender.may_send(seq) {
                    break;
                }
                sender.send(Slot { seq, at }, &mut heard).await;
                if !think.is_zero() {
                    // Who thinks beyond the end does not hold the stage up.
                    let thought = sending.clock.now().after(think);
                    let until = thought.min(sending.measure_end());
                    sending.wait_until(until).await;
                }
            }
        });
    }
    workers.join_all().await;
}

/// Hands out this lane's sequence numbers.
struct Sequence {
    next: Cell<u64>,
    step: u64,
}

impl Sequence {
    fn new(share: Share) -> Self {
        Self {
            next: Cell::new(wide(share.index)),
            step: wide(share.lanes.get()),
        }
    }

    fn next(&self) -> u64 {
        let seq = self.next.get();
        self.next.set(seq + self.step);
        seq
    }
}
