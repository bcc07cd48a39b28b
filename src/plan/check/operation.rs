//! Whether what a stage asks for can be asked of its target: embeddings of an endpoint that speaks `openai`, tensors of one that
//! speaks the Open Inference Protocol, and of an adapter nothing but text.

use super::super::{Stage, Streams, Target};
use crate::client::{Mode, Operation, Protocol};
use crate::scenario::{ASKED_BY, Document, Error, NamedMock, Part, Path};
use crate::workload::Ask;

pub(super) fn check(document: &Document, stage: &Stage) -> Result<(), Error> {
    for (place, operation) in asked(&stage.streams) {
        if operation != Operation::Generate {
            can_be_asked(document, stage, &place, operation)?;
        }
    }
    Ok(())
}

fn can_be_asked(
    document: &Document,
    stage: &Stage,
    place: &Path,
    operation: Operation,
) -> Result<(), Error> {
    adapter(document, stage, place, operation)?;
    let mode = stage.client.mode;
    let offered = |spoken: &Protocol| {
        operation.protocols().contains(spoken) && mode.protocols().any(|used| used == *spoken)
    };
    if spoken(&stage.target).iter().any(offered) {
        return Ok(());
    }
    let told = format!("{operation} are not offered by any endpoint that mode `{mode}` uses");
    Err(document
        .error(place, Part::Key, told)
        .hint(remedy(operation, mode)))
}

/// The inference that load streams ask for, and where they say so.
pub(super) fn asked(streams: &Streams) -> Vec<(Path, Operation)> {
    let asks = streams.asks().into_iter();
    let inference = asks.filter_map(|(place, ask)| {
        let operation = match ask {
            Ask::Chat(_) | Ask::Completion(_) | Ask::Conversation(_) => Operation::Generate,
            Ask::Embedding(_) => Operation::Embed,
            Ask::Tensor(_) => Operation::Infer,
            Ask::Load(_) | Ask::Unload(_) | Ask::ListModels(_) | Ask::RefreshModels(_) => {
                return None;
            }
        };
        Some((place, operation))
    });
    inference.collect()
}

/// What is spoken by anything that a target consists of.
pub(super) fn spoken(target: &Target) -> Vec<Protocol> {
    match target {
        Target::Mock(_) => ASKED_BY.to_vec(),
        Target::Mocks(mocks) => {
            let spoken = mocks.list().iter().flat_map(NamedMock::protocols);
            spoken.copied().collect()
        }
        Target::Stubs { .. } => vec![Protocol::Openai],
        Target::Endpoints { endpoints, .. } => {
            endpoints.iter().map(|endpoint| endpoint.protocol).collect()
        }
        Target::Launch(launch) => {
            let endpoints = launch.endpoints.iter();
            endpoints.map(|endpoint| endpoint.protocol).collect()
        }
    }
}

fn remedy(operation: Operation, mode: Mode) -> String {
    let protocols: Vec<String> = operation
        .protocols()
        .iter()
        .map(|one| format!("`{one}`"))
        .collect();
    let protocols = protocols.join(" or ");
    format!("add an endpoint that speaks {protocols}, or set another `client.mode` than `{mode}`")
}

/// An adapter is told of chats and completions alone.
fn adapter(
    document: &Document,
    stage: &Stage,
    place: &Path,
    operation: Operation,
) -> Result<(), Error> {
    if stage.adapter.is_none() {
        return Ok(());
    }
    let told = format!(
        "expected `chat` or `completion` beside `adapter`, which is not asked for {operation}"
    );
    Err(document
        .error(place, Part::Key, told)
        .hint("leave `adapter` out, or ask for text"))
}
