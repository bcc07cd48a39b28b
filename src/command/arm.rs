//! `inferometer arm`: one arm of a comparison, in a process of its own. Not for people: `inferometer ab` starts it.

use super::{Console, plans, run};
use crate::cli;
use crate::exit::Exit;
use crate::interleave;
use crate::scenario::Overrides;
use crate::settings;
use std::io;

/// Serves until its standard input ends.
pub(super) fn arm(arguments: &cli::Arm, console: &Console) -> Exit {
    let overrides = Overrides {
        set: arguments.set.clone(),
        variant: arguments.variant.clone(),
        environment: settings::environment(),
    };
    let plan = match plans::read(&arguments.scenario, &overrides) {
        Ok(plan) => plan,
        Err(error) => {
            console.complain(&error.to_string());
            return Exit::BadInput;
        }
    };
    let (runtime, options) = match run::prepare(arguments.lanes) {
        Ok(prepared) => prepared,
        Err(error) => {
            console.complain(&format!("error: could not start: {error}"));
            return Exit::CouldNotRun;
        }
    };
    let asked = io::BufReader::new(io::stdin());
    match interleave::serve(&plan, options, &runtime, asked, io::stdout()) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            console.complain(&format!("error: could not go on: {error}"));
            Exit::CouldNotRun
        }
    }
}
