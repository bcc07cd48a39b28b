//! Users at work: each goes through the rounds of its kind, one after the other, with a pause between them. What a user does next
//! is goose's part; when it does it, what it asks, by which client and what came of it is ours, as for every other load.

mod attack;
mod untouched;

use super::Error;
use super::exchange::Exchange;
use super::heard::Heard;
use super::lane::Sending;
use crate::sample::Sink;
use crate::schedule::{Slot, Users};
use crate::seed::Seed;
use crate::units::wide;
use attack::{Asker, Attack};
use std::rc::Rc;
use tokio::task::{JoinError, JoinSet};

/// Lets this lane's share of the users work until sending is over, then waits for their last answers.
pub(super) async fn send<E: Exchange, S: Sink>(
    sending: &Rc<Sending<E, S>>,
    users: &Users,
    seed: Seed,
) -> Result<(), Error> {
    let share = sending.share();
    let (lane, lanes) = (wide(share.index), wide(share.lanes.get()));
    let mine = (0..users.count.get()).filter(|user| u64::from(*user) % lanes == lane);
    let (attack, askers) = Attack::of(mine.map(|user| (user, sending.of_user(user))))?;
    let mut working = JoinSet::new();
    for (user, asker) in askers {
        let worker = Worker {
            sending: Rc::clone(sending),
            users: users.clone(),
            seed,
            user,
            asker,
        };
        working.spawn_local(worker.work());
    }
    tokio::select! {
        biased;
        ended = all(&mut working) => ended,
        ended = attack.goes_on() => Err(Error::Users(ended)),
    }
}

/// Waits until all users have stopped, or one could not go on.
async fn all(working: &mut JoinSet<Result<(), Error>>) -> Result<(), Error> {
    while let Some(stopped) = working.join_next().await {
        stopped.map_err(|_: JoinError| Error::LaneDied)??;
    }
    Ok(())
}

/// One user, who makes the requests that goose asks for.
struct Worker<E, S> {
    sending: Rc<Sending<E, S>>,
    users: Users,
    seed: Seed,
    user: u32,
    asker: Asker,
}

impl<E: Exchange, S: Sink> Worker<E, S> {
    async fn work(mut self) -> Result<(), Error> {
        let sending = Rc::clone(&self.sending);
        let mut heard = Heard::default();
        let mut at = self.users.begins(self.user);
        let mut seq = u64::from(self.user);
        loop {
            // Who pauses beyond the end does not wait for that.
            let until = at.min(sending.measure_end());
            if !sending.may_send(seq) || !sending.wait_until(until).await || sending.is_over() {
                return Ok(());
            }
            let mut round = sending.round(Slot { seq, at });
            while !round.is_done() {
                let requests = self.asker.next().await?;
                for _ in 0..requests.unwrap_or(u32::MAX) {
                    if round.is_done() {
                        break;
                    }
                    round.step(&sending, &mut heard).await;
                }
                self.asker.done();
            }
            seq += u64::from(self.users.count.get());
            let pause = self.users.pause(self.seed, seq);
            at = sending.clock.now().after(pause);
        }
    }
}
