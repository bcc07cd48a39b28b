//! What was run, where and when, as a report says it.

use crate::observe::Machine;
use crate::plan::{Plan, Stage, Target};
use crate::summary::{Environment, RunEnd, RunIdentity};
use jiff::Timestamp;

/// The identity of a run that starts now.
pub fn identity(plan: &Plan) -> RunIdentity {
    let started = Timestamp::now();
    RunIdentity {
        run_id: started.strftime("%Y-%m-%dT%H-%M-%SZ").to_string(),
        scenario: plan.name.clone(),
        purpose: plan.purpose.clone(),
        fingerprint: plan.fingerprint.clone(),
        seed: plan.seed.number(),
        started: told(started),
        target: plan.stages.first().map_or_else(String::new, target_words),
        environment: environment(),
        end: RunEnd::Completed,
    }
}

/// The time of day, as RFC 3339 text.
pub fn now() -> String {
    told(Timestamp::now())
}

fn told(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The target of a stage, for people.
fn target_words(stage: &Stage) -> String {
    match &stage.target {
        Target::Mock(_) => "embedded mock".to_owned(),
        Target::Mocks(mocks) => {
            let words = mocks.list().iter().map(|mock| match mock.protocol {
                Some(protocol) => format!("{} ({protocol})", mock.name),
                None => mock.name.to_string(),
            });
            format!("embedded mocks: {}", words.collect::<Vec<_>>().join(", "))
        }
        Target::Stubs { stubs, .. } => match stubs.len() {
            1 => "1 scripted stub".to_owned(),
            many => format!("{many} scripted stubs"),
        },
        Target::Endpoints { endpoints, .. } => {
            let words = endpoints
                .iter()
                .map(|at| format!("{} {}", at.protocol, at.url));
            words.collect::<Vec<_>>().join(", ")
        }
        Target::Launch(launch) => format!("launched: {}", launch.shown()),
    }
}

/// The machine that this process runs on, and how the tool was built.
pub fn environment() -> Environment {
    let machine = Machine::this();
    Environment {
        os: machine.os,
        architecture: machine.architecture,
        cpu_model: machine.cpu_model,
        cores: machine.cores,
        memory_bytes: machine.memory_bytes,
        cpu_quota: machine.cpu_quota,
        build: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
        .to_owned(),
    }
}
