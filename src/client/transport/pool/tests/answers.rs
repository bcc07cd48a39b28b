//! Every form of an answer, and what is kept of its connection.

use super::*;

/// What two requests in a row come over, and the body of the second.
async fn twice(behaviour: Behaviour) -> Result<(Connection, String), Failure> {
    let (pool, _server) = pool(PoolConfig::default(), behaviour);
    ask(&pool).await?;
    // What closes a connection after its answer does so now.
    advance(Duration::from_millis(1)).await;
    let mut answer = pool.send(get("/"), Over::Any).await?;
    let mut body = String::new();
    while let Some((read, _)) = piece(&mut answer.body).await? {
        body.push_str(std::str::from_utf8(&read).unwrap());
    }
    Ok((answer.connection, body))
}

#[tokio::test(start_paused = true)]
async fn answers_whose_end_is_known_leave_their_connection_to_others() {
    for (answer, body) in [
        (ANSWER, "ok"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nx: y\r\n\r\n",
            "ok",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
            "ok",
        ),
    ] {
        let read = twice(Behaviour::Answers(answer)).await;

        assert_eq!(read, Ok((Reused, body.to_owned())), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_will_close_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\n\r\nok",
    ] {
        let read = twice(Behaviour::Answers(answer)).await;

        assert_eq!(read, Ok((Fresh, "ok".to_owned())), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_closes_as_it_is_used_again_is_stale_and_a_fresh_one_closed() {
    let kind = async |behaviour| twice(behaviour).await.unwrap_err().kind;

    assert_eq!(
        kind(Behaviour::ClosesOnSecond(ANSWER)).await,
        FailureKind::Stale
    );
    for (answer, expected) in [
        ("HTTP/1.1 200", FailureKind::Closed),
        ("SSH-2.0-nonsense\r\n\r\n", FailureKind::Malformed),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nok",
            FailureKind::Truncated,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n",
            FailureKind::Truncated,
        ),
    ] {
        assert_eq!(kind(Behaviour::Answers(answer)).await, expected, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_timed_by_when_its_bytes_were_read() {
    let (pool, _server) = pool(PoolConfig::default(), Behaviour::TakesItsTime(ANSWER));
    let begun = Instant::now();

    let mut answer = pool.send(get("/30"), Over::Any).await.unwrap();
    advance(Duration::from_secs(1)).await;
    let (read, at) = piece(&mut answer.body).await.unwrap().unwrap();

    // Head and body came together: the body was there before its reader asked for it.
    let expected = begun + Duration::from_millis(30);
    assert_eq!((answer.first_byte, at), (expected, expected));
    assert_eq!(read, b"ok");
}
