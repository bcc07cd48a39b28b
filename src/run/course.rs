//! The way of a run through the stages of its plan: asks the plan for each next one, with what became of those before.

use crate::gate::{self, Verdict};
use crate::plan::{Done, Plan, Stage, Way};
use crate::summary::{Course, Level, RunIdentity, RunSummary, Search, StageSummary};
use crate::units;
use tokio::time::Instant;

/// How far a run has come.
pub(super) struct Under<'a> {
    plan: &'a Plan,
    began: Instant,
    done: Vec<Done>,
    levels: Vec<Level>,
    stopped: Option<String>,
}

impl<'a> Under<'a> {
    /// A run of this plan begins.
    pub(super) fn begin(plan: &'a Plan) -> Self {
        Self {
            plan,
            began: Instant::now(),
            done: Vec::new(),
            levels: Vec::new(),
            stopped: None,
        }
    }

    /// The next stage to measure, unless the run is over.
    pub(super) fn next(&mut self) -> Option<&'a Stage> {
        if self.stopped.is_some() {
            return None;
        }
        let plan = self.plan;
        let index = plan.course.way.next(plan.stages.len(), &self.done)?;
        let stage = plan.stages.get(index)?;
        // However short the time is, something is measured.
        if !self.done.is_empty() {
            self.stopped = plan.course.stops_before(stage, self.began.elapsed());
        }
        self.stopped.is_none().then_some(stage)
    }

    /// Takes what became of a stage.
    pub(super) fn after(&mut self, identity: &RunIdentity, stage: &StageSummary) {
        let met = match self.plan.course.way {
            Way::Search(_) => {
                let level = self.judged(identity, stage);
                let met = level.met;
                self.levels.push(level);
                met
            }
            // Nobody asks.
            Way::InOrder | Way::Drawn(_) => true,
        };
        self.done.push((stage.index, met));
        let held = &stage.accounting;
        let errors = held.offered - held.answered - held.cancelled;
        let share = units::ratio(errors, held.offered);
        self.stopped = share.and_then(|share| self.plan.course.stops_after(&stage.name, share));
    }

    /// Whether a stage by itself meets the expectations.
    fn judged(&self, identity: &RunIdentity, stage: &StageSummary) -> Level {
        let alone = RunSummary::new(identity.clone(), vec![stage.clone()]);
        let findings = gate::judge(&alone, &self.plan.expectations);
        let mut missed = findings
            .iter()
            .filter(|finding| finding.verdict != Verdict::Passed);
        let worst = missed.next().map(|first| {
            missed.fold(first, |worst, next| {
                if next.verdict > worst.verdict {
                    next
                } else {
                    worst
                }
            })
        });
        Level {
            stage: stage.index,
            met: gate::verdict(&alone, &findings) == Verdict::Passed,
            why: worst.map(|finding| format!("{}: {}", finding.metric, finding.reason)),
        }
    }

    /// The summary of the run with these stages: in the order of the plan, whatever that was measured in.
    pub(super) fn summary(
        self,
        identity: RunIdentity,
        mut stages: Vec<StageSummary>,
    ) -> RunSummary {
        stages.sort_by_key(|stage| stage.index);
        let search = match &self.plan.course.way {
            Way::Search(search) => Some(Search {
                setting: search.setting.clone(),
                levels: self.levels,
            }),
            Way::InOrder | Way::Drawn(_) => None,
        };
        let is_plain = self.plan.course.way == Way::InOrder && self.stopped.is_none();
        RunSummary {
            course: (!is_plain).then(|| Course {
                planned: self.plan.stages.len(),
                order: self.done.iter().map(|(stage, _)| *stage).collect(),
                search,
                stopped: self.stopped,
            }),
            ..RunSummary::new(identity, stages)
        }
    }
}
