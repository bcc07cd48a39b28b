//! `inferometer run`: plans every scenario, carries each out, judges it, and writes and prints its report.

use super::live::Live;
use super::store::Pending;
use super::{Console, calibration, plans, signals};
use crate::archive::{self, Archive};
use crate::backend::MockHost;
use crate::cli;
use crate::exit::Exit;
use crate::gate;
use crate::plan::Plan;
use crate::report::{self, FORMATS, Format, Report, Style};
use crate::run::{self, Options};
use crate::summary::{RunEnd, RunSummary};
use std::io;
use std::num::NonZero;
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
    let samples = match sample_formats(&arguments.samples) {
        Ok(formats) => formats,
        Err(unknown) => {
            console.complain(&unknown);
            return Exit::BadInput;
        }
    };
    let (runtime, options) = match prepare(arguments.lanes) {
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
        samples: &samples,
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

/// A runtime, and how to run on this machine.
pub(super) fn prepare(lanes: Option<NonZero<usize>>) -> io::Result<(Runtime, Options)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = Options {
        mock: MockHost::OwnProcess(std::env::current_exe()?),
        lanes: lanes.unwrap_or_else(run::default_lanes),
        interrupt: CancellationToken::new(),
        samples: None,
    };
    Ok((runtime, options))
}

/// Carries out one plan; `None` where a second request to stop ended it at once.
pub(super) fn carry_out(
    plan: &Plan,
    (runtime, options): &(Runtime, Options),
    console: &Console,
    watched: bool,
) -> Option<Result<RunSummary, run::Error>> {
    let mut live = Live::new(plan, watched && console.is_live());
    let mut watch = |event: run::Event<'_>| live.show(&event);
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            () = signals::second(&options.interrupt, console) => None,
            ended = run::run(plan, options, &mut watch) => Some(ended),
        }
    });
    live.finish();
    ended
}

/// The formats of reports with these names.
fn formats(names: &[String]) -> Result<Vec<&'static Format>, String> {
    named("--report", names, FORMATS, |format| format.name)
}

/// The formats of samples with these names.
fn sample_formats(names: &[String]) -> Result<Vec<&'static archive::Format>, String> {
    named("--samples", names, archive::FORMATS, |format| format.name)
}

/// The entries of a table with these names, each once.
pub(super) fn named<T>(
    option: &str,
    names: &[String],
    table: &'static [T],
    name_of: impl Fn(&T) -> &'static str,
) -> Result<Vec<&'static T>, String> {
    let known = || table.iter().map(&name_of).collect::<Vec<_>>().join(", ");
    for name in names {
        if !table.iter().any(|entry| name_of(entry) == name) {
            return Err(format!(
                "error: {option}: unknown format `{name}`, expected {}",
                known()
            ));
        }
    }
    let is_asked = |entry: &&T| names.iter().any(|name| name_of(entry) == name);
    Ok(table.iter().filter(is_asked).collect())
}

/// Everything that stays the same from one scenario to the next.
struct Desk<'a> {
    console: &'a Console,
    options: &'a Options,
    formats: &'a [&'static Format],
    samples: &'a [&'static archive::Format],
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
        let pending = match Pending::prepare(self.reports, &plan.name) {
            Ok(pending) => pending,
            Err(error) => return self.could_not_run(plan, &error),
        };
        let archive = match self.archive(&pending) {
            Ok(archive) => archive,
            Err(error) => return self.could_not_run(plan, &*error),
        };
        let options = Options {
            samples: archive.as_ref().map(Archive::intake),
            ..self.options.clone()
        };
        let mut live = Live::new(plan, self.console.is_live() && !self.quiet);
        let run = run::run(plan, &options, &mut |event| live.show(&event)).await;
        live.finish();
        let samples = archive.map_or(Ok(0), Archive::close);
        let run = match run {
            Ok(run) => run,
            Err(run::Error::Interrupted) => {
                let told = format!("{}: interrupted before anything was measured", plan.name);
                self.console.complain(&told);
                return Exit::Inconclusive;
            }
            Err(error) => return self.could_not_run(plan, &error),
        };
        let run = run.calibrated(calibration::last());
        let findings = gate::judge(&run, &plan.expectations);
        let report = Report::new(run, findings);
        let exit = self.publish(plan, pending, &report);
        match samples {
            Ok(_) => exit,
            Err(error) => exit.max(self.could_not_run(plan, &error)),
        }
    }

    /// The files for every sample, if they are wanted.
    fn archive(&self, pending: &Pending) -> Result<Option<Archive>, Box<dyn std::error::Error>> {
        if self.samples.is_empty() {
            return Ok(None);
        }
        Ok(Some(Archive::create(pending.open()?, self.samples)?))
    }

    /// Writes the files, prints the summary, and says how it ended.
    fn publish(&self, plan: &Plan, pending: Pending, report: &Report) -> Exit {
        let stored = pending.publish(report, self.formats);
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
