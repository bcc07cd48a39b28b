//! What a request asks, and what it is counted with where a stage tells several kinds of request apart: `load`, or `chat` of
//! the part `short`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a request asks. The text form is the operation's name in scenarios and reports.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The answer to a conversation.
    Chat,
    /// The continuation of a text.
    Completion,
    /// The vectors of texts.
    Embedding,
    /// What a model makes of tensors.
    Tensor,
    /// To load a model.
    Load,
    /// To unload a model.
    Unload,
    /// Which models there are, from the client's list if it is young enough.
    ListModels,
    /// Which models there are now.
    RefreshModels,
}

impl Operation {
    /// Everything that can be asked.
    pub const ALL: [Self; 8] = [
        Self::Chat,
        Self::Completion,
        Self::Embedding,
        Self::Tensor,
        Self::Load,
        Self::Unload,
        Self::ListModels,
        Self::RefreshModels,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completion => "completion",
            Self::Embedding => "embedding",
            Self::Tensor => "tensor",
            Self::Load => "load",
            Self::Unload => "unload",
            Self::ListModels => "list_models",
            Self::RefreshModels => "refresh_models",
        }
    }

    /// Is it worked on by a model? Only these stand in the journal of a mock.
    pub const fn is_inference(self) -> bool {
        match self {
            Self::Chat | Self::Completion | Self::Embedding | Self::Tensor => true,
            Self::Load | Self::Unload | Self::ListModels | Self::RefreshModels => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of request that a stage tells apart from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Kind {
    /// The load stream that it belongs to, by its name, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The part of a mix that it belongs to, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Which turn of a conversation it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
    /// What is asked.
    pub operation: Operation,
}

impl Kind {
    /// All requests for this, where there is no mix.
    pub const fn of(operation: Operation) -> Self {
        Self {
            stream: None,
            part: None,
            turn: None,
            operation,
        }
    }
}
