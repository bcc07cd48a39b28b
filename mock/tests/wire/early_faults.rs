//! Faults that strike before there is any request: closed ports, connections that wait, connections that swallow.

use crate::grpc_client::{client, request, text};
use crate::raw::{Http2, connect, messages, post, read};
use crate::{mock, until_idle};
use inferometer_mock::{Mock, MockSpec};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const PATH: &str = "/v1/completions";
const WHOLE: &str = r#"{"model":"tiny","prompt":"a","max_tokens":4}"#;
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a connection to `url` is not made, if it is not.
async fn knock(url: &str) -> Option<ErrorKind> {
    let address = url.split_once("//").unwrap().1;
    let connected = TcpStream::connect(address).await;
    connected.err().map(|error| error.kind())
}

/// Knocks until the answer is this one.
async fn until_knock(url: &str, expected: Option<ErrorKind>) {
    let knocking = async {
        while knock(url).await != expected {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, knocking).await.expect("the port changed");
}

/// Waits until so much is counted of connections.
async fn until_counted(mock: &Mock, expected: &[(&str, u64)]) {
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(kind, count)| ((*kind).to_owned(), *count))
        .collect();
    let counting = async {
        while mock.counters().connection_faults != expected {
            tokio::task::yield_now().await;
        }
    };
    let counted = timeout(DEADLINE, counting).await;
    counted.unwrap_or_else(|_| panic!("{:?}", mock.counters().connection_faults));
}

/// Is a request over both ports answered as if nothing had been?
async fn serves(mock: &Mock) {
    let answer = post(mock, PATH, "r-0", WHOLE).await;
    assert!(answer.text.starts_with("HTTP/1.1 200"), "{answer:?}");
    let answer = client(mock).await.model_infer(request("g-0", "a", 2)).await;
    assert_eq!(text(answer.unwrap().get_ref()), " alpha bravo");
}

fn faults(json: &str) -> impl FnOnce(&mut MockSpec) {
    let faults = serde_json::from_str(json).unwrap();
    |spec| spec.faults = faults
}

#[tokio::test]
async fn a_port_refuses_from_the_first_moment_until_its_window_ends_and_anew_after_a_reset() {
    let start = Instant::now();
    let mock = mock(r#"{"faults":[{"refuse":{"until":"400ms"}}]}"#).await;
    let refused = [knock(&mock.rest_url()).await, knock(&mock.grpc_url()).await];
    let admin = reqwest::get(mock.admin_url() + "/admin/health").await;

    for url in [mock.rest_url(), mock.grpc_url()] {
        until_knock(&url, None).await;
    }

    assert_eq!(refused, [Some(ErrorKind::ConnectionRefused); 2]);
    assert!(admin.unwrap().status().is_success());
    assert!(start.elapsed() >= Duration::from_millis(400));
    serves(&mock).await;
    until_counted(&mock, &[("refuse", 2)]).await;
    mock.reset();
    until_counted(&mock, &[("refuse", 2)]).await;
    until_knock(&mock.rest_url(), None).await;
    until_knock(&mock.grpc_url(), None).await;
    serves(&mock).await;
}

#[tokio::test]
async fn a_port_is_closed_and_opened_through_the_admin_api_and_open_connections_go_on() {
    let mock = mock("{}").await;
    let mut before = Http2::open(&mock.grpc_url()).await;
    let put = async |faults: &'static str| {
        let request = reqwest::Client::new().put(mock.admin_url() + "/admin/faults");
        let request = request.header("content-type", "application/json");
        let response = request.body(faults).send().await.unwrap();
        assert!(response.status().is_success());
    };

    put(r#"[{"refuse":{"protocols":["oip_grpc"]}}]"#).await;
    until_knock(&mock.grpc_url(), Some(ErrorKind::ConnectionRefused)).await;
    let response = before.call("ModelInfer", &request("g-1", "a", 2)).await;
    let rest = post(&mock, PATH, "r-1", WHOLE).await;
    until_counted(&mock, &[("refuse", 1)]).await;
    mock.reset();
    until_counted(&mock, &[("refuse", 1)]).await;
    put("[]").await;
    until_knock(&mock.grpc_url(), None).await;

    assert_eq!(messages(&read(response.unwrap()).await.0), 1);
    assert!(rest.text.starts_with("HTTP/1.1 200"));
    serves(&mock).await;
    let page = mock.handle().metrics();
    assert!(page.contains("inferometer_mock_faults_total{kind=\"refuse\"} 2\n"));
}

#[tokio::test]
async fn a_connection_that_is_accepted_slowly_is_served_later_and_holds_up_no_other() {
    let by = Duration::from_millis(80);
    let mock = mock(r#"{"faults":[{"slow_accept":{"times":1,"by":{"fixed":"24h"}}}]}"#).await;
    let waiting = post(&mock, PATH, "r-9", WHOLE);

    tokio::select! {
        biased;
        _ = waiting => panic!("answered before its time"),
        () = serves(&mock) => {}
    }
    mock.change(faults(r#"[{"slow_accept":{"by":{"fixed":"80ms"}}}]"#))
        .unwrap();
    let start = Instant::now();
    let answer = post(&mock, PATH, "r-1", WHOLE).await;
    let on_rest = start.elapsed();
    let start = Instant::now();
    let mut connection = Http2::open(&mock.grpc_url()).await;
    let response = connection.call("ModelInfer", &request("g-1", "a", 2)).await;
    let on_grpc = start.elapsed();

    assert!(answer.text.starts_with("HTTP/1.1 200"));
    assert_eq!(messages(&read(response.unwrap()).await.0), 1);
    assert!(on_rest >= by && on_grpc >= by, "{on_rest:?} {on_grpc:?}");
    until_idle(&mock).await;
    until_counted(&mock, &[("slow_accept", 3)]).await;
    let entries = mock.journal(0, 10).entries;
    assert!(
        entries
            .iter()
            .all(|entry| entry.fault.is_none() && &*entry.id != "r-9")
    );
}

#[tokio::test]
async fn a_black_hole_reads_everything_and_says_nothing_until_the_client_leaves() {
    for tls in ["", r#","tls":"self_signed""#] {
        let spec = format!(r#"{{"faults":[{{"black_hole":{{}}}}]{tls}}}"#);
        let mock = mock(&spec).await;

        for url in [mock.rest_url(), mock.grpc_url()] {
            let url = url.replace("https", "http");
            let mut stream = connect(&url).await;
            // More than the buffers of both sockets hold, which begins as a request does.
            let asked = format!("POST {PATH} HTTP/1.1\r\ncontent-length: 16777216\r\n\r\n");
            stream.write_all(asked.as_bytes()).await.unwrap();
            stream.write_all(&vec![b'a'; 16 << 20]).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();

            assert_eq!(heard, b"");
        }

        until_counted(&mock, &[("black_hole", 2)]).await;
        assert_eq!(mock.journal(0, 10).entries, []);
        let page = mock.handle().metrics();
        assert!(page.contains("inferometer_mock_faults_total{kind=\"black_hole\"} 2\n"));
    }
}

#[tokio::test]
async fn a_swallowed_connection_holds_its_place_among_those_that_are_served_at_once() {
    let mock = mock(
        r#"{"limits":{"connections":1},"faults":[{"black_hole":{"times":1,"protocols":["openai","oip_rest"]}}]}"#,
    )
    .await;
    let hole = connect(&mock.rest_url()).await;
    until_counted(&mock, &[("black_hole", 1)]).await;
    let next = post(&mock, PATH, "r-1", WHOLE);
    let mut next = std::pin::pin!(next);

    tokio::select! {
        biased;
        _ = &mut next => panic!("there was no place for it"),
        grpc = async { client(&mock).await.model_infer(request("g-1", "a", 2)).await } => {
            assert!(grpc.is_ok(), "the other port has places of its own");
        }
    }
    drop(hole);

    assert!(next.await.text.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_mock_that_is_stopped_lets_go_of_waiting_and_swallowed_connections_and_of_closed_ports() {
    let mock = mock(
        r#"{"faults":[{"slow_accept":{"every":2,"by":{"fixed":"1h"}}},{"black_hole":{}},
            {"refuse":{"protocols":["oip_grpc"]}}]}"#,
    )
    .await;
    let url = mock.rest_url();
    let (mut swallowed, mut waiting) = (connect(&url).await, connect(&url).await);
    until_counted(
        &mock,
        &[("refuse", 1), ("black_hole", 1), ("slow_accept", 1)],
    )
    .await;
    let grpc = mock.grpc_address();

    mock.stop().await;

    for stream in [&mut swallowed, &mut waiting] {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
    assert_eq!(knock(&url).await, Some(ErrorKind::ConnectionRefused));
    assert!(tokio::net::TcpListener::bind(grpc).await.is_ok());
}
