//! Signs of life over HTTP/2, gRPC's and REST's: a connection that is silent is pinged, and left when it does not answer.

use super::frames::{ACK, PING, begin, frame, next};
use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What a server has seen.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicU32,
    /// Notified of each PING.
    pinged: Notify,
    /// Notified when a client has left.
    left: Notify,
}

async fn serve(mut socket: TcpStream, answers_pings: bool, seen: Arc<Seen>) {
    begin(&mut socket, &[]).await;
    while let Some(sent) = next(&mut socket).await {
        if sent.kind == PING && sent.flags & ACK == 0 {
            seen.pinged.notify_one();
            if answers_pings {
                let answer = frame(PING, ACK, 0, &sent.payload);
                socket.write_all(&answer).await.unwrap();
            }
        }
    }
    seen.left.notify_one();
}

/// A client of a server that answers no request.
async fn silent(protocol: Protocol, answers_pings: bool) -> (Client, Arc<Seen>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Seen::default());
    let witness = Arc::clone(&seen);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut served = JoinSet::new();
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            witness.connections.fetch_add(1, Ordering::Relaxed);
            served.spawn(serve(socket, answers_pings, Arc::clone(&witness)));
        }
    });
    let config = ClientConfig {
        mode: match protocol {
            Protocol::OipGrpc => Mode::Grpc,
            Protocol::Openai | Protocol::OipRest => Mode::Rest,
        },
        http_version: HttpVersion::Two,
        connect_deadline: Period::from_millis(200),
        pool: Pool::On(PoolConfig {
            health_check: Some(Period::from_millis(20)),
            ..PoolConfig::default()
        }),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[Endpoint::new(protocol, url)]).unwrap();
    (client, seen, tasks)
}

async fn soon(event: &Notify) {
    let waited = tokio::time::timeout(Duration::from_secs(20), event.notified()).await;
    waited.unwrap();
}

#[tokio::test]
async fn a_connection_that_answers_its_pings_is_waited_on() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        let (client, seen, _tasks) = silent(protocol, true).await;
        let request = prompt(false);
        let mut asked = Box::pin(client.inference().execute(&request));

        for _ in 0..3 {
            tokio::select! {
                ended = &mut asked => panic!("{protocol}: {ended:?}"),
                () = soon(&seen.pinged) => {}
            }
        }

        assert_eq!(seen.connections.load(Ordering::Relaxed), 1, "{protocol}");
    }
}

#[tokio::test]
async fn a_connection_that_answers_no_ping_is_left_long_before_the_deadline() {
    for protocol in [Protocol::Openai, Protocol::OipGrpc] {
        let (client, seen, _tasks) = silent(protocol, false).await;

        let failed = client.inference().execute(&prompt(false)).await;

        assert_eq!(kinds(&failed.unwrap_err()), [(0, FailureKind::Closed)]);
        soon(&seen.pinged).await;
        soon(&seen.left).await;
        client
            .inference()
            .execute(&prompt(false))
            .await
            .unwrap_err();
        assert_eq!(seen.connections.load(Ordering::Relaxed), 2, "{protocol}");
    }
}
