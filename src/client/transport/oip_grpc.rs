//! The Open Inference Protocol over gRPC: inference whole or streamed, readiness, the model repository. Text goes in as
//! the BYTES tensor `text_input` and comes out as `text_output`, see [`tensor`]; any other tensors go as they are, see [`contents`].

mod connection;
mod contents;
mod describe;
mod status;
mod streamed;
mod tensor;

use super::access::Access;
use super::{Delta, Opened, Transport, Turn, no_room, oip};
use crate::client::batch::Kind;
use crate::client::error::excerpt;
use crate::client::{
    ClientConfig, Description, Error, Failure, FailureKind, Input, Model, PoolStatistics, Protocol,
    Request,
};
use connection::{Link, Stub};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use inferometer_proto::inference::repository_index_response::ModelIndex;
use inferometer_proto::inference::{
    ModelInferResponse, ModelStreamInferResponse, RepositoryIndexRequest,
    RepositoryModelLoadRequest, RepositoryModelUnloadRequest, ServerReadyRequest,
};
use reqwest::Url;
use status::Answer;
use std::future::ready;
use std::time::Duration;
use tokio::time::Instant;
use tonic::metadata::errors::InvalidMetadataValue;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Status, Streaming};

/// How often a call was made before: what gRPC's retry design calls it (gRFC A6).
const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// An endpoint with its connection.
#[derive(Debug)]
struct OipGrpc {
    link: Link,
}

/// Prepares the endpoint; the connection is made by the first call.
pub(super) fn prepare(
    base: &Url,
    config: &ClientConfig,
    access: &Access,
) -> Result<Box<dyn Transport>, Error> {
    let link = Link::new(base, config, access)?;
    Ok(Box::new(OipGrpc { link }))
}

impl Transport for OipGrpc {
    fn protocol(&self) -> Protocol {
        Protocol::OipGrpc
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        if request.stream {
            Box::pin(self.infer_streamed(request, turn))
        } else {
            Box::pin(self.infer_whole(request, turn))
        }
    }

    fn batch_kind(&self, request: &Request) -> Option<Kind> {
        Kind::of_tensors(request)
    }

    fn infer_together<'a>(
        &'a self,
        requests: &'a [Request],
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(async move {
            let joined = oip::together::join(requests)?;
            let opened = self.infer_whole(&joined.request, turn).await?;
            Ok(joined.split(opened))
        })
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            let call =
                |mut stub: Stub| async move { stub.server_ready(ServerReadyRequest {}).await };
            if self.link.call(call).await?.0.ready {
                return Ok(());
            }
            let kind = FailureKind::Grpc(status::UNAVAILABLE);
            Err(Failure::new(kind, "server answers that it is not ready"))
        })
    }

    fn renew(&self) {
        self.link.renew();
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async {
            let all = RepositoryIndexRequest::default();
            let call = |mut stub: Stub| async move { stub.repository_index(all).await };
            let (index, _) = self.link.call(call).await?;
            Ok(index.models.into_iter().map(model).collect())
        })
    }

    fn is_model_ready<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(describe::is_ready(&self.link, name))
    }

    fn describe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Description, Failure>> {
        Box::pin(describe::describe(&self.link, name))
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let request = RepositoryModelLoadRequest {
            model_name: name.to_owned(),
            ..Default::default()
        };
        Box::pin(async {
            let call = |mut stub: Stub| async move { stub.repository_model_load(request).await };
            self.link.call(call).await.map(drop)
        })
    }

    fn unload<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let request = RepositoryModelUnloadRequest {
            model_name: name.to_owned(),
            ..Default::default()
        };
        Box::pin(async {
            let call = |mut stub: Stub| async move { stub.repository_model_unload(request).await };
            self.link.call(call).await.map(drop)
        })
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.link.warm_up())
    }

    fn pool_statistics(&self) -> PoolStatistics {
        self.link.statistics()
    }
}

impl OipGrpc {
    async fn infer_whole(&self, request: &Request, turn: Turn) -> Result<Opened, Failure> {
        let message = match &request.input {
            Input::Chat(_) | Input::Prompt(_) => tensor::request(request),
            Input::Tensors { inputs, outputs } => contents::request(request, inputs, outputs),
            Input::Embedding { .. } => return Err(no_room(self.protocol(), request)),
        };
        let message = labelled(message, request, turn)?;
        let (mut responses, connection) = self.link.infer(message, turn.over).await?;
        let first_byte = Instant::now();
        let response = only_message(&mut responses).await?;
        let at = Instant::now();
        let delta = match request.input {
            Input::Tensors { .. } => contents::read(response, at)?,
            Input::Chat(_) | Input::Prompt(_) | Input::Embedding { .. } => whole(&response, at),
        };
        Ok(Opened {
            first_byte,
            connection,
            queued: None,
            deltas: stream::once(ready(Ok(delta))).boxed(),
        })
    }

    /// An answer begins with its first message: servers send the head of a stream before they have looked at the request,
    /// and may refuse it after that.
    async fn infer_streamed(&self, request: &Request, turn: Turn) -> Result<Opened, Failure> {
        let messages = stream::iter([tensor::request(request)]);
        let messages = labelled(messages, request, turn)?;
        let (mut responses, connection) = self.link.stream(messages, turn.over).await?;
        let first_byte = Instant::now();
        let first = match responses.message().await {
            Ok(first) => first.map(|message| piece(Ok(message))).transpose()?,
            Err(status) => return Err(status::failure(&status, Answer::Awaited)),
        };
        let first = stream::iter(first.map(Ok));
        Ok(Opened {
            first_byte,
            connection,
            queued: None,
            deltas: first.chain(responses.map(piece)).boxed(),
        })
    }
}

/// The message of a unary answer, once the status that follows it says that all is well.
async fn only_message(
    responses: &mut Streaming<ModelInferResponse>,
) -> Result<ModelInferResponse, Failure> {
    let broken = |status: Status| status::failure(&status, Answer::Begun);
    let message = responses.message().await.map_err(broken)?;
    responses.trailers().await.map_err(broken)?;
    message.ok_or_else(|| {
        let message = "expected one message in the answer, found none";
        Failure::new(FailureKind::Malformed, message)
    })
}

/// The one delta of a whole answer.
fn whole(response: &ModelInferResponse, at: Instant) -> Delta {
    let delta = delta(response, at);
    let counted = delta.usage.map(|usage| usage.completion_tokens);
    let counted = counted.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX));
    Delta {
        tokens: counted.unwrap_or(delta.tokens),
        is_last: true,
        ..delta
    }
}

/// What one message of a stream adds to an answer.
fn piece(message: Result<ModelStreamInferResponse, Status>) -> Result<Delta, Failure> {
    let at = Instant::now();
    let message = message.map_err(|status| status::failure(&status, Answer::Begun))?;
    if !message.error_message.is_empty() {
        let said = excerpt(&message.error_message);
        let said = format!("server reported in its stream: {said}");
        return Err(Failure::new(FailureKind::Grpc(status::INTERNAL), said));
    }
    Ok(message
        .infer_response
        .map_or_else(|| Delta::empty(at), |response| delta(&response, at)))
}

fn delta(response: &ModelInferResponse, at: Instant) -> Delta {
    let text = tensor::text(response);
    Delta {
        tokens: u32::from(!text.is_empty()),
        text,
        usage: tensor::usage(response),
        finish_reason: tensor::finish_reason(response),
        is_last: tensor::is_final(response),
        ..Delta::empty(at)
    }
}

fn model(listed: ModelIndex) -> Model {
    Model {
        state: oip::model_state(&listed.state, &listed.reason),
        name: listed.name,
    }
}

/// Puts the request's id and its turn beside the message, where proxies and logs look for them.
fn labelled<T>(message: T, request: &Request, turn: Turn) -> Result<tonic::Request<T>, Failure> {
    let mut message = tonic::Request::new(message);
    if !request.id.is_empty() {
        let id: MetadataValue<Ascii> = request
            .id
            .parse()
            .map_err(|error: InvalidMetadataValue| Failure::caused(FailureKind::Invalid, &error))?;
        message.metadata_mut().insert("x-request-id", id);
    }
    if turn.earlier_attempts > 0 {
        message
            .metadata_mut()
            .insert(PREVIOUS_ATTEMPTS, turn.earlier_attempts.into());
    }
    // The library keeps to it as well. It must not come before the call's own deadline, which says more.
    message.set_timeout(turn.time_left + Duration::from_millis(1));
    Ok(message)
}

#[cfg(test)]
mod hostile;
