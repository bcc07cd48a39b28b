//! Whether a server can be launched as the scenario says, and whether what is written there may be shown: a secret has a place
//! of its own, `{ env: NAME }` or `{ file: PATH }`.

use super::super::{Launch, Stage};
use super::{asked, client_mode};
use crate::scenario::{Document, Error, Part, Path};

/// More ports than this are a slip of the finger.
const MOST_PORTS: usize = 16;

/// How the names of variables end that hold secrets.
const SECRETS: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSPHRASE"];

pub(super) fn check(document: &Document, stage: &Stage, launch: &Launch) -> Result<(), Error> {
    let place = Path::root().key("target").key("launch");
    command(document, &place.key("command"), launch)?;
    environment(document, &place.key("environment"), launch)?;
    ports(document, &place, launch)?;
    let endpoints = place.key("endpoints");
    // Any number will do to see whether there can be an address.
    let sample = launch.endpoints_at(|_| 1);
    let mode = stage.client.mode;
    asked(document, &client_mode(), mode, &sample, &endpoints)
}

/// A command is shown, to everybody who looks at the processes of a machine.
fn command(document: &Document, place: &Path, launch: &Launch) -> Result<(), Error> {
    for (index, argument) in launch.command.iter().enumerate() {
        let place = place.index(index);
        if argument.contains('\0') {
            let told =
                "expected an argument, found one with a zero byte, which no program can be given";
            return Err(document.error(&place, Part::Value, told));
        }
        if document.is_secret(&place) {
            let told =
                "expected an argument that everybody may see, found one with a URL that has a user";
            let hint = "give it to the program as a variable of its environment, and name its place: `{ env: NAME }` or `{ file: PATH }`";
            return Err(document.error(&place, Part::Value, told).hint(hint));
        }
    }
    Ok(())
}

fn environment(document: &Document, place: &Path, launch: &Launch) -> Result<(), Error> {
    for (name, variable) in &launch.environment {
        let place = place.key(name);
        if name.is_empty() || name.contains(['=', '\0']) {
            let told = "expected the name of a variable, which is not empty and holds no `=`";
            return Err(document.error(&place, Part::Key, told));
        }
        let Some(text) = variable.text() else {
            continue;
        };
        if text.contains('\0') {
            let told = "expected a value, found one with a zero byte, which no variable can hold";
            return Err(document.error(&place, Part::Value, told));
        }
        let upper = name.to_ascii_uppercase();
        let is_named_so = SECRETS.iter().any(|secret| upper.ends_with(secret));
        if is_named_so || document.is_secret(&place) {
            let told = "expected the place of a secret, found a value, which reports would show";
            let hint = "name its place: `{ env: NAME }` or `{ file: PATH }`";
            return Err(document.error(&place, Part::Key, told).hint(hint));
        }
    }
    Ok(())
}

/// Is the server told of every port that it is asked at?
fn ports(document: &Document, place: &Path, launch: &Launch) -> Result<(), Error> {
    let (told, asked) = (launch.told_ports(), launch.asked_ports());
    if told.len() > MOST_PORTS {
        let found = told.len();
        let message = format!("expected at most {MOST_PORTS} ports, found {found}");
        return Err(document.error(place, Part::Key, message));
    }
    let Some(unknown) = asked.difference(&told).next() else {
        return Ok(());
    };
    let name = if unknown.is_empty() {
        "{port}".to_owned()
    } else {
        format!("{{port.{unknown}}}")
    };
    let message = format!(
        "expected `{name}` in the command or the environment, too: nobody tells the server of this port"
    );
    let hint = format!("for example `command: [./server, --port, \"{name}\"]`");
    Err(document
        .error(&place.key("endpoints"), Part::Value, message)
        .hint(hint))
}
