//! An answer as it is kept: the pieces as they came, to be given again without the pauses between them.

use crate::client::transport::Delta;
use crate::client::{Failure, Request, Tensor, Values};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::future::ready;
use std::sync::Arc;
use tokio::time::Instant;

/// A complete answer.
#[derive(Debug, Default)]
pub(in crate::client) struct Kept {
    deltas: Vec<Delta>,
    bytes: usize,
}

impl Kept {
    pub(super) fn add(&mut self, delta: &Delta) {
        self.bytes += bytes(delta);
        self.deltas.push(delta.clone());
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.bytes
    }

    /// Does it hold something, and of the kind that was asked for?
    pub(super) fn answers(&self, request: &Request) -> bool {
        let values = self.deltas.iter().find_map(|delta| delta.values.as_ref());
        let says_something = self.deltas.iter().any(|delta| delta.tokens > 0);
        (says_something || values.is_some()) && request.fits(values).is_ok()
    }

    /// The answer once more, arriving now: piece by piece as it came, or in one.
    pub(in crate::client) fn replay(
        self: Arc<Self>,
        stream: bool,
    ) -> BoxStream<'static, Result<Delta, Failure>> {
        if !stream && self.deltas.len() > 1 {
            return stream::once(ready(Ok(self.joined()))).boxed();
        }
        let count = self.deltas.len();
        let again = (0..count).filter_map(move |nth| {
            let at = Instant::now();
            let delta = self.deltas.get(nth)?.clone();
            Some(Ok(Delta { at, ..delta }))
        });
        stream::iter(again).boxed()
    }

    /// All pieces in one, as a server gives an answer that is not streamed: with its own count of the tokens, if there is
    /// one.
    fn joined(&self) -> Delta {
        let mut whole = Delta {
            is_last: true,
            ..Delta::empty(Instant::now())
        };
        for delta in &self.deltas {
            whole.text.push_str(&delta.text);
            whole.tokens = whole.tokens.saturating_add(delta.tokens);
            whole.usage = delta.usage.or(whole.usage);
            if delta.values.is_some() {
                whole.values.clone_from(&delta.values);
            }
            if delta.finish_reason.is_some() {
                whole.finish_reason.clone_from(&delta.finish_reason);
            }
        }
        if let Some(usage) = whole.usage {
            whole.tokens = u32::try_from(usage.completion_tokens).unwrap_or(u32::MAX);
        }
        whole
    }
}

/// How much memory a piece takes.
fn bytes(delta: &Delta) -> usize {
    let Delta {
        at: _,
        text,
        tokens: _,
        usage: _,
        finish_reason,
        values,
        is_last: _,
    } = delta;
    size_of::<Delta>()
        + text.len()
        + finish_reason.as_ref().map_or(0, |reason| reason.len())
        + values.as_ref().map_or(0, bytes_of_values)
}

fn bytes_of_values(values: &Values) -> usize {
    match values {
        Values::Vectors(vectors) => {
            let bytes = |vector: &Vec<f32>| size_of::<Vec<f32>>() + size_of_val(vector.as_slice());
            vectors.iter().map(bytes).sum()
        }
        Values::Tensors(tensors) => tensors.iter().map(bytes_of_tensor).sum(),
    }
}

fn bytes_of_tensor(tensor: &Tensor) -> usize {
    let (name, shape, contents) = (tensor.name(), tensor.shape(), tensor.contents());
    size_of::<Tensor>() + name.len() + size_of_val(shape) + contents.len()
}
