//! One request, from its tensors to its answer: what unary calls and streams have in common, and the unary answer.

use super::breakable::Switch;
use super::refusal;
use super::spoiler::spoil_whole;
use super::tensor;
use crate::backend::{Backend, REQUEST_ID, accept_tokens, earlier_attempts};
use crate::connection::Connection;
use crate::course::{Delivery, Finish};
use crate::journal::{End, Entry, Operation, Protocol};
use crate::protocol::oip::{self, Address, Given, MAX_TOKENS, VERSION};
use crate::refused::Refused;
use crate::signature::Wanted;
use crate::visit::Visit;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse};
use std::future::pending;
use std::sync::Arc;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Response, Status};

/// How often the call was made before, as gRPC's retry design has it (gRFC A6).
const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// Answers a unary call.
pub(super) async fn answer(
    backend: &Arc<Backend>,
    request: Request<ModelInferRequest>,
) -> Result<Response<ModelInferResponse>, Status> {
    let call = Call::read(&request);
    let mut visit = backend.arrive(Protocol::OipGrpc, Operation::Infer, call.connection());
    let mut request = request.into_inner();
    let wanted = match understand(backend, &mut request, &call, &mut visit) {
        Ok(wanted) => wanted,
        Err(refused) => {
            visit.end(End::Refused);
            return Err(refusal::refused(refused));
        }
    };
    let course = backend.decide(&mut visit, Delivery::Whole).await;
    let course = course.map_err(refusal::refused)?;
    let (wording, tells_usage) = (course.wording(), course.tells_usage());
    let sent = course.ticker.tokens();
    let due = course.ticker.last_token().await;
    let switch = Switch::default();
    if course.drip.is_none() {
        visit.wrote(sent, due);
        visit.end(course.finish.end());
    }
    match course.finish {
        // Only streams fail in their middle.
        Finish::Properly | Finish::Fail(_) => {}
        Finish::BreakOff => switch.throw(None),
        Finish::Sever(how) => switch.throw(Some(how)),
        // An answer in one piece has no beginning that could be sent alone.
        Finish::FallSilent => return pending().await,
    }
    let mut answer = envelope(request);
    let tensors = match wanted {
        Wanted::Text(_) => {
            if tells_usage {
                answer.parameters = usage(visit.entry()).into();
            }
            tensor::text(&wording.text(visit.entry().output_tokens))
        }
        Wanted::Tensors(tensors) => tensors,
    };
    (answer.outputs, answer.raw_output_contents) = tensor::outputs(tensors);
    spoil_whole(&mut answer, course.spoil, &switch);
    if let Some(mut drip) = course.drip {
        drip.ends(visit, sent, due);
        switch.trickle(drip);
    }
    let mut response = Response::new(answer);
    response.extensions_mut().insert(switch);
    Ok(response)
}

/// What is known of a call, and so about every request of a stream.
#[derive(Debug)]
pub(super) struct Call {
    id: Option<AsciiMetadataValue>,
    earlier_attempts: u32,
    connection: Option<Connection>,
}

impl Call {
    /// Reads what is there; all of it may be missing.
    pub(super) fn read<T>(request: &Request<T>) -> Self {
        let metadata = request.metadata();
        let attempts = metadata.get(PREVIOUS_ATTEMPTS);
        Self {
            id: metadata.get(REQUEST_ID).cloned(),
            earlier_attempts: earlier_attempts(attempts.and_then(|count| count.to_str().ok())),
            connection: request.extensions().get().cloned(),
        }
    }

    /// The connection on which the call came.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    fn id(&self) -> Option<&str> {
        self.id.as_ref().and_then(|id| id.to_str().ok())
    }
}

/// Reads a request, notes what it asks for, and makes sure that its model can answer. Its own id comes before that of the
/// call, which on a stream is the same for all. What it holds is taken out of it.
pub(super) fn understand(
    backend: &Backend,
    request: &mut ModelInferRequest,
    call: &Call,
    visit: &mut Visit,
) -> Result<Wanted, Refused> {
    let inputs = tensor::inputs(request);
    let own_id = Some(request.id.as_str()).filter(|id| !id.is_empty());
    let address = Address {
        id: own_id.or(call.id()),
        attempt: call.earlier_attempts,
        model: &request.model_name,
        version: &request.model_version,
    };
    oip::address(backend, visit, address)?;
    let outputs = request.outputs.iter().map(|output| output.name.as_str());
    let given = Given {
        inputs: inputs?,
        outputs: outputs.collect(),
        max_tokens: max_tokens(request)?,
    };
    oip::understand(backend, visit, address, &given)
}

fn max_tokens(request: &ModelInferRequest) -> Result<Option<u32>, Refused> {
    let Some(parameter) = request.parameters.get(MAX_TOKENS) else {
        return Ok(None);
    };
    let asked = match parameter.parameter_choice {
        Some(ParameterChoice::Int64Param(asked)) => asked,
        Some(ParameterChoice::Uint64Param(asked)) => i64::try_from(asked).unwrap_or(i64::MAX),
        _ => {
            return Err(oip::invalid("parameter `max_tokens`: expected an int64"));
        }
    };
    let accepted = accept_tokens(asked);
    let accepted = accepted.map_err(|error| format!("parameter `max_tokens`: {error}"));
    accepted.map(Some).map_err(oip::invalid)
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
