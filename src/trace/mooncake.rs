//! Mooncake's traces: JSON lines, `{ "timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47] }`, whose
//! prompts begin with the blocks of 512 tokens that `hash_ids` name.

use super::{Error, Said};
use crate::units::count;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

/// The request that a line says.
pub(super) fn read(number: usize, line: &str) -> Result<Said, Error> {
    let said = serde_json::from_str::<Line>(line).ok();
    let said = said.filter(|said| said.timestamp >= 0.0).ok_or_else(|| {
        let expected =
            "a block with `timestamp` in milliseconds from 0 on, `input_length` and `output_length`";
        Error::line(number, expected, line)
    })?;
    Ok(Said {
        nanos: count(said.timestamp * 1e6),
        prompt_tokens: Some(said.input_length),
        output_tokens: Some(said.output_length),
        blocks: said.hash_ids,
    })
}
