//! gRPC's standard health service (`grpc.health.v1.Health`): the server as a whole, named by the empty name, and the
//! inference service are serving from the first moment on. Whether a model is ready is the protocol's own question.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use inferometer_proto::inference::grpc_inference_service_server::SERVICE_NAME;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server};

/// The service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Health;

#[tonic::async_trait]
impl health_server::Health for Health {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match status(&request.get_ref().service) {
            ServingStatus::Serving => Ok(Response::new(response(ServingStatus::Serving))),
            ServingStatus::Unknown | ServingStatus::NotServing | ServingStatus::ServiceUnknown => {
                Err(Status::not_found("service not registered"))
            }
        }
    }

    /// Tells the status once: it never changes for as long as the server lives.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let first = response(status(&request.get_ref().service));
        let statuses = stream::iter([Ok(first)]).chain(stream::pending());
        Ok(Response::new(statuses.boxed()))
    }
}

fn status(service: &str) -> ServingStatus {
    if service.is_empty() || service == SERVICE_NAME {
        ServingStatus::Serving
    } else {
        ServingStatus::ServiceUnknown
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
