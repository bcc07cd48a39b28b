//! `inferometer run`: plans every scenario, carries each out, judges it, and writes and prints its report.

use super::live::Live;
use super::{Console, plans, signals, store};
use crate::backend::MockHost;
use crate::cli;
use crate::exit::Exit;
use crate::gate;
use crate::plan::Plan;
use crate::report::{self, FORMATS, Format, Report, Style};
use crate::run::{self, Options};
use crate::summary::RunEnd;
use std::io;
use std::path::Path;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Runs the scenarios one after the other, once all of them are known to be good. The exit code is the gravest of
/// theirs.
pub(super) fn run(arguments: &cli::Run, console: &Console) -> Exit {
    let plans = match plans::read_all(&arguments.scenarios) {
        Ok(plans) => plans,
        Err(refused) => return refused.tell(console),
    };
    let formats = match formats(&arguments.formats) {
        Ok(formats) => formats,
        Err(unknown) => {
            console.complain(&unknown);
            return Exit::BadInput;
        }
    };
    let (runtime, options) = match prepare(arguments) {
        Ok(prepared) => prepared,
        Err(error) => {
            console.complain(&format!("error: could not start: {error}"));
            return Exit::CouldNotRun;
        }
    };
    let desk = Desk {
        console,
        options: &options,
        formats: &formats,
        reports: &arguments.reports,
        quiet: arguments.quiet,
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = signals::second(&options.interrupt, console) => Exit::Killed,
            exit = desk.run_all(&plans) => exit,
        }
    })
}

fn prepare(arguments: &cli::Run) -> io::Result<(Runtime, Options)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = Options {
        mock: MockHost::OwnProcess(std::env::current_exe()?),
        lanes: arguments.lanes.unwrap_or_else(run::default_lanes),
        interrupt: CancellationToken::new(),
    };
    Ok((runtime, options))
}

/// The formats with these names.
fn formats(names: &[String]) -> Result<Vec<&'static Format>, String> {
    let find = |name: &String| {
        FORMATS
            .iter()
            .find(|format| format.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
                format!(
                    "error: --report: unknown format `{name}`, expected {}",
                    known.join(", ")
                )
            })
    };
    names.iter().map(find).collect()
}

/// Everything that stays the same from one scenario to the next.
struct Desk<'a> {
    console: &'a Console,
    options: &'a Options,
    formats: &'a [&'static Format],
    reports: &'a Path,
    quiet: bool,
}

impl Desk<'_> {
    async fn run_all(&self, plans: &[Plan]) -> Exit {
        let mut gravest = Exit::Passed;
        for plan in plans {
            gravest = gravest.max(self.run_one(plan).await);
            if self.options.interrupt.is_cancelled() {
                break;
            }
        }
        gravest
    }

    /// plan -> run -> findings -> report -> files, terminal and exit code.
    async fn run_one(&self, plan: &Plan) -> Exit {
        let folder = match store::prepare(self.reports, &plan.name) {
            Ok(folder) => folder,
            Err(error) => return self.could_not_run(plan, &error),
        };
        let mut live = Live::new(plan, self.console.is_live() && !self.quiet);
        let run = run::run(plan, self.options, &mut |event| live.show(&event)).await;
        live.finish();
        let run = match run {
            Ok(run) => run,
            Err(run::Error::Interrupted) => {
                let told = format!("{}: interrupted before anything was measured", plan.name);
                self.console.complain(&told);
                return Exit::Inconclusive;
            }
            Err(error) => return self.could_not_run(plan, &error),
        };
        let findings = gate::judge(&run, &plan.expectations);
        let report = Report::new(run, findings);
        self.publish(plan, &folder, &report)
    }

    /// Writes the files, prints the summary, and says how it ended.
    fn publish(&self, plan: &Plan, folder: &Path, report: &Report) -> Exit {
        let stored = store::write(folder, report, self.formats);
        if !self.quiet {
            let style = Style {
                colour: self.console.is_coloured(),
                width: self.console.width(),
            };
            self.console.say(&report::terminal(report, style));
        }
        match stored {
            Ok(folder) if !self.quiet => self
                .console
                .say(&format!("\nreports: {}", folder.display())),
            Ok(_) => {}
            Err(error) => return self.could_not_run(plan, &error),
        }
        exit(report)
    }

    fn could_not_run(&self, plan: &Plan, error: &dyn std::error::Error) -> Exit {
        self.console
            .complain(&format!("error: {}: {error}", plan.name));
        Exit::CouldNotRun
    }
}

/// The exit code of a finished run. A target that died was never fully measured, whatever the numbers say.
fn exit(report: &Report) -> Exit {
    match report.run.end {
        RunEnd::TargetDied => Exit::CouldNotRun,
        RunEnd::Completed | RunEnd::Interrupted => report.verdict.into(),
    }
}
