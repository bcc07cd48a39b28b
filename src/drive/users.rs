//! Users at work: each goes through the rounds of its kind, one after the other, with a pause between them. What a user does next
//! is goose's part; when it does it, what it asks, by which client and what came of it is ours, as for every other load.

mod attack;
pub(super) mod untouched;

use super::Error;
use super::closed_loop::TOGETHER;
use super::exchange::Exchange;
use super::heard::Heard;
use super::lane::Share;
use super::request::Requests;
use super::sender::Sender;
use crate::sample::Sink;
use crate::schedule::{Slot, Users};
use crate::units::wide;
use attack::{Asker, Attack};
use std::rc::Rc;
use tokio::task::{JoinError, JoinSet};

/// A lane's share of the users, each of whom knows its first step.
pub(super) struct Crowd {
    attack: Attack,
    askers: Vec<(u32, Asker)>,
}

impl Crowd {
    /// Gathers the users of a lane, before the stage begins.
    pub(super) async fn gather(
        users: &Users,
        requests: &Requests,
        share: Share,
    ) -> Result<Self, Error> {
        let (lane, lanes) = (wide(share.index), wide(share.lanes.get()));
        let mine = (0..users.count.get()).filter(|user| u64::from(*user) % lanes == lane);
        let mine = mine.map(|user| (user, requests.of_user(user)));
        let (mut attack, mut askers) = Attack::of(mine)?;
        tokio::select! {
            biased;
            ended = attack.goes_on() => return Err(ended),
            all = all_ready(&mut askers) => all?,
        }
        Ok(Self { attack, askers })
    }
}

async fn all_ready(askers: &mut [(u32, Asker)]) -> Result<(), Error> {
    for (_, asker) in askers {
        asker.ready().await?;
    }
    Ok(())
}

/// Lets the users of this lane work until sending is over, then waits for their last answers.
pub(super) async fn send<E: Exchange, S: Sink>(
    sender: &Rc<Sender<E, S>>,
    users: &Users,
    crowd: Crowd,
) -> Result<(), Error> {
    let Crowd { mut attack, askers } = crowd;
    let mut working = JoinSet::new();
    for (place, (user, asker)) in askers.into_iter().enumerate() {
        if place % TOGETHER == 0 {
            tokio::task::yield_now().await;
        }
        let worker = Worker {
            sender: Rc::clone(sender),
            users: users.clone(),
            user,
            asker,
        };
        working.spawn_local(worker.work());
    }
    tokio::select! {
        biased;
        ended = all(&mut working) => ended,
        ended = attack.goes_on() => Err(ended),
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
    sender: Rc<Sender<E, S>>,
    users: Users,
    user: u32,
    asker: Asker,
}

impl<E: Exchange, S: Sink> Worker<E, S> {
    async fn work(mut self) -> Result<(), Error> {
        let sender = Rc::clone(&self.sender);
        let sending = &sender.sending;
        let mut heard = Heard::default();
        let mut at = self.users.begins(self.user);
        let mut seq = u64::from(self.user);
        loop {
            // Who pauses beyond the end does not wait for that.
            let until = at.min(sending.measure_end());
            if !sender.may_send(seq) || !sending.wait_until(until).await || sending.is_over() {
                return Ok(());
            }
            let mut round = sender.round(Slot { seq, at });
            while !round.is_done() {
                let requests = self.asker.next().await?;
                for _ in 0..requests.unwrap_or(u32::MAX) {
                    if round.is_done() {
                        break;
                    }
                    round.step(&sender, &mut heard).await;
                }
            }
            seq += u64::from(self.users.count.get());
            let pause = self.users.pause(sender.source.seed, seq);
            at = sending.clock.now().after(pause);
        }
    }
}
