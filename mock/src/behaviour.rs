//! What will happen to a request, decided before anything does: [`Behaviour::course`] is a pure function of the
//! specification, the request's id and the number of its earlier attempts.

use crate::dice::Dice;
use crate::fault::{self, Fault, Strike};
use crate::latency::Latency;
use crate::pace::Pace;
use crate::spec::{Error, MockSpec};
use crate::timer::Timer;

/// A specification that was found to be sound.
#[derive(Debug)]
pub(crate) struct Behaviour {
    seed: u64,
    latency: Latency,
    per_output_token: Latency,
    faults: Vec<Fault>,
    timer: Timer,
}

/// What will happen to one request.
#[derive(Debug)]
pub(crate) struct Course {
    /// The fault that strikes it, if one does.
    pub(crate) strike: Option<Strike>,
    /// When each of its tokens is due.
    pub(crate) pace: Pace,
    /// What its waits are measured with.
    pub(crate) timer: Timer,
}

impl Behaviour {
    /// The behaviour that a specification describes.
    pub(crate) fn try_new(spec: &MockSpec, timer: Timer) -> Result<Self, Error> {
        spec.validate()?;
        Ok(Self {
            seed: spec.seed.unwrap_or_default(),
            latency: spec.latency,
            per_output_token: spec.per_output_token,
            faults: spec.faults.clone(),
            timer,
        })
    }

    /// What happens to the request `id` after so many attempts that failed, at whatever time, concurrency and protocol
    /// it comes.
    pub(crate) fn course(&self, id: &str, earlier_attempts: u32) -> Course {
        let dice = Dice::new(self.seed, id).after_attempts(earlier_attempts);
        Course {
            strike: fault::strike(&self.faults, dice),
            pace: Pace::new(self.latency, self.per_output_token, dice),
            timer: self.timer.clone(),
        }
    }
}
