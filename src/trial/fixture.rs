//! Trials made up for tests: known effects in known noise.

use super::{Arm, ArmIdentity, Block, Order, Quad, StageTrial, Trial, Work};
use crate::seed::Seed;
use crate::summary::Distributions;
use rand_distr::{Distribution, Normal};
use std::collections::BTreeMap;

/// What the metrics of a made-up baseline are, and by what share they vary from block to block.
pub(crate) const USUAL: [(&str, f64, f64); 6] = [
    ("output_tokens_per_answer", 32.0, 0.0),
    ("allocations_per_request", 27.0, 0.001),
    ("cpu_per_request", 35_000.0, 0.03),
    ("rps_ok", 9_500.0, 0.04),
    ("latency_p50", 5_200_000.0, 0.04),
    ("latency_p95", 9_000_000.0, 0.1),
];

/// A trial of `quads` quads, two to a process start, in which the candidate's metrics are those of the baseline times a
/// factor where one is given.
pub(crate) fn trial(quads: usize, factors: &[(&str, f64)], seed: u64) -> Trial {
    let mut noise = Seed::new(seed).stream("noise");
    let standard = Normal::new(0.0, 1.0).unwrap();
    let mut block = |arm: Arm| {
        let values = USUAL.iter().map(|(name, value, spread)| {
            let factor = factors
                .iter()
                .find(|(of, _)| of == name && arm == Arm::Candidate);
            let drawn: f64 = standard.sample(&mut noise);
            (
                (*name).to_owned(),
                value * factor.map_or(1.0, |(_, by)| *by) * (spread * drawn).exp(),
            )
        });
        Block {
            values: values.collect::<BTreeMap<_, _>>(),
            work: Work {
                awaited: 2500,
                answered: 2500,
                output_tokens: 80_000,
            },
            refused: Vec::new(),
        }
    };
    let quads = (0..quads).map(|index| {
        let order = if index % 3 == 0 {
            Order::Baab
        } else {
            Order::Abba
        };
        Quad {
            index,
            order,
            start: index / 2,
            blocks: order.arms().map(&mut block),
            dropped: None,
        }
    });
    of(quads.collect())
}

/// A trial of one stage with these quads.
pub(crate) fn of(quads: Vec<Quad>) -> Trial {
    let arm = |name: &str| ArmIdentity {
        name: name.to_owned(),
        settings: vec![format!("client.pool={name}")],
        program: String::new(),
        tool_version: "0.1.0".to_owned(),
        fingerprint: "0123456789abcdef".to_owned(),
    };
    Trial {
        baseline: arm("off"),
        candidate: arm("on"),
        stages: vec![StageTrial {
            name: "all".to_owned(),
            quads,
            baseline: Distributions::default(),
            candidate: Distributions::default(),
        }],
        sending_seconds: 14.4,
        notes: Vec::new(),
    }
}

/// The same trial with its arms swapped.
pub(crate) fn swapped(trial: &Trial) -> Trial {
    let mut swapped = trial.clone();
    std::mem::swap(&mut swapped.baseline, &mut swapped.candidate);
    for stage in &mut swapped.stages {
        for quad in &mut stage.quads {
            quad.order = match quad.order {
                Order::Abba => Order::Baab,
                Order::Baab => Order::Abba,
            };
        }
    }
    swapped
}
