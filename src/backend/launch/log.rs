//! The file that takes what a server prints. It goes when the server does, unless somebody was told of it.

use crate::client::Secret;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// How much of the end of a log is looked at.
const END: u64 = 4096;

/// The most lines that are told.
const LINES: usize = 12;

/// A log. Dropping it removes its file.
pub(super) struct Log {
    path: PathBuf,
    secrets: Vec<Secret>,
}

impl Log {
    /// An empty file among the temporary ones, that only its owner may read.
    pub(super) fn create() -> io::Result<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let process = std::process::id();
        loop {
            let number = CREATED.fetch_add(1, Ordering::Relaxed);
            let name = format!("inferometer-{process}-{number}.log");
            let path = std::env::temp_dir().join(name);
            match options.open(&path) {
                Ok(_) => {
                    return Ok(Self {
                        path,
                        secrets: Vec::new(),
                    });
                }
                // Left behind by a process that had the same id and was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets none of these be told.
    pub(super) fn hide(&mut self, secrets: Vec<Secret>) {
        self.secrets = secrets;
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines, without what could move a cursor and without secrets; empty if there are none.
    pub(super) fn last_lines(&self) -> String {
        let text = end_of(&self.path).unwrap_or_default();
        let text = self
            .secrets
            .iter()
            .fold(text, |text, secret| secret.hidden_in(&text));
        let lines: Vec<String> = text.lines().map(plain).collect();
        let lines = lines.iter().filter(|line| !line.is_empty());
        let mut last: Vec<String> = lines
            .rev()
            .take(LINES)
            .map(|line| format!("  {line}"))
            .collect();
        last.reverse();
        last.join("\n")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody can be told if it cannot be removed, and nobody needs it.
        fs::remove_file(&self.path).ok();
    }
}

fn end_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn plain(line: &str) -> String {
    let line = line.trim_end();
    line.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
