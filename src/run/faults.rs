//! The faults of a stage's target in the words of the summary: what is to be watched for, and when it came.

use crate::backend::{Backend, Disturbance};
use crate::plan::Stage;
use crate::summary::{ExpectedFault, Objective, Watch};
use crate::units::Offset;
use tokio::time::Instant;

/// Watches for the faults that the target will have, until `end`; for nothing where it has none of limited time.
pub(super) fn expected(stage: &Stage, backend: &Backend, end: Offset) -> Option<Watch> {
    let order = stage.client.mode.order(backend.endpoints());
    let faults: Vec<_> = backend
        .disturbances()
        .into_iter()
        .map(|fault| expect(fault, &order))
        .collect();
    (!faults.is_empty()).then(|| Watch::new(objective(stage), faults, end))
}

/// When each of them began, from `epoch` on; deaths are known only now.
pub(super) fn began(backend: &Backend, epoch: Instant) -> Vec<Offset> {
    let faults = backend.disturbances();
    let begins = faults.iter().map(|fault| fault.begins);
    begins
        .map(|begins| begins.saturating_duration_since(epoch).into())
        .collect()
}

fn expect(fault: Disturbance, order: &[usize]) -> ExpectedFault {
    let is_struck = |endpoint: &usize| fault.endpoints.contains(endpoint);
    let mut after = order.iter().copied();
    after.find(is_struck);
    ExpectedFault {
        fallbacks: after.filter(|endpoint| !is_struck(endpoint)).collect(),
        fault: fault.fault,
        at: fault.mock,
        begins: fault.begins.into_std(),
        ends: fault.ends.map(Instant::into_std),
        struck: fault.endpoints,
    }
}

fn objective(stage: &Stage) -> Objective {
    Objective {
        latency: stage.objective.latency.duration(),
        success_rate: stage.objective.success_rate.ratio(),
        held_for: stage.objective.held_for.duration(),
    }
}
