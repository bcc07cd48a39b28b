//! What a text model is asked: the prompt in `text_input`, and perhaps the number of tokens in `max_tokens`, as the models
//! of Triton's TensorRT-LLM backend take it.

use super::{INPUT, MAX_TOKENS, Mistake, check_datatype, misfit};
use crate::backend::accept_tokens;
use crate::tensor::{Datatype, Tensor, json};
use crate::words;

/// A text that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    /// Words of the prompt.
    pub(crate) prompt_tokens: u64,
    /// Tokens to answer with; `None` when no tensor says so.
    pub(crate) max_tokens: Option<u32>,
}

impl Text {
    /// Reads the inputs of a request, whose names are known to be those of a text model.
    pub(super) fn read(inputs: &[Tensor]) -> Result<Self, Mistake> {
        let of = |name: &str| inputs.iter().find(|input| input.name == name);
        let prompt =
            of(INPUT).ok_or_else(|| misfit("input", INPUT, "expected once, found none"))?;
        check_datatype(prompt, Datatype::Bytes)?;
        let text = std::str::from_utf8(single(prompt)?)
            .map_err(|error| misfit("input", INPUT, format_args!("expected UTF-8: {error}")))?;
        Ok(Self {
            prompt_tokens: words::count(text),
            max_tokens: of(MAX_TOKENS).map(max_tokens).transpose()?,
        })
    }
}

/// The only element of a tensor of one, whether `[1]` or `[1,1]`.
fn single(input: &Tensor) -> Result<&[u8], Mistake> {
    let lengths = input.shape.lengths();
    match input.elements.iter().next() {
        Some(element) if !lengths.is_empty() && lengths.iter().all(|&length| length == 1) => {
            Ok(element)
        }
        Some(_) | None => {
            let message = format!("expected shape [1], found {}", input.shape);
            Err(misfit("input", &input.name, message))
        }
    }
}

fn max_tokens(input: &Tensor) -> Result<u32, Mistake> {
    single(input)?;
    let mut number = Vec::new();
    let written = json::write_single(&input.elements, &mut number);
    // A whole number of any width; a text or a fraction is none.
    let asked = written
        .ok()
        .and_then(|()| serde_json::from_slice::<i64>(&number).ok())
        .ok_or_else(|| {
            let message = format!("expected a whole number, found {}", input.datatype());
            misfit("input", &input.name, message)
        })?;
    accept_tokens(asked).map_err(|error| misfit("input", &input.name, error))
}
