//! Every exit code of the tool, documented once.

use crate::gate::Verdict;
use crate::gate::compare::Judgement;
use std::process::ExitCode;

/// How the tool ends. Ordered by how loudly it should be heard: the end of many scenarios is their greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything ran and every expectation was met.
    Passed,
    /// 4: no verdict: interrupted, or too few samples or quads for what was asked.
    Inconclusive,
    /// 1: an expectation was not met, a comparison regressed, or most requests of a stage failed unasked.
    Failed,
    /// 5: the measurement itself was not valid, so its numbers are refused.
    Refused,
    /// 3: could not run: the target was not there, never became ready or died; or reports or samples could not be written
    /// whole.
    CouldNotRun,
    /// 2: bad input: a scenario file, a setting or the command line.
    BadInput,
    /// 130: ended at once by a second Ctrl-C, without a report.
    Killed,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
            Self::CouldNotRun => 3,
            Self::Inconclusive => 4,
            Self::Refused => 5,
            Self::Killed => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl From<Judgement> for Exit {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Improved | Judgement::Unchanged => Self::Passed,
            Judgement::ProbablyImproved
            | Judgement::Inconclusive
            | Judgement::ProbablyRegressed => Self::Inconclusive,
            Judgement::Regressed => Self::Failed,
            Judgement::Refused => Self::Refused,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Failed => Self::Failed,
            Verdict::Refused => Self::Refused,
        }
    }
}
