//! What each of several users does, where a load has users: for as long as a stage lasts a user is of one part of a mix, and the
//! steps of a journey that are made `once` come in its first round alone.
//!
//! Of `count` users, user `u` makes the slots `u`, `u + count`, `u + 2 * count` and so on, one in each of its rounds, so that what
//! it asks for does not depend on how fast the others are.

use super::{Part, Workload};
use std::cmp::Reverse;
use std::num::NonZero;

/// A stretch of a user's round: what one step of a journey asks for, or all that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// What it asks for, by its name in files.
    pub name: &'static str,
    /// How many requests that are, one after the other; as many as the round has where that is drawn for each.
    pub requests: Option<u32>,
    /// Is it made in the first round alone?
    pub once: bool,
}

impl Workload {
    /// Shares itself out to so many users.
    pub fn share_out(&mut self, users: NonZero<u32>) {
        match self {
            Self::Journey(journey) => journey.is_made_by(users),
            Self::Mix(mix) => mix.is_made_by(users),
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_) => {}
        }
    }

    /// Which part of a mix a user is of, and what it does in a round, in order.
    pub fn of_user(&self, user: u32) -> (Option<usize>, Vec<Stretch>) {
        match self {
            Self::Mix(mix) => {
                let part = mix.part_of(user);
                let workload = mix.parts().get(part).map(Part::workload);
                (Some(part), workload.map(Self::round).unwrap_or_default())
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Journey(_) => (None, self.round()),
        }
    }

    /// How many users are of each part of a mix, by its name.
    pub fn users_of_parts(&self) -> Vec<(&str, usize)> {
        match self {
            Self::Mix(mix) => {
                let parts = mix.parts().iter().enumerate();
                let users = parts.map(|(index, part)| (part.name(), mix.users_of(index)));
                users.collect()
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Journey(_) => Vec::new(),
        }
    }

    /// Where the first step stands that users make once: `mix[1].journey[0]`.
    pub fn made_once(&self) -> Option<String> {
        match self {
            Self::Journey(journey) => {
                let place = journey.steps().iter().position(|step| step.once)?;
                Some(format!("journey[{place}]"))
            }
            Self::Mix(mix) => {
                let mut parts = mix.parts().iter().enumerate();
                parts.find_map(|(index, part)| {
                    let place = part.workload().made_once()?;
                    Some(format!("mix[{index}].{place}"))
                })
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_) => None,
        }
    }

    fn round(&self) -> Vec<Stretch> {
        let one = |requests| Stretch {
            name: self.ask(0).key(),
            requests,
            once: false,
        };
        match self {
            Self::Chat(_) | Self::Completion(_) | Self::Embedding(_) | Self::Tensor(_) => {
                vec![one(Some(1))]
            }
            Self::Conversation(_) => vec![one(None)],
            Self::Journey(journey) => {
                let steps = journey.steps().iter().map(|step| Stretch {
                    name: step.act.ask().key(),
                    requests: Some(step.times),
                    once: step.once,
                });
                steps.collect()
            }
            Self::Mix(_) => unreachable!("a mix is no part of a mix"),
        }
    }
}

/// Which of the parts with these weights each of so many users is of: as evenly interleaved as can be, so that the users that are
/// there early are mixed like all of them, and those of a smaller number are the first of a larger one. Smooth weighted round-robin,
/// as nginx chooses its servers and Locust its users.
pub(super) fn shared_out(weights: &[u32], users: NonZero<u32>) -> Vec<usize> {
    let total: i64 = weights.iter().copied().map(i64::from).sum();
    let mut due: Vec<i64> = vec![0; weights.len()];
    let mut next = || {
        for (due, weight) in due.iter_mut().zip(weights) {
            *due += i64::from(*weight);
        }
        let parts = due.iter_mut().enumerate();
        let chosen = parts.max_by_key(|(index, due)| (**due, Reverse(*index)));
        let (index, due) = chosen.unwrap_or_else(|| unreachable!("a mix has parts"));
        *due -= total;
        index
    };
    (0..users.get()).map(|_| next()).collect()
}

#[cfg(test)]
mod tests;
