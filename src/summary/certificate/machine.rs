//! Doubts that the machine itself raises: it was another's for part of the time, or nearly out of something.

use super::Doubt;
use crate::observe::Conditions;
use crate::summary::stage::StageSummary;
use crate::summary::validity::Limit;
use crate::units::{Share, ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was wrong with the machine while a stage was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A hypervisor gave its cores to others.
    Steal {
        /// Share of the time of all cores.
        share: f64,
    },
    /// Work that could run waited for a core.
    Pressure {
        /// Share of the time in which some did.
        share: f64,
    },
    /// The process had used up its quota of CPU time.
    Throttled {
        /// Share of the periods of the quota.
        share: f64,
    },
    /// The process could hardly open more files and connections.
    OpenFiles {
        /// The most open at once.
        most: u64,
        /// How many may be.
        limit: u64,
    },
    /// There were hardly more ports for connections.
    Ports {
        /// The most in use at once.
        most: u64,
        /// How many there are.
        limit: u64,
    },
}

impl Trouble {
    /// How much of the machine was gone, from 0 to 1.
    pub fn share(self) -> f64 {
        match self {
            Self::Steal { share } | Self::Pressure { share } | Self::Throttled { share } => share,
            Self::OpenFiles { most, limit } | Self::Ports { most, limit } => {
                ratio(most, limit).unwrap_or(1.0)
            }
        }
    }

    /// What it is a breach of.
    pub(in crate::summary) const fn limit(self) -> Limit {
        match self {
            Self::Steal { .. } => Limit::Steal,
            Self::Pressure { .. } => Limit::Pressure,
            Self::Throttled { .. } => Limit::Throttled,
            Self::OpenFiles { .. } => Limit::OpenFiles,
            Self::Ports { .. } => Limit::Ports,
        }
    }

    /// The share above which it is told where the scenario says nothing.
    pub(in crate::summary) const fn told_above(self) -> f64 {
        match self {
            Self::Steal { .. } => 0.05,
            Self::Pressure { .. } => 0.5,
            Self::Throttled { .. } => 0.01,
            Self::OpenFiles { .. } | Self::Ports { .. } => 0.9,
        }
    }
}

pub(super) fn steal(stage: &StageSummary) -> Option<Doubt> {
    let share = seen(stage)?.steal?;
    told(stage, Trouble::Steal { share })
}

pub(super) fn pressure(stage: &StageSummary) -> Option<Doubt> {
    let share = seen(stage)?.pressure?.some;
    told(stage, Trouble::Pressure { share })
}

pub(super) fn throttled(stage: &StageSummary) -> Option<Doubt> {
    let share = seen(stage)?.throttled?;
    told(stage, Trouble::Throttled { share })
}

pub(super) fn open_files(stage: &StageSummary) -> Option<Doubt> {
    let taken = seen(stage)?.open_files?;
    let (most, limit) = (taken.most, taken.limit);
    told(stage, Trouble::OpenFiles { most, limit })
}

pub(super) fn ports(stage: &StageSummary) -> Option<Doubt> {
    let taken = seen(stage)?.ports?;
    let (most, limit) = (taken.most, taken.limit);
    told(stage, Trouble::Ports { most, limit })
}

fn seen(stage: &StageSummary) -> Option<&Conditions> {
    stage.conditions.as_ref()
}

/// A doubt where there is more of it than goes without saying, or more than the scenario allows.
fn told(stage: &StageSummary, trouble: Trouble) -> Option<Doubt> {
    let allowed = stage.validity.of_machine(trouble).map(Share::ratio);
    let least = allowed.map_or(trouble.told_above(), |allowed| {
        allowed.min(trouble.told_above())
    });
    (trouble.share() > least).then_some(Doubt::Machine(trouble))
}
