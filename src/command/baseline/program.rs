//! The program that carries a baseline out, and the state of the folder that it was built from.

use crate::backend;
use crate::baseline::{LaunchedFile, Program};
use crate::cli::KeepProgram;
use crate::plan::{Plan, Target};
use crate::units::hexadecimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
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

/// Larger files that a command names are what its server works on, such as a model's weights.
const LARGEST: u64 = 1 << 30;

/// The files that the commands of a plan's servers name, as they are now.
pub(super) fn launched(plan: &Plan) -> io::Result<Vec<LaunchedFile>> {
    let servers = plan.stages.iter().filter_map(|stage| match &stage.target {
        Target::Launch(launch) => Some(launch),
        Target::Mock(_) | Target::Mocks(_) | Target::Stubs { .. } | Target::Endpoints { .. } => {
            None
        }
    });
    let files: BTreeSet<PathBuf> = servers
        .flat_map(|launch| backend::launched_files(launch))
        .collect();
    let mut launched = Vec::new();
    for path in files {
        if path.metadata()?.len() <= LARGEST {
            let sha256 = digest(&path)?;
            launched.push(LaunchedFile { path, sha256 });
        }
    }
    Ok(launched)
}

/// The digest of a file's content: 64 hexadecimal digits.
pub(super) fn digest(file: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(file)?, &mut hash)?;
    Ok(hexadecimal(hash.finalize()))
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
