use super::*;
use crate::client::Protocol;

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
