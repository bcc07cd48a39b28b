//! What the Open Inference Protocol says alike over REST and gRPC: text as a tensor, and the states of a repository.

pub(super) mod together;

use crate::client::{Input, Message, ModelState};
use std::borrow::Cow;

/// The input that takes a prompt.
pub(super) const INPUT: &str = "text_input";
/// The output that gives the answer.
pub(super) const OUTPUT: &str = "text_output";

/// An input as the one text that the protocol has room for: a chat is flattened to one line per message, such as
/// `user: hello`. What asks for no text is never sent so.
pub(super) fn text(input: &Input) -> Cow<'_, str> {
    match input {
        Input::Prompt(prompt) => Cow::Borrowed(prompt),
        Input::Chat(messages) => Cow::Owned(flatten(messages)),
        Input::Embedding { .. } | Input::Tensors { .. } => Cow::Borrowed(""),
    }
}

fn flatten(messages: &[Message]) -> String {
    let lines: Vec<String> = messages
        .iter()
        .map(|message| format!("{}: {}", message.role.name(), message.content))
        .collect();
    lines.join("\n")
}

/// The state of a model in a repository's index. Triton says `READY`, `MLServer` `State.READY`, both nothing for a model
/// that was never loaded; a reason other than `unloaded` beside `UNAVAILABLE` means that loading failed.
pub(super) fn model_state(state: &str, reason: &str) -> ModelState {
    let is_failure = !matches!(reason, "" | "unloaded");
    match state.rsplit('.').next().unwrap_or_default() {
        "READY" => ModelState::Loaded,
        "LOADING" => ModelState::Loading,
        "UNLOADING" => ModelState::Unloading,
        "UNAVAILABLE" if is_failure => ModelState::Failed,
        _ => ModelState::Unloaded,
    }
}
