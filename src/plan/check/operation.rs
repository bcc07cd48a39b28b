//! Whether what a stage asks for can be asked of its target: embeddings of an endpoint that speaks `openai`, tensors of one that
//! speaks the Open Inference Protocol, and of an adapter nothing but text.

use super::super::{Stage, Target};
use crate::client::{Mode, Operation, Protocol};
use crate::scenario::{ASKED_BY, Document, Error, NamedMock, Part, Path};
use crate::workload::Workload;

pub(super) fn check(document: &Document, stage: &Stage) -> Result<(), Error> {
    let operation = of(&stage.workload);
    if operation == Operation::Generate {
        return Ok(());
    }
    adapter(document, stage, operation)?;
    let mode = stage.client.mode;
    let offered = |spoken: &Protocol| {
        operation.protocols().contains(spoken) && mode.protocols().any(|used| used == *spoken)
    };
    if spoken(&stage.target).iter().any(offered) {
        return Ok(());
    }
    let told = format!("{operation} are not offered by any endpoint that mode `{mode}` uses");
    Err(document
        .error(&workload(stage), Part::Key, told)
        .hint(remedy(operation, mode)))
}

/// Where the stage's workload stands.
pub(super) fn workload(stage: &Stage) -> Path {
    Path::root().key("workload").key(stage.workload.kind())
}

/// What a workload asks for.
pub(super) fn of(workload: &Workload) -> Operation {
    match workload {
        Workload::Chat(_) | Workload::Completion(_) => Operation::Generate,
        Workload::Embedding(_) => Operation::Embed,
        Workload::Tensor(_) => Operation::Infer,
    }
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
fn adapter(document: &Document, stage: &Stage, operation: Operation) -> Result<(), Error> {
    if stage.adapter.is_none() {
        return Ok(());
    }
    let told = format!(
        "expected `chat` or `completion` beside `adapter`, which is not asked for {operation}"
    );
    Err(document
        .error(&workload(stage), Part::Key, told)
        .hint("leave `adapter` out, or ask for text"))
}
