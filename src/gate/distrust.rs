//! Why no number of a stage can be used: the gravest breach of its validity as a sentence, with what to do about it.

use crate::metric::Unit;
use crate::summary::{Breach, Limit, RunSummary, Severity, StageSummary};

/// The reason, without a full stop; `None` where the measurement is valid.
pub(crate) fn reason(run: &RunSummary, stage: &StageSummary) -> Option<String> {
    let trust = run
        .certificate
        .stages
        .iter()
        .find(|trust| trust.stage == stage.index);
    let Some(trust) = trust else {
        return Some(accounting(stage));
    };
    if !trust.accounting_adds_up {
        return Some(accounting(stage));
    }
    let mut grave = trust
        .breaches
        .iter()
        .filter(|breach| breach.severity == Severity::Refuse);
    grave.next().map(told)
}

fn accounting(stage: &StageSummary) -> String {
    let held = &stage.accounting;
    format!(
        "the requests do not add up: {} offered, {} answered ({} latencies), {} wrong, {} failed, {} cancelled, {} not sent",
        held.offered,
        held.answered,
        stage.distributions.latency.n(),
        held.wrong,
        held.failed,
        held.cancelled,
        held.not_sent
    )
}

/// A breach in words, with what was measured, the limit and what helps; without a full stop.
pub fn told(breach: &Breach) -> String {
    if let Some(stream) = &breach.stream {
        let of_stage = Breach {
            stream: None,
            ..breach.clone()
        };
        return format!("load stream {stream}: {}", told(&of_stage));
    }
    let (unit, (what, remedy)) = (unit(breach.what), words(breach.what));
    let (measured, limit) = (unit.print(breach.measured), unit.print_round(breach.limit));
    match breach.what {
        Limit::Accounting | Limit::Journal | Limit::Schedule | Limit::Shape => {
            format!("{what} {measured} where it should be {limit}: {remedy}")
        }
        Limit::LagP99
        | Limit::GeneratorCpu
        | Limit::NotSent
        | Limit::Samples
        | Limit::Steal
        | Limit::Pressure
        | Limit::Throttled
        | Limit::OpenFiles
        | Limit::Ports => {
            format!("not valid: {what} {measured}, the limit is {limit}: {remedy}")
        }
    }
}

const fn unit(limit: Limit) -> Unit {
    match limit {
        Limit::Accounting | Limit::Journal | Limit::Samples => Unit::Count,
        Limit::Schedule | Limit::Shape => Unit::Ratio,
        Limit::LagP99 => Unit::Duration,
        Limit::GeneratorCpu
        | Limit::NotSent
        | Limit::Steal
        | Limit::Pressure
        | Limit::Throttled
        | Limit::OpenFiles
        | Limit::Ports => Unit::Share,
    }
}

/// What was measured, up to its value, and what helps.
const fn words(limit: Limit) -> (&'static str, &'static str) {
    const DEFECT: &str = "please report this as a defect of the instrument";
    const FREE: &str = "free the machine, or lower the rate";
    match limit {
        Limit::Accounting => (
            "not valid: the requests do not add up, those accounted for are",
            DEFECT,
        ),
        Limit::Journal => (
            "not valid: held against the target's own journal, the answers are",
            "a client of your own may claim what it never got, otherwise please report this as a defect of the instrument",
        ),
        Limit::Schedule => ("not valid: the variation of the schedule's gaps is", DEFECT),
        Limit::Shape => (
            "not valid: requests left in other clusters than they were due, their dispersion is",
            FREE,
        ),
        Limit::LagP99 => ("requests left late, at the 99th percentile by", FREE),
        Limit::GeneratorCpu => (
            "the generator was its own bottleneck, it computed for a share of",
            "give it more lanes, or lower the load",
        ),
        Limit::NotSent => (
            "requests were never sent, a share of",
            "raise the in-flight cap, give the generator more lanes, or lower the rate",
        ),
        Limit::Samples => ("too few answers,", "measure longer, or at a higher rate"),
        Limit::Steal => (
            "a hypervisor gave the cores to other machines for a share of",
            "measure on a machine of your own",
        ),
        Limit::Pressure => (
            "work waited for a core in a share of the time of",
            "free the machine",
        ),
        Limit::Throttled => (
            "the quota of CPU time was used up in a share of the periods of",
            "raise the quota of the container",
        ),
        Limit::OpenFiles => (
            "the open files took a share of their limit of",
            "raise it with `ulimit -n`",
        ),
        Limit::Ports => (
            "the ports in use took a share of their range of",
            "keep connections open, or widen `net.ipv4.ip_local_port_range`",
        ),
    }
}
