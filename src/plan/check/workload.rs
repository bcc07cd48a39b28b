//! Whether a workload can be asked of the target: its models are there, and what it asks about models can be asked over the
//! protocols that the client uses.

use super::super::sweep::quoted;
use super::super::{Stage, Streams};
use super::{operation, tensors};
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::Ask;
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
    let asked = places(&stage.streams);
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

/// Where the load streams name a model, and which.
fn places(streams: &Streams) -> Vec<(Path, &str)> {
    let asks = streams.asks().into_iter();
    let named = asks.flat_map(|(place, ask)| {
        let place = match ask {
            Ask::Chat(_)
            | Ask::Completion(_)
            | Ask::Conversation(_)
            | Ask::Embedding(_)
            | Ask::Tensor(_)
            | Ask::Load(_)
            | Ask::Unload(_) => place.key("model"),
            Ask::ListModels(_) | Ask::RefreshModels(_) => place,
        };
        let models = ask.models().into_iter();
        models.map(move |model| (place.clone(), model))
    });
    named.collect()
}

/// Can what the load streams ask about models be asked?
pub(super) fn offered(document: &Document, stage: &Stage) -> Result<(), Error> {
    if stage.adapter.is_some() {
        return by_adapter(document, &stage.streams);
    }
    if uses_a_repository(stage) {
        return Ok(());
    }
    let changes = |ask: Ask<'_>| matches!(ask, Ask::Load(_) | Ask::Unload(_));
    let Some(place) = place_of(&stage.streams, changes) else {
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

/// Does the client use an endpoint that can load and unload models?
pub(super) fn uses_a_repository(stage: &Stage) -> bool {
    let mut used = stage.client.mode.protocols();
    let spoken = operation::spoken(&stage.target);
    used.any(|protocol| spoken.contains(&protocol) && protocol.has_repository())
}

/// An adapter knows nothing but inference.
fn by_adapter(document: &Document, streams: &Streams) -> Result<(), Error> {
    let goes_on = |ask: Ask<'_>| matches!(ask, Ask::Conversation(_));
    if let Some(place) = place_of(streams, goes_on) {
        let told =
            "expected no conversation beside `adapter`, which does not say what was answered";
        return Err(document.error(&place, Part::Key, told));
    }
    let is_about_models = |ask: Ask<'_>| match ask {
        Ask::Chat(_)
        | Ask::Completion(_)
        | Ask::Conversation(_)
        | Ask::Embedding(_)
        | Ask::Tensor(_) => false,
        Ask::Load(_) | Ask::Unload(_) | Ask::ListModels(_) | Ask::RefreshModels(_) => true,
    };
    let Some(place) = place_of(streams, is_about_models) else {
        return Ok(());
    };
    let told = "expected nothing but inference beside `adapter`, which is asked for nothing else";
    Err(document.error(&place, Part::Key, told))
}

/// Where the first thing stands that is asked so.
fn place_of(streams: &Streams, asks: impl Fn(Ask<'_>) -> bool) -> Option<Path> {
    let mut all = streams.asks().into_iter();
    let (place, _) = all.find(|(_, ask)| asks(*ask))?;
    Some(place)
}
