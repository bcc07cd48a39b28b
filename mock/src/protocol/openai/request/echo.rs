//! The prompts of a completion that repeats them: a text as it is, token ids as the words of those tokens.

use super::{parse, refuse};
use crate::backend::LARGEST_BODY;
use crate::protocol::openai::choice::Choice;
use crate::protocol::openai::refusal::Refusal;
use crate::words;
use serde_json::Value;

/// Gives each choice the prompt that it repeats; `each` choices in a row have the same. All of them together repeat no
/// more than the largest body.
pub(super) fn repeat(body: &[u8], choices: &mut [Choice], each: u32) -> Result<(), Refusal> {
    let body: Value = parse(body)?;
    let prompts = prompts(body.get("prompt").unwrap_or(&Value::Null));
    let each = usize::try_from(each).unwrap_or(usize::MAX).max(1);
    let bytes: usize = prompts.iter().map(String::len).sum();
    if bytes.saturating_mul(each) > LARGEST_BODY {
        return Err(refuse(
            "echo",
            format!(
                "`echo`: expected at most {LARGEST_BODY} bytes to repeat in all choices together."
            ),
        ));
    }
    for (choices, prompt) in choices.chunks_mut(each).zip(prompts) {
        for choice in choices {
            choice.echo = Some(prompt.clone());
        }
    }
    Ok(())
}

fn prompts(prompt: &Value) -> Vec<String> {
    let Value::Array(parts) = prompt else {
        return vec![prompt.as_str().unwrap_or_default().to_owned()];
    };
    if !parts.iter().any(|part| part.is_string() || part.is_array()) {
        return vec![spelled(parts)];
    }
    let one = |part: &Value| match part.as_array() {
        Some(ids) => spelled(ids),
        None => part.as_str().unwrap_or_default().to_owned(),
    };
    parts.iter().map(one).collect()
}

/// The words of token ids.
fn spelled(ids: &[Value]) -> String {
    let turn = u64::from(words::TURN);
    let ids = ids.iter().filter_map(Value::as_u64);
    ids.map(|id| words::word(u32::try_from(id % turn).unwrap_or_default()))
        .collect()
}
