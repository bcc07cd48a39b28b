//! `inferometer check`: reads scenarios, plans them, explains the plans, and sends nothing. With `--client` it does so with
//! files of clients.

use super::{Console, plans};
use crate::cli;
use crate::exit::Exit;
use crate::scenario::{Error, Overrides};
use crate::settings;
use std::path::Path;

/// Explains every file that is right, and says of every other what is wrong with it.
pub(super) fn check(arguments: &cli::Check, console: &Console) -> Exit {
    let overrides = plans::overrides(&arguments.scenarios);
    let (explain, what): (Explain, &str) = if arguments.client {
        (client, "client")
    } else {
        (scenario, "scenario")
    };
    let (mut checked, mut wrong) = (0, 0);
    for file in arguments
        .scenarios
        .paths
        .iter()
        .flat_map(|path| plans::files(path))
    {
        checked += 1;
        match file.and_then(|file| explain(&file, &overrides)) {
            Ok(explanation) => console.say(&format!("{explanation}\n")),
            Err(error) => {
                wrong += 1;
                console.complain(&format!("{error}\n\n"));
            }
        }
    }
    console.say(&conclusion(what, checked, wrong));
    if wrong == 0 {
        Exit::Passed
    } else {
        Exit::BadInput
    }
}

/// A file in words.
type Explain = fn(&Path, &Overrides) -> Result<String, Error>;

fn scenario(file: &Path, overrides: &Overrides) -> Result<String, Error> {
    Ok(plans::read(file, overrides)?.explain().to_string())
}

fn client(file: &Path, overrides: &Overrides) -> Result<String, Error> {
    Ok(settings::client_from_file(file, overrides)?.to_string())
}

fn conclusion(what: &str, checked: usize, wrong: usize) -> String {
    let plural = if checked == 1 { "" } else { "s" };
    let found = match wrong {
        0 => "nothing wrong".to_owned(),
        wrong => format!("{wrong} wrong"),
    };
    format!("{checked} {what}{plural} checked, {found}")
}
