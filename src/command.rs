//! What each command does: wiring. Only here are files opened and lines printed; the pipeline itself is called, never
//! repeated.

mod ab;
mod arm;
mod baseline;
mod calibration;
mod check;
mod comparison;
mod console;
mod doctor;
mod gate;
mod keep;
mod live;
mod mock;
pub mod plans;
mod run;
pub mod schema;
mod signals;
mod store;
mod trend;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

pub use console::Console;

/// Carries out what was typed.
pub fn execute(cli: Cli, console: &Console) -> Exit {
    match cli.command {
        Command::Run(arguments) => run::run(&arguments, console),
        Command::Check(arguments) => check::check(&arguments, console),
        Command::Schema(arguments) => schema::schema(&arguments, console),
        Command::Doctor(arguments) => doctor::doctor(&arguments, console),
        Command::Mock(arguments) => mock::mock(&arguments, console),
        Command::Ab(arguments) => ab::ab(&arguments, console),
        Command::Arm(arguments) => arm::arm(&arguments, console),
        Command::Keep => keep::keep(console),
        Command::Baseline(command) => baseline::baseline(&command, console),
        Command::Gate(arguments) => gate::gate(&arguments, console),
        Command::Trend(arguments) => trend::trend(&arguments, console),
    }
}
