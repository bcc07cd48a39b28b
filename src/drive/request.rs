//! From what a workload asks to what a client is asked.

use super::ids::Ids;
use crate::client::{Input, Message, Request, Role, Tensor};
use crate::plan::{Stage, Stream};
use crate::sample::{Kind, Operation, Outcome};
use crate::seed::Seed;
use crate::workload::{
    self, Call, Content, DrawnTensor, Embed, Generate, Infer, Listing, OnFailure, Prompt, Stretch,
    Workload,
};
use std::time::Duration;

/// The requests of a load stream: those of each slot, and each by its number.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    workload: Workload,
    kinds: Vec<(workload::Kind, Operation)>,
    seed: Seed,
    ids: Ids,
}

/// One request of a slot, as the lane makes it.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) asked: Asked,
    /// Is it a turn of its slot's conversation?
    pub(super) is_turn: bool,
    /// The pause before it.
    pub(super) think: Duration,
    /// How long after it was sent it is given up, if it is at all.
    pub(super) cancel_after: Option<Duration>,
    on_failure: OnFailure,
}

/// What a client is asked.
#[derive(Debug)]
pub(super) enum Asked {
    /// Inference.
    Infer(Request),
    /// To load the model of this name.
    Load(String),
    /// To unload the model of this name.
    Unload(String),
    /// For the models, from its list if that is young enough.
    ListModels(Listing),
    /// For the models as they are now.
    RefreshModels(Listing),
}

impl Requests {
    /// Those of the stage's stream at this place.
    pub(super) fn of(stage: &Stage, place: usize, stream: &Stream) -> Self {
        let ids = Ids::of(stage, place, stream);
        Self::new(stream.workload.clone(), stream.seed(stage.seed), ids)
    }

    pub(super) fn new(workload: Workload, seed: Seed, ids: Ids) -> Self {
        Self {
            kinds: told_apart(&workload),
            workload,
            seed,
            ids,
        }
    }

    /// The numbers of the requests of a slot, in order.
    pub(super) fn of_slot(&self, slot: u64) -> std::ops::Range<u64> {
        self.workload.requests_of(self.seed, slot)
    }

    /// What a user does in a round, and which part of a mix that is.
    pub(super) fn of_user(&self, user: u32) -> (Option<usize>, Vec<Stretch>) {
        self.workload.of_user(user)
    }

    /// Which of the kinds told apart request `seq` is of, and what it asks.
    pub(super) fn kind(&self, seq: u64) -> (usize, Operation) {
        let kind = self.workload.kind(self.seed, seq);
        let mut known = self.kinds.iter().enumerate();
        let known = known.find(|(_, (known, _))| *known == kind);
        let (index, (_, operation)) =
            known.unwrap_or_else(|| unreachable!("a workload knows all of its kinds"));
        (index, *operation)
    }

    /// Request `seq`.
    pub(super) fn due(&self, seq: u64) -> Due {
        let asked = self.workload.asked(self.seed, seq);
        Due {
            is_turn: asked.is_turn,
            think: asked.think,
            cancel_after: asked.cancel_after,
            on_failure: asked.on_failure,
            asked: match asked.call {
                Call::Infer(content) => Asked::Infer(request(self.ids.id(seq), content)),
                Call::Load(model) => Asked::Load(model),
                Call::Unload(model) => Asked::Unload(model),
                Call::ListModels(listing) => Asked::ListModels(listing),
                Call::RefreshModels(listing) => Asked::RefreshModels(listing),
            },
        }
    }
}

impl Due {
    /// Is the slot over when its request ended so?
    pub(super) fn ends_slot(&self, outcome: Outcome) -> bool {
        let failed = match outcome {
            Outcome::Answered | Outcome::Cancelled => false,
            Outcome::WrongAnswer(_) | Outcome::Failed(_) | Outcome::NotSent => true,
        };
        failed && self.on_failure == OnFailure::Stop
    }
}

/// The kinds of request that a load stream tells apart, as reports name them.
pub(crate) fn kinds(stream: &Stream) -> Vec<Kind> {
    let workload = &stream.workload;
    let name = |part| workload.part_name(part).map(str::to_owned);
    let named = |(kind, operation): (workload::Kind, Operation)| Kind {
        stream: stream.name.clone(),
        part: kind.part.and_then(name),
        turn: kind.turn,
        operation,
    };
    told_apart(workload).into_iter().map(named).collect()
}

/// The same as the workload has them, in the order of reports.
fn told_apart(workload: &Workload) -> Vec<(workload::Kind, Operation)> {
    let kinds = workload.kinds().into_iter();
    let mut kinds: Vec<_> = kinds
        .map(|kind| (kind, operation(kind.operation)))
        .collect();
    kinds.sort_by_key(|(kind, operation)| (kind.part, kind.turn, *operation));
    kinds
}

/// What samples call the operation of this name.
fn operation(key: &str) -> Operation {
    let mut all = Operation::ALL.into_iter();
    let named = all.find(|operation| operation.name() == key);
    named.unwrap_or_else(|| unreachable!("samples know everything that a workload can ask"))
}

fn request(id: String, content: Content) -> Request {
    match content {
        Content::Generate(content) => generate(id, content),
        Content::Embed(content) => embed(id, content),
        Content::Infer(content) => infer(id, content),
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
        workload::Role::System => Role::System,
        workload::Role::User => Role::User,
        workload::Role::Assistant => Role::Assistant,
    }
}
