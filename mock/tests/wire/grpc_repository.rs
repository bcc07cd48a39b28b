//! The model repository over gRPC, where it is more than loading and unloading what works.

use super::grpc_client::{Client, client, request};
use super::{mock, until_idle};
use inferometer_proto::inference::{
    RepositoryIndexRequest, RepositoryModelLoadRequest, RepositoryModelUnloadRequest,
};
use tonic::{Code, Status};

async fn load(client: &mut Client, model: &str) -> Result<(), Status> {
    let request = RepositoryModelLoadRequest {
        model_name: model.to_owned(),
        ..Default::default()
    };
    client.repository_model_load(request).await.map(|_| ())
}

async fn unload(client: &mut Client, model: &str) {
    let request = RepositoryModelUnloadRequest {
        model_name: model.to_owned(),
        ..Default::default()
    };
    client.repository_model_unload(request).await.unwrap();
}

/// State and reason of the first model in the index.
async fn first(client: &mut Client) -> (String, String) {
    let index = client.repository_index(RepositoryIndexRequest::default());
    let mut models = index.await.unwrap().into_inner().models;
    let model = models.swap_remove(0);
    (model.state, model.reason)
}

fn entry(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_failed_load_says_why_stands_in_the_index_and_can_be_tried_again() {
    let mock =
        mock(r#"{"models":[{"name":"tiny","loaded":false,"fail_loads":{"first":1}}]}"#).await;
    let mut client = client(&mock).await;
    let reason = "load 1 fails, as the mock was asked to";
    let told = format!("The model `tiny` failed to load: {reason}.");

    let failed = load(&mut client, "tiny").await.unwrap_err();
    let refused = client
        .model_infer(request("a", "hello", 1))
        .await
        .unwrap_err();
    let index = first(&mut client).await;
    let again = load(&mut client, "tiny").await;

    assert_eq!((failed.code(), failed.message()), (Code::Internal, &*told));
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Unavailable, &*told)
    );
    assert_eq!(index, entry("UNAVAILABLE", reason));
    assert!(again.is_ok(), "{again:?}");
    assert_eq!(first(&mut client).await, entry("READY", ""));
}

#[tokio::test]
async fn an_unload_is_answered_before_the_model_is_gone() {
    let mock = mock(r#"{"models":[{"name":"tiny","unload_time":"1h"}]}"#).await;
    let mut client = client(&mock).await;

    unload(&mut client, "tiny").await;

    let refused = client
        .model_infer(request("a", "hello", 1))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Unavailable, "The model `tiny` is being unloaded.")
    );
    assert_eq!(first(&mut client).await, entry("UNLOADING", ""));
}

#[tokio::test]
async fn a_load_that_finds_no_memory_fails_with_the_figures() {
    let mock = mock(
        r#"{"repository":{"memory":"8GiB"},"models":[{"name":"b","loaded":false,"size":"5GiB"},
        {"name":"a","size":"4GiB"}]}"#,
    )
    .await;
    let mut client = client(&mock).await;

    let failed = load(&mut client, "b").await.unwrap_err();

    assert_eq!(failed.code(), Code::Internal);
    assert_eq!(
        first(&mut client).await,
        entry(
            "UNAVAILABLE",
            "out of memory, it needs 5GiB and 4GiB is free"
        )
    );
}

#[tokio::test]
async fn a_request_in_flight_ends_before_its_model_is_unloaded() {
    let mock = mock(r#"{"models":[{"name":"tiny"}],"faults":[{"stall":{"share":"100%"}}]}"#).await;
    let mut client = client(&mock).await;
    let mut stalled = client.clone();
    let call = tokio::spawn(async move { stalled.model_infer(request("a", "hello", 1)).await });
    while mock.counters().in_flight == 0 {
        tokio::task::yield_now().await;
    }

    unload(&mut client, "tiny").await;
    let before = first(&mut client).await;
    call.abort();
    until_idle(&mock).await;

    assert_eq!(before, entry("UNLOADING", ""));
    assert_eq!(first(&mut client).await, entry("UNAVAILABLE", "unloaded"));
}
