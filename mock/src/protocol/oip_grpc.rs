//! The Open Inference Protocol over gRPC, with the repository, configuration, statistics and streaming extensions of
//! Triton. Text goes in as the
//! BYTES tensor `text_input` and comes out as `text_output`; `max_tokens` is a request parameter; `prompt_tokens` and
//! `completion_tokens` are parameters of the answer, or of the final response of a stream.

mod breakable;
mod describe;
mod garble;
mod generate;
mod health;
#[cfg(test)]
mod hostile;
mod messages;
mod reflection;
mod refusal;
mod service;
mod spoiler;
mod stream;
mod tensor;

pub(crate) use breakable::Breakable as Body;

use crate::backend::{Backend, LARGEST_BODY};
use crate::keys::{EXPECTED, Keys};
use futures_util::future::Either;
use health::Health;
use http::{Request, Response};
use hyper::body::Incoming;
use inferometer_proto::inference::grpc_inference_service_server::GrpcInferenceServiceServer;
use service::Service;
use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use tonic::Status;
use tonic::codegen::Service as _;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;

/// How paths of the protocol begin.
const INFERENCE: &str = "/inference.GRPCInferenceService/";

/// The services, ready to answer requests of any connection.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    inference: GrpcInferenceServiceServer<Service>,
    keys: Keys,
    /// Health and reflection, which nobody asks often.
    beside: Routes,
}

impl Server {
    /// The services of `backend`.
    pub(crate) fn new(backend: &Arc<Backend>) -> Self {
        let inference = GrpcInferenceServiceServer::new(Service::new(backend));
        let health = HealthServer::new(Health);
        Self {
            inference: inference.max_decoding_message_size(LARGEST_BODY),
            keys: backend.keys.clone(),
            beside: reflection::add(Routes::new(health)),
        }
    }

    /// Answers one call. Dropping the future gives the call up.
    pub(crate) fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + use<> {
        let connection = request.extensions().get().cloned();
        let answer = if request.uri().path().starts_with(INFERENCE) {
            if self.keys.admit(request.headers()) {
                Either::Left(Either::Left(self.inference.clone().call(request)))
            } else {
                let refused = Status::unauthenticated(EXPECTED).into_http();
                Either::Left(Either::Right(ready(Ok(refused))))
            }
        } else {
            // Orchestrators and grpcurl ask for health and reflection without a key.
            Either::Right(self.beside.clone().call(request))
        };
        async move {
            let response = answer.await?;
            Ok(Body::wrap(response, connection))
        }
    }
}
