//! Dialects over gRPC that the generated service cannot speak: a stream of bare answers, as `MLServer` sends it, and a repository
//! that is not offered, as with `KServe`.

use super::super::{client, drain, kinds, oip_grpc, prompt};
use super::asking;
use super::scripted::start;
use crate::client::{Client, Error, FailureKind, Mode, Request, Tensor};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::{
    InferTensorContents, ModelInferRequest, ModelInferResponse, RepositoryModelLoadRequest,
    RepositoryModelUnloadRequest,
};
use prost::Message;
use std::convert::Infallible;
use std::future::ready;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::{Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// Answers inferences, whole and in a stream, with bare answers, and offers nothing else.
#[derive(Debug, Clone, Copy)]
struct Bare;

/// The text in a raw output, and an empty list beside it.
fn answer(text: &str) -> ModelInferResponse {
    let length = u32::try_from(text.len()).unwrap();
    let raw = [&length.to_le_bytes()[..], text.as_bytes()].concat();
    ModelInferResponse {
        model_name: "echo".to_owned(),
        model_version: "v1".to_owned(),
        outputs: vec![InferOutputTensor {
            name: "text_output".to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![1, 1],
            contents: Some(InferTensorContents::default()),
            ..Default::default()
        }],
        raw_output_contents: vec![Bytes::from(raw)],
        ..Default::default()
    }
}

impl StreamingService<ModelInferRequest> for Bare {
    type Response = ModelInferResponse;
    type ResponseStream = BoxStream<'static, Result<ModelInferResponse, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: tonic::Request<Streaming<ModelInferRequest>>) -> Self::Future {
        let answers = stream::iter([" a", " b"].map(answer).map(Ok));
        Box::pin(ready(Ok(Response::new(answers.boxed()))))
    }
}

impl UnaryService<ModelInferRequest> for Bare {
    type Response = ModelInferResponse;
    type Future = BoxFuture<'static, Result<Response<ModelInferResponse>, Status>>;

    fn call(&mut self, _: tonic::Request<ModelInferRequest>) -> Self::Future {
        Box::pin(ready(Ok(Response::new(answer(" a b")))))
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "inference.GRPCInferenceService";
}

impl tower_service::Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().map(str::to_owned);
        Box::pin(async move {
            let codec = ProstCodec::<ModelInferResponse, ModelInferRequest>::default();
            let mut grpc = Grpc::new(codec);
            Ok(match method.as_deref() {
                Some("ModelStreamInfer") => grpc.streaming(Bare, request).await,
                Some("ModelInfer") => grpc.unary(Bare, request).await,
                _ => Status::unimplemented("not offered").into_http(),
            })
        })
    }
}

/// A client of such a server, which stops when the tasks are dropped.
async fn bare() -> (Client, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = oip_grpc(format!("http://{}", listener.local_addr().unwrap()));
    let server = tonic::transport::Server::builder()
        .add_service(Bare)
        .serve_with_incoming(TcpIncoming::from(listener));
    let mut tasks = JoinSet::new();
    tasks.spawn(async { server.await.unwrap() });
    (client(Mode::Grpc, 1, &[endpoint]), tasks)
}

#[tokio::test]
async fn a_stream_of_bare_answers_is_read_and_ends_with_the_stream() {
    let (client, _tasks) = bare().await;

    let mut reply = client.inference().open(&prompt(true)).await.unwrap();

    let chunks = [" a", " b"].map(|text| (text.to_owned(), 1)).to_vec();
    assert_eq!(drain(&mut reply).await, (chunks, None));
    assert_eq!((reply.usage(), reply.finish_reason()), (None, None));
}

#[tokio::test]
async fn a_raw_output_counts_and_the_empty_list_beside_it_does_not() {
    let (client, _tasks) = bare().await;
    let text = Tensor::of_bytes("text_input", &[1], &["one"]).unwrap();

    let answer = client.inference().execute(&prompt(false)).await.unwrap();
    let asked = Request::tensors("r", "echo", vec![text]);
    let outputs = client.inference().infer(&asked).await.unwrap();

    assert_eq!(answer.text, " a b");
    let same = Tensor::of_bytes("text_output", &[1, 1], &[" a b"]).unwrap();
    assert_eq!(outputs.tensors, [same]);
}

#[tokio::test]
async fn a_repository_that_is_not_offered_is_told_by_its_status() {
    let (client, _tasks) = bare().await;

    for failed in [
        client.models().list().await.map(drop),
        client.models().load("echo").await,
    ] {
        let Err(Error::Failed(failed)) = failed else {
            panic!("expected a failure of the endpoint, found {failed:?}");
        };
        assert_eq!(kinds(&failed), [(0, FailureKind::Grpc(12))]);
    }
}

#[tokio::test]
async fn an_unloaded_model_is_unknown_or_not_found() {
    let server = start().await;
    let client = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    for (model, code) in [("unloaded", 2), ("absent", 5)] {
        let failed = client.inference().execute(&asking(model, false)).await;

        assert_eq!(kinds(&failed.unwrap_err()), [(0, FailureKind::Grpc(code))]);
    }
}

/// `KServe` has the name in field 1, where the others have the repository's, and reads an empty name.
#[test]
fn a_model_is_loaded_and_unloaded_by_the_second_field() {
    let name = || "a".to_owned();
    let load = RepositoryModelLoadRequest {
        model_name: name(),
        ..Default::default()
    };
    let unload = RepositoryModelUnloadRequest {
        model_name: name(),
        ..Default::default()
    };

    let sent = [load.encode_to_vec(), unload.encode_to_vec()];

    assert_eq!(sent, [b"\x12\x01a"; 2]);
}
