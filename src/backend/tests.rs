use super::*;
use crate::client::{Client, Input, Protocol, Request};

fn target(text: &str) -> Target {
    serde_json::from_str(text).unwrap()
}

async fn started(text: &str) -> Backend {
    let client = ClientConfig::default();
    Backend::start(&target(text), &client, &MockHost::OwnThread)
        .await
        .unwrap()
}

#[tokio::test]
async fn several_mocks_are_endpoints_in_the_order_of_the_file() {
    let backend = started(
        r#"{"mocks":{"primary":{"protocol":"oip_grpc"},"both":{},"last":{"protocol":"openai"}}}"#,
    )
    .await;

    let protocols: Vec<Protocol> = backend.endpoints().iter().map(|at| at.protocol).collect();
    assert_eq!(
        protocols,
        [
            Protocol::OipGrpc,
            Protocol::Openai,
            Protocol::OipGrpc,
            Protocol::Openai
        ]
    );
    assert_eq!(
        backend.names(),
        [
            "primary (oip_grpc)",
            "both (openai)",
            "both (oip_grpc)",
            "last (openai)"
        ]
    );
    backend.stop().await;
}

#[tokio::test]
async fn a_single_mock_is_called_by_its_addresses() {
    let backend = started(r#"{"mock":{}}"#).await;

    let urls: Vec<&str> = backend
        .endpoints()
        .iter()
        .map(|at| at.url.as_str())
        .collect();
    assert_eq!(backend.names(), urls);
    backend.stop().await;
}

#[tokio::test]
async fn what_mocks_wrote_down_is_heard_until_they_begin_again() {
    let mut backend =
        started(r#"{"mocks":{"primary":{"models":[{"name":"tiny"}]},"idle":{}}}"#).await;
    let client = Client::new(&ClientConfig::default(), backend.endpoints()).unwrap();
    let request = Request {
        id: "s0-1".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt("one two".to_owned()),
        max_tokens: 3,
        stream: false,
        temperature: None,
        top_p: None,
    };
    let mut reply = client.inference().open(&request).await.unwrap();
    while reply.next().await.is_some() {}

    let mut heard = Vec::new();
    let first = backend
        .hear(&mut |entry| heard.push((entry.id.to_string(), entry.output_tokens)))
        .await;
    backend.reset().await;
    let second = backend.hear(&mut |_| panic!("all is forgotten")).await;

    assert_eq!(heard, [("s0-1".to_owned(), 3)]);
    assert_eq!(first, Some(Hearing::default()));
    assert_eq!(second, Some(Hearing::default()));
    backend.stop().await;
}

#[tokio::test]
async fn targets_that_keep_no_journal_tell_nothing() {
    let mut backend =
        started(r#"{"stubs":[{"request":{"method":"GET","path":"/"},"respond":{"status":200}}]}"#)
            .await;

    assert_eq!(backend.hear(&mut |_| {}).await, None);
    backend.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_the_client_may_not_use_makes_no_target_ready() {
    let backend = started(r#"{"mock":{}}"#).await;
    let grpc = &backend.endpoints()[1].url;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let both = format!(
        r#"{{"endpoints":[{{"protocol":"openai","url":"http://{nobody}"}},{{"protocol":"oip_grpc","url":"{grpc}"}}],"ready_within":"10ms"}}"#
    );

    let client = ClientConfig::default();
    let tried = Backend::start(&target(&both), &client, &MockHost::OwnThread).await;

    assert!(matches!(tried, Err(Error::NotReady { .. })), "{tried:?}");
    backend.stop().await;
}
