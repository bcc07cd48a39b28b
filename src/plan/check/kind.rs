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
    let unfit_part = rule.part.as_ref().and_then(|part| {
        let told = of_part(part, workload, kinds)?;
        Some(("part", told))
    });
    unfit_part.or_else(|| {
        let operation = rule.operation?.name();
        // Of the part that the rule is about, or of all.
        let is_meant = |kind: &&Kind| {
            let name = kind.part.and_then(|part| workload.part_name(part));
            rule.part.is_none() || name == rule.part.as_deref()
        };
        let meant = kinds.iter().filter(is_meant).map(|kind| kind.operation);
        Some(("operation", of_operation(operation, meant.collect())?))
    })
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
