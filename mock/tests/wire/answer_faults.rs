//! Faults that answer with an error, or too late, over every protocol.

use crate::grpc_client::{client, request, text};
use crate::{mock, raw, until_idle};
use futures_util::{TryStreamExt, stream};
use inferometer_mock::{End, Mock};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

const WHOLE: &str = r#"{"model":"tiny","prompt":"a","max_tokens":2}"#;
const STREAMED: &str = r#"{"model":"tiny","prompt":"a","max_tokens":2,"stream":true}"#;

/// The status line's number and the body's error.
async fn refusal(mock: &Mock, body: &str) -> (String, Value) {
    let heard = raw::post(mock, "/v1/completions", "r-1", body).await;
    let error: Value = serde_json::from_str(heard.body()).unwrap();
    (heard.text[9..12].to_owned(), error["error"].clone())
}

async fn streamed(mock: &Mock, id: &str) -> Status {
    let requests = stream::iter([request(id, "a", 2)]);
    match client(mock).await.model_stream_infer(requests).await {
        Ok(responses) => responses
            .into_inner()
            .try_collect::<Vec<_>>()
            .await
            .unwrap_err(),
        Err(status) => status,
    }
}

async fn unary(mock: &Mock, id: &str) -> Result<String, Status> {
    let response = client(mock).await.model_infer(request(id, "a", 2)).await?;
    Ok(text(response.get_ref()))
}

/// The fault and the end of every request, in the order in which they ended.
async fn told(mock: &Mock) -> Vec<(Option<Box<str>>, End)> {
    until_idle(mock).await;
    let entries = mock.journal(0, 100).entries;
    entries
        .into_iter()
        .map(|entry| (entry.fault, entry.end))
        .collect()
}

#[tokio::test]
async fn a_status_named_by_grpc_is_told_over_both_protocols_with_its_own_message() {
    let mock = mock(
        r#"{"faults":[{"status":{"requests":{"from":1},"grpc":"RESOURCE_EXHAUSTED","message":"out of \"slots\""}}]}"#,
    )
    .await;

    let (status, error) = refusal(&mock, WHOLE).await;
    let grpc = unary(&mock, "g-1").await.unwrap_err();
    let stream = streamed(&mock, "g-1").await;
    let neighbour = unary(&mock, "g-0").await;

    assert_eq!(
        (status.as_str(), &error["message"]),
        ("429", &json!("out of \"slots\""))
    );
    for status in [grpc, stream] {
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.message(), "out of \"slots\"");
    }
    assert_eq!(neighbour.unwrap(), " alpha bravo");
    let failed = (Some("status".into()), End::Failed);
    assert_eq!(
        told(&mock).await,
        [
            failed.clone(),
            failed.clone(),
            failed,
            (None, End::Answered)
        ]
    );
}

#[tokio::test]
async fn a_model_that_is_not_ready_is_told_as_one_that_is_not_loaded() {
    let spec = r#"{"faults":[{"not_ready":{"requests":{"from":1},"models":["tiny"]}}],
        "models":[{"name":"tiny"},{"name":"absent","loaded":false}]}"#;
    let mock = mock(spec).await;
    let absent = WHOLE.replace("tiny", "absent");

    let told_of_absent = refusal(&mock, &absent).await;
    let mut of_absent = request("g-0", "a", 2);
    of_absent.model_name = "absent".to_owned();
    let grpc_of_absent = client(&mock)
        .await
        .model_infer(of_absent)
        .await
        .unwrap_err();

    for body in [WHOLE, STREAMED] {
        let (status, mut error) = refusal(&mock, body).await;
        let message = error["message"].as_str().unwrap().replace("tiny", "absent");
        error["message"] = json!(message);
        assert_eq!((status, error), told_of_absent);
    }
    for status in [
        unary(&mock, "g-1").await.unwrap_err(),
        streamed(&mock, "g-1").await,
    ] {
        assert_eq!(status.code(), grpc_of_absent.code());
        assert_eq!(
            status.message().replace("tiny", "absent"),
            grpc_of_absent.message()
        );
    }
    assert_eq!(unary(&mock, "g-0").await.unwrap(), " alpha bravo");
    let ends = told(&mock).await;
    let failed = (Some("not_ready".into()), End::Failed);
    assert_eq!(ends.iter().filter(|end| **end == failed).count(), 4);
    assert_eq!(ends.last(), Some(&(None, End::Answered)));
}

#[tokio::test]
async fn a_delayed_answer_is_whole_and_later_by_what_was_drawn() {
    let mock =
        mock(r#"{"faults":[{"delay":{"requests":{"from":1},"by":{"fixed":"60ms"}}}]}"#).await;
    let by = Duration::from_millis(60);

    let start = Instant::now();
    let heard = raw::post(&mock, "/v1/completions", "r-1", STREAMED).await;
    let stream = heard.joined().unwrap();
    assert!(start.elapsed() >= by && stream.ends_with("data: [DONE]\n\n"));
    let start = Instant::now();
    let answer = unary(&mock, "g-1").await.unwrap();
    assert!(start.elapsed() >= by && answer == " alpha bravo");
    unary(&mock, "g-0").await.unwrap();

    until_idle(&mock).await;
    let entries = mock.journal(0, 100).entries;
    let (delayed, spared) = entries.split_at(2);
    for entry in delayed {
        assert_eq!(
            (entry.fault.as_deref(), entry.end),
            (Some("delay"), End::Answered)
        );
        assert!(entry.writes[0].at_ns - entry.arrived_ns >= 60_000_000);
    }
    assert_eq!(
        (spared[0].fault.as_deref(), spared[0].end),
        (None, End::Answered)
    );
}
