//! The arm's side: one block after the other, as it is asked for, on a target that stays up.

use super::wire::{Ask, Heard, Ready, WIRE};
use crate::plan::{Phases, Plan, Stage};
use crate::run::{Bench, Options};
use crate::summary::METRICS_VERSION;
use std::io::{self, BufRead, Write};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The part of a block that is not measured: connections are made and caches filled in it.
const WARM_UP_PARTS: u32 = 10;

/// Serves a comparison until its lines end: says what it is, then measures what it is asked for.
///
/// # Errors
/// When the lines cannot be read or written. What goes wrong in a block is told in its line.
pub fn serve(
    plan: &Plan,
    options: Options,
    runtime: &Runtime,
    asked: impl BufRead,
    mut told: impl Write,
) -> io::Result<()> {
    let mut bench = Bench::new(plan, options);
    tell(&mut told, &Heard::Ready(ready(plan)))?;
    for line in asked.lines() {
        let line = line?;
        let heard = match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => runtime.block_on(answer(&mut bench, plan, ask)),
            Err(error) => Heard::Failed(format!("could not read what was asked: {error}")),
        };
        tell(&mut told, &heard)?;
    }
    runtime.block_on(bench.stop());
    Ok(())
}

fn tell(told: &mut impl Write, heard: &Heard) -> io::Result<()> {
    serde_json::to_writer(&mut *told, heard)?;
    told.write_all(b"\n")?;
    told.flush()
}

fn ready(plan: &Plan) -> Ready {
    Ready {
        wire: WIRE,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        metrics_version: METRICS_VERSION,
        fingerprint: plan.fingerprint.clone(),
        stages: plan.stages.iter().map(Stage::name).collect(),
        patience: patience(plan),
    }
}

/// The longest that any of its targets may take to come and go.
fn patience(plan: &Plan) -> Duration {
    let targets = plan.stages.iter().map(|stage| stage.target.patience());
    targets.max().unwrap_or_default()
}

async fn answer(bench: &mut Bench, plan: &Plan, ask: Ask) -> Heard {
    let Some(stage) = plan.stages.get(ask.stage) else {
        return Heard::Failed(format!("there is no stage {}", ask.stage));
    };
    match bench.measure(&block(stage, ask)).await {
        Ok(run) => Heard::Block(Box::new(run)),
        Err(error) => Heard::Failed(error.to_string()),
    }
}

/// The stage, as short as a block. Its requests and their ids are those of the quad, so that a mock does the same to them in
/// each of its blocks.
fn block(stage: &Stage, ask: Ask) -> Stage {
    let warmup = ask.block / WARM_UP_PARTS;
    Stage {
        index: ask.quad,
        seed: stage.seed.derive(&format!("quad {}", ask.quad)),
        phases: Phases {
            warmup: warmup.into(),
            measure: ask.block.saturating_sub(warmup).into(),
            ..stage.phases
        },
        ..stage.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use crate::scenario::Overrides;
    use std::path::Path;

    const TEXT: &str = "name: x
workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 }, stream: false } }
load: { closed: { in_flight: 2 } }
phases: { warmup: 1s, measure: 10s, drain: 3s }
";

    fn planned() -> Plan {
        plan::from_file(Path::new("x.yaml"), TEXT, &Overrides::default()).unwrap()
    }

    #[test]
    fn a_block_is_as_long_as_it_is_asked_to_be() {
        let plan = planned();
        let ask = Ask {
            stage: 0,
            quad: 3,
            block: Duration::from_millis(300),
        };

        let block = block(&plan.stages[0], ask);

        assert_eq!(block.phases.warmup.duration(), Duration::from_millis(30));
        assert_eq!(block.phases.measure.duration(), Duration::from_millis(270));
        assert_eq!(block.phases.drain.duration(), Duration::from_secs(3));
    }

    #[test]
    fn blocks_of_one_quad_send_the_same_and_those_of_others_do_not() {
        let plan = planned();
        let of = |quad| {
            block(
                &plan.stages[0],
                Ask {
                    stage: 0,
                    quad,
                    block: Duration::from_secs(1),
                },
            )
        };

        assert_eq!(of(3), of(3));
        assert_ne!(of(3).seed, of(4).seed);
        assert_eq!(of(4).index, 4);
    }

    #[test]
    fn an_arm_says_what_it_is_and_refuses_what_it_does_not_understand() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut told = Vec::new();
        let asked = "nonsense\n{\"stage\":7,\"quad\":0,\"block_ns\":1}\n";

        serve(
            &planned(),
            Options::default(),
            &runtime,
            asked.as_bytes(),
            &mut told,
        )
        .unwrap();

        let lines: Vec<Heard> = String::from_utf8(told)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(
            matches!(&lines[0], Heard::Ready(ready) if ready.wire == WIRE && ready.stages == ["all"])
        );
        assert!(
            matches!(&lines[1], Heard::Failed(why) if why.starts_with("could not read what was asked"))
        );
        assert!(matches!(&lines[2], Heard::Failed(why) if why == "there is no stage 7"));
    }
}
