//! Whether a workload can be asked of the target: its models are there, and what it asks about models can be asked over the
//! protocols that the client uses.

use super::super::Stage;
use super::super::sweep::quoted;
use super::{operation, tensors};
use crate::gate::rule::Rule;
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::{Act, Journey, Workload};
use inferometer_mock::MockSpec;

/// Some mock must have each model that is asked for. That another has not may be what a scenario is about.
pub(super) fn models(
    document: &Document,
    stage: &Stage,
    mocks: &[&MockSpec],
    list: &str,
) -> Result<(), Error> {
    let mut known: Vec<&str> = Vec::new();
    for model in mocks.iter().flat_map(|mock| &mock.models) {
        if !known.contains(&model.name.as_str()) {
            known.push(&model.name);
        }
    }
    let asked = places(&stage.workload);
    let mut unknown = asked.iter().filter(|(_, model)| !known.contains(model));
    let Some((path, model)) = unknown.next() else {
        return tensors::check(document, stage, mocks);
    };
    let who = match mocks {
        [_] => "the mock has no",
        _ => "no mock has a",
    };
    let told = format!("{who} model `{model}`, only {}", quoted(&known));
    Err(document
        .error(path, Part::Value, told)
        .hint(format!("name one of these, or add it to `{list}`")))
}

/// Where a workload names a model, and which.
fn places(workload: &Workload) -> Vec<(Path, &str)> {
    let root = Path::root().key("workload");
    let place = |kind: &str| root.key(kind).key("model");
    match workload {
        Workload::Chat(generation) => vec![(place("chat"), generation.model.as_str())],
        Workload::Completion(generation) => vec![(place("completion"), generation.model.as_str())],
        Workload::Embedding(embedding) => vec![(place("embedding"), embedding.model.as_str())],
        Workload::Tensor(inference) => vec![(place("tensor"), inference.model.as_str())],
        Workload::Journey(journey) => {
            let steps = journey.steps().iter().enumerate();
            let named = steps.flat_map(|(index, step)| {
                let place = step_at(index).key(step.act.key());
                let place = match step.act {
                    Act::Chat(_)
                    | Act::Completion(_)
                    | Act::Embedding(_)
                    | Act::Load(_)
                    | Act::Unload(_) => place.key("model"),
                    Act::ListModels(_) | Act::RefreshModels(_) => place,
                };
                let models = step.act.models().into_iter();
                models.map(move |model| (place.clone(), model))
            });
            named.collect()
        }
    }
}

pub(super) fn step_at(index: usize) -> Path {
    Path::root().key("workload").key("journey").index(index)
}

/// Can what a journey asks about models be asked?
pub(super) fn offered(document: &Document, stage: &Stage) -> Result<(), Error> {
    let Workload::Journey(journey) = &stage.workload else {
        return Ok(());
    };
    if stage.adapter.is_some() {
        return by_adapter(document, journey);
    }
    let mut used = stage.client.mode.protocols();
    let spoken = operation::spoken(&stage.target);
    if used.any(|protocol| spoken.contains(&protocol) && protocol.has_repository()) {
        return Ok(());
    }
    let changes = |act: &Act| matches!(act, Act::Load(_) | Act::Unload(_));
    let Some(place) = place_of(journey, changes) else {
        return Ok(());
    };
    let told = format!(
        "the client's mode `{}` uses no endpoint that can load and unload models",
        stage.client.mode
    );
    Err(document.error(&place, Part::Key, told).hint(
        "set `client.mode: grpc`, or name a mock with `protocol: oip_rest` under `target.mocks`",
    ))
}

/// Does the workload ask for the operation that a rule is about, and for others besides?
pub(super) fn told_apart(
    document: &Document,
    rule_at: &Path,
    rule: &Rule,
    workload: &Workload,
) -> Result<(), Error> {
    let Some(operation) = rule.operation else {
        return Ok(());
    };
    let asked: Vec<&str> = workload.operations().into_iter().collect();
    let told = match asked.as_slice() {
        [only] => format!("expected no operation, as the workload asks for `{only}` alone"),
        several if several.contains(&operation.name()) => return Ok(()),
        several => format!(
            "expected what the workload asks for, {}, found `{operation}`",
            quoted(several)
        ),
    };
    Err(document.error(&rule_at.key("operation"), Part::Value, told))
}

/// An adapter knows nothing but inference.
fn by_adapter(document: &Document, journey: &Journey) -> Result<(), Error> {
    let is_about_models = |act: &Act| match act {
        Act::Chat(_) | Act::Completion(_) | Act::Embedding(_) => false,
        Act::Load(_) | Act::Unload(_) | Act::ListModels(_) | Act::RefreshModels(_) => true,
    };
    let Some(place) = place_of(journey, is_about_models) else {
        return Ok(());
    };
    let told = "expected nothing but inference beside `adapter`, which is asked for nothing else";
    Err(document.error(&place, Part::Key, told))
}

/// The first step that asks so.
fn place_of(journey: &Journey, asks: impl Fn(&Act) -> bool) -> Option<Path> {
    let mut steps = journey.steps().iter().enumerate();
    let (index, step) = steps.find(|(_, step)| asks(&step.act))?;
    Some(step_at(index).key(step.act.key()))
}
