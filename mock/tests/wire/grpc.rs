//! The Open Inference Protocol over gRPC: single calls.

use crate::grpc_client::{Client, client, number, request, text};
use crate::{mock, until_idle};
use inferometer_mock::Requests;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{
    ModelInferRequest, ModelMetadataRequest, ModelReadyRequest, RepositoryIndexRequest,
    RepositoryModelLoadRequest, RepositoryModelUnloadRequest, ServerLiveRequest,
    ServerMetadataRequest, ServerReadyRequest,
};
use std::time::Duration;
use tonic::{Code, Request};

#[tokio::test]
async fn a_text_is_answered_with_tokens_and_their_counts() {
    let mock = mock("{}").await;

    let response = client(&mock)
        .await
        .model_infer(request("a", "one two three", 4))
        .await
        .unwrap()
        .into_inner();

    assert_eq!(text(&response), " alpha bravo charlie delta");
    assert_eq!(
        (response.model_name.as_str(), response.id.as_str()),
        ("tiny", "a")
    );
    assert_eq!(
        (
            number(&response, "prompt_tokens"),
            number(&response, "completion_tokens")
        ),
        (3, 4)
    );
    assert_eq!(
        mock.counters().oip_grpc,
        Requests {
            answered: 1,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn sixteen_tokens_when_not_asked() {
    let mock = mock("{}").await;
    let mut request = request("a", "one", 1);
    request.parameters.clear();

    let response = client(&mock)
        .await
        .model_infer(request)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(number(&response, "completion_tokens"), 16);
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let mock = mock("{}").await;
    let mut client = client(&mock).await;

    assert!(
        client
            .server_live(ServerLiveRequest {})
            .await
            .unwrap()
            .into_inner()
            .live
    );
    assert!(
        client
            .server_ready(ServerReadyRequest {})
            .await
            .unwrap()
            .into_inner()
            .ready
    );
    let server = client
        .server_metadata(ServerMetadataRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (server.name.as_str(), server.extensions),
        (
            "inferometer-mock",
            [
                "model_repository",
                "model_configuration",
                "binary_tensor_data",
                "parameters",
                "statistics"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
    let tiny = ModelMetadataRequest {
        name: "tiny".to_owned(),
        version: String::new(),
    };
    let model = client.model_metadata(tiny).await.unwrap().into_inner();
    assert_eq!(
        (
            model.inputs[0].name.as_str(),
            model.outputs[0].name.as_str()
        ),
        ("text_input", "text_output")
    );
    assert_eq!(model.versions, ["1"]);
    let absent = ModelMetadataRequest {
        name: "absent".to_owned(),
        version: String::new(),
    };
    assert_eq!(
        client.model_metadata(absent).await.unwrap_err().code(),
        Code::NotFound
    );
}

fn load(model: &str) -> RepositoryModelLoadRequest {
    RepositoryModelLoadRequest {
        model_name: model.to_owned(),
        ..Default::default()
    }
}

fn unload(model: &str) -> RepositoryModelUnloadRequest {
    RepositoryModelUnloadRequest {
        model_name: model.to_owned(),
        ..Default::default()
    }
}

async fn is_ready(client: &mut Client, model: &str) -> Result<bool, Code> {
    let request = ModelReadyRequest {
        name: model.to_owned(),
        version: "1".to_owned(),
    };
    let answer = client.model_ready(request).await;
    answer
        .map(|response| response.into_inner().ready)
        .map_err(|status| status.code())
}

/// Name and state of every model that the index lists.
async fn index(client: &mut Client, ready: bool) -> Vec<(String, String)> {
    let request = RepositoryIndexRequest {
        ready,
        ..Default::default()
    };
    let index = client.repository_index(request).await.unwrap().into_inner();
    index
        .models
        .into_iter()
        .map(|model| (model.name, model.state))
        .collect()
}

fn entry(model: &str, state: &str) -> (String, String) {
    (model.to_owned(), state.to_owned())
}

#[tokio::test]
async fn models_are_loaded_listed_and_unloaded() {
    let mock = mock(r#"{"models":[{"name":"a"},{"name":"b","loaded":false}]}"#).await;
    let mut client = client(&mock).await;
    assert_eq!(
        index(&mut client, false).await,
        [entry("a", "READY"), entry("b", "UNAVAILABLE")]
    );

    client.repository_model_unload(unload("a")).await.unwrap();
    client.repository_model_load(load("b")).await.unwrap();

    assert_eq!(is_ready(&mut client, "a").await, Ok(false));
    assert_eq!(is_ready(&mut client, "b").await, Ok(true));
    assert_eq!(index(&mut client, true).await, [entry("b", "READY")]);
}

#[tokio::test]
async fn the_unknown_is_neither_ready_nor_loaded_nor_unloaded() {
    let mock = mock("{}").await;
    let mut client = client(&mock).await;

    assert_eq!(is_ready(&mut client, "absent").await, Err(Code::NotFound));
    assert_eq!(
        client
            .repository_model_load(load("absent"))
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    assert_eq!(
        client
            .repository_model_unload(unload("absent"))
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn mistakes_are_refused_with_the_right_code() {
    let mock = mock(r#"{"models":[{"name":"tiny"},{"name":"cold","loaded":false}]}"#).await;
    let mut client = client(&mock).await;
    let mut refused = async |change: fn(&mut ModelInferRequest)| {
        let mut request = request("a", "one", 4);
        change(&mut request);
        client.model_infer(request).await.unwrap_err()
    };

    assert_eq!(
        refused(|request| request.model_name = "absent".to_owned())
            .await
            .code(),
        Code::NotFound
    );
    assert_eq!(
        refused(|request| request.model_name = "cold".to_owned())
            .await
            .code(),
        Code::Unavailable
    );
    assert_eq!(
        refused(|request| request.model_version = "2".to_owned())
            .await
            .code(),
        Code::NotFound
    );
    let status = refused(|request| request.inputs[0].datatype = "FP32".to_owned()).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "input tensor `text_input`: expected 4 bytes for 1 elements of FP32, found 7"
    );
    for choice in [
        ParameterChoice::Int64Param(0),
        ParameterChoice::Uint64Param(u64::MAX),
    ] {
        let mut request = request("a", "one", 4);
        request
            .parameters
            .get_mut("max_tokens")
            .unwrap()
            .parameter_choice = Some(choice);
        let status = client.model_infer(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(
            status
                .message()
                .starts_with("parameter `max_tokens`: expected 1 to 131072"),
            "{status}"
        );
    }
    assert_eq!(
        mock.counters().oip_grpc,
        Requests {
            refused: 6,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn the_same_id_meets_the_same_fault_on_both_protocols() {
    let mock =
        mock(r#"{"seed":7,"faults":[{"status":{"share":"30%","http":503,"retry_after":"1s"}}]}"#)
            .await;
    let mut grpc = client(&mock).await;
    let rest = reqwest::Client::new();

    for id in 0..50 {
        let id = format!("request-{id}");
        let mut by_metadata = Request::new(request("", "one", 1));
        by_metadata
            .metadata_mut()
            .insert("x-request-id", id.parse().unwrap());
        let by_metadata = grpc.model_infer(by_metadata).await.is_err();
        let by_id = grpc.model_infer(request(&id, "one", 1)).await;
        let over_rest = rest
            .post(mock.rest_url() + "/v1/completions")
            .header("x-request-id", &id);
        let over_rest = over_rest
            .body(r#"{"model":"tiny","prompt":"a"}"#)
            .send()
            .await
            .unwrap();

        assert_eq!(
            (by_metadata, by_id.is_err()),
            (over_rest.status() == 503, over_rest.status() == 503)
        );
        if let Err(status) = by_id {
            assert_eq!(status.code(), Code::Unavailable);
            assert_eq!(
                status.metadata().get("grpc-retry-pushback-ms").unwrap(),
                "1000"
            );
        }
    }
}

#[tokio::test]
async fn a_retry_meets_its_own_fault_and_the_same_on_both_protocols() {
    let mock = mock(r#"{"seed":7,"faults":[{"status":{"share":"30%","http":503}}]}"#).await;
    let mut grpc = client(&mock).await;
    let rest = reqwest::Client::new();
    let mut struck = Vec::new();

    for earlier in 0..30 {
        let mut call = Request::new(request("a", "one", 1));
        call.metadata_mut()
            .insert("grpc-previous-rpc-attempts", earlier.into());
        let over_grpc = grpc.model_infer(call).await.is_err();
        let over_rest = rest
            .post(mock.rest_url() + "/v1/completions")
            .header("x-request-id", "a")
            .header("x-stainless-retry-count", earlier)
            .body(r#"{"model":"tiny","prompt":"a"}"#);

        assert_eq!(over_grpc, over_rest.send().await.unwrap().status() == 503);
        struck.extend(over_grpc.then_some(earlier));
    }

    assert_eq!(struck, [1, 2, 4, 6, 9, 11, 16, 18, 19, 23, 27]);
}

#[tokio::test]
async fn a_cut_call_ends_without_a_status_and_spares_the_connection() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%"}}]}"#).await;
    let mut client = client(&mock).await;

    let status = client
        .model_infer(request("a", "one", 4))
        .await
        .unwrap_err();

    assert_eq!(status.code(), Code::Internal);
    assert!(client.server_live(ServerLiveRequest {}).await.is_ok());
    let faults = [("cut".to_owned(), 1)].into();
    assert_eq!(
        mock.counters().oip_grpc,
        Requests {
            faults,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn a_stalled_call_ends_with_its_client() {
    let mock = mock(r#"{"faults":[{"stall":{"share":"100%"}}]}"#).await;
    let mut client = client(&mock).await;

    let silent = tokio::time::timeout(
        Duration::from_millis(50),
        client.model_infer(request("a", "one", 4)),
    )
    .await;

    assert!(silent.is_err());
    until_idle(&mock).await;
    assert_eq!(mock.counters().oip_grpc.struck_by("stall"), 1);
}
