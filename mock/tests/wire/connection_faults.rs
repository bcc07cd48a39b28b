//! Faults that end more than the answer: resets, closes, GOAWAY, on sockets that hide nothing.

use crate::grpc_client::{client, request, text};
use crate::raw::{Heard, Http2, messages, post, read};
use crate::{mock, until_idle};
use inferometer_mock::{End, Mock};
use std::io::ErrorKind;

const PATH: &str = "/v1/completions";
const STREAMED: &str = r#"{"model":"tiny","prompt":"a","max_tokens":4,"stream":true}"#;
const WHOLE: &str = r#"{"model":"tiny","prompt":"a","max_tokens":4}"#;

/// A mock that strikes request 1 alone with one fault.
async fn strikes_1(fault: &str, fields: &str) -> Mock {
    let comma = if fields.is_empty() { "" } else { "," };
    mock(&format!(
        r#"{{"faults":[{{"{fault}":{{"requests":{{"from":1,"until":2}}{comma}{fields}}}}}]}}"#
    ))
    .await
}

/// Is the request after the struck one answered as if nothing had been?
async fn spares_2(mock: &Mock, fault: &str, end: End) {
    let answer = post(mock, PATH, "r-2", WHOLE).await;
    assert!(
        answer.text.ends_with("}}") && answer.error.is_none(),
        "{answer:?}"
    );
    let mut client = client(mock).await;
    let answer = client.model_infer(request("g-2", "a", 2)).await.unwrap();
    assert_eq!(text(answer.get_ref()), " alpha bravo");
    until_idle(mock).await;
    for entry in mock.journal(0, 100).entries {
        let struck = entry.id.ends_with("-1");
        let expected = if struck {
            (Some(fault), end)
        } else {
            (None, End::Answered)
        };
        assert_eq!(
            (entry.fault.as_deref(), entry.end),
            expected,
            "{}",
            entry.id
        );
    }
}

#[tokio::test]
async fn a_reset_or_closed_connection_says_nothing_at_all() {
    for (fault, error) in [("reset", Some(ErrorKind::ConnectionReset)), ("close", None)] {
        let mock = strikes_1(fault, "").await;

        for body in [WHOLE, STREAMED] {
            let heard = post(&mock, PATH, "r-1", body).await;

            assert_eq!((heard.text.as_str(), heard.error), ("", error), "{fault}");
        }
        let mut connection = Http2::open(&mock.rest_url()).await;
        let answer = connection.post(PATH, "r-1", WHOLE).await;
        assert!(answer.is_err());
        if fault == "reset" {
            assert_eq!(connection.end().await, error);
        }
        spares_2(&mock, fault, End::Failed).await;
    }
}

#[tokio::test]
async fn a_reset_or_closed_connection_breaks_inside_a_body() {
    for (fault, error) in [("reset", Some(ErrorKind::ConnectionReset)), ("close", None)] {
        let mock = strikes_1(fault, r#""after_tokens":2"#).await;

        let Heard {
            text,
            error: streamed,
        } = post(&mock, PATH, "r-1", STREAMED).await;
        let whole = post(&mock, PATH, "r-1", WHOLE).await;

        assert_eq!(text.matches("data: ").count(), 2);
        assert!(!text.ends_with("0\r\n\r\n"));
        assert!(whole.text.ends_with(r#""text":" alpha bravo"#), "{whole:?}");
        assert_eq!((streamed, whole.error), (error, error), "{fault}");
        spares_2(&mock, fault, End::Failed).await;
    }
}

#[tokio::test]
async fn a_grpc_call_ends_with_its_connection() {
    for (fault, fields, expected) in [
        ("reset", "", 0),
        ("close", "", 0),
        ("reset", r#""after_tokens":2"#, 2),
        ("close", r#""after_tokens":2"#, 2),
    ] {
        let mock = strikes_1(fault, fields).await;
        let mut connection = Http2::open(&mock.grpc_url()).await;

        let response = connection
            .call("ModelStreamInfer", &request("g-1", "a", 4))
            .await;

        let heard = match response {
            Ok(response) => read(response).await,
            Err(_) => (Vec::new(), false),
        };
        assert_eq!(
            (messages(&heard.0), heard.1),
            (expected, false),
            "{fault} {fields}"
        );
        if fault == "reset" {
            assert_eq!(connection.end().await, Some(ErrorKind::ConnectionReset));
        }
        spares_2(&mock, fault, End::Failed).await;
    }
}

#[tokio::test]
async fn a_unary_grpc_call_ends_with_its_connection() {
    for fault in ["reset", "close"] {
        for fields in ["", r#""after_tokens":2"#] {
            let mock = strikes_1(fault, fields).await;
            let mut connection = Http2::open(&mock.grpc_url()).await;

            let response = connection.call("ModelInfer", &request("g-1", "a", 4)).await;

            let heard = match response {
                Ok(response) => read(response).await,
                Err(_) => (Vec::new(), false),
            };
            assert_eq!(heard, (Vec::new(), false), "{fault} {fields}");
            spares_2(&mock, fault, End::Failed).await;
        }
    }
}

#[tokio::test]
async fn everything_on_a_severed_connection_ends_with_it() {
    let mock = mock(
        r#"{"faults":[{"stall":{"requests":{"from":0,"until":1}}},{"reset":{"requests":{"from":1,"until":2}}}]}"#,
    )
    .await;
    let mut connection = Http2::open(&mock.rest_url()).await;
    let stalled = connection.post(PATH, "r-0", STREAMED);
    let stalled = tokio::spawn(stalled);
    while mock.counters().in_flight == 0 {
        tokio::task::yield_now().await;
    }

    let reset = connection.post(PATH, "r-1", STREAMED).await;

    assert!(reset.is_err() && stalled.await.unwrap().is_err());
    until_idle(&mock).await;
    let ends: Vec<_> = mock
        .journal(0, 10)
        .entries
        .iter()
        .map(|entry| (entry.id.to_string(), entry.end))
        .collect();
    assert!(
        ends.contains(&("r-0".to_owned(), End::Abandoned)),
        "{ends:?}"
    );
    assert!(ends.contains(&("r-1".to_owned(), End::Failed)), "{ends:?}");
    mock.stop().await;
}

#[tokio::test]
async fn a_connection_that_goes_away_still_answers() {
    let mock = strikes_1("go_away", "").await;

    let mut rest = Http2::open(&mock.rest_url()).await;
    let answer = rest.post(PATH, "r-1", WHOLE).await.unwrap();
    let mut grpc = Http2::open(&mock.grpc_url()).await;
    let response = grpc
        .call("ModelInfer", &request("g-1", "a", 4))
        .await
        .unwrap();

    assert!(read(answer).await.1);
    assert_eq!(messages(&read(response).await.0), 1);
    assert_eq!((rest.end().await, grpc.end().await), (None, None));
    spares_2(&mock, "go_away", End::Answered).await;
}

#[tokio::test]
async fn a_connection_of_http_1_that_goes_away_says_so_with_the_answer() {
    let mock = strikes_1("go_away", "").await;
    let client = reqwest::Client::new();
    let url = mock.rest_url() + PATH;

    let mut closes = Vec::new();
    for id in ["r-0", "r-1", "r-2"] {
        let request = client.post(&url).header("x-request-id", id).body(WHOLE);
        let response = request.send().await.unwrap();
        closes.push(response.headers().contains_key("connection"));
        response.bytes().await.unwrap();
    }

    assert_eq!(closes, [false, true, false]);
}
