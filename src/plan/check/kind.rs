//! Whether a rule that is about some of a stage's requests alone is about any that the workload makes.

use super::super::sweep::quoted;
use crate::gate::rule::Rule;
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::{Kind, Workload};

/// Does the workload make requests of the kind that a rule is about, and others besides?
pub(super) fn told_apart(
    document: &Document,
    rule_at: &Path,
    rule: &Rule,
    workload: &Workload,
) -> Result<(), Error> {
    let kinds: Vec<Kind> = workload.kinds().into_iter().collect();
    let Some((field, told)) = unfit(rule, workload, &kinds) else {
        return Ok(());
    };
    Err(document.error(&rule_at.key(field), Part::Value, told))
}

/// What is wrong with which field, if anything is.
fn unfit(rule: &Rule, workload: &Workload, kinds: &[Kind]) -> Option<(&'static str, String)> {
    if let Some(part) = &rule.part
        && let Some(told) = of_part(part, workload, kinds)
    {
        return Some(("part", told));
    }
    // Of the part that the rule is about, or of all.
    let is_meant = |kind: &&Kind| {
        let name = kind.part.and_then(|part| workload.part_name(part));
        rule.part.is_none() || name == rule.part.as_deref()
    };
    let meant: Vec<&Kind> = kinds.iter().filter(is_meant).collect();
    if let Some(turn) = rule.turn
        && let Some(told) = of_turn(turn, &meant)
    {
        return Some(("turn", told));
    }
    let operation = rule.operation?.name();
    let asked = meant.iter().map(|kind| kind.operation);
    Some(("operation", of_operation(operation, asked.collect())?))
}

fn of_turn(turn: u32, kinds: &[&Kind]) -> Option<String> {
    let turns = kinds.iter().filter_map(|kind| kind.turn);
    let Some(most) = turns.max() else {
        return Some(
            "expected no turn, as no conversation has `tell_turns_apart: true`".to_owned(),
        );
    };
    (!(1..=most).contains(&turn))
        .then(|| format!("expected a turn from 1 to {most}, found `{turn}`"))
}

fn of_part(part: &str, workload: &Workload, kinds: &[Kind]) -> Option<String> {
    let parts = kinds
        .iter()
        .filter_map(|kind| workload.part_name(kind.part?));
    let mut names: Vec<&str> = parts.collect();
    names.dedup();
    if names.contains(&part) {
        return None;
    }
    Some(if names.is_empty() {
        "expected no part, as the workload is no `mix`".to_owned()
    } else {
        format!(
            "expected a part of the mix, {}, found `{part}`",
            quoted(&names)
        )
    })
}

fn of_operation(operation: &str, mut asked: Vec<&str>) -> Option<String> {
    asked.sort_unstable();
    asked.dedup();
    match asked.as_slice() {
        [only] => Some(format!(
            "expected no operation, as the workload asks for `{only}` alone"
        )),
        several if several.contains(&operation) => None,
        several => Some(format!(
            "expected what the workload asks for, {}, found `{operation}`",
            quoted(several)
        )),
    }
}
