//! The open loop: requests start when the schedule says so, whatever has become of the earlier ones. It never waits for
//! a free place: a request that finds the in-flight cap reached is emitted as not sent.

use super::Error;
use super::exchange::Exchange;
use super::heard::Heard;
use super::pace::Pacer;
use super::sender::Sender;
use crate::sample::Sink;
use crate::schedule::Open;
use crate::units::wide;
use std::rc::Rc;
use tokio::task::JoinSet;

/// Sends this lane's slots of a load stream until sending is over, then waits for the last answers.
pub(super) async fn send<E: Exchange, S: Sink>(
    sender: &Rc<Sender<E, S>>,
    open: &Open,
    pacer: &Pacer,
) -> Result<(), Error> {
    let (sending, share) = (&sender.sending, sender.source.share);
    let (index, lanes) = (wide(share.index), wide(share.lanes.get()));
    let cap = share.of(open.max_in_flight);
    let end = sending.measure_end();
    let mut in_flight = JoinSet::new();
    let slots = open
        .slots(sender.source.seed)
        .take_while(|slot| slot.at < end && sender.may_send(slot.seq))
        .filter(|slot| slot.seq % lanes == index);
    for slot in slots {
        tokio::select! {
            biased;
            () = sending.stopped() => break,
            due = pacer.wait_until(sending.clock.instant(slot.at)) => due?,
        }
        while let Some(sent) = in_flight.try_join_next() {
            sent.map_err(|_| Error::LaneDied)?;
        }
        if in_flight.len() >= cap {
            sender.not_sent(slot);
            continue;
        }
        let sender = Rc::clone(sender);
        in_flight.spawn_local(async move { sender.send(slot, &mut Heard::default()).await });
    }
    in_flight.join_all().await;
    Ok(())
}
