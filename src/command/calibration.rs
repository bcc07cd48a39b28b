//! Where the last examination of this machine is kept for later runs: one file in a folder of this user's. It is named by
//! `INFEROMETER_STATE_DIR`, and else `inferometer` in `XDG_STATE_HOME`, in `~/.local/state`, or on Windows in `LOCALAPPDATA`.

use crate::doctor::{Diagnosis, SCHEMA};
use crate::summary::Calibration;
use serde::Deserialize;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;

const FILE: &str = "calibration.json";

/// What runs read of a stored diagnosis.
#[derive(Deserialize)]
struct Stored {
    schema: String,
    calibration: Calibration,
}

/// Keeps a diagnosis, and says where. `None` where this user has no folder for such things.
pub(super) fn store(found: &Diagnosis) -> io::Result<Option<PathBuf>> {
    let Some(folder) = folder(|name| std::env::var_os(name)) else {
        return Ok(None);
    };
    fs::create_dir_all(&folder)?;
    let file = folder.join(FILE);
    // Whole or not at all: a run may read it meanwhile.
    let partial = folder.join(format!(".{FILE}.{}", std::process::id()));
    fs::write(&partial, serde_json::to_vec_pretty(found)?)?;
    fs::rename(&partial, &file)?;
    Ok(Some(file))
}

/// The last calibration; `None` where there is none that this version can read.
pub(super) fn last() -> Option<Calibration> {
    let file = folder(|name| std::env::var_os(name))?.join(FILE);
    let stored: Stored = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (stored.schema == SCHEMA).then_some(stored.calibration)
}

/// The folder by what the environment says.
fn folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(own) = given("INFEROMETER_STATE_DIR") {
        return Some(own.into());
    }
    let home = || Some(PathBuf::from(given("HOME")?).join(".local").join("state"));
    let state = given("XDG_STATE_HOME")
        .or_else(|| given("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(home)?;
    Some(state.join("inferometer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_users_and_can_be_another() {
        let by = |variables: &'static [(&str, &str)]| {
            let found = folder(|name| {
                let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
                Some(OsString::from(value))
            });
            found.map(|path| path.display().to_string())
        };

        assert_eq!(
            by(&[("HOME", "/home/a")]).as_deref(),
            Some("/home/a/.local/state/inferometer")
        );
        assert_eq!(
            by(&[("HOME", "/home/a"), ("XDG_STATE_HOME", "/state")]).as_deref(),
            Some("/state/inferometer")
        );
        assert_eq!(
            by(&[("HOME", "/home/a"), ("INFEROMETER_STATE_DIR", "/mine")]).as_deref(),
            Some("/mine")
        );
        assert_eq!(by(&[("HOME", "")]), None);
    }
}
