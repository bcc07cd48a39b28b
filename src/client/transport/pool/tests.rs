//! The pool against servers in memory, in virtual time.

mod answers;
mod limit;
mod memory;
mod server;

pub(super) use memory::Memory;

use super::*;
use inferometer_proto::quantity::Period;
use server::{Behaviour, Server};
use tokio::time::advance;

/// A small answer after which a connection can be used again.
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A pool of connections to a server that does the same with each of them.
fn pool(config: PoolConfig, behaviour: Behaviour) -> (Arc<Pool>, Server) {
    let (server, memory) = Server::start(behaviour);
    (at(memory, Some(config)), server)
}

fn at(memory: Memory, kept: Option<PoolConfig>) -> Arc<Pool> {
    let place = Place::in_memory(memory);
    Arc::new(Pool::at(place, kept, Duration::from_secs(1)))
}

fn get(path: &str) -> Request<Bytes> {
    let request = Request::get(path).header(HOST, "test");
    request.body(Bytes::new()).unwrap()
}

/// The next piece of a body, with the time at which it was read.
async fn piece(body: &mut Body) -> Result<Option<(Vec<u8>, Instant)>, Failure> {
    let mut piece = Vec::new();
    let read_at = poll_fn(|cx| body.poll_piece(&mut piece, cx)).await?;
    Ok(read_at.map(|read_at| (piece, read_at)))
}

/// Sends a request, reads its answer to the end, and says what that came over.
async fn ask(pool: &Arc<Pool>) -> Result<Connection, Failure> {
    let mut answer = pool.send(get("/"), Over::Any).await?;
    while piece(&mut answer.body).await?.is_some() {}
    Ok(answer.connection)
}

use Connection::{Fresh, Reused};

#[tokio::test(start_paused = true)]
async fn a_connection_is_used_again_and_the_last_one_first() {
    let (pool, server) = pool(PoolConfig::default(), Behaviour::Answers(ANSWER));

    assert_eq!(ask(&pool).await, Ok(Fresh));
    let mut one = pool.send(get("/"), Over::Any).await.unwrap();
    let mut other = pool.send(get("/"), Over::Any).await.unwrap();
    assert_eq!((one.connection, other.connection), (Reused, Fresh));
    while piece(&mut one.body).await.unwrap().is_some() {}
    while piece(&mut other.body).await.unwrap().is_some() {}
    assert_eq!(ask(&pool).await, Ok(Reused));

    assert_eq!(server.seen(), [0, 0, 1, 1].map(|at| (at, "GET / HTTP/1.1")));
    let figures = pool.statistics();
    assert_eq!((figures.created, figures.reused), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_idle_for_too_long_is_closed() {
    let (pool, server) = pool(PoolConfig::default(), Behaviour::Answers(ANSWER));
    ask(&pool).await.unwrap();
    advance(Duration::from_secs(90)).await;
    assert_eq!(ask(&pool).await, Ok(Reused));

    advance(Duration::from_secs(91)).await;

    assert_eq!(ask(&pool).await, Ok(Fresh));
    assert_eq!(pool.statistics().idle_too_long, 1);
    assert_eq!(server.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_too_old_gets_no_further_request() {
    let config = PoolConfig {
        max_age: Some(Period::from_secs(10)),
        ..PoolConfig::default()
    };
    let (pool, _server) = pool(config, Behaviour::Answers(ANSWER));
    ask(&pool).await.unwrap();
    advance(Duration::from_secs(10)).await;
    assert_eq!(ask(&pool).await, Ok(Reused));

    advance(Duration::from_secs(1)).await;

    assert_eq!(ask(&pool).await, Ok(Fresh));
    assert_eq!(pool.statistics().too_old, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_closed_while_it_was_idle_costs_no_request() {
    let (pool, server) = pool(PoolConfig::default(), Behaviour::Answers(ANSWER));
    ask(&pool).await.unwrap();

    server.close_all().await;

    assert_eq!(ask(&pool).await, Ok(Fresh));
    let figures = pool.statistics();
    assert_eq!((figures.created, figures.found_closed), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn after_a_long_rest_a_connection_is_asked_for_a_sign_of_life() {
    let config = PoolConfig {
        health_check: Some(Period::from_secs(30)),
        ..PoolConfig::default()
    };
    let (pool, server) = pool(config, Behaviour::Answers(ANSWER));
    ask(&pool).await.unwrap();
    advance(Duration::from_secs(30)).await;
    assert_eq!(ask(&pool).await, Ok(Reused));

    advance(Duration::from_secs(31)).await;

    assert_eq!(ask(&pool).await, Ok(Reused));
    let get = (0, "GET / HTTP/1.1");
    assert_eq!(server.seen(), [get, get, (0, "HEAD / HTTP/1.1"), get]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_sign_of_life_is_given_up_after_the_connect_deadline() {
    let config = PoolConfig {
        health_check: Some(Period::from_secs(30)),
        ..PoolConfig::default()
    };
    let (pool, _server) = pool(config, Behaviour::AnswersOnce(ANSWER));
    ask(&pool).await.unwrap();
    advance(Duration::from_secs(31)).await;
    let begun = Instant::now();

    assert_eq!(ask(&pool).await, Ok(Fresh));

    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(pool.statistics().lifeless, 1);
}

#[tokio::test(start_paused = true)]
async fn connections_are_made_before_the_first_request() {
    let config = PoolConfig {
        warm_up: 3,
        ..PoolConfig::default()
    };
    let (pool, server) = pool(config, Behaviour::Answers(ANSWER));

    pool.warm_up().await;
    pool.warm_up().await;

    assert_eq!(ask(&pool).await, Ok(Reused));
    assert_eq!(pool.statistics().created, 3);
    assert_eq!(server.open(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_off_keeps_nothing() {
    let (server, memory) = Server::start(Behaviour::Answers(ANSWER));
    let pool = at(memory, None);

    for _ in 0..3 {
        assert_eq!(ask(&pool).await, Ok(Fresh));
    }

    assert_eq!(server.open(), 0);
    assert_eq!(pool.statistics().created, 3);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_cannot_be_made_is_told_and_counted() {
    let (memory, connected) = Memory::new();
    drop(connected);
    let pool = at(memory, Some(PoolConfig::default()));

    let failure = ask(&pool).await.unwrap_err();

    assert_eq!(failure.to_string(), "connect: connection refused");
    assert_eq!(pool.statistics().failed, 1);
}
