//! One way through the backend for every protocol: a request that was understood goes in, and what the protocol has to
//! do about it comes out, once its time has come.
//!
//! ```text
//! Visit -> fault? -> Refused | silence | Course { ticker, finish }
//! ```

use crate::backend::Backend;
use crate::fault::{Spoil, Strike};
use crate::journal::End;
use crate::pace::Ticker;
use crate::refused::Refused;
use crate::visit::Visit;
use std::future::pending;

/// What becomes of a request that gets an answer, or the beginning of one.
#[derive(Debug)]
pub(crate) struct Course {
    /// When the tokens that are sent are due.
    pub(crate) ticker: Ticker,
    /// What follows them.
    pub(crate) finish: Finish,
    /// What is wrong in it.
    pub(crate) spoil: Option<Spoil>,
}

/// What follows the last token that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The end of the answer.
    Properly,
    /// The end of the connection or stream.
    BreakOff,
    /// Nothing, until the client leaves.
    FallSilent,
}

impl Finish {
    /// How a request ends whose last byte has been handed over.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Properly => End::Answered,
            Self::BreakOff => End::Failed,
            Self::FallSilent => End::Abandoned,
        }
    }
}

/// Is an answer sent piece by piece?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Streamed,
}

impl Backend {
    /// Decides what happens to a request that [asks](Visit::asks) for something, and waits until its answer may begin.
    /// A request that meets silence waits for ever: dropping the future gives it up.
    pub(crate) async fn decide(
        &self,
        visit: &mut Visit,
        delivery: Delivery,
    ) -> Result<Course, Refused> {
        let behaviour = self.behaviour();
        let entry = visit.entry();
        let mut tokens = visit.in_steps();
        let (mut finish, mut spoil) = (Finish::Properly, None);
        let streamed = delivery == Delivery::Streamed;
        if let Some((kind, strike)) = behaviour.strike(entry, streamed, visit.arrived) {
            visit.strike(kind);
            match strike {
                Strike::Refuse(refused) => {
                    visit.end(End::Failed);
                    return Err(refused);
                }
                Strike::Silence => return pending().await,
                Strike::FallSilent { after_tokens } => {
                    tokens = tokens.min(after_tokens);
                    finish = Finish::FallSilent;
                }
                Strike::BreakOff { after_tokens } => {
                    tokens = tokens.min(after_tokens);
                    finish = Finish::BreakOff;
                }
                Strike::Spoil(spoiled) => spoil = Some(spoiled),
            }
        }
        let began = visit.arrived;
        visit.admit(began);
        let pace = behaviour.pace(visit.entry(), tokens);
        Ok(Course {
            ticker: Ticker::new(pace, self.timer(), began),
            finish,
            spoil,
        })
    }
}
