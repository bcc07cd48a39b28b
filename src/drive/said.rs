//! What has been said in a conversation so far: what was asked and answered before is sent with each turn.

use super::request::{Asked, Due};
use crate::client::{Input, Message, Request, Role};
use std::mem;

/// The messages of one slot's conversation. They are handed on from request to request, and never copied.
#[derive(Debug, Default)]
pub(super) struct Said(Vec<Message>);

impl Said {
    /// Puts what was said before in front of what a turn asks.
    pub(super) fn before(&mut self, due: &mut Due) {
        if let Some(messages) = turn(due) {
            self.0.append(messages);
            *messages = mem::take(&mut self.0);
        }
    }

    /// Takes over what was said with a turn, and its answer as far as that came.
    pub(super) fn after(&mut self, mut due: Due, answer: &str) {
        if let Some(messages) = turn(&mut due) {
            self.0 = mem::take(messages);
            self.0.push(Message {
                role: Role::Assistant,
                content: answer.to_owned(),
            });
        }
    }
}

/// The messages of a turn.
fn turn(due: &mut Due) -> Option<&mut Vec<Message>> {
    let is_turn = due.is_turn;
    match &mut due.asked {
        Asked::Infer(Request {
            input: Input::Chat(messages),
            ..
        }) if is_turn => Some(messages),
        Asked::Infer(_)
        | Asked::Load(_)
        | Asked::Unload(_)
        | Asked::ListModels(_)
        | Asked::RefreshModels(_) => None,
    }
}
