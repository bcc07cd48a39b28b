//! The tool: parses the command line, carries the command out, and exits by its verdict.

use clap::Parser;
use inferometer::cli::Cli;
use inferometer::command::{self, Console};
use inferometer::observe::CountingAllocator;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    command::execute(Cli::parse(), &Console::new()).into()
}
