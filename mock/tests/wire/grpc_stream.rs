//! The Open Inference Protocol over gRPC: streams.

use crate::grpc_client::{Client, client, number, request, text};
use crate::{mock, until_idle};
use futures_util::{StreamExt, TryStreamExt, stream};
use inferometer_mock::Requests;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use tonic::{Code, Status};

/// Sends requests on one stream and reads until its end.
async fn exchange(
    client: &mut Client,
    requests: Vec<ModelInferRequest>,
) -> Result<Vec<ModelStreamInferResponse>, Status> {
    let responses = client.model_stream_infer(stream::iter(requests)).await?;
    responses.into_inner().try_collect().await
}

fn inner(response: &ModelStreamInferResponse) -> &ModelInferResponse {
    assert_eq!(response.error_message, "");
    response.infer_response.as_ref().unwrap()
}

fn is_final(response: &ModelInferResponse) -> bool {
    response.parameters["triton_final_response"].parameter_choice
        == Some(ParameterChoice::BoolParam(true))
}

#[tokio::test]
async fn each_token_is_a_response_and_the_final_one_has_the_counts() {
    let mock = mock(r#"{"latency":{"fixed":"3ms"},"per_output_token":{"fixed":"3ms"}}"#).await;

    let responses = exchange(&mut client(&mock).await, vec![request("a", "one two", 3)])
        .await
        .unwrap();

    let (last, tokens) = responses.split_last().unwrap();
    assert_eq!(
        tokens
            .iter()
            .map(|token| text(inner(token)))
            .collect::<Vec<_>>(),
        [" alpha", " bravo", " charlie"]
    );
    assert!(
        tokens
            .iter()
            .all(|token| !is_final(inner(token)) && inner(token).id == "a")
    );
    let last = inner(last);
    assert!(is_final(last) && last.outputs.is_empty() && last.id == "a");
    assert_eq!(
        (
            number(last, "prompt_tokens"),
            number(last, "completion_tokens")
        ),
        (2, 3)
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
async fn requests_of_one_stream_are_answered_side_by_side() {
    let mock = mock("{}").await;
    let requests: Vec<_> = ["a", "b", "c"].map(|id| request(id, "one", 5)).into();

    let responses = exchange(&mut client(&mock).await, requests).await.unwrap();

    for id in ["a", "b", "c"] {
        let own: Vec<_> = responses
            .iter()
            .map(inner)
            .filter(|response| response.id == id)
            .collect();
        assert_eq!(own.len(), 6);
        assert!(is_final(own[5]));
        assert_eq!(
            own.iter()
                .take(5)
                .map(|token| text(token))
                .collect::<String>(),
            " alpha bravo charlie delta echo"
        );
    }
    assert_eq!(mock.counters().oip_grpc.answered, 3);
}

#[tokio::test]
async fn a_mistake_is_an_error_message_and_the_stream_goes_on() {
    let mock = mock("{}").await;
    let mut absent = request("a", "one", 1);
    absent.model_name = "absent".to_owned();
    let mut empty = request("b", "one", 1);
    empty.inputs.clear();

    let responses = exchange(
        &mut client(&mock).await,
        vec![absent, empty, request("c", "one", 1)],
    )
    .await
    .unwrap();

    let error = |id: &str| {
        let of = |response: &&ModelStreamInferResponse| {
            response.infer_response.as_ref().unwrap().id == id
        };
        responses.iter().find(of).unwrap().error_message.as_str()
    };
    assert_eq!(error("a"), "The model `absent` does not exist.");
    assert_eq!(
        error("b"),
        "expected raw contents for 0 input tensors, found 1"
    );
    assert_eq!(error("c"), "");
    assert_eq!(responses.len(), 4);
    assert_eq!(
        mock.counters().oip_grpc,
        Requests {
            answered: 1,
            refused: 2,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn a_status_fault_ends_the_stream_with_that_status() {
    let mock =
        mock(r#"{"faults":[{"status":{"share":"100%","http":429,"retry_after":"20ms"}}]}"#).await;

    let status = exchange(&mut client(&mock).await, vec![request("a", "one", 1)])
        .await
        .unwrap_err();

    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        status.metadata().get("grpc-retry-pushback-ms").unwrap(),
        "20"
    );
}

#[tokio::test]
async fn a_cut_stream_breaks_after_its_tokens() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%","after_tokens":2}}]}"#).await;
    let mut client = client(&mock).await;
    let requests = stream::iter([request("a", "one", 4)]).chain(stream::pending());

    let mut responses = client
        .model_stream_infer(requests)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(
        text(inner(&responses.message().await.unwrap().unwrap())),
        " alpha"
    );
    assert_eq!(
        text(inner(&responses.message().await.unwrap().unwrap())),
        " bravo"
    );
    assert_eq!(
        responses.message().await.unwrap_err().code(),
        Code::Internal
    );
    assert_eq!(mock.counters().oip_grpc.struck_by("cut"), 1);
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_as_gone() {
    let mock = mock(r#"{"per_output_token":{"fixed":"1h"}}"#).await;
    let mut client = client(&mock).await;
    let requests = stream::iter([request("a", "one", 4)]);

    let mut responses = client
        .model_stream_infer(requests)
        .await
        .unwrap()
        .into_inner();
    responses.message().await.unwrap();
    drop(responses);

    until_idle(&mock).await;
    assert_eq!(
        mock.counters().oip_grpc,
        Requests {
            abandoned: 1,
            ..Requests::default()
        }
    );
}
