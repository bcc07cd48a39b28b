//! One way through the backend for every protocol: a request that was understood goes in, and what the protocol has to
//! do about it comes out, once its time has come.
//!
//! ```text
//! Visit -> fault? -> Refused | silence | Course { ticker, finish }
//! ```

use crate::backend::Backend;
use crate::batching::Batch;
use crate::behaviour::Behaviour;
use crate::connection::Severance;
use crate::drip::Drip;
use crate::fault::{Spoil, Strike};
use crate::journal::End;
use crate::pace::Ticker;
use crate::refused::Refused;
use crate::visit::Visit;
use crate::words::Wording;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What becomes of a request that gets an answer, or the beginning of one.
#[derive(Debug)]
pub(crate) struct Course {
    /// When the tokens that are sent are due.
    pub(crate) ticker: Ticker,
    /// What follows them.
    pub(crate) finish: Finish,
    /// What is wrong in it.
    pub(crate) spoil: Option<Spoil>,
    /// What lets its body go in small pieces, where that is what is wrong.
    pub(crate) drip: Option<Box<Drip>>,
}

impl Course {
    /// The words of its text.
    pub(crate) fn wording(&self) -> Wording {
        if self.spoil == Some(Spoil::WrongAnswer) {
            Wording::Wrong
        } else {
            Wording::True
        }
    }

    /// Are its token counts told?
    pub(crate) fn tells_usage(&self) -> bool {
        self.spoil != Some(Spoil::MissingUsage)
    }
}

/// What follows the last token that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The end of the answer.
    Properly,
    /// The end of the connection or stream.
    BreakOff,
    /// The end of the connection and of all that is on it.
    Sever(Severance),
    /// An error in the form that the protocol has for it in the middle of a stream.
    Fail(Box<Refused>),
    /// Nothing, until the client leaves.
    FallSilent,
}

impl Finish {
    /// How a request ends whose last byte has been handed over.
    pub(crate) fn end(&self) -> End {
        match self {
            Self::Properly => End::Answered,
            Self::BreakOff | Self::Sever(_) | Self::Fail(_) => End::Failed,
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
        let streamed = delivery == Delivery::Streamed;
        let turn = match behaviour.strike(visit.entry(), streamed, visit.arrived) {
            None => Turn::well(visit),
            Some((kind, strike)) => {
                visit.strike(kind);
                Turn::struck(strike, visit, &behaviour).await?
            }
        };
        let burden = behaviour.spec().burden;
        if let (Some(batch), 1..) = (self.batch(), turn.tokens) {
            self.burden()
                .bear(burden, self.timer(), visit.arrived)
                .await;
            return self.join(batch, visit, turn).await;
        }
        let admitted = self.admit(visit).await?;
        let admitted = self.burden().bear(burden, self.timer(), admitted).await;
        let began = admitted + turn.delay;
        if began > admitted {
            self.timer().alarm().until(began).await;
        }
        let pace = behaviour.pace(visit.entry(), turn.tokens);
        Ok(Course {
            ticker: Ticker::paced(pace, self.timer(), began),
            finish: turn.finish,
            spoil: turn.spoil,
            drip: Drip::of(turn.spoil, self.timer()),
        })
    }

    /// The same where tokens come from a batch: a request that is delayed joins it later.
    async fn join(
        &self,
        batch: &Arc<Batch>,
        visit: &mut Visit,
        turn: Turn,
    ) -> Result<Course, Refused> {
        if turn.delay > Duration::ZERO {
            let until = visit.arrived + turn.delay;
            self.timer().alarm().until(until).await;
        }
        match batch.enter(visit.entry().prompt_tokens, turn.tokens).await {
            Ok((sequence, began)) => {
                visit.admit(began);
                Ok(Course {
                    ticker: Ticker::batched(sequence),
                    finish: turn.finish,
                    spoil: turn.spoil,
                    drip: Drip::of(turn.spoil, self.timer()),
                })
            }
            Err(refused) => {
                visit.reject();
                Err(refused)
            }
        }
    }

    /// Waits for a place, and says when there was one.
    async fn admit(&self, visit: &mut Visit) -> Result<Instant, Refused> {
        match self.capacity().enter(visit.arrived).await {
            Ok((place, at)) => {
                visit.keep(place);
                visit.admit(at);
                Ok(at)
            }
            Err(refused) => {
                visit.reject();
                Err(refused)
            }
        }
    }
}

/// What the faults make of an answer.
#[derive(Debug)]
struct Turn {
    /// Tokens that are sent.
    tokens: u32,
    /// How much later than usual.
    delay: Duration,
    finish: Finish,
    spoil: Option<Spoil>,
}

impl Turn {
    /// Nothing goes wrong.
    fn well(visit: &Visit) -> Self {
        Self {
            tokens: visit.in_steps(),
            delay: Duration::ZERO,
            finish: Finish::Properly,
            spoil: None,
        }
    }

    /// The answer, if there is to be one, to a request that a fault strikes.
    async fn struck(
        strike: Strike,
        visit: &mut Visit,
        behaviour: &Behaviour,
    ) -> Result<Self, Refused> {
        let well = Self::well(visit);
        let stop = |after_tokens: u32, finish| Self {
            tokens: visit.in_steps().min(after_tokens),
            finish,
            ..Self::well(visit)
        };
        Ok(match strike {
            Strike::Refuse(refused) => {
                visit.end(End::Failed);
                return Err(refused);
            }
            Strike::NotReady => {
                visit.end(End::Failed);
                return Err(Refused::not_ready(&visit.entry().model));
            }
            Strike::Silence => pending().await,
            Strike::Sever {
                how,
                after_tokens: None,
            } => {
                visit.end(End::Failed);
                visit.sever(how);
                // The task of the connection drops this future.
                pending().await
            }
            Strike::Sever {
                how,
                after_tokens: Some(after_tokens),
            } => stop(after_tokens, Finish::Sever(how)),
            Strike::FallSilent { after_tokens } => stop(after_tokens, Finish::FallSilent),
            Strike::BreakOff { after_tokens } => stop(after_tokens, Finish::BreakOff),
            Strike::Fail {
                after_tokens,
                refused,
            } => stop(after_tokens, Finish::Fail(Box::new(refused))),
            Strike::GoAway => {
                visit.go_away();
                well
            }
            Strike::Delay(by) => Self {
                delay: behaviour.delay(visit.entry(), &by),
                ..well
            },
            Strike::Spoil(spoil) => Self {
                spoil: Some(spoil.within(well.tokens)),
                ..well
            },
        })
    }
}
