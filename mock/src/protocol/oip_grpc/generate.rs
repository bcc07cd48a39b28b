//! One request for text, from its tensors to its answer: what unary calls and streams have in common, and the unary
//! answer.

use super::breakable::Switch;
use super::refusal;
use super::tensor;
use crate::backend::{Backend, DEFAULT_TOKENS, REQUEST_ID, accept_tokens, earlier_attempts};
use crate::course::{Delivery, Finish};
use crate::journal::{End, Entry, Operation, Protocol};
use crate::visit::{Asking, Visit};
use crate::words;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse};
use std::future::pending;
use std::sync::Arc;
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
    let mut visit = backend.arrive(Protocol::OipGrpc, Operation::Infer);
    let call = Call::read(request.metadata());
    let request = request.into_inner();
    if let Err(status) = understand(backend, &request, &call, &mut visit) {
        visit.end(End::Refused);
        return Err(status);
    }
    let course = backend.decide(&mut visit, Delivery::Whole).await;
    let course = course.map_err(refusal::refused)?;
    let sent = course.ticker.tokens();
    let due = course.ticker.last_token().await;
    visit.wrote(sent, due);
    let switch = Switch::default();
    match course.finish {
        Finish::Properly => visit.end(End::Answered),
        Finish::BreakOff => {
            visit.end(End::Failed);
            switch.throw();
        }
        // An answer in one piece has no beginning that could be sent alone.
        Finish::FallSilent => return pending().await,
    }
    let text = words::text(visit.entry().output_tokens);
    let mut response = Response::new(ModelInferResponse {
        parameters: usage(visit.entry()).into(),
        outputs: vec![tensor::output()],
        raw_output_contents: vec![tensor::raw(&text)],
        ..envelope(request)
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

/// Reads a request, notes what it asks for, and makes sure that its model can answer. Its own id comes before that of the
/// call, which on a stream is the same for all.
pub(super) fn understand(
    backend: &Backend,
    request: &ModelInferRequest,
    call: &Call,
    visit: &mut Visit,
) -> Result<(), Status> {
    let own_id = Some(request.id.as_str()).filter(|id| !id.is_empty());
    let mut asking = Asking {
        id: own_id.or(call.id()),
        attempt: call.earlier_attempts,
        model: &request.model_name,
        prompt_tokens: 0,
        output_tokens: 0,
    };
    visit.asks(asking);
    require_version(&request.model_name, &request.model_version)?;
    let model = backend.repository.require(&request.model_name);
    visit.hold(model.map_err(|error| refusal::model(&error))?);
    asking.prompt_tokens = words::count(tensor::prompt(request)?);
    asking.output_tokens = max_tokens(request)?.unwrap_or(DEFAULT_TOKENS);
    visit.asks(asking);
    Ok(())
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
pub(super) fn usage(entry: &Entry) -> [(String, InferParameter); 2] {
    let prompt = i64::try_from(entry.prompt_tokens).unwrap_or(i64::MAX);
    let completion = i64::from(entry.output_tokens);
    [
        parameter("prompt_tokens", ParameterChoice::Int64Param(prompt)),
        parameter("completion_tokens", ParameterChoice::Int64Param(completion)),
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
