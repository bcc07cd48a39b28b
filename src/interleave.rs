//! An interleaved comparison carried out: two arms, each a process of its own with a target of its own, whose blocks take
//! turns in quads until the result is decided. It judges by `gate::compare` and prints nothing.
//!
//! ```text
//! Design -> start both arms -> quads of blocks (ABBA or BAAB) -> Trial -> look -> Judged, or more quads -> ..
//! ```
//!
//! Blocks of both arms in one quad have the same requests at the same times, and a mock does the same to them (common random
//! numbers). What an arm's process is depends on its [`Program`]: this tool, or another build of it.

mod arm;
mod block;
mod stolen;
mod wire;

pub use arm::{ArmError, Program};
pub use block::serve;
pub use wire::{Ask, Heard, Ready, WIRE};

use crate::gate;
use crate::gate::compare::{Judged, Look, judge, looks};
use crate::gate::spec::GateSpec;
use crate::seed::Seed;
use crate::summary::{Distributions, RunSummary};
use crate::trial::{Arm, ArmIdentity, Block, Order, Quad, StageTrial, Trial};
use arm::Process;
use rand::RngCore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is compared, and how.
#[derive(Debug, Clone)]
pub struct Design {
    /// The programs of both arms, the baseline's first.
    pub programs: [Program; 2],
    /// How many quads, how long, and by what margins.
    pub spec: GateSpec,
    /// Where the order of blocks comes from.
    pub seed: Seed,
    /// Cancel to end the comparison after the block that goes on: what was measured until then is judged.
    pub interrupt: CancellationToken,
}

/// What a watcher hears.
#[derive(Debug)]
pub enum Event<'a> {
    /// A quad is over.
    Measured {
        /// Everything so far.
        trial: &'a Trial,
        /// The look that it counts towards.
        look: Look,
    },
    /// A look at the result is over.
    Looked(&'a Judged),
}

/// Why two arms could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An arm's process could not be started, or died.
    #[error(transparent)]
    Arm(#[from] ArmError),
    /// The arms have not the same stages.
    #[error(
        "expected the same stages in both arms, found {baseline} and {candidate}: a variant may not change the sweep"
    )]
    Stages {
        /// Those of the baseline.
        baseline: String,
        /// Those of the candidate.
        candidate: String,
    },
    /// The comparison was interrupted before anything could be judged.
    #[error("interrupted before anything was measured")]
    Interrupted,
}

/// Carries out the comparison. It ends when it is decided, when its looks are used up, when its time is over, or at an
/// interrupt; in each case what was measured is judged.
///
/// # Errors
/// [`Error`] when nothing could be measured at all, or an arm died.
pub async fn interleave(
    design: &Design,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(Trial, Judged), Error> {
    let mut comparison = Comparison::start(design).await?;
    let ended = comparison.carry_out(watch).await;
    comparison.stop().await;
    let judged = ended?;
    Ok((comparison.trial, judged))
}

/// A comparison that goes on.
struct Comparison<'a> {
    design: &'a Design,
    arms: Option<[Process; 2]>,
    started: Instant,
    starts: usize,
    trial: Trial,
}

/// Whether a comparison goes on after a quad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Going {
    On,
    Over,
}

impl<'a> Comparison<'a> {
    async fn start(design: &'a Design) -> Result<Self, Error> {
        let arms = both(&design.programs).await?;
        let [baseline, candidate] = &arms;
        let (ours, theirs) = (&baseline.ready, &candidate.ready);
        if ours.stages != theirs.stages {
            return Err(Error::Stages {
                baseline: ours.stages.join(", "),
                candidate: theirs.stages.join(", "),
            });
        }
        let stages = ours.stages.iter().map(|name| StageTrial {
            name: name.clone(),
            quads: Vec::new(),
            baseline: Distributions::default(),
            candidate: Distributions::default(),
        });
        let [first, second] = &design.programs;
        Ok(Self {
            trial: Trial {
                stages: stages.collect(),
                baseline: identity(first, ours),
                candidate: identity(second, theirs),
                sending_seconds: 0.0,
                notes: Vec::new(),
            },
            design,
            arms: Some(arms),
            started: Instant::now(),
            starts: 0,
        })
    }

    /// Look after look, until it is decided.
    async fn carry_out(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<Judged, Error> {
        let spec = &self.design.spec;
        let mut last = None;
        for look in looks(spec.quads, spec.extensions) {
            let going = self.reach(look, watch).await?;
            if self.trial.stages.iter().all(|stage| stage.quads.is_empty()) {
                return Err(Error::Interrupted);
            }
            let judged = judge(&self.trial, spec, look);
            watch(Event::Looked(&judged));
            let is_over = going == Going::Over || judged.is_decided();
            last = Some(judged);
            if is_over {
                break;
            }
        }
        last.ok_or(Error::Interrupted)
    }

    /// Quads of every stage until each has as many as the look takes.
    async fn reach(
        &mut self,
        look: Look,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Going, Error> {
        let wanted = usize::try_from(look.quads).unwrap_or(usize::MAX);
        for stage in 0..self.trial.stages.len() {
            while self.kept(stage) < wanted {
                if self.design.interrupt.is_cancelled() {
                    self.note("it was interrupted");
                    return Ok(Going::Over);
                }
                if self.started.elapsed() > self.design.spec.budget.duration() {
                    let told = format!(
                        "its time of {} was over (gate.budget)",
                        self.design.spec.budget
                    );
                    self.note(&told);
                    return Ok(Going::Over);
                }
                self.quad(stage).await?;
                watch(Event::Measured {
                    trial: &self.trial,
                    look,
                });
            }
        }
        Ok(Going::On)
    }

    fn quads(&self, stage: usize) -> usize {
        self.trial
            .stages
            .get(stage)
            .map_or(0, |stage| stage.quads.len())
    }

    /// Quads that count.
    fn kept(&self, stage: usize) -> usize {
        let stage = self.trial.stages.get(stage);
        stage.map_or(0, |stage| stage.kept().count())
    }

    fn note(&mut self, why: &str) {
        self.trial
            .notes
            .push(format!("The comparison ended early: {why}."));
    }

    /// Four blocks.
    async fn quad(&mut self, stage: usize) -> Result<(), Error> {
        let index = self.quads(stage);
        let per_start = usize::try_from(self.design.spec.quads_per_start).unwrap_or(usize::MAX);
        if index > 0 && index.is_multiple_of(per_start) {
            self.stop().await;
            self.arms = Some(both(&self.design.programs).await?);
            self.starts += 1;
        }
        let order = self.order(stage, index);
        let block = self.design.spec.block.duration();
        let ask = Ask {
            stage,
            quad: index,
            block,
        };
        let mut runs = Vec::with_capacity(4);
        for arm in order.arms() {
            let Some(process) = self.process(arm) else {
                unreachable!("the arms are started before each quad");
            };
            runs.push(process.block(ask).await?);
        }
        let Ok(runs) = <[RunSummary; 4]>::try_from(runs) else {
            unreachable!("a quad has four blocks");
        };
        self.trial.sending_seconds += 4.0 * block.as_secs_f64();
        self.take(stage, order, &runs);
        Ok(())
    }

    fn process(&mut self, arm: Arm) -> Option<&mut Process> {
        let [baseline, candidate] = self.arms.as_mut()?;
        Some(match arm {
            Arm::Baseline => baseline,
            Arm::Candidate => candidate,
        })
    }

    /// A coin for each quad, from the seed.
    fn order(&self, stage: usize, index: usize) -> Order {
        let mut coin = self
            .design
            .seed
            .stream(&format!("order of quad {index} of stage {stage}"));
        if coin.next_u32().is_multiple_of(2) {
            Order::Abba
        } else {
            Order::Baab
        }
    }

    /// Adds what a quad measured to the trial.
    fn take(&mut self, stage: usize, order: Order, runs: &[RunSummary; 4]) {
        let start = self.starts;
        let Some(stage) = self.trial.stages.get_mut(stage) else {
            return;
        };
        let quad = Quad {
            index: stage.quads.len(),
            order,
            start,
            blocks: runs.each_ref().map(block_of),
            dropped: stolen::stolen(runs),
        };
        let counted = runs.iter().filter(|_| quad.dropped.is_none());
        for (arm, run) in order.arms().into_iter().zip(counted) {
            let times = match arm {
                Arm::Baseline => &mut stage.baseline,
                Arm::Candidate => &mut stage.candidate,
            };
            for measured in &run.stages {
                times.merge(&measured.distributions);
            }
        }
        stage.quads.push(quad);
    }

    async fn stop(&mut self) {
        if let Some([baseline, candidate]) = self.arms.take() {
            tokio::join!(baseline.stop(), candidate.stop());
        }
    }
}

/// Starts both arms at once.
async fn both(programs: &[Program; 2]) -> Result<[Process; 2], ArmError> {
    let [baseline, candidate] = programs;
    let (baseline, candidate) =
        tokio::try_join!(Process::start(baseline), Process::start(candidate))?;
    Ok([baseline, candidate])
}

fn block_of(run: &RunSummary) -> Block {
    let measured = run.stages.first().map(|stage| Block {
        refused: gate::distrust(run, stage).into_iter().collect(),
        ..Block::of(run, stage)
    });
    measured.unwrap_or_default()
}

fn identity(program: &Program, ready: &Ready) -> ArmIdentity {
    ArmIdentity {
        name: program.name.clone(),
        settings: program.settings.clone(),
        program: program.shown.clone(),
        tool_version: ready.tool_version.clone(),
        fingerprint: ready.fingerprint.clone(),
    }
}
