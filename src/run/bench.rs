//! A target that is kept up from one short stage to the next: what the blocks of a comparison are measured on.

use super::{Error, Options, bring_up, identity, measure};
use crate::backend::Backend;
use crate::drive;
use crate::plan::{Plan, Stage, Target};
use crate::summary::{RunIdentity, RunSummary};

/// A target that stays up between stages. Dropping it takes the target down without waiting; [`Bench::stop`] waits.
#[derive(Debug)]
pub struct Bench {
    options: Options,
    identity: RunIdentity,
    target: Option<(Target, Backend)>,
}

impl Bench {
    /// A bench for stages of this plan, with nothing on it yet. Looks at the machine, which blocks need not do again.
    pub fn new(plan: &Plan, options: Options) -> Self {
        Self {
            options,
            identity: identity::identity(plan),
            target: None,
        }
    }

    /// Carries out one stage of the plan, or one like it, as a run of its own. Its target is the one of the stage before, if
    /// that has the same.
    ///
    /// # Errors
    /// [`Error`] when the target cannot be brought up or the load cannot be driven.
    pub async fn measure(&mut self, stage: &Stage) -> Result<RunSummary, Error> {
        let backend = bring_up(&mut self.target, stage, &self.options.mock).await?;
        let start = async |stage: &Stage, endpoints: &[_], lanes, sink: &dyn Fn(usize) -> _| {
            drive::start(stage, endpoints, lanes, sink).await
        };
        let summary = measure(stage, backend, &self.options, &mut |_| {}, &start).await?;
        Ok(RunSummary::new(self.identity.clone(), vec![summary]))
    }

    /// Takes the target down and waits until it is gone.
    pub async fn stop(self) {
        if let Some((_, backend)) = self.target {
            backend.stop().await;
        }
    }
}
