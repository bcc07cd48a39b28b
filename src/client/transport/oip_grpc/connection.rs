//! The HTTP/2 connections that all calls share by turns, one unless the pool has more of them. Each is made when first needed
//! and again when it is gone.
//!
//! Calls that arrive while it is being made wait for that one attempt and share its outcome, so that an endpoint that
//! swallows packets costs each of them one connect deadline, not one for every call before it. The call after a failure
//! tries anew.

use super::status::{self, Answer};
use super::streamed::EitherDialect;
use crate::client::pool::Counters;
use crate::client::transport::access::{Access, Key};
use crate::client::transport::given_up::GivenUp;
use crate::client::transport::{ANSWER_LIMIT, CONNECTION_WINDOW, Over, STREAM_WINDOW};
use crate::client::{ClientConfig, Connection, Error, Failure, FailureKind, PoolStatistics};
use futures_util::Stream;
use futures_util::future::join_all;
use inferometer_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use inferometer_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use reqwest::Url;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OnceCell;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
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
/// Where a stream of them is.
const MODEL_STREAM_INFER: &str = "/inference.GRPCInferenceService/ModelStreamInfer";

/// The outcome of one attempt to connect, from the moment that a call wants it.
type Slot = OnceCell<Result<Channel, Failure>>;

/// The way to one endpoint.
#[derive(Debug)]
pub(super) struct Link {
    endpoint: Endpoint,
    key: Key,
    connect_deadline: Duration,
    /// One for each connection that is kept.
    slots: Vec<Mutex<Arc<Slot>>>,
    /// How many calls there were, by which their turns are taken.
    calls: AtomicUsize,
    given_up: GivenUp<Weak<Slot>>,
    /// How many connections are made before the first call.
    warm_up: usize,
    counters: Counters,
    gzip: bool,
}

impl Link {
    /// Prepares the way to `base`, whose path is kept as a prefix. Nothing is connected.
    pub(super) fn new(base: &Url, config: &ClientConfig, access: &Access) -> Result<Self, Error> {
        let connect_deadline = config.connect_deadline.duration();
        let mut endpoint = access
            .grpc(base)?
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .connect_timeout(connect_deadline)
            .tcp_nodelay(true);
        let kept = config.pool.kept();
        if let Some(period) = kept.and_then(|kept| kept.health_check) {
            endpoint = endpoint
                .http2_keep_alive_interval(period.duration())
                .keep_alive_timeout(connect_deadline)
                .keep_alive_while_idle(true);
        }
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let connections = kept.map_or(0, |kept| count(kept.grpc_connections));
        Ok(Self {
            endpoint,
            key: access.key()?,
            connect_deadline,
            slots: (0..connections).map(|_| Mutex::default()).collect(),
            calls: AtomicUsize::new(0),
            given_up: GivenUp::default(),
            warm_up: kept.map_or(0, |kept| count(kept.warm_up)),
            counters: Counters::default(),
            gzip: config.gzip,
        })
    }

    /// Makes the connections that are wanted before the first call.
    pub(super) async fn warm_up(&self) {
        let slots = self.slots.iter().take(self.warm_up);
        let made = slots.map(|place| async {
            let slot = read(place);
            slot.get_or_init(|| self.connect(&slot)).await;
        });
        join_all(made).await;
    }

    /// What became of its connections so far.
    pub(super) fn statistics(&self) -> PoolStatistics {
        self.counters.read()
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
            let stub =
                Stub::with_origin(channel, self.origin()).max_decoding_message_size(ANSWER_LIMIT);
            if self.gzip {
                stub.accept_compressed(CompressionEncoding::Gzip)
            } else {
                stub
            }
        };
        self.call_on_channel(Over::Any, |channel| call(stub(channel)))
            .await
    }

    /// Makes one unary inference. Unlike the generated client's, this call returns when the head of the answer has
    /// arrived, so that it can be timed, and so that an answer that breaks off is told from one that never began.
    pub(super) async fn infer(
        &self,
        request: Request<ModelInferRequest>,
        over: Over,
    ) -> Result<(Streaming<ModelInferResponse>, Connection), Failure> {
        self.call_on_channel(over, |channel| async {
            let mut grpc = self.ready(channel).await?;
            let path = PathAndQuery::from_static(MODEL_INFER);
            let codec = ProstCodec::<ModelInferRequest, ModelInferResponse>::default();
            grpc.server_streaming(request, path, codec).await
        })
        .await
    }

    /// Begins a stream of inferences, whichever dialect its answers are of.
    pub(super) async fn stream(
        &self,
        requests: Request<impl Stream<Item = ModelInferRequest> + Send + 'static>,
        over: Over,
    ) -> Result<(Streaming<ModelStreamInferResponse>, Connection), Failure> {
        self.call_on_channel(over, |channel| async {
            let mut grpc = self.ready(channel).await?;
            let path = PathAndQuery::from_static(MODEL_STREAM_INFER);
            grpc.streaming(requests, path, EitherDialect).await
        })
        .await
    }

    /// A channel that takes a call now, for those that the generated client does not make.
    async fn ready(&self, channel: Keyed) -> Result<Grpc<Keyed>, Status> {
        let mut grpc =
            Grpc::with_origin(channel, self.origin()).max_decoding_message_size(ANSWER_LIMIT);
        if self.gzip {
            grpc = grpc.accept_compressed(CompressionEncoding::Gzip);
        }
        let ready = grpc.ready().await;
        ready.map_err(|error| Status::from_error(Box::new(error)))?;
        Ok(grpc)
    }

    async fn call_on_channel<T, F>(
        &self,
        over: Over,
        call: impl FnOnce(Keyed) -> F,
    ) -> Result<(T, Connection), Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let slot = self.slot(over);
        let mut connection = Connection::Reused;
        let connect = || {
            connection = Connection::Fresh;
            self.connect(&slot)
        };
        let channel = slot.get_or_init(connect).await.clone()?;
        if connection == Connection::Reused {
            self.counters.note(|figures| figures.reused += 1);
        }
        let keyed = InterceptedService::new(channel, self.key.clone());
        let awaited = self.given_up.attempt(Arc::downgrade(&slot));
        let answered = call(keyed).await;
        awaited.begun();
        match answered {
            Ok(response) => Ok((response.into_inner(), connection)),
            Err(status) => {
                let failure = status::failure(&status, Answer::Awaited);
                if matches!(failure.kind, FailureKind::Connect | FailureKind::Stale) {
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
        self.counters.note(|figures| match &outcome {
            Ok(_) => figures.created += 1,
            Err(_) => figures.failed += 1,
        });
        // Before the waiting calls learn of a failure, so that none that comes after them can find it.
        if outcome.is_err() {
            self.forget(slot);
        }
        outcome
    }

    /// Lets the next call make a connection in place of the one that a call was given up on. Calls under way go on over it.
    pub(super) fn renew(&self) {
        let swallower = self.given_up.take().and_then(|slot| slot.upgrade());
        if let Some(slot) = swallower {
            self.forget(&slot);
        }
    }

    fn origin(&self) -> Uri {
        self.endpoint.uri().clone()
    }

    /// The connection of the next call; one of its own where none are kept. A call that wants a fresh one shares one that is
    /// still to be made, if there is such a place, as there is behind a connection that has just been forgotten.
    fn slot(&self, over: Over) -> Arc<Slot> {
        let slot = match over {
            Over::Any => {
                let turn = self.calls.fetch_add(1, Ordering::Relaxed);
                let place = turn.checked_rem(self.slots.len());
                place.and_then(|place| self.slots.get(place)).map(read)
            }
            Over::Fresh => {
                let mut slots = self.slots.iter().map(read);
                slots.find(|slot| !slot.initialized())
            }
        };
        slot.unwrap_or_default()
    }

    /// Makes room for a new connection, unless someone has.
    fn forget(&self, slot: &Arc<Slot>) {
        for place in &self.slots {
            let mut current = place.lock().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&current, slot) {
                *current = Arc::default();
            }
        }
    }
}

fn read(place: &Mutex<Arc<Slot>>) -> Arc<Slot> {
    Arc::clone(&place.lock().unwrap_or_else(PoisonError::into_inner))
}
