//! Lengths that a workload leaves to the trace that its load replays: which they are, and what the trace says.

use super::{Act, Embedding, Generation, Inference, Length, Prompts, Workload};
use crate::trace::{Entry, Trace};
use std::num::NonZero;
use std::sync::Arc;

/// Which of a request's lengths it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// That of what is sent.
    Prompt,
    /// That of what is asked for.
    Output,
}

/// The lengths of one side of a trace's requests; nothing until the trace is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traced(Option<(Arc<Trace>, Side)>);

/// A length of a workload, and where it stands.
#[derive(Debug)]
pub struct LengthAt<'a> {
    /// The path of it, from the workload on.
    pub path: String,
    /// What it is in a trace; `None` where a trace has none of its kind.
    pub side: Option<Side>,
    /// Itself.
    pub length: &'a mut Length,
}

impl Side {
    /// How many tokens a request of a trace has.
    pub const fn of(self, entry: &Entry) -> Option<NonZero<u32>> {
        match self {
            Self::Prompt => entry.prompt_tokens,
            Self::Output => entry.output_tokens,
        }
    }
}

impl Traced {
    /// The lengths on this side of the trace.
    pub const fn of(trace: Arc<Trace>, side: Side) -> Self {
        Self(Some((trace, side)))
    }

    /// That of request `seq`; 1 where the trace does not say.
    pub(super) fn tokens(&self, seq: u64) -> u32 {
        let said = self
            .0
            .as_ref()
            .and_then(|(trace, side)| side.of(trace.entry(seq)));
        said.unwrap_or(NonZero::<u32>::MIN).get()
    }

    /// The numbers of the blocks that the prompt of request `seq` begins with.
    fn blocks(&self, seq: u64) -> &[u64] {
        match &self.0 {
            Some((trace, Side::Prompt)) => &trace.entry(seq).blocks,
            Some((_, Side::Output)) | None => &[],
        }
    }
}

impl Length {
    /// Is it left to a trace?
    pub const fn is_from_trace(&self) -> bool {
        matches!(self, Self::FromTrace(_))
    }

    /// The numbers of the blocks that the prompt of request `seq` shares with others of a trace.
    pub(super) fn blocks(&self, seq: u64) -> &[u64] {
        match self {
            Self::FromTrace(traced) => traced.blocks(seq),
            Self::Fixed(_) | Self::Uniform(_) | Self::Normal(_) => &[],
        }
    }
}

impl Workload {
    /// All its lengths. A slot of a trace is one request: where slots are several, a trace says none of their lengths.
    pub fn lengths(&mut self) -> Vec<LengthAt<'_>> {
        let is_traceable = self.requests_per_slot() == 1;
        let mut lengths = self.all_lengths();
        for length in &mut lengths {
            length.side = length.side.filter(|_| is_traceable);
        }
        lengths
    }

    fn all_lengths(&mut self) -> Vec<LengthAt<'_>> {
        match self {
            Self::Chat(generation) => generation.lengths("chat"),
            Self::Completion(generation) => generation.lengths("completion"),
            Self::Conversation(conversation) => {
                conversation.generation_mut().lengths("conversation")
            }
            Self::Embedding(embedding) => embedding.lengths("embedding"),
            Self::Tensor(inference) => inference.lengths("tensor"),
            Self::Journey(journey) => {
                let steps = journey.steps_mut().iter_mut().enumerate();
                let lengths = steps.flat_map(|(index, step)| {
                    let path = format!("journey[{index}].{}", step.act.ask().key());
                    step.act.lengths(&path)
                });
                lengths.collect()
            }
            Self::Mix(mix) => {
                let parts = mix.workloads_mut().enumerate();
                let lengths = parts.flat_map(|(index, part)| {
                    let lengths = part.all_lengths().into_iter();
                    lengths.map(move |at| LengthAt {
                        path: format!("mix[{index}].{}", at.path),
                        ..at
                    })
                });
                lengths.collect()
            }
        }
    }
}

impl Act {
    fn lengths(&mut self, path: &str) -> Vec<LengthAt<'_>> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => generation.lengths(path),
            Self::Embedding(embedding) => embedding.lengths(path),
            Self::Tensor(inference) => inference.lengths(path),
            Self::Load(_) | Self::Unload(_) | Self::ListModels(_) | Self::RefreshModels(_) => {
                Vec::new()
            }
        }
    }
}

impl Generation {
    fn lengths(&mut self, path: &str) -> Vec<LengthAt<'_>> {
        let mut lengths = Vec::new();
        if let Prompts::Drawn(drawn) = &mut self.prompt {
            lengths.push(LengthAt {
                path: format!("{path}.prompt.tokens"),
                side: Some(Side::Prompt),
                length: &mut drawn.tokens,
            });
            // What many requests have in common is not the length of one.
            let shared = drawn.shared_prefix.as_mut();
            lengths.extend(shared.map(|shared| LengthAt {
                path: format!("{path}.prompt.shared_prefix.tokens"),
                side: None,
                length: &mut shared.tokens,
            }));
        }
        lengths.extend(self.output.as_mut().map(|output| LengthAt {
            path: format!("{path}.output.tokens"),
            side: Some(Side::Output),
            length: &mut output.tokens,
        }));
        lengths
    }
}

impl Embedding {
    fn lengths(&mut self, path: &str) -> Vec<LengthAt<'_>> {
        vec![LengthAt {
            path: format!("{path}.input.tokens"),
            side: Some(Side::Prompt),
            length: &mut self.input.tokens,
        }]
    }
}

impl Inference {
    /// A trace counts the tokens of texts, not of the elements of tensors.
    fn lengths(&mut self, path: &str) -> Vec<LengthAt<'_>> {
        let inputs = self.inputs.iter_mut().enumerate();
        let lengths = inputs.filter_map(|(index, input)| {
            Some(LengthAt {
                path: format!("{path}.inputs[{index}].tokens"),
                side: None,
                length: input.tokens.as_mut()?,
            })
        });
        lengths.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::trace::Format;
    use crate::workload::{Call, Content, Prompt};

    const TRACE: &str = r#"{"timestamp":0,"input_length":1030,"output_length":1,"hash_ids":[7,8,9]}
{"timestamp":1,"input_length":600,"output_length":2,"hash_ids":[7,10]}
{"timestamp":2,"input_length":600,"output_length":2,"hash_ids":[7,10]}
{"timestamp":3,"input_length":513,"output_length":2,"hash_ids":[7]}
"#;

    fn workload() -> Workload {
        let trace = Arc::new(Format::Mooncake.read(TRACE, None).unwrap());
        let text = r#"{"completion":{"model":"m","prompt":{"tokens":"from_trace"},"output":{"tokens":"from_trace"}}}"#;
        let mut workload: Workload = serde_json::from_str(text).unwrap();
        for at in workload.lengths() {
            *at.length = Length::FromTrace(Traced::of(Arc::clone(&trace), at.side.unwrap()));
        }
        workload
    }

    fn content(seq: u64) -> (Vec<String>, u32) {
        let Call::Infer(Content::Generate(content)) = workload().asked(Seed::new(7), seq).call
        else {
            panic!("no text is asked for")
        };
        let Prompt::Text(text) = content.prompt else {
            panic!("no text")
        };
        (
            text.split(' ').map(str::to_owned).collect(),
            content.output_tokens,
        )
    }

    #[test]
    fn a_request_has_the_lengths_of_its_line_and_of_the_first_again_after_the_last() {
        let lengths: Vec<_> = (0..6)
            .map(content)
            .map(|(words, output)| (words.len(), output))
            .collect();

        assert_eq!(
            lengths,
            [(1030, 1), (600, 2), (600, 2), (513, 2), (1030, 1), (600, 2)]
        );
    }

    #[test]
    fn prompts_begin_alike_where_their_blocks_do() {
        let [long, one, same, short] = [0, 1, 2, 3].map(|seq| content(seq).0);

        assert_eq!(long[..512], one[..512]);
        assert_ne!(long[512..600], one[512..600]);
        assert_eq!(one, same);
        assert_eq!(short[..512], one[..512]);
        assert_ne!(long[..512], long[512..1024]);
    }

    #[test]
    fn a_length_that_is_left_to_a_trace_is_written_so() {
        let text = serde_json::to_string(&workload()).unwrap();

        assert_eq!(
            text,
            r#"{"completion":{"model":"m","prompt":{"tokens":"from_trace"},"output":{"tokens":"from_trace"},"stream":false}}"#
        );
    }
}
