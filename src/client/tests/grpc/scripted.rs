//! A gRPC server whose models are named after what they do.

use super::super::oip_grpc;
use crate::client::Endpoint;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use inferometer_proto::inference::grpc_inference_service_server::{
    GrpcInferenceService, GrpcInferenceServiceServer,
};
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::model_metadata_response::TensorMetadata;
use inferometer_proto::inference::repository_index_response::ModelIndex;
use inferometer_proto::inference::{
    InferParameter, ModelConfigRequest, ModelConfigResponse, ModelInferRequest, ModelInferResponse,
    ModelMetadataRequest, ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse,
    ModelStatisticsRequest, ModelStatisticsResponse, ModelStreamInferResponse,
    RepositoryIndexRequest, RepositoryIndexResponse, RepositoryModelLoadRequest,
    RepositoryModelLoadResponse, RepositoryModelUnloadRequest, RepositoryModelUnloadResponse,
    ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse,
    ServerReadyRequest, ServerReadyResponse,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::server::TcpIncoming;
use tonic::{Response, Status, Streaming};

/// More than the client takes, in bytes.
const TOO_LONG: usize = 17 << 20;

type Reaction<T> = Result<Response<T>, Status>;

/// What the server has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) calls: AtomicU32,
    pub(super) last: Mutex<Option<ModelInferRequest>>,
    pub(super) labels: Mutex<Vec<Label>>,
    /// In which ways the last call may be answered compressed.
    pub(super) accepted: Mutex<Option<String>>,
}

/// The id and the number of earlier attempts that came with a call.
pub(super) type Label = (Option<String>, Option<String>);

#[derive(Debug, Clone, Default)]
struct Scripted(Arc<Seen>);

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(in crate::client::tests) struct Running {
    pub(in crate::client::tests) endpoint: Endpoint,
    pub(super) seen: Arc<Seen>,
    #[expect(dead_code, reason = "held so that dropping the server stops it")]
    tasks: JoinSet<()>,
}

/// A server on a port of its own.
pub(in crate::client::tests) async fn start() -> Running {
    start_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
}

pub(super) fn start_on(listener: TcpListener) -> Running {
    let endpoint = oip_grpc(format!("http://{}", listener.local_addr().unwrap()));
    let scripted = Scripted::default();
    let seen = Arc::clone(&scripted.0);
    let server = tonic::transport::Server::builder()
        .add_service(GrpcInferenceServiceServer::new(scripted))
        .serve_with_incoming(TcpIncoming::from(listener));
    let mut tasks = JoinSet::new();
    tasks.spawn(async { server.await.unwrap() });
    Running {
        endpoint,
        seen,
        tasks,
    }
}

pub(super) fn parameter(choice: ParameterChoice) -> InferParameter {
    InferParameter {
        parameter_choice: Some(choice),
    }
}

fn response(text: &str) -> ModelInferResponse {
    let mut raw = u32::try_from(text.len()).unwrap().to_le_bytes().to_vec();
    raw.extend_from_slice(text.as_bytes());
    ModelInferResponse {
        outputs: vec![InferOutputTensor {
            name: "text_output".to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![1],
            ..Default::default()
        }],
        raw_output_contents: vec![Bytes::from(raw)],
        ..Default::default()
    }
}

fn counted(mut response: ModelInferResponse) -> ModelInferResponse {
    response.parameters = [
        ("prompt_tokens", ParameterChoice::Int64Param(3)),
        ("completion_tokens", ParameterChoice::Int64Param(2)),
        ("triton_final_response", ParameterChoice::BoolParam(true)),
        (
            "finish_reason",
            ParameterChoice::StringParam("length".to_owned()),
        ),
    ]
    .map(|(name, choice)| (name.to_owned(), parameter(choice)))
    .into();
    response
}

fn streamed(response: ModelInferResponse) -> ModelStreamInferResponse {
    ModelStreamInferResponse {
        error_message: String::new(),
        infer_response: Some(response),
    }
}

impl Scripted {
    fn note(&self, label: Label, request: ModelInferRequest) -> (u32, String) {
        let model = request.model_name.clone();
        *self.0.last.lock().unwrap() = Some(request);
        self.0.labels.lock().unwrap().push(label);
        (self.0.calls.fetch_add(1, Ordering::Relaxed) + 1, model)
    }
}

fn label<T>(request: &tonic::Request<T>) -> Label {
    let earlier_attempts = value(request, "grpc-previous-rpc-attempts");
    (value(request, "x-request-id"), earlier_attempts)
}

fn value<T>(request: &tonic::Request<T>, key: &str) -> Option<String> {
    let value = request.metadata().get(key)?;
    Some(value.to_str().unwrap().to_owned())
}

#[tonic::async_trait]
impl GrpcInferenceService for Scripted {
    type ModelStreamInferStream = BoxStream<'static, Result<ModelStreamInferResponse, Status>>;

    async fn model_infer(
        &self,
        request: tonic::Request<ModelInferRequest>,
    ) -> Reaction<ModelInferResponse> {
        *self.0.accepted.lock().unwrap() = value(&request, "grpc-accept-encoding");
        let (call, model) = self.note(label(&request), request.into_inner());
        match model.as_str() {
            "busy-twice" if call <= 2 => Err(Status::unavailable("try again")),
            "busy" => Err(Status::unavailable("try again")),
            "absent" => Err(Status::not_found("no such model")),
            "unloaded" => Err(Status::unknown("Model unloaded is not ready")),
            "talkative" => Ok(Response::new(response(&"a".repeat(5 << 20)))),
            "endless" => Ok(Response::new(response(&"a".repeat(TOO_LONG)))),
            _ => Ok(Response::new(counted(response(" a b")))),
        }
    }

    async fn model_stream_infer(
        &self,
        request: tonic::Request<Streaming<ModelInferRequest>>,
    ) -> Reaction<Self::ModelStreamInferStream> {
        let label = label(&request);
        let first = request.into_inner().message().await?.unwrap();
        let (_, model) = self.note(label, first);
        let end = match model.as_str() {
            "busy" => return Err(Status::unavailable("try again")),
            "absent" => return Err(Status::not_found("no such model")),
            "breaking" => Err(Status::unavailable("shutting down")),
            "complaining" => Ok(ModelStreamInferResponse {
                error_message: "out of memory".to_owned(),
                infer_response: None,
            }),
            _ => Ok(streamed(counted(ModelInferResponse::default()))),
        };
        let answer = stream::iter([" a", " b"].map(response).map(streamed).map(Ok));
        Ok(Response::new(match model.as_str() {
            "endless" => answer.chain(stream::pending()).boxed(),
            "talkative" => {
                let long = streamed(response(&"a".repeat(5 << 20)));
                stream::iter([Ok(long), end]).boxed()
            }
            _ => answer.chain(stream::iter([end])).boxed(),
        }))
    }

    async fn server_ready(
        &self,
        _: tonic::Request<ServerReadyRequest>,
    ) -> Reaction<ServerReadyResponse> {
        Ok(Response::new(ServerReadyResponse { ready: true }))
    }

    async fn repository_index(
        &self,
        _: tonic::Request<RepositoryIndexRequest>,
    ) -> Reaction<RepositoryIndexResponse> {
        let states = [
            ("a", "READY", ""),
            ("b", "State.READY", ""),
            ("c", "UNAVAILABLE", "unloaded"),
            ("d", "UNAVAILABLE", "failed to load: no such file"),
            ("e", "LOADING", ""),
            ("f", "", ""),
        ];
        let models = states.map(|(name, state, reason)| ModelIndex {
            name: name.to_owned(),
            state: state.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        });
        Ok(Response::new(RepositoryIndexResponse {
            models: models.to_vec(),
        }))
    }

    async fn repository_model_load(
        &self,
        request: tonic::Request<RepositoryModelLoadRequest>,
    ) -> Reaction<RepositoryModelLoadResponse> {
        match request.into_inner().model_name.as_str() {
            "absent" => Err(Status::not_found("no such model")),
            _ => Ok(Response::new(RepositoryModelLoadResponse {})),
        }
    }

    async fn repository_model_unload(
        &self,
        _: tonic::Request<RepositoryModelUnloadRequest>,
    ) -> Reaction<RepositoryModelUnloadResponse> {
        Ok(Response::new(RepositoryModelUnloadResponse {}))
    }

    async fn model_config(
        &self,
        _: tonic::Request<ModelConfigRequest>,
    ) -> Reaction<ModelConfigResponse> {
        Err(Status::unimplemented(""))
    }

    async fn model_statistics(
        &self,
        _: tonic::Request<ModelStatisticsRequest>,
    ) -> Reaction<ModelStatisticsResponse> {
        Err(Status::unimplemented(""))
    }

    async fn server_live(
        &self,
        _: tonic::Request<ServerLiveRequest>,
    ) -> Reaction<ServerLiveResponse> {
        Err(Status::unimplemented(""))
    }

    async fn model_ready(
        &self,
        request: tonic::Request<ModelReadyRequest>,
    ) -> Reaction<ModelReadyResponse> {
        match request.into_inner().name.as_str() {
            "absent" => Err(Status::not_found("no such model")),
            "unloaded" => Err(Status::unknown("Model unloaded not found")),
            "broken" => Err(Status::internal("out of memory")),
            name => Ok(Response::new(ModelReadyResponse {
                ready: name == "tiny",
            })),
        }
    }

    async fn server_metadata(
        &self,
        _: tonic::Request<ServerMetadataRequest>,
    ) -> Reaction<ServerMetadataResponse> {
        Err(Status::unimplemented(""))
    }

    async fn model_metadata(
        &self,
        request: tonic::Request<ModelMetadataRequest>,
    ) -> Reaction<ModelMetadataResponse> {
        let tensor = |name: &str, shape: &[i64]| TensorMetadata {
            name: name.to_owned(),
            datatype: "FP32".to_owned(),
            shape: shape.to_vec(),
        };
        match request.into_inner().name.as_str() {
            "absent" => Err(Status::not_found("no such model")),
            name => Ok(Response::new(ModelMetadataResponse {
                name: name.to_owned(),
                versions: vec!["1".to_owned(), "2".to_owned()],
                platform: "onnx".to_owned(),
                inputs: vec![tensor("x", &[-1, 4])],
                outputs: vec![tensor("y", &[-1])],
            })),
        }
    }
}
