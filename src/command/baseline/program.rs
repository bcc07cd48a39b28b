//! The program that carries a baseline out, and the state of the folder that it was built from.

use crate::baseline::Program;
use crate::cli::KeepProgram;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of a program's copy in the folder of its baseline.
const COPY: &str = "program";

/// This program as part of a baseline, and the file to copy, if a copy is to be kept.
pub(super) fn own(keep: KeepProgram) -> io::Result<(Program, Option<PathBuf>)> {
    let own = std::env::current_exe()?;
    let kept = keep == KeepProgram::Copy;
    let program = Program {
        path: if kept { COPY.into() } else { own.clone() },
        sha256: digest(&own)?,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        kept,
    };
    Ok((program, kept.then_some(own)))
}

/// The digest of a file's content: 64 hexadecimal digits.
pub(super) fn digest(file: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(file)?, &mut hash)?;
    let mut digits = String::new();
    for byte in hash.finalize() {
        if write!(digits, "{byte:02x}").is_err() {
            unreachable!("a String takes every write");
        }
    }
    Ok(digits)
}

/// The commit that the working folder is at, with `-dirty` where files differ from it. `None` where there is no git.
pub(super) fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() {
        commit
    } else {
        commit + "-dirty"
    })
}
