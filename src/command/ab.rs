//! `inferometer ab`: two variants of a scenario, interleaved, judged and reported.

use super::comparison::{self, Side};
use super::{Console, plans};
use crate::cli;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::scenario::{Error, Overrides};
use crate::settings;

/// Compares what was typed as `--a` with `--b`, or the variants that the scenario names.
pub(super) fn ab(arguments: &cli::Ab, console: &Console) -> Exit {
    let sides = match sides(arguments) {
        Ok(sides) => sides,
        Err(error) => {
            console.complain(&error);
            return Exit::BadInput;
        }
    };
    comparison::compare(&arguments.scenario, &sides, &arguments.comparing, console)
}

fn sides(arguments: &cli::Ab) -> Result<[Side; 2], String> {
    let told = |error: Error| error.to_string();
    let base = Overrides {
        set: arguments.comparing.set.clone(),
        variant: None,
        environment: settings::environment(),
    };
    let plan = plans::read(&arguments.scenario, &base).map_err(told)?;
    let (a, b) = (&plan.gate.baseline, &plan.gate.candidate);
    let mut baseline = side("--a", &arguments.a, a.as_deref(), &plan)?;
    let mut candidate = side("--b", &arguments.b, b.as_deref(), &plan)?;
    baseline.program.clone_from(&arguments.a_program);
    candidate.program.clone_from(&arguments.b_program);
    if baseline == candidate {
        return Err("error: --a, --b: expected two variants that differ, found the same twice; to see what a comparison of a thing with \
             itself says, give one of them a setting that it has already"
            .to_owned());
    }
    for side in [&baseline, &candidate] {
        plans::read(&arguments.scenario, &side.overrides(&base)).map_err(told)?;
    }
    Ok([baseline, candidate])
}

/// What was typed for one arm: at most one variant, and settings.
fn side(flag: &str, typed: &[String], named: Option<&str>, plan: &Plan) -> Result<Side, String> {
    let (set, variants): (Vec<&String>, Vec<&String>) =
        typed.iter().partition(|text| text.contains('='));
    let known = match plan.variants.as_slice() {
        [] => "the scenario has no variants; give a setting as path=value".to_owned(),
        several => format!("the scenario has the variants {}", several.join(", ")),
    };
    let variant = match (variants.as_slice(), typed.is_empty()) {
        ([], true) => named.map(str::to_owned),
        ([], false) => None,
        ([one], _) if plan.variants.contains(one) => Some((*one).clone()),
        ([one], _) => {
            return Err(format!(
                "error: {flag}: expected the name of a variant, found `{one}`: {known}"
            ));
        }
        (several, _) => {
            return Err(format!(
                "error: {flag}: expected one variant at most, found {}",
                several.len()
            ));
        }
    };
    if variant.is_none() && set.is_empty() && flag == "--b" {
        return Err(format!(
            "error: {flag}: expected a candidate, found none: {known}, or name one as gate.candidate"
        ));
    }
    let set: Vec<String> = set.into_iter().cloned().collect();
    Ok(Side {
        name: match (&variant, set.as_slice()) {
            (Some(variant), []) => variant.clone(),
            (Some(variant), set) => format!("{variant} {}", set.join(" ")),
            (None, []) => "as it is".to_owned(),
            (None, set) => set.join(" "),
        },
        variant,
        set,
        program: None,
    })
}
