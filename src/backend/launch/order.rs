//! What is to be started, with everything filled in that is known only now: ports, this program's path, secrets, and where on
//! this machine the program is.

use super::super::MockHost;
use super::ports::Ports;
use crate::client::Secret;
use crate::plan::{Launch, Placeholder, Variable, filled};
use crate::units::Period;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A server as it is started. It holds secrets, so nothing prints it.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// What is added to the environment of whoever starts it.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) directory: PathBuf,
    /// The file that takes what it prints.
    pub(super) log: PathBuf,
    pub(super) stop_within: Period,
}

impl Order {
    /// What is to be started, and the secrets in it; or why that cannot be.
    pub(super) fn of(
        launch: &Launch,
        ports: &Ports,
        host: &MockHost,
        log: &Path,
    ) -> Result<(Self, Vec<Secret>), String> {
        let fill = |text: &str| text_of(text, ports, host);
        let mut words = launch.command.iter().map(|word| fill(word));
        let Some(program) = words.next() else {
            unreachable!("a command has a program");
        };
        let program = program?;
        let arguments = words.collect::<Result<_, _>>()?;
        let mut environment = BTreeMap::new();
        let mut secrets = Vec::new();
        for (name, variable) in &launch.environment {
            let value = match variable {
                Variable::Text(text) => fill(text)?,
                Variable::Secret(place) => {
                    let secret = place.looked_up().map_err(|reason| {
                        let named = place.named();
                        format!(
                            "target.launch.environment.{name}: could not use `{named}`: {reason}"
                        )
                    })?;
                    let value = secret.revealed().to_owned();
                    secrets.push(secret);
                    value
                }
            };
            environment.insert(name.clone(), value);
        }
        let directory = directory(launch)?;
        let path = environment.get("PATH").map(String::as_str);
        let order = Self {
            program: found(&program, &directory, path)?,
            arguments,
            directory,
            environment,
            log: log.to_owned(),
            stop_within: launch.stop_within,
        };
        Ok((order, secrets))
    }
}

/// The files that make a server what it is, as far as its command names them: the program, and arguments such as the script that
/// an interpreter reads.
pub(crate) fn files(launch: &Launch) -> BTreeSet<PathBuf> {
    let Ok(directory) = directory(launch) else {
        return BTreeSet::new();
    };
    let mut words = launch.command.iter();
    let path = launch.environment.get("PATH").and_then(Variable::text);
    let program = words
        .next()
        .and_then(|program| found(program, &directory, path).ok());
    let named = words.map(|word| directory.join(word));
    program
        .into_iter()
        .chain(named.filter(|file| file.is_file()))
        .collect()
}

/// A text with its placeholders filled in.
fn text_of(text: &str, ports: &Ports, host: &MockHost) -> Result<String, String> {
    let mut is_unknown = false;
    let text = filled(text, |placeholder| match (placeholder, host) {
        (Placeholder::Port(name), _) => Some(ports.number(name).to_string()),
        (Placeholder::Inferometer, MockHost::OwnProcess(executable)) => {
            Some(executable.display().to_string())
        }
        (Placeholder::Inferometer, MockHost::OwnThread) => {
            is_unknown = true;
            None
        }
    });
    if is_unknown {
        return Err(
            "`{inferometer}` is the path of the tool, and this is another program".to_owned(),
        );
    }
    Ok(text)
}

/// The folder that it runs in, from the root on.
fn directory(launch: &Launch) -> Result<PathBuf, String> {
    let named = launch.directory.as_deref().unwrap_or(Path::new("."));
    let directory = std::path::absolute(named)
        .map_err(|error| format!("its working directory cannot be told: {error}"))?;
    if directory.is_dir() {
        return Ok(directory);
    }
    Err(format!(
        "its working directory `{}` is not there",
        directory.display()
    ))
}

/// Where the program is: one with a path relative to the folder that it runs in, another in the `path` that it will have.
fn found(program: &str, directory: &Path, path: Option<&str>) -> Result<PathBuf, String> {
    if program.contains('/') {
        let program = std::path::absolute(directory.join(program))
            .map_err(|error| format!("where `{program}` is cannot be told: {error}"))?;
        return if program.is_file() {
            Ok(program)
        } else {
            Err(format!("there is no file `{}`", program.display()))
        };
    }
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = path.map_or(inherited, Into::into);
    std::env::split_paths(&path)
        .map(|folder| directory.join(folder).join(program))
        .find(|file| is_executable(file))
        .ok_or_else(|| format!("there is no `{program}` in PATH"))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
