//! Keys: who sends none, or a wrong one, is refused in the form of each protocol.

use crate::grpc_client::{client, request, text};
use crate::{golden, mock};
use inferometer_mock::Mock;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const LOCKED: &str = r#"{"api_keys":["sk-right","sk-other"]}"#;

async fn send(mock: &Mock, path: &str, body: &'static str, key: Option<&str>) -> Response {
    let method = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let mut request = Client::new().request(method, mock.rest_url() + path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request = request.header("x-request-id", "golden");
    request.body(body).send().await.unwrap()
}

#[tokio::test]
async fn openais_api_refuses_in_its_own_form_and_says_nothing_of_the_key() {
    let mock = mock(LOCKED).await;

    for (path, body) in [
        ("/v1/chat/completions", golden!("chat.request.json")),
        ("/v1/embeddings", golden!("embedding.request.json")),
        ("/v1/models", ""),
        ("/nowhere", ""),
    ] {
        for key in [None, Some("sk-wrong"), Some("sk-righ")] {
            let response = send(&mock, path, body, key).await;

            assert_eq!(response.status(), 401, "{path} {key:?}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            assert_eq!(response.headers()["x-request-id"], "golden");
            let text = response.text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(answer["error"]["type"], "authentication_error");
            assert_eq!(answer["error"]["code"], "invalid_api_key");
            assert!(!text.contains("sk-"), "{text}");
        }
        for key in ["sk-right", "sk-other"] {
            let response = send(&mock, path, body, Some(key)).await;
            let expected = if path == "/nowhere" { 404 } else { 200 };
            assert_eq!(response.status(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn the_open_inference_protocol_refuses_in_its_own_form() {
    let mock = mock(LOCKED).await;

    for (path, body) in [
        ("/v2/models/tiny/infer", golden!("infer.request.json")),
        ("/v2/models/tiny", ""),
        ("/v2", ""),
    ] {
        let refused = send(&mock, path, body, Some("sk-wrong")).await;
        let answered = send(&mock, path, body, Some("sk-right")).await;

        assert_eq!(refused.status(), 401, "{path}");
        assert_eq!(
            refused.text().await.unwrap(),
            r#"{"error":"expected a key of this server as `Authorization: Bearer KEY`"}"#
        );
        assert_eq!(answered.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn health_needs_no_key_over_rest() {
    let mock = mock(LOCKED).await;

    for path in ["/health", "/v2/health/live", "/v2/health/ready"] {
        assert_eq!(send(&mock, path, "", None).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn grpc_calls_need_a_key_in_their_metadata_and_health_needs_none() {
    let mock = mock(LOCKED).await;
    let mut inference = client(&mock).await;
    let with_key = |key: &'static str| {
        let mut call = Request::new(request("a", "one two", 2));
        let key = MetadataValue::from_static(key);
        call.metadata_mut().insert("authorization", key);
        call
    };

    let without = inference.model_infer(request("a", "one", 2)).await;
    let wrong = inference.model_infer(with_key("Bearer sk-wrong")).await;
    let right = inference.model_infer(with_key("Bearer sk-right")).await;

    for refused in [without.unwrap_err(), wrong.unwrap_err()] {
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(
            refused.message(),
            "expected a key of this server as `Authorization: Bearer KEY`"
        );
    }
    assert_eq!(text(&right.unwrap().into_inner()), " alpha bravo");
    let endpoint = Endpoint::from_shared(mock.grpc_url()).unwrap();
    let mut health = HealthClient::new(endpoint.connect().await.unwrap());
    let checked = health.check(HealthCheckRequest::default()).await;
    assert_eq!(checked.unwrap().into_inner().status, 1);
}

#[tokio::test]
async fn a_request_without_a_key_is_counted_nowhere() {
    let mock = mock(LOCKED).await;

    send(
        &mock,
        "/v1/completions",
        golden!("completion.request.json"),
        None,
    )
    .await;

    assert_eq!(mock.counters(), inferometer_mock::Counters::default());
    assert_eq!(mock.journal(0, 10).entries, []);
}
