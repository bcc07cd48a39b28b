use super::*;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn started(stubs: Value) -> Stubs {
    started_in(StubOrder::Any, stubs).await
}

async fn started_in(order: StubOrder, stubs: Value) -> Stubs {
    let stubs: Vec<Stub> = serde_json::from_value(stubs).unwrap();
    Stubs::start(&stubs, order).await.unwrap()
}

/// Sends a request of one line of headers and gives the whole answer.
async fn ask(stubs: &Stubs, line: &str, body: &str) -> String {
    let url = stubs.url();
    let mut connection = TcpStream::connect(url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_stub_that_is_used_up_leaves_its_requests_to_the_next() {
    let request =
        json!({ "method": "POST", "path": "/v1/chat", "body": { "partial": { "model": "a" } } });
    let stubs = started(json!([
        { "request": request, "respond": { "status": 503, "headers": { "retry-after": "0" } }, "times": 2 },
        { "request": request, "respond": { "body": { "json": { "ok": true } } } },
    ]))
    .await;

    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(ask(&stubs, "POST /v1/chat", r#"{"model":"a","n":1}"#).await);
    }

    let statuses: Vec<&str> = answers.iter().map(|answer| &answer[9..12]).collect();
    assert_eq!(statuses, ["503", "503", "200", "200"]);
    assert!(
        answers[0].contains("\r\nretry-after: 0\r\n"),
        "{}",
        answers[0]
    );
    assert!(
        answers[2].contains("\r\ncontent-type: application/json\r\n"),
        "{}",
        answers[2]
    );
    assert!(
        answers[2].ends_with("\r\n\r\n{\"ok\":true}"),
        "{}",
        answers[2]
    );
    let seen = stubs.script();
    assert_eq!((seen.calls, seen.unexpected), (vec![2, 2], 0));
}

#[tokio::test]
async fn a_request_that_no_stub_takes_is_kept_beside_the_nearest() {
    let stubs = started(json!([
        { "request": { "method": "GET", "path": "/v1/models" }, "respond": {} },
        { "request": { "method": "POST", "path": "/v1/chat", "body": { "exact": { "a": 1, "b": 2 } } }, "respond": {} },
        { "request": { "method": "POST", "path": "/v1/chat", "body": { "exact": { "a": 1 } } }, "respond": {} },
    ]))
    .await;

    for _ in 0..2 {
        let answer = ask(&stubs, "POST /v1/chat", r#"{"a":3}"#).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(answer.contains("no stub expects POST /v1/chat"), "{answer}");
    }

    let seen = stubs.script();
    assert_eq!(
        (seen.calls.as_slice(), seen.unexpected),
        ([0, 0, 0].as_slice(), 2)
    );
    let difference = Difference {
        place: "body.a".to_owned(),
        expected: "1".to_owned(),
        found: "3".to_owned(),
    };
    assert_eq!(
        seen.examples,
        [Unexpected {
            request: "POST /v1/chat".to_owned(),
            times: 2,
            nearest: 2,
            why: Why::Differs,
            differences: vec![difference],
        }]
    );
}

#[tokio::test]
async fn what_comes_too_often_is_told_by_the_stub_that_was_used_up() {
    let stubs = started(json!([
        { "request": { "method": "GET", "path": "/v1/models" }, "respond": {}, "times": 1 },
    ]))
    .await;

    ask(&stubs, "GET /v1/models", "").await;
    ask(&stubs, "GET /v1/models", "").await;

    let seen = stubs.script();
    assert_eq!((seen.calls, seen.unexpected), (vec![1], 1));
    let example = &seen.examples[0];
    assert_eq!((example.nearest, example.why), (0, Why::UsedUp));
}

#[tokio::test]
async fn no_more_than_a_few_different_surprises_are_kept() {
    let stubs =
        started(json!([{ "request": { "method": "GET", "path": "/" }, "respond": {} }])).await;

    for number in 0..9 {
        ask(&stubs, &format!("GET /{number}"), "").await;
    }

    let seen = stubs.script();
    assert_eq!((seen.unexpected, seen.examples.len()), (9, 5));
}

#[tokio::test]
async fn a_script_in_the_order_of_its_list_takes_nothing_out_of_its_turn() {
    let stubs = started_in(
        StubOrder::AsListed,
        json!([
            { "request": { "method": "GET", "path": "/first" }, "respond": {}, "at_least": 1, "at_most": 9 },
            { "request": { "method": "GET", "path": "/maybe" }, "respond": {}, "at_most": 1 },
            { "request": { "method": "GET", "path": "/last" }, "respond": {}, "times": 1 },
        ]),
    )
    .await;

    let mut statuses = Vec::new();
    for path in ["/last", "/first", "/first", "/last", "/first", "/maybe"] {
        let answer = ask(&stubs, &format!("GET {path}"), "").await;
        statuses.push(answer[9..12].to_owned());
    }

    assert_eq!(statuses, ["404", "200", "200", "200", "404", "404"]);
    let seen = stubs.script();
    assert_eq!((seen.calls, seen.unexpected), (vec![2, 0, 1], 3));
    let told: Vec<_> = seen
        .examples
        .iter()
        .map(|example| (example.nearest, example.why))
        .collect();
    assert_eq!(
        told,
        [
            (2, Why::OutOfTurn),
            (0, Why::OutOfTurn),
            (1, Why::OutOfTurn)
        ]
    );
}
