//! Whether a rule that is about some of a stage's requests alone is about any that the load streams make.

use super::super::sweep::quoted;
use super::super::{Stream, Streams};
use crate::gate::rule::Rule;
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::Kind;

/// A kind of request, and the name of the part of a mix that it belongs to.
type Named<'a> = (Option<&'a str>, Kind);

/// Do the load streams make requests of the kind that a rule is about, and others besides?
pub(super) fn told_apart(
    document: &Document,
    rule_at: &Path,
    rule: &Rule,
    streams: &Streams,
) -> Result<(), Error> {
    let Some((field, told)) = unfit(rule, streams) else {
        return Ok(());
    };
    Err(document.error(&rule_at.key(field), Part::Value, told))
}

/// What is wrong with which field, if anything is.
fn unfit(rule: &Rule, streams: &Streams) -> Option<(&'static str, String)> {
    if let Some(stream) = &rule.stream
        && let Some(told) = of_stream(stream, streams)
    {
        return Some(("stream", told));
    }
    // Of the stream that the rule is about, or of all.
    let meant = streams
        .iter()
        .filter(|stream| rule.stream.is_none() || stream.name == rule.stream);
    let kinds: Vec<Named<'_>> = meant.flat_map(kinds).collect();
    if let Some(part) = &rule.part
        && let Some(told) = of_part(part, &kinds)
    {
        return Some(("part", told));
    }
    // Of the part that the rule is about, or of all.
    let is_meant = |(name, _): &&Named<'_>| rule.part.is_none() || *name == rule.part.as_deref();
    let meant: Vec<Kind> = kinds
        .iter()
        .filter(is_meant)
        .map(|(_, kind)| *kind)
        .collect();
    if let Some(turn) = rule.turn
        && let Some(told) = of_turn(turn, &meant)
    {
        return Some(("turn", told));
    }
    let operation = rule.operation?.name();
    let asked = meant.iter().map(|kind| kind.operation);
    Some(("operation", of_operation(operation, asked.collect())?))
}

/// The kinds of request that a load stream makes.
fn kinds(stream: &Stream) -> impl Iterator<Item = Named<'_>> {
    let kinds = stream.workload.kinds().into_iter();
    kinds.map(|kind| {
        let part = kind.part.and_then(|part| stream.workload.part_name(part));
        (part, kind)
    })
}

fn of_stream(stream: &str, streams: &Streams) -> Option<String> {
    let none = "expected no stream, as the scenario has no `streams`";
    one_of(stream, &streams.names(), "a load stream", none)
}

/// What is wrong with a name that is to be one of these, each of them `what`; `none` where there are none.
fn one_of(name: &str, names: &[&str], what: &str, none: &str) -> Option<String> {
    if names.contains(&name) {
        return None;
    }
    Some(if names.is_empty() {
        none.to_owned()
    } else {
        format!("expected {what}, {}, found `{name}`", quoted(names))
    })
}

fn of_turn(turn: u32, kinds: &[Kind]) -> Option<String> {
    let turns = kinds.iter().filter_map(|kind| kind.turn);
    let Some(most) = turns.max() else {
        return Some(
            "expected no turn, as no conversation has `tell_turns_apart: true`".to_owned(),
        );
    };
    (!(1..=most).contains(&turn))
        .then(|| format!("expected a turn from 1 to {most}, found `{turn}`"))
}

fn of_part(part: &str, kinds: &[Named<'_>]) -> Option<String> {
    let mut names: Vec<&str> = kinds.iter().filter_map(|(name, _)| *name).collect();
    names.dedup();
    let none = "expected no part, as the workload is no `mix`";
    one_of(part, &names, "a part of the mix", none)
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
