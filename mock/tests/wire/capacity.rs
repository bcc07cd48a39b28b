//! Places, the queue for them, and what a full mock answers, over both REST and gRPC.

use crate::grpc_client::{client, request};
use crate::{mock, until_idle};
use inferometer_mock::{End, Mock, Requests};
use reqwest::{Client, Response};
use tonic::Code;

/// One place, one that waits, and an answer that never comes.
const STALLED: &str = r#"{"capacity":{"slots":1,"queue":1,"when_full":{"retry_after":"1500ms"}},
    "faults":[{"stall":{"after_tokens":1}}]}"#;

async fn complete(mock: &Mock) -> Result<Response, reqwest::Error> {
    let request = Client::new().post(mock.rest_url() + "/v1/completions");
    request
        .body(r#"{"model":"tiny","prompt":"a"}"#)
        .send()
        .await
}

/// Returns once so many requests are worked on and wait.
async fn until(mock: &Mock, running: u64, waiting: u64) {
    let counters = || mock.counters();
    while (counters().running, counters().waiting) != (running, waiting) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn over_rest_a_full_mock_turns_away_with_429_and_a_wait() {
    let mock = mock(STALLED).await;
    let full = async {
        until(&mock, 1, 1).await;
        complete(&mock).await.unwrap()
    };

    let response = tokio::select! {
        _ = async { tokio::join!(complete(&mock), complete(&mock)) } => unreachable!("no answer ends"),
        response = full => response,
    };

    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["retry-after-ms"], "1500");
    assert_eq!(
        response.text().await.unwrap(),
        concat!(
            r#"{"error":{"message":"The server is full: requests worked on: 1, waiting: 1.","#,
            r#""type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
        )
    );
    until_idle(&mock).await;
    let faults = [("stall".to_owned(), 2)].into();
    assert_eq!(
        mock.counters().openai,
        Requests {
            rejected: 1,
            faults,
            ..Requests::default()
        }
    );
    assert_eq!((mock.counters().running, mock.counters().waiting), (0, 0));
}

#[tokio::test]
async fn over_grpc_a_full_mock_is_exhausted_or_unavailable_as_asked() {
    for (http, code) in [(429, Code::ResourceExhausted), (503, Code::Unavailable)] {
        let spec = format!(
            r#"{{"latency":{{"fixed":"1h"}},"capacity":{{"slots":1,"queue":0,"when_full":{{"http":{http}}}}}}}"#
        );
        let mock = mock(&spec).await;
        let (mut first, mut second) = (client(&mock).await, client(&mock).await);
        let full = async {
            until(&mock, 1, 0).await;
            second.model_infer(request("b", "one", 1)).await
        };

        let status = tokio::select! {
            _ = first.model_infer(request("a", "one", 1)) => unreachable!("no answer ends"),
            answer = full => answer.unwrap_err(),
        };

        assert_eq!(status.code(), code);
        assert_eq!(
            status.message(),
            "The server is full: requests worked on: 1, waiting: 0."
        );
    }
}

#[tokio::test]
async fn whoever_waits_gets_the_place_of_a_client_that_leaves_and_the_journal_says_when() {
    let mock =
        mock(r#"{"capacity":{"slots":1},"faults":[{"stall":{"after_tokens":1,"times":1}}]}"#).await;
    let mut stalled = Box::pin(complete(&mock));
    tokio::select! {
        _ = &mut stalled => unreachable!("no answer ends"),
        () = until(&mock, 1, 0) => {}
    }
    let leaving = async {
        until(&mock, 1, 1).await;
        drop(stalled);
    };

    let (response, ()) = tokio::join!(complete(&mock), leaving);

    assert_eq!(response.unwrap().status(), 200);
    until_idle(&mock).await;
    let entries = mock.journal(0, 10).entries;
    let [first, second] = &entries[..] else {
        panic!("two requests ended: {entries:?}")
    };
    assert_eq!((first.end, second.end), (End::Abandoned, End::Answered));
    assert_eq!(first.admitted_ns, Some(first.arrived_ns));
    assert!(second.admitted_ns.unwrap() >= first.ended_ns);
}
