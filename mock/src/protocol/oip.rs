//! What both flavours of the Open Inference Protocol share: how a request is understood, and the words in which server,
//! models and repository speak of themselves. Triton is the reference where the protocol leaves a choice.

use crate::backend::{Backend, DEFAULT_TOKENS};
use crate::metrics::Finished;
use crate::refused::{Cause, Refused};
use crate::repository::{self, State};
use crate::signature::{Mistake, Wanted};
use crate::statistics::Figures;
use crate::tensor::Tensor;
use crate::visit::{Asking, Visit};
use http::StatusCode;
use tonic::Code;

/// The name of the server.
pub(super) const SERVER: &str = "inferometer-mock";
/// The platform of every model.
pub(super) const PLATFORM: &str = "inferometer_mock";
/// The extensions of the protocol that the server speaks.
pub(super) const EXTENSIONS: [&str; 5] = [
    "model_repository",
    "model_configuration",
    "binary_tensor_data",
    "parameters",
    "statistics",
];
/// The one version that every model has.
pub(super) const VERSION: &str = "1";
/// The parameter that says how many tokens a text model answers with.
pub(super) const MAX_TOKENS: &str = "max_tokens";

/// Whom a request addresses, and how it calls itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) attempt: u32,
    pub(super) model: &'a str,
    /// Empty for whichever there is.
    pub(super) version: &'a str,
}

/// What a request brings.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) inputs: Vec<Tensor>,
    /// Names of the outputs that it wants; all when there are none.
    pub(super) outputs: Vec<&'a str>,
    /// Tokens to answer with, as its parameter says.
    pub(super) max_tokens: Option<u32>,
}

/// Notes whom a request addresses, and makes sure that the model is there and can answer.
pub(super) fn address(
    backend: &Backend,
    visit: &mut Visit,
    address: Address<'_>,
) -> Result<(), Refused> {
    visit.asks(asking(address, 0, 0));
    let lease = backend.repository.require(address.model);
    visit.hold(lease.map_err(|error| model_refused(&error))?);
    require_version(address.model, address.version)
}

/// Holds what a request brings against what its model takes, and notes what it asks for. An answer of tensors counts as
/// one token: it takes the time of the first.
pub(super) fn understand(
    backend: &Backend,
    visit: &mut Visit,
    address: Address<'_>,
    given: &Given<'_>,
) -> Result<Wanted, Refused> {
    let wanted = backend
        .signatures
        .read(address.model, &given.inputs, &given.outputs)?;
    let (prompt_tokens, output_tokens) = match &wanted {
        Wanted::Text(text) => {
            let most = given.max_tokens.or(text.max_tokens);
            if most.is_some() {
                visit.finishes(Finished::Length);
            }
            (text.prompt_tokens, most.unwrap_or(DEFAULT_TOKENS))
        }
        Wanted::Tensors(_) => (0, 1),
    };
    visit.asks(asking(address, prompt_tokens, output_tokens));
    Ok(wanted)
}

fn asking(address: Address<'_>, prompt_tokens: u64, output_tokens: u32) -> Asking<'_> {
    Asking {
        id: address.id,
        attempt: address.attempt,
        model: address.model,
        prompt_tokens,
        output_tokens,
    }
}

/// Refuses a version that no model has.
pub(super) fn require_version(model: &str, version: &str) -> Result<(), Refused> {
    if version.is_empty() || version == VERSION {
        return Ok(());
    }
    Err(Refused {
        status: StatusCode::NOT_FOUND,
        code: Code::NotFound,
        message: format!("The model `{model}` has no version `{version}`, only `{VERSION}`."),
        retry_after: None,
        cause: Cause::Server,
    })
}

/// What is counted of one model, or of all that are ready where none is named, in the order of the repository.
pub(super) fn statistics(
    backend: &Backend,
    model: &str,
    version: &str,
) -> Result<Vec<ModelFigures>, Refused> {
    let ready = backend.repository.index().enumerate();
    let ready = ready.filter(|&(_, (_, state))| state == State::Loaded);
    let chosen = ready.filter(|(_, (name, _))| model.is_empty() || *name == model);
    let figures: Vec<_> = chosen
        .map(|(place, (name, _))| {
            let figures = backend.ledger.statistics.of(place);
            ModelFigures {
                name: name.to_owned(),
                figures,
                last_inference: match figures.last_ns {
                    0 => 0,
                    nanos => backend.ledger.clock.epoch_millis(nanos),
                },
            }
        })
        .collect();
    // The statuses and words of Triton.
    if figures.is_empty() && !model.is_empty() {
        let message = format!("requested model '{model}' is not available");
        return Err(invalid(message));
    }
    if !model.is_empty() && !version.is_empty() && version != VERSION {
        let message = format!("requested model version is not available for model '{model}'");
        return Err(invalid(message));
    }
    Ok(figures)
}

/// What is counted of one model.
#[derive(Debug)]
pub(super) struct ModelFigures {
    pub(super) name: String,
    pub(super) figures: Figures,
    /// When its last answer ended, in milliseconds since 1970; 0 before the first.
    pub(super) last_inference: u64,
}

/// A model that cannot be used.
pub(super) fn model_refused(error: &repository::Error) -> Refused {
    let (status, code) = match error {
        repository::Error::Unknown(..) => (StatusCode::NOT_FOUND, Code::NotFound),
        repository::Error::NotReady(..) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        repository::Error::LoadFailed(..) => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal),
    };
    Refused {
        status,
        code,
        message: error.to_string(),
        retry_after: None,
        cause: Cause::Server,
    }
}

/// A request that cannot be understood.
pub(super) fn invalid(message: impl Into<String>) -> Refused {
    Refused {
        status: StatusCode::BAD_REQUEST,
        code: Code::InvalidArgument,
        message: message.into(),
        retry_after: None,
        cause: Cause::Server,
    }
}

impl From<Mistake> for Refused {
    fn from(Mistake(message): Mistake) -> Self {
        invalid(message)
    }
}

/// A state and its reason as the index lists them, with the words that Triton uses.
pub(super) fn state(state: State) -> (&'static str, String) {
    match state {
        State::Loaded => ("READY", String::new()),
        State::Loading => ("LOADING", String::new()),
        State::Unloading => ("UNLOADING", String::new()),
        State::Unloaded => ("UNAVAILABLE", "unloaded".to_owned()),
        State::Failed(reason) => ("UNAVAILABLE", reason.to_string()),
    }
}
