//! `inferometer check`: reads scenarios, plans them, explains the plans, and sends nothing.

use super::{Console, plans};
use crate::cli;
use crate::exit::Exit;

/// Explains every scenario that is right, and says of every other what is wrong with it.
pub(super) fn check(arguments: &cli::Check, console: &Console) -> Exit {
    let overrides = plans::overrides(&arguments.scenarios);
    let (mut checked, mut wrong) = (0, 0);
    for file in arguments
        .scenarios
        .paths
        .iter()
        .flat_map(|path| plans::files(path))
    {
        checked += 1;
        match file.and_then(|file| plans::read(&file, &overrides)) {
            Ok(plan) => console.say(&format!("{}\n", plan.explain())),
            Err(error) => {
                wrong += 1;
                console.complain(&format!("{error}\n\n"));
            }
        }
    }
    console.say(&conclusion(checked, wrong));
    if wrong == 0 {
        Exit::Passed
    } else {
        Exit::BadInput
    }
}

fn conclusion(checked: usize, wrong: usize) -> String {
    let scenarios = if checked == 1 {
        "scenario"
    } else {
        "scenarios"
    };
    let found = match wrong {
        0 => "nothing wrong".to_owned(),
        wrong => format!("{wrong} wrong"),
    };
    format!("{checked} {scenarios} checked, {found}")
}
