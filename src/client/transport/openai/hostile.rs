//! Answers of hostile servers: what is read of them is what their JSON says by name, and what is said of the rest stays
//! short.

use super::answer::delta;
use crate::client::FailureKind;
use crate::client::transport::rest::error_message;
use crate::client::transport::sse::Events;
use serde_json::Value;
use tokio::time::Instant;

const ANSWERS: &[&[u8]] = &[
    include_bytes!("../../../../proto/golden/chat.response.json"),
    include_bytes!("../../../../proto/golden/completion.response.json"),
    br#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"a \u00e9"},"finish_reason":null}]}"#,
    br#"{"choices":[{"delta":{"content":null,"reasoning_content":"x\n","tool_calls":[{"id":"c"}]},"finish_reason":"stop"}],"usage":null}"#,
    br#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#,
    br#"{"error":{"message":"out of slots","type":"t","param":null,"code":503}}"#,
    b"[DONE]",
];

const STREAMS: &[&[u8]] = &[
    include_bytes!("../../../../proto/golden/chat.stream.sse"),
    b"\xef\xbb\xbf: ping\r\n\r\nevent: x\rdata: a\r\rid: 7\ndata:b\ndata\ndata:  c\n\ndata: [DONE]\r\n\r\n",
];

const ERRORS: &[&[u8]] = &[
    br#"{"error":{"message":"no","type":"t","param":null,"code":null}}"#,
    br#"{"detail":[{"msg":"no"}]}"#,
    b"  no\n",
];

/// More than any message may hold: what is kept of a server's words, in bytes, and what stands around them.
const LONGEST: usize = 4 * 500 + 200;

/// The text of the first choice, as a reader of the whole tree of values finds it.
fn text(answer: &Value) -> &str {
    let choice = &answer["choices"][0];
    let said = choice["delta"]
        .as_object()
        .or(choice["message"].as_object());
    let content = said.and_then(|said| said.get("content"));
    choice["text"]
        .as_str()
        .or(content.and_then(Value::as_str))
        .unwrap_or_default()
}

#[test]
fn a_hostile_answer_is_read_by_its_names_or_is_a_short_failure() {
    let now = Instant::now();

    inferometer_fuzz::hold(ANSWERS, |data| match delta(data, now) {
        Ok(delta) => {
            // What the tree of values is too shallow for, or the mark of the end.
            let Ok(answer) = serde_json::from_slice::<Value>(data) else {
                return;
            };
            if !delta.is_last {
                assert!(answer.is_object(), "{answer}");
                assert_eq!(delta.text, text(&answer));
                let reason = answer["choices"][0]["finish_reason"].as_str();
                assert_eq!(delta.finish_reason.as_deref(), reason);
            }
        }
        Err(failure) => {
            let is_status =
                matches!(failure.kind, FailureKind::Http(status) if (400..600).contains(&status));
            let is_malformed = failure.kind == FailureKind::Malformed;
            assert!(is_status || is_malformed, "{failure}");
            assert!(failure.message.len() < LONGEST, "{failure}");
        }
    });
}

#[test]
fn a_hostile_error_body_is_quoted_in_part() {
    inferometer_fuzz::hold(ERRORS, |body| {
        assert!(error_message(body).chars().count() <= 500);
    });
}

/// The events of a stream that comes in pieces of one size, and whether one was too long.
fn events(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut parser, mut events) = (Events::new(64), Vec::new());
    for piece in stream.chunks(piece) {
        parser.push(piece);
        loop {
            match parser.pull() {
                Ok(Some(data)) => events.push(data.to_vec()),
                Ok(None) => break,
                Err(_) => return (events, true),
            }
        }
    }
    (events, false)
}

#[test]
fn a_hostile_stream_gives_the_same_events_however_it_is_cut() {
    inferometer_fuzz::hold(STREAMS, |stream| {
        let whole = events(stream, stream.len().max(1));

        for event in &whole.0 {
            assert!(event.len() <= 64);
        }
        for piece in [1, 2, 7] {
            assert_eq!(events(stream, piece), whole, "in pieces of {piece}");
        }
    });
}
