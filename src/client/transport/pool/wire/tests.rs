//! What is written and read over one connection, byte for byte, and where answers end.

use super::*;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// A connection whose other side sends these pieces, each for one read, and then closes.
#[derive(Debug, Default)]
struct Script {
    pieces: VecDeque<Vec<u8>>,
    written: Arc<Mutex<Vec<u8>>>,
    /// It reads no more than that.
    reads: Option<usize>,
}

impl Script {
    fn of(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        Self {
            pieces: pieces.collect(),
            ..Self::default()
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(piece) = self.pieces.pop_front() {
            buffer.put_slice(&piece);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut written = self.written.lock().unwrap();
        let left = self.reads.map_or(bytes.len(), |most| most - written.len());
        if left == 0 {
            return Poll::Pending;
        }
        let taken = &bytes[..bytes.len().min(left)];
        written.extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What comes of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("nothing here has to be waited for"),
    }
}

/// The status, the body and whether another request may follow; or what went wrong.
type Read = Result<(u16, Vec<u8>, bool), String>;

fn exchange(script: Script, request: Request<Bytes>) -> Read {
    let mut wire = Wire::over(Box::new(script));
    let parts = now(wire.send(request, &Always::default()));
    let parts = parts.map_err(|unanswered| unanswered.error.to_string())?;
    let mut body = Vec::new();
    while now(poll_fn(|cx| wire.poll_piece(&mut body, cx))).map_err(|error| error.to_string())? {}
    Ok((parts.status.as_u16(), body, wire.is_at_rest()))
}

/// What is read of an answer that comes in these pieces.
fn read(pieces: impl IntoIterator<Item = Vec<u8>>) -> Read {
    exchange(Script::of(pieces), Request::new(Bytes::new()))
}

fn whole(answer: &str) -> Read {
    read([answer.as_bytes().to_vec()])
}

/// `bytes` cut at these places.
fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let pieces = starts
        .zip(ends)
        .map(|(start, end)| bytes[start..end].to_vec());
    pieces.collect()
}

#[test]
fn a_request_is_written_byte_for_byte() {
    let script = Script::of([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()]);
    let written = Arc::clone(&script.written);
    let always = HeaderMap::from_iter([(HOST, HeaderValue::from_static("h:1"))]);
    let request = Request::post("/v1/completions?a=b").header(CONTENT_TYPE, "application/json");
    let request = request.body(Bytes::from_static(b"{}")).unwrap();

    let mut wire = Wire::over(Box::new(script));
    now(wire.send(request, &Always::of(&always))).unwrap();

    let expected = "POST /v1/completions?a=b HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/json\r\n\
        content-length: 2\r\n\r\n{}";
    assert_eq!(str::from_utf8(&written.lock().unwrap()), Ok(expected));
}

#[test]
fn what_has_no_body_ends_with_its_head() {
    for answer in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
    ] {
        let (_, body, is_at_rest) = whole(answer).unwrap();
        assert_eq!((body, is_at_rest), (Vec::new(), true), "{answer}");
    }
    let head = Request::head("/").body(Bytes::new()).unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec();

    let read = exchange(Script::of([answer]), head);

    assert_eq!(read, Ok((200, Vec::new(), true)));
}

#[test]
fn nothing_follows_an_answer_with_more_behind_it_or_before_the_request_was_read() {
    let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
    let request = || Request::post("/").body(Bytes::from(vec![0; 1000])).unwrap();
    let hasty = Script {
        reads: Some(100),
        ..Script::of([answer.to_vec()])
    };

    assert_eq!(exchange(hasty, request()), Ok((413, b"no".to_vec(), false)));
    let more = [&answer[..], b"HTTP/1.1 200 OK\r\n"].concat();
    let all = exchange(Script::of([more]), request());
    assert_eq!(all, Ok((413, b"no".to_vec(), false)));
    let exactly = exchange(Script::of([answer.to_vec()]), request());
    assert_eq!(exactly, Ok((413, b"no".to_vec(), true)));
}

#[test]
fn an_answer_that_says_its_end_in_no_way_or_in_two_is_malformed() {
    let one_length = "expected one number of bytes as content-length";
    for (headers, told) in [
        ("content-length: 2\r\ncontent-length: 3\r\n", one_length),
        ("content-length: 2, 3\r\n", one_length),
        ("content-length: +2\r\n", one_length),
        ("content-length: 99999999999999999999\r\n", one_length),
        ("content-length:\r\n", one_length),
        (
            "a b: c\r\n",
            "expected headers whose names are valid in HTTP/1.1",
        ),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}\r\nok");
        assert_eq!(whole(&answer), Err(told.to_owned()), "{headers}");
    }
    let old = whole("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(
        old.unwrap_err(),
        "expected no transfer-encoding in HTTP/1.0"
    );
    let twice = whole("HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\ncontent-length: 2\r\n\r\nok");
    assert_eq!(twice, Ok((200, b"ok".to_vec(), true)));
    let chunks =
        "content-length: 9\r\ntransfer-encoding: gzip, Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let chunks = whole(&format!("HTTP/1.1 200 OK\r\n{chunks}"));
    assert_eq!(chunks, Ok((200, b"ok".to_vec(), true)));
}

#[test]
fn chunks_that_are_none_are_malformed_and_those_without_end_not_complete() {
    let closed = "the connection was closed before the answer was complete";
    let size = "expected the size of a chunk in hexadecimal digits";
    let chunks = "expected chunks as HTTP/1.1 has them";
    let beside = "expected at most 16384 bytes beside the chunks of an answer";
    let endless = format!("2;{}\r\nok\r\n0\r\n\r\n", "x".repeat(16 * 1024));
    for (body, told) in [
        ("2\r\nok\r\n0\r\n", closed),
        ("3\r\nok", closed),
        ("\r\n", size),
        ("-1\r\n", size),
        ("10000000000000000\r\n", size),
        ("2\nok\r\n0\r\n\r\n", size),
        ("2 ;a\nok\r\n0\r\n\r\n", chunks),
        ("2\r\nokay\r\n", chunks),
        ("0\r\n\rx", chunks),
        (&endless, beside),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        assert_eq!(whole(&answer), Err(told.to_owned()), "{body}");
    }
}

#[test]
fn a_head_without_end_is_refused() {
    let line = b"x-filler: 0123456789012345678901234567890123456789\r\n".to_vec();
    let start = b"HTTP/1.1 200 OK\r\n".to_vec();
    let lines = |count| [start.clone()].into_iter().chain(vec![line.clone(); count]);

    let many = read(lines(101).chain([b"\r\n".to_vec()]));
    let long = read(
        [start.clone()]
            .into_iter()
            .chain(vec![vec![b'x'; 60_000]; 5]),
    );

    assert_eq!(
        many.unwrap_err(),
        "expected an answer of at most 100 headers"
    );
    assert_eq!(long.unwrap_err(), "expected the head of an answer to end");
}

/// An answer in this many chunks, each with its extension, and its body.
fn chunked() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let chunk = (prop::collection::vec(any::<u8>(), 1..40), "(;[a-z=]{0,9})?");
    let trailers = prop::collection::vec("[a-z]{1,9}: [a-z ]{0,9}", 0..3);
    (prop::collection::vec(chunk, 0..9), trailers).prop_map(|(chunks, trailers)| {
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let mut body = Vec::new();
        for (chunk, extension) in chunks {
            answer.extend(format!("{:X}{extension}\r\n", chunk.len()).bytes());
            answer.extend(chunk.iter().copied().chain(*b"\r\n"));
            body.extend(chunk);
        }
        answer.extend(b"0\r\n");
        for trailer in trailers {
            answer.extend(format!("{trailer}\r\n").bytes());
        }
        answer.extend(b"\r\n");
        (answer, body)
    })
}

proptest! {
    #[test]
    fn chunks_cut_at_any_bytes_are_the_same_body(
        (answer, body) in chunked(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        prop_assert_eq!(read(cut(&answer, &cuts)), Ok((200, body, true)));
    }

    #[test]
    fn a_body_of_known_length_or_until_the_end_is_the_same_however_it_is_cut(
        body in prop::collection::vec(any::<u8>(), 0..99),
        is_known in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let length = if is_known { format!("content-length: {}\r\n", body.len()) } else { String::new() };
        let head = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{length}\r\n");
        let answer = [head.as_bytes(), &body].concat();

        prop_assert_eq!(read(cut(&answer, &cuts)), Ok((200, body, is_known)));
    }
}

#[test]
fn a_hostile_answer_gives_no_more_than_its_bytes() {
    const HONEST: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n1f\r\n0123456789abcdef0123456789abcde\r\n0\r\nx: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 404 Not Found\r\n\r\nno",
    ];

    inferometer_fuzz::hold(HONEST, |answer| {
        let whole = read([answer.to_vec()]);
        let bytes = read(answer.iter().map(|byte| vec![*byte]));

        if let Ok((_, body, _)) = &whole {
            assert!(body.len() < answer.len());
        }
        // What comes behind an answer is found out only if it comes with it.
        let told = |read: Read| read.map(|(status, body, _)| (status, body));
        assert_eq!(told(whole), told(bytes));
    });
}
