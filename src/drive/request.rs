//! From a workload's content to a client's request.

use crate::client::{Input, Message, Request, Role, Tensor};
use crate::plan::Stage;
use crate::seed::Seed;
use crate::workload::{self, Content, DrawnTensor, Embed, Generate, Infer, Prompt, Workload};

/// The requests of a stage, by their number.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    workload: Workload,
    seed: Seed,
    stage: usize,
}

impl Requests {
    pub(super) fn of(stage: &Stage) -> Self {
        Self {
            workload: stage.workload.clone(),
            seed: stage.seed,
            stage: stage.index,
        }
    }

    pub(super) fn request(&self, seq: u64) -> Request {
        let id = id(self.stage, seq);
        match self.workload.content(self.seed, seq) {
            Content::Generate(content) => generate(id, content),
            Content::Embed(content) => embed(id, content),
            Content::Infer(content) => infer(id, content),
        }
    }
}

/// The id of a stage's request: `s0-17`.
fn id(stage: usize, seq: u64) -> String {
    format!("s{stage}-{seq}")
}

/// The number of the stage's request with this id; `None` where it is none of its requests.
pub fn number(stage: usize, id: &str) -> Option<u64> {
    let (of, seq) = id.strip_prefix('s')?.split_once('-')?;
    (of.parse() == Ok(stage)).then(|| seq.parse().ok())?
}

fn generate(id: String, content: Generate) -> Request {
    Request {
        id,
        input: input(content.prompt),
        model: content.model,
        max_tokens: content.output_tokens,
        stream: content.stream,
        temperature: None,
        top_p: None,
    }
}

fn embed(id: String, content: Embed) -> Request {
    let Embed {
        model,
        texts,
        dimensions,
    } = content;
    Request {
        input: Input::Embedding { texts, dimensions },
        ..Request::embedding(id, model, Vec::new())
    }
}

fn infer(id: String, content: Infer) -> Request {
    let inputs = content.inputs.into_iter().map(tensor).collect();
    let outputs = content.outputs;
    Request {
        input: Input::Tensors { inputs, outputs },
        ..Request::tensors(id, content.model, Vec::new())
    }
}

fn tensor(drawn: DrawnTensor) -> Tensor {
    let made = Tensor::try_new(drawn.name, drawn.datatype, &drawn.shape, drawn.contents);
    made.unwrap_or_else(|_| unreachable!("as many elements are drawn as the shape has"))
}

fn input(prompt: Prompt) -> Input {
    match prompt {
        Prompt::Text(text) => Input::Prompt(text),
        Prompt::Chat(turns) => Input::Chat(
            turns
                .into_iter()
                .map(|turn| Message {
                    role: role(turn.role),
                    content: turn.text,
                })
                .collect(),
        ),
    }
}

fn role(role: workload::Role) -> Role {
    match role {
        workload::Role::User => Role::User,
    }
}
