//! Orders to a connection, as a client on a real socket meets them.

use super::*;
use http_body_util::Full;
use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Serves requests whose path is the order that they give to their connection.
async fn server() -> (Connections, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Connections::default();
    connections.accept(Entrance::new(listener, None), service_fn(obey));
    (connections, address)
}

async fn obey(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let connection = request.extensions().get::<Connection>().unwrap();
    match request.uri().path() {
        "/reset" => connection.reset(),
        "/reset-and-hang" => {
            connection.reset();
            pending::<()>().await;
        }
        "/close" => connection.close(),
        "/close-and-hang" => {
            connection.close();
            pending::<()>().await;
        }
        "/go-away" => connection.go_away(),
        _ => {}
    }
    let said = format!("{} {}", connection.number(), connection.peer());
    Ok(Response::new(Full::from(said)))
}

async fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: mock\r\n\r\n")
}

/// A connection of HTTP/2 with prior knowledge and one request on it.
async fn send_h2(address: SocketAddr, path: &str) -> TcpStream {
    let length = u8::try_from(path.len()).unwrap();
    // `:method GET` and `:scheme http` of the static table, `:path` with a value of its own (RFC 7541, appendix A).
    let fields = [&[0x82, 0x86, 0x04, length], path.as_bytes()].concat();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // HEADERS on stream 1 with END_STREAM and END_HEADERS.
    let headers = [0, 0, length + 4, 1, 5, 0, 0, 0, 1];
    let mut stream = TcpStream::connect(address).await.unwrap();
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    stream
        .write_all(&[preface, &settings, &headers, &fields].concat())
        .await
        .unwrap();
    stream
}

/// The types of all frames until the server closes the connection, and the last stream of each GOAWAY. Pings are
/// acknowledged, as a server that goes away waits for it.
async fn frames(mut stream: TcpStream) -> (Vec<u8>, Vec<u32>) {
    let (mut types, mut last_streams) = (Vec::new(), Vec::new());
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == 6 && head[4] == 0 {
            head[4] = 1;
            stream
                .write_all(&[head.as_slice(), &payload].concat())
                .await
                .unwrap();
        }
        if head[3] == 7 {
            last_streams.push(u32::from_be_bytes(payload[..4].try_into().unwrap()));
        }
        types.push(head[3]);
    }
    (types, last_streams)
}

#[tokio::test]
async fn a_reset_connection_is_reset_and_says_nothing_more() {
    let (_connections, address) = server().await;

    for path in ["/reset", "/reset-and-hang"] {
        let mut stream = send(address, &get(path)).await;

        let error = stream.read(&mut [0; 1]).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{path}");
        let mut stream = send_h2(address, path).await;
        let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "h2 {path}");
    }
}

#[tokio::test]
async fn a_closed_connection_ends_without_an_answer_even_over_bytes_that_nobody_read() {
    let (_connections, address) = server().await;

    for path in ["/close", "/close-and-hang"] {
        let unread = format!(
            "POST {path} HTTP/1.1\r\nhost: mock\r\ncontent-length: 50000\r\n\r\n{}",
            "x".repeat(50_000)
        );
        for request in [get(path), unread] {
            let mut stream = send(address, &request).await;
            let mut answer = Vec::new();

            stream.read_to_end(&mut answer).await.unwrap();

            assert!(answer.is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_connection_of_http_1_that_goes_away_says_so_with_its_answer() {
    let (_connections, address) = server().await;
    let mut stream = send(address, &get("/go-away")).await;
    let mut answer = String::new();

    stream.read_to_string(&mut answer).await.unwrap();

    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\nconnection: close\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains(&stream.local_addr().unwrap().to_string()),
        "{answer}"
    );
}

#[tokio::test]
async fn a_connection_of_http_2_that_goes_away_answers_and_sends_goaway() {
    let (_connections, address) = server().await;
    let stream = send_h2(address, "/go-away").await;

    let (types, last_streams) = frames(stream).await;

    assert!(types.contains(&1) && types.contains(&0), "{types:?}");
    assert_eq!(
        last_streams,
        [u32::MAX >> 1, 1],
        "the warning, then the last stream answered"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http_2_that_gives_no_sign_of_life_is_dropped() {
    let (_connections, address) = server().await;
    let mut stream = send_h2(address, "/nothing-special").await;
    let start = Instant::now();
    let mut bytes = Vec::new();

    stream.read_to_end(&mut bytes).await.unwrap();

    // PING on stream 0, with eight bytes and no flag.
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0];
    let pings = bytes.windows(ping.len()).filter(|bytes| *bytes == ping);
    assert_eq!(pings.count(), 1);
    assert_eq!(start.elapsed().as_secs(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http_2_that_answers_pings_is_kept() {
    let (_connections, address) = server().await;
    let stream = send_h2(address, "/nothing-special").await;

    let ended = timeout(Duration::from_mins(10), frames(stream)).await;

    assert!(ended.is_err());
}

#[tokio::test]
async fn connections_are_numbered_over_all_listeners_in_the_order_of_accept() {
    let (connections, first) = server().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = listener.local_addr().unwrap();
    connections.accept(Entrance::new(listener, None), service_fn(obey));
    let mut numbers = Vec::new();

    for address in [first, second, first] {
        let mut stream = send(address, &get("/go-away")).await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let body = answer.lines().last().unwrap();
        numbers.push(body.split_once(' ').unwrap().0.to_owned());
    }

    assert_eq!(numbers, ["0", "1", "2"]);
}
