//! What a client learns of one model: whether it is ready, and what it takes and gives.

use super::grpc::scripted;
use super::*;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// A client of a server that answers so at this path.
async fn answering(at: &str, answer: ResponseTemplate) -> (Client, MockServer) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(at))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let endpoint = Endpoint::new(Protocol::OipRest, server.uri());
    (client(Mode::Rest, 1, &[endpoint]), server)
}

fn kind<T: std::fmt::Debug>(failed: Result<T, Error>) -> FailureKind {
    match failed {
        Err(Error::Failed(failed)) => failed.failure.kind,
        other => panic!("expected a failure of the endpoint, found {other:?}"),
    }
}

fn resnet() -> Description {
    let tensor = |name: &str, shape: &[i64]| TensorDescription {
        name: name.to_owned(),
        datatype: "FP32".to_owned(),
        shape: shape.to_vec(),
    };
    Description {
        name: "resnet".to_owned(),
        versions: vec!["1".to_owned(), "2".to_owned()],
        platform: "onnx".to_owned(),
        inputs: vec![tensor("x", &[-1, 4])],
        outputs: vec![tensor("y", &[-1])],
    }
}

#[tokio::test]
async fn a_model_is_ready_or_not_in_the_words_of_every_server() {
    for (answer, expected) in [
        (ResponseTemplate::new(200), true),
        (json(200, r#"{"name":"echo","ready":true}"#), true),
        (json(200, r#"{"name":"echo","ready":false}"#), false),
        (json(400, r#"{"error":"Model is not ready"}"#), false),
        (json(404, r#"{"error":"Model echo not found"}"#), false),
        (json(503, r#"{"error":"Model echo is not ready"}"#), false),
    ] {
        let (client, _server) = answering("/v2/models/echo/ready", answer).await;

        assert_eq!(client.models().is_ready("echo").await.unwrap(), expected);
    }
    let (client, _server) = answering("/v2/models/echo/ready", json(500, "")).await;
    let failed = client.models().is_ready("echo").await;
    assert_eq!(kind(failed), FailureKind::Http(500));
}

#[tokio::test]
async fn a_model_is_ready_or_not_over_grpc() {
    let server = scripted::start().await;
    let client = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    for (model, expected) in [
        ("tiny", true),
        ("loading", false),
        ("absent", false),
        ("unloaded", false),
    ] {
        assert_eq!(client.models().is_ready(model).await.unwrap(), expected);
    }
    let failed = client.models().is_ready("broken").await;
    assert_eq!(kind(failed), FailureKind::Grpc(13));
}

#[tokio::test]
async fn over_the_openai_api_a_model_is_ready_that_is_listed() {
    let server = MockServer::start().await;
    let list = json(200, r#"{"object":"list","data":[{"id":"tiny"}]}"#);
    Mock::given(path("/v1/models"))
        .respond_with(list)
        .expect(2)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    assert!(client.models().is_ready("tiny").await.unwrap());
    assert!(!client.models().is_ready("absent").await.unwrap());
}

#[tokio::test]
async fn a_model_is_described_alike_over_rest_and_grpc() {
    let told = r#"{"name":"resnet","versions":["1","2"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1]}]}"#;
    let (over_rest, _server) = answering("/v2/models/resnet", json(200, told)).await;
    let server = scripted::start().await;
    let over_grpc = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    for client in [&over_rest, &over_grpc] {
        assert_eq!(client.models().describe("resnet").await.unwrap(), resnet());
    }
    let absent = over_grpc.models().describe("absent").await;
    assert_eq!(kind(absent), FailureKind::Grpc(5));
}

#[tokio::test]
async fn what_a_server_does_not_tell_of_a_model_is_empty() {
    let sparse = r#"{"name":"resnet","versions":null,"platform":"","inputs":[],"outputs":[]}"#;
    let (client, _server) = answering("/v2/models/resnet", json(200, sparse)).await;

    let described = client.models().describe("resnet").await;

    let nothing = Description {
        versions: Vec::new(),
        platform: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        ..resnet()
    };
    assert_eq!(described.unwrap(), nothing);
}

#[tokio::test]
async fn a_model_of_the_openai_api_cannot_be_described() {
    let client = client(Mode::Rest, 1, &[openai(servers::refusing())]);

    let refused = client.models().describe("tiny").await.unwrap_err();

    let expected = "describing a model is not offered by protocol `openai`";
    assert!(refused.to_string().contains(expected), "{refused}");
}
