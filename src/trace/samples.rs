//! Samples of this tool: JSON lines, `{ "scheduled": 1250000, "prompt_tokens": 64, "output_tokens": 32, .. }`, the time in nanoseconds.
//! A request that failed may lack its tokens; what else stands in a line does not matter here.

use super::{Error, Said};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Line {
    scheduled: u64,
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    stage: Option<Value>,
}

/// Times of different stages count from different moments: a file is read that has those of one.
#[derive(Debug, Default)]
pub(super) struct OneStage(Option<Value>);

impl OneStage {
    /// The request that a line says.
    pub(super) fn read(&mut self, number: usize, line: &str) -> Result<Said, Error> {
        let said = serde_json::from_str::<Line>(line).ok();
        let said = said.ok_or_else(|| {
            let expected =
                "a sample with `scheduled` in whole nanoseconds, and `prompt_tokens` and `output_tokens` if they are known";
            Error::line(number, expected, line)
        })?;
        let stage = said.stage.unwrap_or_default();
        if *self.0.get_or_insert_with(|| stage.clone()) != stage {
            let expected = "samples of one stage, the same `stage` in every line";
            return Err(Error::line(number, expected, &stage.to_string()));
        }
        Ok(Said {
            nanos: said.scheduled,
            prompt_tokens: said.prompt_tokens,
            output_tokens: said.output_tokens,
            blocks: Vec::new(),
        })
    }
}
