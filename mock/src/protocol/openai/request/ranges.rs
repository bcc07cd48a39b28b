//! The ranges of a request's numbers, as OpenAI has them, and the bounds that keep one answer from taking all memory: an
//! error names the field and says what was expected and found.

use super::refuse;
use crate::backend::{MOST_TOKENS, accept_tokens};
use crate::protocol::openai::choice::{Choice, Wish};
use crate::protocol::openai::logprobs::Logprobs;
use crate::protocol::openai::refusal::Refusal;
use std::fmt::Display;

/// The most choices for one prompt, as OpenAI has it.
const MOST_N: u32 = 128;

/// The most choices in one answer: those of several prompts together.
const MOST_CHOICES: u32 = 2048;

/// The most likely tokens that can be told of each token, as OpenAI has it for chat answers and vLLM for both.
const MOST_LOGPROBS: u32 = 20;

/// How a token would be drawn; it is accepted, and changes nothing.
pub(super) struct Draw {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) presence_penalty: Option<f64>,
    pub(super) frequency_penalty: Option<f64>,
}

/// Refuses a number out of its range.
pub(super) fn accept_draw(draw: &Draw) -> Result<(), Refusal> {
    for (field, asked, (from, to)) in [
        ("temperature", draw.temperature, (0.0, 2.0)),
        ("top_p", draw.top_p, (0.0, 1.0)),
        ("presence_penalty", draw.presence_penalty, (-2.0, 2.0)),
        ("frequency_penalty", draw.frequency_penalty, (-2.0, 2.0)),
    ] {
        if let Some(found) = asked.filter(|asked| !(from..=to).contains(asked)) {
            return Err(unfit(field, format_args!("{from} to {to}"), found));
        }
    }
    Ok(())
}

/// The most tokens of each choice, if the request says so; `fewest` or more.
pub(super) fn accept_max_tokens(
    asked: Option<i64>,
    field: &str,
    fewest: u32,
) -> Result<Option<u32>, Refusal> {
    match asked {
        None => Ok(None),
        Some(asked) if asked == 0 && fewest == 0 => Ok(Some(0)),
        Some(asked) => accept_tokens(asked)
            .map(Some)
            .map_err(|error| refuse(field, format!("`{field}`: {error}."))),
    }
}

/// The number of choices for each prompt.
pub(super) fn accept_n(asked: Option<i64>) -> Result<u32, Refusal> {
    let asked = asked.unwrap_or(1);
    let number = u32::try_from(asked)
        .ok()
        .filter(|n| (1..=MOST_N).contains(n));
    number.ok_or_else(|| unfit("n", format_args!("1 to {MOST_N}"), asked))
}

/// The number of likely tokens to tell of each.
pub(super) fn accept_logprobs(asked: Option<i64>, field: &str) -> Result<Option<u32>, Refusal> {
    let accept = |asked| {
        let number = u32::try_from(asked)
            .ok()
            .filter(|top| *top <= MOST_LOGPROBS);
        number.ok_or_else(|| unfit(field, format_args!("0 to {MOST_LOGPROBS}"), asked))
    };
    asked.map(accept).transpose()
}

/// All choices of an answer: `n` for each prompt.
pub(super) fn share_out(
    wish: &Wish,
    prompts: u64,
    n: u32,
    logprobs: Option<Logprobs>,
    field: &str,
) -> Result<Vec<Choice>, Refusal> {
    let number = prompts.saturating_mul(n.into());
    let Some(number) = u32::try_from(number).ok().filter(|n| *n <= MOST_CHOICES) else {
        let message =
            format!("Expected at most {MOST_CHOICES} choices in one answer, found `{number}`.");
        return Err(refuse(if prompts > 1 { "prompt" } else { "n" }, message));
    };
    let choices: Vec<_> = (0..number)
        .map(|index| wish.choice(index, MOST_TOKENS / number.max(1)))
        .collect();
    let tokens: u64 = choices
        .iter()
        .map(|choice| u64::from(choice.tokens()))
        .sum();
    let most = u64::from(MOST_TOKENS);
    if tokens > most {
        let message = format!(
            "`{field}`: expected at most {most} output tokens in all choices together, found `{tokens}`."
        );
        return Err(refuse(field, message));
    }
    let told = logprobs.map_or(0, |logprobs| tokens.saturating_mul(logprobs.each().into()));
    if told > most {
        let message =
            format!("Expected at most {most} log probabilities in one answer, found `{told}`.");
        return Err(refuse("logprobs", message));
    }
    Ok(choices)
}

fn unfit(field: &str, expected: impl Display, found: impl Display) -> Refusal {
    refuse(
        field,
        format!("`{field}`: expected {expected}, found `{found}`."),
    )
}
