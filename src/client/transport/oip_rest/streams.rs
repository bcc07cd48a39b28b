//! Which path streams text, which servers disagree about: Triton has `generate_stream`, with a body of its own; `MLServer` has
//! `infer_stream`, with that of `infer`. Triton's is asked first. A server that has no such path, or does not understand the
//! body, has not executed anything, so that the other one is asked at once, and from then on first for that model.

use super::OipRest;
use crate::client::transport::{Opened, Turn};
use crate::client::{Failure, FailureKind, Request};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a model is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// For a whole answer.
    Infer,
    /// For a stream, of Triton.
    GenerateStream,
    /// For a stream, of `MLServer`.
    InferStream,
}

impl Path {
    /// What stands behind the name of the model.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Infer => "infer",
            Self::GenerateStream => "generate_stream",
            Self::InferStream => "infer_stream",
        }
    }
}

/// The models that are known to stream by `infer_stream`.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<BTreeSet<String>>);

impl Streams {
    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OipRest {
    /// Begins a stream by whichever path the server has for the model.
    pub(super) async fn stream(&self, request: &Request, turn: Turn) -> Result<Opened, Failure> {
        let is_known = self.streams.known().contains(&request.model);
        if is_known {
            return self.post(Path::InferStream, request, turn).await;
        }
        let refused = match self.post(Path::GenerateStream, request, turn).await {
            Err(failure) if is_elsewhere(failure.kind) => failure,
            asked => return asked,
        };
        match self.post(Path::InferStream, request, turn).await {
            Ok(opened) => {
                self.streams.known().insert(request.model.clone());
                Ok(opened)
            }
            // Neither is there: the model is unknown, in the words of the one that was asked first.
            Err(other) if is_absent(other.kind) && is_absent(refused.kind) => Err(refused),
            Err(other) => Err(other),
        }
    }
}

/// Can the other path be the right one?
fn is_elsewhere(kind: FailureKind) -> bool {
    is_absent(kind) || kind == FailureKind::Http(422)
}

fn is_absent(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Http(404 | 405))
}
