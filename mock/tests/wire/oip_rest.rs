//! The Open Inference Protocol over REST, and what stands beside it on the gRPC port.

use crate::{golden, mock};
use inferometer_mock::{Mock, Requests};
use reqwest::{Client, Response};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const RESNET: &str = r#"{"models":[{"name":"resnet","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],
    "answer":"echo"},{"name":"cold","loaded":false}]}"#;

async fn post(mock: &Mock, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let url = format!("{}/v2/{path}", mock.rest_url());
    Client::new().post(url).body(body).send().await.unwrap()
}

async fn error(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.text().await.unwrap())
}

#[tokio::test]
async fn answers_are_the_golden_ones_byte_for_byte() {
    let mock = mock("{}").await;

    for (call, request, expected) in [
        (
            "infer",
            golden!("infer.request.json"),
            golden!("infer.response.json").trim_end(),
        ),
        (
            "generate",
            golden!("generate.request.json"),
            golden!("generate.response.json").trim_end(),
        ),
        (
            "generate_stream",
            golden!("generate.request.json"),
            golden!("generate.stream.sse"),
        ),
    ] {
        let response = post(&mock, &format!("models/tiny/{call}"), request).await;

        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.unwrap(), expected);
    }
    let counters = mock.counters();
    assert_eq!(counters.oip_rest.answered, 3);
}

#[tokio::test]
async fn binary_tensors_stand_behind_the_header_both_ways() {
    let mock = mock(RESNET).await;
    let header = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}],
        "parameters":{"binary_data_output":true}}"#;
    let request = Client::new()
        .post(mock.rest_url() + "/v2/models/resnet/infer")
        .header("inference-header-content-length", header.len());

    let response = request
        .body([header.as_bytes(), b"abcdefgh"].concat())
        .send()
        .await
        .unwrap();

    let expected = r#"{"model_name":"resnet","model_version":"1","outputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}"#;
    assert_eq!(
        response.headers()["inference-header-content-length"],
        expected.len().to_string()
    );
    let body = response.bytes().await.unwrap();
    assert_eq!(&body[..], [expected.as_bytes(), b"abcdefgh"].concat());
}

#[tokio::test]
async fn mistakes_are_refused_with_the_status_that_fits() {
    let mock = mock(RESNET).await;
    let x = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1]}]}"#;

    for (path, body, status, message) in [
        (
            "models/absent/infer",
            x,
            404,
            "The model `absent` does not exist.",
        ),
        (
            "models/cold/infer",
            x,
            503,
            "The model `cold` is not loaded.",
        ),
        (
            "models/resnet/infer",
            "{",
            400,
            "could not parse the body as JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "models/resnet/infer",
            x,
            400,
            "input tensor `x`: could not read `data`: expected 2 elements, found 1",
        ),
        ("nope", x, 404, "unknown request URL: /v2/nope"),
        (
            "health/live",
            "",
            405,
            "expected the method GET, found POST",
        ),
    ] {
        let expected = serde_json::json!({ "error": message }).to_string();
        assert_eq!(
            error(post(&mock, path, body).await).await,
            (status, expected)
        );
    }
    let refused = Requests {
        refused: 4,
        ..Requests::default()
    };
    assert_eq!(mock.counters().oip_rest, refused);
}

#[tokio::test]
async fn health_is_told_over_grpc() {
    let mock = mock("{}").await;
    let endpoint = Endpoint::from_shared(mock.grpc_url()).unwrap();
    let mut health = HealthClient::new(endpoint.connect().await.unwrap());
    let mut check = async |service: &str| {
        let service = service.to_owned();
        let answer = health.check(HealthCheckRequest { service }).await;
        answer
            .map(|response| response.into_inner().status())
            .map_err(|status| status.code())
    };

    assert_eq!(check("").await, Ok(ServingStatus::Serving));
    let inference = "inference.GRPCInferenceService";
    assert_eq!(check(inference).await, Ok(ServingStatus::Serving));
    assert_eq!(check("absent").await, Err(Code::NotFound));
}

#[tokio::test]
async fn a_list_of_values_is_not_taken_for_an_object() {
    let mock = mock("{}").await;

    for path in ["infer", "generate", "generate_stream"] {
        let path = format!("models/tiny/{path}");
        let (status, told) = error(post(&mock, &path, r#"["a",[]]"#).await).await;
        assert_eq!(status, 400, "{path}");
        assert!(told.contains("expected an object"), "{path}: {told}");
    }
}

#[tokio::test]
async fn a_text_that_is_not_wanted_in_pieces_is_one_event_of_a_stream() {
    let mock = mock(r#"{"per_output_token":{"fixed":"1ms"}}"#).await;
    let whole = golden!("generate.response.json").trim_end();
    let asked = |stream: &str| {
        let request = golden!("generate.request.json").trim_end();
        format!(
            r#"{},"stream":{stream}}}"#,
            request.strip_suffix('}').unwrap()
        )
    };
    let parameters = asked("null").replace(r#""stream":null"#, r#""parameters":{"stream":false}"#);

    for body in [asked("false"), parameters] {
        let response = post(&mock, "models/tiny/generate_stream", body.clone()).await;

        assert_eq!(response.status(), 200, "{body}");
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/event-stream; charset=utf-8");
        assert_eq!(response.text().await.unwrap(), format!("data: {whole}\n\n"));
    }
    let streamed = post(&mock, "models/tiny/generate_stream", asked("true")).await;
    let expected = golden!("generate.stream.sse");
    assert_eq!(streamed.text().await.unwrap(), expected);
}

#[tokio::test]
async fn generate_answers_in_one_piece_and_refuses_to_do_otherwise() {
    let mock = mock("{}").await;
    let body = |stream: &str| format!(r#"{{"text_input":"a","stream":{stream}}}"#);

    let whole = post(&mock, "models/tiny/generate", body("false")).await;
    let pieces = error(post(&mock, "models/tiny/generate", body("true")).await).await;
    let neither = error(post(&mock, "models/tiny/generate", body("1")).await).await;

    assert_eq!(whole.status(), 200);
    assert_eq!(pieces.0, 400);
    assert!(
        pieces.1.contains("use generate stream for model"),
        "{pieces:?}"
    );
    assert_eq!(neither.0, 400);
    assert!(neither.1.contains("expected a boolean"), "{neither:?}");
}
