//! One request of a slot as it is made: what it asks, and how it stands among the others. `{ "model": "tiny", "prompt":
//! { "text": "glass green" }, "output_tokens": 8, "stream": true }` is one for a completion.

use super::{Embed, Infer, Listing, OnFailure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One request, and how it stands among those of its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked.
    pub call: Call,
    /// Is it a turn of a conversation, sent with all that was said in its slot before?
    pub is_turn: bool,
    /// The pause before it, after the end of the one before.
    pub think: Duration,
    /// How long after it was sent it is given up, if it is at all.
    pub cancel_after: Option<Duration>,
    /// Whether the slot goes on when it fails.
    pub on_failure: OnFailure,
}

/// What one request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// For inference.
    Infer(Content),
    /// To load the model of this name.
    Load(String),
    /// To unload the model of this name.
    Unload(String),
    /// For the models that there are, as they were a while ago.
    ListModels(Listing),
    /// For the models that there are now.
    RefreshModels(Listing),
}

/// What one request for inference contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// It asks for text.
    Generate(Generate),
    /// It asks for vectors.
    Embed(Embed),
    /// It asks for tensors.
    Infer(Infer),
}

/// What one request for text contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generate {
    /// The model to ask.
    pub model: String,
    /// What to send.
    pub prompt: Prompt,
    /// How many tokens to ask for at most.
    pub output_tokens: u32,
    /// Send the answer token by token?
    pub stream: bool,
}

/// The text of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// A conversation so far.
    Chat(Vec<Turn>),
    /// A text to go on with.
    Text(String),
}

/// One contribution to a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one who set the conversation up.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl Asked {
    /// A request by itself.
    pub(super) fn of(call: Call) -> Self {
        Self {
            call,
            is_turn: false,
            think: Duration::ZERO,
            cancel_after: None,
            on_failure: OnFailure::Stop,
        }
    }
}
