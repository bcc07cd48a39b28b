//! The beginning and the end of a mock.

use crate::mock;
use inferometer_mock::{Bind, Error, Mock, MockSpec, Requests};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

#[tokio::test]
async fn a_stopped_mock_leaves_no_listener() {
    let mock = mock("{}").await;
    let addresses = [mock.rest_url(), mock.grpc_url(), mock.admin_url()].map(|url| address(&url));
    reqwest::get(mock.rest_url() + "/health").await.unwrap();

    mock.stop().await;

    for address in addresses {
        assert!(TcpStream::connect(address).await.is_err());
        TcpListener::bind(address).await.unwrap();
    }
}

#[tokio::test]
async fn stopping_lets_requests_in_flight_end() {
    let mock = mock(r#"{"latency":{"fixed":"100ms"}}"#).await;
    let request = reqwest::Client::new().post(mock.rest_url() + "/v1/completions");
    let answer = tokio::spawn(request.body(r#"{"model":"tiny","prompt":"a"}"#).send());
    while mock.counters().in_flight == 0 {
        tokio::task::yield_now().await;
    }

    let counters = mock.stop().await;

    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    assert_eq!(
        counters.openai,
        Requests {
            answered: 1,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn stopping_breaks_off_what_would_never_end() {
    let mock = mock(r#"{"faults":[{"stall":{"share":"100%"}}]}"#).await;
    let request = reqwest::Client::new().post(mock.rest_url() + "/v1/completions");
    let answer = tokio::spawn(request.body(r#"{"model":"tiny","prompt":"a"}"#).send());
    while mock.counters().in_flight == 0 {
        tokio::task::yield_now().await;
    }

    let counters = mock.stop().await;

    assert!(answer.await.unwrap().is_err());
    assert_eq!(
        (counters.in_flight, counters.openai.struck_by("stall")),
        (0, 1)
    );
}

#[tokio::test]
async fn a_dropped_mock_closes_its_ports() {
    let mock = mock("{}").await;
    let address = address(&mock.rest_url());

    drop(mock);

    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_mock_serves_until_it_is_told_to_end() {
    let mock = mock("{}").await;
    let health = mock.rest_url() + "/health";

    let asked_once = mock.run_until(async { reqwest::get(&health).await.unwrap().status() });
    let counters = asked_once.await;

    assert_eq!(counters.in_flight, 0);
    assert!(reqwest::get(&health).await.is_err());
}

#[tokio::test]
async fn an_address_in_use_and_an_unsound_specification_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken_address = taken.local_addr().unwrap();
    let bind = Bind {
        grpc: taken_address,
        ..Bind::default()
    };

    let error = Mock::start_at(MockSpec::default(), bind).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "could not listen on {taken_address} for gRPC: choose a free port of this machine, or port 0 for any"
        )
    );
    let spec =
        serde_json::from_str(r#"{"faults":[{"status":{"share":"1%","http":200}}]}"#).unwrap();
    let error = Mock::start(spec).await.unwrap_err();
    assert!(matches!(error, Error::Spec(_)));
    assert_eq!(
        error.to_string(),
        "could not use the specification of the mock: expected an error status, 400 to 599 in \
         `faults[0].status.http`, found `200`"
    );
}

#[tokio::test]
async fn the_highest_number_in_flight_is_remembered() {
    let mock = mock(r#"{"latency":{"fixed":"300ms"}}"#).await;
    let client = reqwest::Client::new();
    let ask = || {
        client
            .post(mock.rest_url() + "/v1/completions")
            .body(r#"{"model":"tiny","prompt":"a"}"#)
            .send()
    };

    let (first, second, third) = tokio::join!(ask(), ask(), ask());

    assert!([first, second, third].iter().all(Result::is_ok));
    assert_eq!(
        (mock.counters().in_flight, mock.counters().highest_in_flight),
        (0, 3)
    );
}
