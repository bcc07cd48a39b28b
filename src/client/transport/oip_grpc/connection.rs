//! One HTTP/2 connection that all calls share, made when first needed and again when it is gone.
//!
//! Calls that arrive while it is being made wait for that one attempt and share its outcome, so that an endpoint that
//! swallows packets costs each of them one connect deadline, not one for every call before it. The call after a failure
//! tries anew.

use super::status::{self, Answer};
use crate::client::transport::ANSWER_LIMIT;
use crate::client::transport::access::{Access, Key};
use crate::client::{Connection, Error, Failure, FailureKind};
use inferometer_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use inferometer_proto::inference::{ModelInferRequest, ModelInferResponse};
use reqwest::Url;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tonic::client::Grpc;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// The generated client over its channel. Cloning it shares the connection.
pub(super) type Stub = GrpcInferenceServiceClient<Keyed>;

/// A channel that shows the key of its endpoint.
type Keyed = InterceptedService<Channel, Key>;

/// Where a unary inference is asked for.
const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";

/// The outcome of one attempt to connect, from the moment that a call wants it.
type Slot = OnceCell<Result<Channel, Failure>>;

/// The way to one endpoint.
#[derive(Debug)]
pub(super) struct Link {
    endpoint: Endpoint,
    key: Key,
    connect_deadline: Duration,
    slot: Mutex<Arc<Slot>>,
}

impl Link {
    /// Prepares the way to `base`, whose path is kept as a prefix. Nothing is connected.
    pub(super) fn new(
        base: &Url,
        connect_deadline: Duration,
        access: &Access,
    ) -> Result<Self, Error> {
        let endpoint = access
            .grpc(base)?
            .connect_timeout(connect_deadline)
            .tcp_nodelay(true);
        Ok(Self {
            endpoint,
            key: access.key()?,
            connect_deadline,
            slot: Mutex::default(),
        })
    }

    /// Makes one call of the generated client, connecting first if need be. Dropping the future resets the call's
    /// stream.
    pub(super) async fn call<T, F>(
        &self,
        call: impl FnOnce(Stub) -> F,
    ) -> Result<(T, Connection), Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let stub = |channel| {
            Stub::with_origin(channel, self.origin()).max_decoding_message_size(ANSWER_LIMIT)
        };
        self.call_on_channel(|channel| call(stub(channel))).await
    }

    /// Makes one unary inference. Unlike the generated client's, this call returns when the head of the answer has
    /// arrived, so that it can be timed, and so that an answer that breaks off is told from one that never began.
    pub(super) async fn infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<(Streaming<ModelInferResponse>, Connection), Failure> {
        self.call_on_channel(|channel| async {
            let mut grpc =
                Grpc::with_origin(channel, self.origin()).max_decoding_message_size(ANSWER_LIMIT);
            grpc.ready()
                .await
                .map_err(|e| Status::from_error(Box::new(e)))?;
            let path = PathAndQuery::from_static(MODEL_INFER);
            let codec = ProstCodec::<ModelInferRequest, ModelInferResponse>::default();
            grpc.server_streaming(request, path, codec).await
        })
        .await
    }

    async fn call_on_channel<T, F>(
        &self,
        call: impl FnOnce(Keyed) -> F,
    ) -> Result<(T, Connection), Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let slot = self.slot();
        let mut connection = Connection::Reused;
        let connect = || {
            connection = Connection::Fresh;
            self.connect(&slot)
        };
        let channel = slot.get_or_init(connect).await.clone()?;
        let keyed = InterceptedService::new(channel, self.key.clone());
        match call(keyed).await {
            Ok(response) => Ok((response.into_inner(), connection)),
            Err(status) => {
                let failure = status::failure(&status, Answer::Awaited);
                if failure.kind == FailureKind::Connect {
                    self.forget(&slot);
                }
                Err(failure)
            }
        }
    }

    async fn connect(&self, slot: &Arc<Slot>) -> Result<Channel, Failure> {
        let deadline = self.connect_deadline;
        let outcome = match tokio::time::timeout(deadline, self.endpoint.connect()).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(error)) => Err(Failure::caused(FailureKind::Connect, &error)),
            Err(_) => Err(Failure::new(
                FailureKind::Connect,
                format!("no connection within the connect deadline of {deadline:?}"),
            )),
        };
        // Before the waiting calls learn of a failure, so that none that comes after them can find it.
        if outcome.is_err() {
            self.forget(slot);
        }
        outcome
    }

    /// Lets the next call make a connection of its own. Calls under way go on over theirs.
    pub(super) fn renew(&self) {
        let slot = self.slot();
        if slot.initialized() {
            self.forget(&slot);
        }
    }

    fn origin(&self) -> Uri {
        self.endpoint.uri().clone()
    }

    fn slot(&self) -> Arc<Slot> {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&slot)
    }

    /// Makes room for a new connection, unless someone has.
    fn forget(&self, slot: &Arc<Slot>) {
        let mut current = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, slot) {
            *current = Arc::default();
        }
    }
}
