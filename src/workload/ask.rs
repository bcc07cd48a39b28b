//! One thing that a workload asks for, wherever in it that stands, and the kinds of request that reports tell apart.

use super::generation::Form;
use super::{Asked, Call, Conversation, Embedding, Generation, Inference, Listing, Named, Place};
use crate::seed::Seed;

/// One thing that a workload asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask<'a> {
    /// The answer to a conversation of one turn.
    Chat(&'a Generation),
    /// The continuation of a text.
    Completion(&'a Generation),
    /// The vectors of texts.
    Embedding(&'a Embedding),
    /// A conversation of several turns.
    Conversation(&'a Conversation),
    /// What a model makes of tensors.
    Tensor(&'a Inference),
    /// To load a model.
    Load(&'a Named),
    /// To unload a model.
    Unload(&'a Named),
    /// Which models there are, from the client's list if it is young enough.
    ListModels(&'a Listing),
    /// Which models there are now.
    RefreshModels(&'a Listing),
}

/// What a request has in common with those that it is counted with, where a report tells several kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Which part of a mix it belongs to, from 0.
    pub part: Option<usize>,
    /// Which turn of a conversation it is, from 1, where turns are told apart.
    pub turn: Option<u32>,
    /// What it asks for, by the name of the operation.
    pub operation: &'static str,
}

impl<'a> Ask<'a> {
    /// Its name in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Chat(_) => "chat",
            Self::Completion(_) => "completion",
            Self::Conversation(_) => "conversation",
            Self::Embedding(_) => "embedding",
            Self::Tensor(_) => "tensor",
            Self::Load(_) => "load",
            Self::Unload(_) => "unload",
            Self::ListModels(_) => "list_models",
            Self::RefreshModels(_) => "refresh_models",
        }
    }

    /// The name of the operation that it is: a turn of a conversation is a chat.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Conversation(_) => "chat",
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Load(_)
            | Self::Unload(_)
            | Self::ListModels(_)
            | Self::RefreshModels(_) => self.key(),
        }
    }

    /// The request for text that it makes, if it makes one.
    pub const fn generation(self) -> Option<&'a Generation> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => Some(generation),
            Self::Conversation(conversation) => Some(conversation.generation()),
            Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Load(_)
            | Self::Unload(_)
            | Self::ListModels(_)
            | Self::RefreshModels(_) => None,
        }
    }

    /// The models that it names.
    pub fn models(self) -> Vec<&'a str> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => generation.models().collect(),
            Self::Conversation(conversation) => conversation.generation().models().collect(),
            Self::Embedding(embedding) => vec![&embedding.model],
            Self::Tensor(inference) => vec![&inference.model],
            Self::Load(named) | Self::Unload(named) => vec![&named.model],
            Self::ListModels(listing) | Self::RefreshModels(listing) => {
                let named = listing.loaded.iter().chain(&listing.not_loaded);
                named.map(String::as_str).collect()
            }
        }
    }

    /// The request at a place, if it asks for this.
    pub(super) fn asked(self, seed: Seed, place: Place) -> Asked {
        let seq = place.seq;
        match self {
            Self::Conversation(conversation) => conversation.asked(seed, place),
            Self::Chat(generation) => generation.asked(Form::Chat, seed, seq),
            Self::Completion(generation) => generation.asked(Form::Completion, seed, seq),
            Self::Embedding(embedding) => embedding.asked(seed, seq),
            Self::Tensor(inference) => inference.asked(seed, seq),
            Self::Load(named) => Asked::of(Call::Load(named.model.clone())),
            Self::Unload(named) => Asked::of(Call::Unload(named.model.clone())),
            Self::ListModels(listing) => Asked::of(Call::ListModels(listing.clone())),
            Self::RefreshModels(listing) => Asked::of(Call::RefreshModels(listing.clone())),
        }
    }
}
