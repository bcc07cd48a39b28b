//! Whether what a stage sends can be batched at all, where `client.batch` says that it should: settings that never do
//! anything are a mistake.

use super::super::{Stage, Streams};
use super::operation::{asked, spoken};
use crate::client::{Operation, Protocol};
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::{Ask, Workload};

pub(super) fn check(document: &Document, stage: &Stage) -> Result<(), Error> {
    if stage.client.batch.is_none() {
        return Ok(());
    }
    let place = Path::root().key("client").key("batch");
    if let Some(found) = unfit(&stage.streams) {
        let told = format!(
            "expected a workload that can be batched, a `tensor`, an `embedding` or a `completion` without `stream`, found {found}"
        );
        let hint = "leave `client.batch` out, or ask for a `completion` with `stream: false`";
        return Err(document.error(&place, Part::Key, told).hint(hint));
    }
    let mode = stage.client.mode;
    let spoken = spoken(&stage.target);
    let asked = asked(&stage.streams);
    let is_asked = |protocol: &Protocol| {
        // Whatever takes tensors takes more of them.
        let texts = asked
            .iter()
            .filter(|(_, operation)| *operation != Operation::Infer);
        let mut offers = texts.map(|(_, operation)| operation.protocols());
        spoken.contains(protocol) && offers.any(|offers| offers.contains(protocol))
    };
    let other = mode
        .protocols()
        .find(|protocol| *protocol != Protocol::Openai && is_asked(protocol));
    let Some(other) = other else { return Ok(()) };
    let told = format!(
        "expected endpoints that can carry a batch, which speak `openai`, found `{other}` among those of mode `{mode}`"
    );
    let hint =
        "leave `client.batch` out, or let the client use `openai` alone, with `client.mode: rest`";
    Err(document.error(&place, Part::Key, told).hint(hint))
}

/// Why nothing that load streams ask can be batched, if nothing can.
fn unfit(streams: &Streams) -> Option<&'static str> {
    let asks = streams.asks();
    if asks.iter().any(|(_, ask)| can_be_batched(*ask)) {
        return None;
    }
    let mut workloads = streams.iter().map(|stream| &stream.workload);
    let (Some(workload), None) = (workloads.next(), workloads.next()) else {
        return Some("`streams` without one");
    };
    match workload {
        Workload::Chat(_) => Some("`chat`"),
        Workload::Conversation(_) => Some("`conversation`"),
        Workload::Tensor(_) => Some("`tensor`"),
        Workload::Embedding(_) => Some("`embedding`"),
        Workload::Completion(_) => Some("one with `stream: true`"),
        Workload::Journey(_) => Some("a `journey` without one"),
        Workload::Mix(_) => Some("a `mix` without one"),
    }
}

fn can_be_batched(ask: Ask<'_>) -> bool {
    match ask {
        Ask::Completion(generation) => !generation.stream,
        Ask::Embedding(_) | Ask::Tensor(_) => true,
        Ask::Chat(_)
        | Ask::Conversation(_)
        | Ask::Load(_)
        | Ask::Unload(_)
        | Ask::ListModels(_)
        | Ask::RefreshModels(_) => false,
    }
}
