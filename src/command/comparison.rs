//! A comparison from two sides to its report: what `ab` and `gate` have in common.

use super::live::Narrowing;
use super::{Console, plans, run, signals, store};
use crate::cli::{Comparing, OnInconclusive};
use crate::exit::Exit;
use crate::gate::compare::Judgement;
use crate::interleave::{self, Design, Program};
use crate::plan::Plan;
use crate::report::Style;
use crate::report::comparison::{self, Comparison, FORMATS, Format, Method};
use crate::scenario::Overrides;
use crate::settings;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One side, as it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    /// What reports call it.
    pub(super) name: String,
    /// The variant of the scenario that it is.
    pub(super) variant: Option<String>,
    /// The settings that it changes besides.
    pub(super) set: Vec<String>,
    /// Another build of this tool.
    pub(super) program: Option<PathBuf>,
}

impl Side {
    /// What it lays over the scenario, on what both sides do.
    pub(super) fn overrides(&self, both: &Overrides) -> Overrides {
        Overrides {
            set: both.set.iter().chain(&self.set).cloned().collect(),
            variant: self.variant.clone(),
            ..both.clone()
        }
    }

    fn program(&self, scenario: &Path, comparing: &Comparing, own: &Path) -> Program {
        let mut arguments: Vec<OsString> = vec!["arm".into(), scenario.into()];
        for set in comparing.set.iter().chain(&self.set) {
            arguments.extend(["--set".into(), set.into()]);
        }
        if let Some(variant) = &self.variant {
            arguments.extend(["--variant".into(), variant.into()]);
        }
        if let Some(lanes) = comparing.lanes {
            arguments.extend(["--lanes".into(), lanes.to_string().into()]);
        }
        let variant = self.variant.iter().map(|name| format!("variant {name}"));
        Program {
            name: self.name.clone(),
            settings: variant.chain(self.set.iter().cloned()).collect(),
            shown: self
                .program
                .as_ref()
                .map_or_else(String::new, |program| program.display().to_string()),
            executable: self.program.clone().unwrap_or_else(|| own.to_owned()),
            arguments,
        }
    }
}

/// The formats of comparisons with these names.
pub(super) fn formats(names: &[String]) -> Result<Vec<&'static Format>, String> {
    run::named("--report", names, FORMATS, |format| format.name)
}

/// Compares two sides of a scenario, the baseline first.
pub(super) fn compare(
    scenario: &Path,
    sides: &[Side; 2],
    comparing: &Comparing,
    console: &Console,
) -> Exit {
    let both = Overrides {
        set: comparing.set.clone(),
        variant: None,
        environment: settings::environment(),
    };
    let plan = match plans::read(scenario, &both) {
        Ok(plan) => plan,
        Err(error) => return told(console, &error.to_string(), Exit::BadInput),
    };
    let formats = match formats(&comparing.formats) {
        Ok(formats) => formats,
        Err(unknown) => return told(console, &unknown, Exit::BadInput),
    };
    match carry_out(scenario, &plan, sides, comparing, console) {
        Ok(comparison) => publish(&comparison, &formats, comparing, console),
        Err(Failure::Interrupted) => {
            let words = format!("{}: interrupted before anything was measured", plan.name);
            told(console, &words, Exit::Inconclusive)
        }
        Err(Failure::Killed) => Exit::Killed,
        Err(Failure::Other(error)) => told(
            console,
            &format!("error: {}: {error}", plan.name),
            Exit::CouldNotRun,
        ),
    }
}

pub(super) fn told(console: &Console, words: &str, exit: Exit) -> Exit {
    console.complain(words);
    exit
}

/// Why there is nothing to report.
enum Failure {
    Interrupted,
    Killed,
    Other(Box<dyn std::error::Error>),
}

fn other(error: impl Into<Box<dyn std::error::Error>>) -> Failure {
    Failure::Other(error.into())
}

fn carry_out(
    scenario: &Path,
    plan: &Plan,
    sides: &[Side; 2],
    comparing: &Comparing,
    console: &Console,
) -> Result<Comparison, Failure> {
    let own = std::env::current_exe().map_err(other)?;
    let (runtime, options) = run::prepare(comparing.lanes).map_err(other)?;
    let design = Design {
        programs: sides
            .each_ref()
            .map(|side| side.program(scenario, comparing, &own)),
        spec: plan.gate.clone(),
        seed: plan.seed,
        interrupt: options.interrupt.clone(),
    };
    let identity = crate::run::identity(plan);
    let mut live = Narrowing::new(&design.spec, console.is_live() && !comparing.quiet);
    let mut watch = |event: interleave::Event<'_>| live.show(&event);
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            () = signals::second(&options.interrupt, console) => Err(Failure::Killed),
            ended = interleave::interleave(&design, &mut watch) => match ended {
                Err(interleave::Error::Interrupted) => Err(Failure::Interrupted),
                Err(error) => Err(other(error)),
                Ok(ended) => Ok(ended),
            },
        }
    });
    live.finish();
    let (trial, judged) = ended?;
    Ok(Comparison {
        identity,
        spec: design.spec,
        method: Method::Interleaved,
        trial,
        judged,
    })
}

/// Writes the files, prints the summary, and says how it ended.
pub(super) fn publish(
    comparison: &Comparison,
    formats: &[&Format],
    comparing: &Comparing,
    console: &Console,
) -> Exit {
    if !comparing.quiet {
        let style = Style {
            colour: console.is_coloured(),
            width: console.width(),
        };
        console.say(&comparison::terminal(comparison, style));
    }
    let files = formats
        .iter()
        .map(|format| (format.file, (format.render)(comparison)));
    let folder = comparing.reports.join(&comparison.identity.scenario);
    let written = store::Pending::prepare(&folder, "comparisons")
        .and_then(|pending| pending.publish_files(&comparison.identity.run_id, files));
    match written {
        Ok(folder) if !comparing.quiet => console.say(&format!("\nreports: {}", folder.display())),
        Ok(_) => {}
        Err(error) => return told(console, &format!("error: {error}"), Exit::CouldNotRun),
    }
    exit(comparison.judged.judgement, comparing.on_inconclusive)
}

fn exit(judgement: Judgement, policy: OnInconclusive) -> Exit {
    match (Exit::from(judgement), policy) {
        (Exit::Inconclusive, OnInconclusive::Pass) => Exit::Passed,
        (Exit::Inconclusive, OnInconclusive::Fail) => Exit::Failed,
        (exit, _) => exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inconclusive_exits_as_the_policy_says() {
        let exits = |judgement| {
            [
                OnInconclusive::Tell,
                OnInconclusive::Pass,
                OnInconclusive::Fail,
            ]
            .map(|policy| exit(judgement, policy).code())
        };

        assert_eq!(exits(Judgement::Inconclusive), [4, 0, 1]);
        assert_eq!(exits(Judgement::ProbablyRegressed), [4, 0, 1]);
        assert_eq!(exits(Judgement::Regressed), [1, 1, 1]);
        assert_eq!(exits(Judgement::Refused), [5, 5, 5]);
        assert_eq!(exits(Judgement::Unchanged), [0, 0, 0]);
    }

    #[test]
    fn a_side_is_started_with_what_it_changes() {
        let side = Side {
            name: "unpooled".to_owned(),
            variant: Some("unpooled".to_owned()),
            set: vec!["client.deadline=1s".to_owned()],
            program: None,
        };
        let comparing = Comparing {
            set: vec!["seed=3".to_owned()],
            reports: PathBuf::new(),
            formats: Vec::new(),
            lanes: None,
            on_inconclusive: OnInconclusive::Tell,
            quiet: true,
        };

        let program = side.program(Path::new("x.yaml"), &comparing, Path::new("tool"));

        let expected = [
            "arm",
            "x.yaml",
            "--set",
            "seed=3",
            "--set",
            "client.deadline=1s",
            "--variant",
            "unpooled",
        ];
        assert_eq!(program.arguments, expected);
        assert_eq!(program.settings, ["variant unpooled", "client.deadline=1s"]);
        assert_eq!(FORMATS.len(), 5);
    }
}
