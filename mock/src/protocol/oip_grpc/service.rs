//! The calls of the protocol, each as one short method.

use super::breakable::Switch;
use super::describe;
use super::generate::{self, Call};
use super::messages::Messages;
use super::refusal;
use super::stream::Reply;
use crate::backend::Backend;
use crate::protocol::oip::{self, EXTENSIONS, PLATFORM, SERVER, VERSION};
use crate::repository::State;
use crate::spec::TensorSpec;
use futures_util::stream::{BoxStream, StreamExt};
use inferometer_proto::inference::grpc_inference_service_server::GrpcInferenceService;
use inferometer_proto::inference::model_metadata_response::TensorMetadata;
use inferometer_proto::inference::repository_index_response::ModelIndex;
use inferometer_proto::inference::{
    ModelConfigRequest, ModelConfigResponse, ModelInferRequest, ModelInferResponse,
    ModelMetadataRequest, ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse,
    ModelStatisticsRequest, ModelStatisticsResponse, ModelStreamInferResponse,
    RepositoryIndexRequest, RepositoryIndexResponse, RepositoryModelLoadRequest,
    RepositoryModelLoadResponse, RepositoryModelUnloadRequest, RepositoryModelUnloadResponse,
    ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse,
    ServerReadyRequest, ServerReadyResponse,
};
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

/// The service over one backend.
#[derive(Debug, Clone)]
pub(super) struct Service(Arc<Backend>);

impl Service {
    /// A service of `backend`.
    pub(super) fn new(backend: &Arc<Backend>) -> Self {
        Self(Arc::clone(backend))
    }

    /// The state of a model in a version that it has.
    fn state(&self, model: &str, version: &str) -> Result<State, Status> {
        let state = self
            .0
            .repository
            .state(model)
            .map_err(|error| refusal::model(&error))?;
        oip::require_version(model, version).map_err(refusal::refused)?;
        Ok(state)
    }
}

#[tonic::async_trait]
impl GrpcInferenceService for Service {
    type ModelStreamInferStream = BoxStream<'static, Result<ModelStreamInferResponse, Status>>;

    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        Ok(Response::new(ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        Ok(Response::new(ServerReadyResponse { ready: true }))
    }

    async fn model_ready(
        &self,
        request: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        let ModelReadyRequest { name, version } = request.into_inner();
        let ready = self.state(&name, &version)? == State::Loaded;
        Ok(Response::new(ModelReadyResponse { ready }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Ok(Response::new(ServerMetadataResponse {
            name: SERVER.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: EXTENSIONS.map(str::to_owned).to_vec(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        let ModelMetadataRequest { name, version } = request.into_inner();
        self.state(&name, &version)?;
        let signature = self.0.signatures.of(&name);
        let inputs = signature.inputs.iter().map(tensor).collect();
        let outputs = signature.outputs.iter().map(tensor).collect();
        Ok(Response::new(ModelMetadataResponse {
            name,
            versions: vec![VERSION.to_owned()],
            platform: PLATFORM.to_owned(),
            inputs,
            outputs,
        }))
    }

    async fn model_config(
        &self,
        request: Request<ModelConfigRequest>,
    ) -> Result<Response<ModelConfigResponse>, Status> {
        let ModelConfigRequest { name, version } = request.into_inner();
        self.state(&name, &version)?;
        let config = describe::configuration(&name, self.0.signatures.of(&name));
        Ok(Response::new(ModelConfigResponse {
            config: Some(config),
        }))
    }

    async fn model_statistics(
        &self,
        request: Request<ModelStatisticsRequest>,
    ) -> Result<Response<ModelStatisticsResponse>, Status> {
        let ModelStatisticsRequest { name, version } = request.into_inner();
        let figures = oip::statistics(&self.0, &name, &version).map_err(refusal::refused)?;
        let model_stats = figures.into_iter().map(describe::statistics).collect();
        Ok(Response::new(ModelStatisticsResponse { model_stats }))
    }

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        generate::answer(&self.0, request).await
    }

    /// Requests of one stream are answered side by side; their responses are told apart by id.
    async fn model_stream_infer(
        &self,
        request: Request<Streaming<ModelInferRequest>>,
    ) -> Result<Response<Self::ModelStreamInferStream>, Status> {
        let backend = Arc::clone(&self.0);
        let call = Call::read(&request);
        let switch = Switch::default();
        let thrown = switch.clone();
        let replies = request.into_inner().map(move |request| match request {
            Ok(request) => Reply::to(&backend, request, &call, &thrown),
            Err(status) => Reply::status(status),
        });
        let replies = replies.flatten_unordered(None);
        let mut response = Response::new(Messages::new(replies, switch.clone()).boxed());
        response.extensions_mut().insert(switch);
        Ok(response)
    }

    async fn repository_index(
        &self,
        request: Request<RepositoryIndexRequest>,
    ) -> Result<Response<RepositoryIndexResponse>, Status> {
        let only_ready = request.into_inner().ready;
        let listed = |&(_, state): &(&str, State)| !only_ready || state == State::Loaded;
        let models = self
            .0
            .repository
            .index()
            .filter(listed)
            .map(entry)
            .collect();
        Ok(Response::new(RepositoryIndexResponse { models }))
    }

    /// Answers when the model is ready, or has failed to become so.
    async fn repository_model_load(
        &self,
        request: Request<RepositoryModelLoadRequest>,
    ) -> Result<Response<RepositoryModelLoadResponse>, Status> {
        let loaded = self
            .0
            .repository
            .load(&request.into_inner().model_name)
            .await;
        loaded.map_err(|error| refusal::model(&error))?;
        Ok(Response::new(RepositoryModelLoadResponse {}))
    }

    /// Answers at once, as Triton does: the index tells when the model is gone.
    async fn repository_model_unload(
        &self,
        request: Request<RepositoryModelUnloadRequest>,
    ) -> Result<Response<RepositoryModelUnloadResponse>, Status> {
        let unloaded = self.0.repository.unload(&request.into_inner().model_name);
        unloaded.map_err(|error| refusal::model(&error))?;
        Ok(Response::new(RepositoryModelUnloadResponse {}))
    }
}

/// A tensor as a model's metadata describes it.
fn tensor(spec: &TensorSpec) -> TensorMetadata {
    TensorMetadata {
        name: spec.name.clone(),
        datatype: spec.datatype.name().to_owned(),
        shape: spec.shape.clone(),
    }
}

/// A model as the index lists it.
fn entry((name, state): (&str, State)) -> ModelIndex {
    let (state, reason) = oip::state(state);
    ModelIndex {
        name: name.to_owned(),
        version: VERSION.to_owned(),
        state: state.to_owned(),
        reason,
    }
}
