//! `inferometer keep`: a server of a run, kept by a process of its own that ends it when the run is gone. Not for people: the tool
//! starts it for each server that a scenario launches.

use super::Console;
use crate::backend;
use crate::exit::Exit;
use std::io;

/// Keeps one server until its standard input ends.
pub(super) fn keep(console: &Console) -> Exit {
    match backend::keep(io::BufReader::new(io::stdin()), io::stdout()) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            console.complain(&format!("error: could not go on: {error}"));
            Exit::CouldNotRun
        }
    }
}
