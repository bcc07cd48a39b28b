//! One request for text, from its tensors to its answer: what unary calls and streams have in common, and the unary
//! answer.

use super::breakable::Switch;
use super::refusal;
use super::tensor;
use crate::backend::{Backend, REQUEST_ID, Wish, accept_tokens, earlier_attempts};
use crate::behaviour::Course;
use crate::fault::Strike;
use crate::tally::{Outcome, Protocol};
use crate::words;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse};
use std::future::pending;
use std::sync::Arc;
use tokio::time::Instant;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Request, Response, Status};

/// The one version that every model has.
pub(super) const VERSION: &str = "1";

/// How often the call was made before, as gRPC's retry design has it (gRFC A6).
const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// Answers a unary call.
pub(super) async fn answer(
    backend: &Arc<Backend>,
    request: Request<ModelInferRequest>,
) -> Result<Response<ModelInferResponse>, Status> {
    let arrived = Instant::now();
    let mut visit = backend.tally.arrive(Protocol::Grpc);
    let call = Call::read(request.metadata());
    let asked = match Asked::understand(backend, request.get_ref(), &call, arrived) {
        Ok(asked) => asked,
        Err(status) => {
            visit.settle(Outcome::Refused);
            return Err(status);
        }
    };
    let switch = Switch::default();
    let tokens = match asked.course.strike {
        Some(Strike::Refuse {
            status,
            retry_after,
        }) => {
            visit.settle(Outcome::Status);
            return Err(refusal::fault(status, retry_after));
        }
        Some(Strike::Silence) => {
            visit.settle(Outcome::Stall);
            return pending().await;
        }
        Some(Strike::BreakOff { after_tokens }) => {
            visit.settle(Outcome::Cut);
            switch.throw();
            after_tokens
        }
        None => asked.wish.tokens(),
    };
    let Asked { wish, course, .. } = asked;
    let broken = course.strike.is_some();
    wish.ticker(course, tokens).last_token().await;
    if !broken {
        visit.settle(Outcome::Answered);
    }
    let text = words::text(wish.tokens());
    let mut response = Response::new(ModelInferResponse {
        parameters: usage(&wish).into(),
        outputs: vec![tensor::output()],
        raw_output_contents: vec![tensor::raw(&text)],
        ..envelope(request.into_inner())
    });
    response.extensions_mut().insert(switch);
    Ok(response)
}

/// What its metadata says about a call, and so about every request of a stream.
#[derive(Debug)]
pub(super) struct Call {
    id: Option<AsciiMetadataValue>,
    earlier_attempts: u32,
}

impl Call {
    /// Reads what is there; all of it may be missing.
    pub(super) fn read(metadata: &MetadataMap) -> Self {
        let attempts = metadata.get(PREVIOUS_ATTEMPTS);
        Self {
            id: metadata.get(REQUEST_ID).cloned(),
            earlier_attempts: earlier_attempts(attempts.and_then(|count| count.to_str().ok())),
        }
    }

    fn id(&self) -> Option<&str> {
        self.id.as_ref().and_then(|id| id.to_str().ok())
    }
}

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) wish: Wish,
    pub(super) course: Course,
}

impl Asked {
    /// Reads a request, makes sure that its model can answer, and decides what happens to it. Its own id comes before
    /// that of the call, which on a stream is the same for all.
    pub(super) fn understand(
        backend: &Backend,
        request: &ModelInferRequest,
        call: &Call,
        arrived: Instant,
    ) -> Result<Self, Status> {
        require_version(&request.model_name, &request.model_version)?;
        backend
            .repository
            .require(&request.model_name)
            .map_err(|error| refusal::model(&error))?;
        let wish = Wish {
            arrived,
            prompt_tokens: words::count(tensor::prompt(request)?),
            max_tokens: max_tokens(request)?,
        };
        let own_id = Some(request.id.as_str()).filter(|id| !id.is_empty());
        let id = backend.name(own_id.or(call.id()));
        Ok(Self {
            wish,
            course: backend.course(&id, call.earlier_attempts),
        })
    }
}

/// Refuses a version that no model has.
pub(super) fn require_version(model: &str, version: &str) -> Result<(), Status> {
    if version.is_empty() || version == VERSION {
        Ok(())
    } else {
        Err(Status::not_found(format!(
            "The model `{model}` has no version `{version}`, only `{VERSION}`."
        )))
    }
}

fn max_tokens(request: &ModelInferRequest) -> Result<Option<u32>, Status> {
    let choice = request
        .parameters
        .get("max_tokens")
        .map(|parameter| parameter.parameter_choice.as_ref());
    let asked = match choice {
        None => return Ok(None),
        Some(Some(ParameterChoice::Int64Param(asked))) => *asked,
        Some(Some(ParameterChoice::Uint64Param(asked))) => {
            i64::try_from(*asked).unwrap_or(i64::MAX)
        }
        Some(_) => {
            return Err(refusal::invalid(
                "parameter `max_tokens`: expected an int64",
            ));
        }
    };
    accept_tokens(asked)
        .map(Some)
        .map_err(refusal::out_of_range)
}

/// What every answer repeats of its request.
pub(super) fn envelope(request: ModelInferRequest) -> ModelInferResponse {
    ModelInferResponse {
        model_name: request.model_name,
        model_version: VERSION.to_owned(),
        id: request.id,
        ..ModelInferResponse::default()
    }
}

/// The token counts of an answer, as parameters.
pub(super) fn usage(wish: &Wish) -> [(String, InferParameter); 2] {
    let prompt = i64::try_from(wish.prompt_tokens).unwrap_or(i64::MAX);
    [
        parameter("prompt_tokens", ParameterChoice::Int64Param(prompt)),
        parameter(
            "completion_tokens",
            ParameterChoice::Int64Param(i64::from(wish.tokens())),
        ),
    ]
}

/// A named parameter.
pub(super) fn parameter(name: &str, choice: ParameterChoice) -> (String, InferParameter) {
    (
        name.to_owned(),
        InferParameter {
            parameter_choice: Some(choice),
        },
    )
}
