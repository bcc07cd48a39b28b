//! Active health checks of the embedded client against the mock, over each protocol.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be tested, in helpers as in tests"
)]

use inferometer::client::{
    Client, ClientConfig, Endpoint, EndpointState, HealthCheck, Mode, Protocol,
};
use inferometer_mock::{Mock, MockSpec};
use inferometer_proto::quantity::Period;
use serde_json::json;
use std::time::Duration;

/// Lets checks be made until they have brought the endpoint here.
async fn checked_until(client: &Client, state: EndpointState) {
    let is_there = async {
        while client.endpoint_state(0).unwrap().0 != state {
            tokio::task::yield_now().await;
        }
    };
    let checked = async {
        tokio::select! {
            () = client.watch("test") => unreachable!("checks do not end"),
            () = is_there => {}
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), checked).await;
    assert!(in_time.is_ok(), "{state:?} {client:?}");
}

#[tokio::test]
async fn checks_find_out_over_each_protocol_and_stand_in_no_journal() {
    for (protocol, mode) in [
        (Protocol::Openai, Mode::Rest),
        (Protocol::OipRest, Mode::Rest),
        (Protocol::OipGrpc, Mode::Grpc),
    ] {
        let spec: MockSpec =
            serde_json::from_value(json!({ "faults": [{ "black_hole": {} }] })).unwrap();
        let mock = Mock::start(spec).await.unwrap();
        let url = match mode {
            Mode::Grpc => mock.grpc_url(),
            Mode::Rest | Mode::Hybrid | Mode::HybridRestFirst => mock.rest_url(),
        };
        let config = ClientConfig {
            mode,
            health_check: Some(HealthCheck {
                every: Period::from_millis(5),
                deadline: Period::from_millis(100),
                ..HealthCheck::default()
            }),
            ..ClientConfig::default()
        };
        let client = Client::new(&config, &[Endpoint::new(protocol, url)]).unwrap();

        checked_until(&client, EndpointState::Ejected).await;
        mock.change(|spec| spec.faults.clear()).unwrap();
        checked_until(&client, EndpointState::Admitting).await;

        assert!(mock.journal(0, 10).entries.is_empty(), "{protocol}");
    }
}
