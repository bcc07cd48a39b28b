//! Servers that close each connection after one streamed answer, though they said that they would keep it, as llama.cpp's own
//! server does: the client may find out only when it uses the connection again.

use super::servers::{Raw, Server};
use super::*;
use std::sync::atomic::Ordering;

/// An answer in the dialect of llama.cpp's server: a null text first, counts on a chunk of their own, and timings.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=5, max=100\r\n\
    content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
    4d\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n\r\n\
    39\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n\r\n\
    45\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\r\n\
    77\r\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1},\"timings\":{\"prompt_ms\":1.5,\"predicted_ms\":2.5}}\n\n\r\n\
    e\r\ndata: [DONE]\n\n\r\n\
    0\r\n\r\n";

/// How many requests it takes until one would have been lost: other tools lose three to ten of a hundred.
const REQUESTS: u32 = 100;

/// Asks for one streamed answer after another, and says how many attempts met a connection that was closed.
async fn ask_on_and_on(server: &Server) -> usize {
    let client = client(Mode::Rest, 1, &[openai(server.url.clone())]);
    let mut closed = 0;
    for number in 0..REQUESTS {
        let mut reply = client.inference().open(&prompt(true)).await.unwrap();
        let (chunks, failure) = drain(&mut reply).await;

        assert_eq!(
            (chunks, failure),
            (vec![("a".to_owned(), 1)], None),
            "{number}"
        );
        assert_eq!(reply.usage().map(|usage| usage.completion_tokens), Some(1));
        assert_eq!(reply.finish_reason(), Some("length"));
        let failed = reply.failed_attempts();
        let stale = |attempt: &Attempt| attempt.failure.kind == FailureKind::Stale;
        assert!(failed.len() <= 1 && failed.iter().all(stale), "{failed:?}");
        closed += failed.len();
    }
    closed
}

#[tokio::test]
async fn a_close_after_every_streamed_answer_costs_no_request() {
    let server = Server::start(Raw::Answers(ANSWER)).await;

    ask_on_and_on(&server).await;

    // Each answer came over a connection of its own; none was asked for twice.
    let connections = server.seen.connections.load(Ordering::Relaxed);
    assert_eq!(connections, REQUESTS);
}

#[tokio::test]
async fn a_close_that_comes_only_with_the_next_request_costs_no_request_either() {
    let server = Server::start(Raw::AnswersOnce(ANSWER)).await;

    let closed = ask_on_and_on(&server).await;

    // Every second found the connection of the one before, and was asked again over one that is kept by nobody.
    assert_eq!(u32::try_from(closed).unwrap(), REQUESTS / 2);
    let connections = server.seen.connections.load(Ordering::Relaxed);
    assert_eq!(connections, REQUESTS);
}
