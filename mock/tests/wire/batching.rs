//! A batch over the wire: requests that share steps, and those that find it full.

use crate::{mock, until_idle};
use inferometer_mock::{End, Entry, Mock, Write};
use reqwest::{Client, Response};
use std::collections::BTreeSet;

async fn complete(mock: &Mock, body: &'static str) -> Result<Response, reqwest::Error> {
    let request = Client::new().post(mock.rest_url() + "/v1/completions");
    request.body(body).send().await
}

#[tokio::test]
async fn streams_that_share_steps_get_all_their_tokens() {
    let mock =
        mock(r#"{"batching":{"step":"5ms","per_sequence":"100us","prefill_tokens":2}}"#).await;
    let body = r#"{"model":"tiny","prompt":"a b c d e","max_tokens":7,"stream":true}"#;

    let answers =
        [(); 3].map(|()| async { complete(&mock, body).await.unwrap().text().await.unwrap() });
    let answers = futures_util::future::join_all(answers).await;

    for answer in answers {
        assert!(answer.ends_with("data: [DONE]\n\n"), "{answer}");
        assert!(answer.contains(r#""finish_reason":"length""#), "{answer}");
    }
    until_idle(&mock).await;
    let entries = mock.journal(0, 10).entries;
    assert_share_steps(&entries);
    for entry in entries {
        assert_eq!(entry.end, End::Answered);
        let admitted = entry.admitted_ns.unwrap();
        assert!(entry.arrived_ns <= admitted);
        // The prompt of five tokens takes three steps of 2 tokens, the last of which makes the first token.
        let first = entry.writes.first().unwrap();
        assert!(first.at_ns - admitted >= 15_000_000, "{entry:?}");
        let tokens: u32 = entry.writes.iter().map(|write| write.tokens).sum();
        assert_eq!(tokens, 7);
    }
    let counters = mock.counters();
    assert_eq!((counters.running, counters.waiting), (0, 0));
}

/// Of the three streams, those in the batch together get their tokens out of the same steps: due at the same nanosecond.
fn assert_share_steps(entries: &[Entry]) {
    let due = |entry: &Entry| {
        let due = |write: &Write| write.at_ns - u64::from(write.late_ns);
        entry.writes.iter().map(due).collect()
    };
    let [first, second, third]: [BTreeSet<u64>; 3] = [0, 1, 2].map(|at| due(&entries[at]));
    for (one, other) in [(&first, &second), (&second, &third)] {
        assert!(!one.is_disjoint(other), "{entries:?}");
    }
}

#[tokio::test]
async fn whoever_finds_the_batch_and_its_queue_full_is_turned_away() {
    let spec = r#"{"batching":{"max_sequences":1,"step":"24h"},"capacity":{"queue":0,"when_full":{"http":503}}}"#;
    let mock = mock(spec).await;
    let body = r#"{"model":"tiny","prompt":"a"}"#;
    let full = async {
        while mock.counters().running == 0 {
            tokio::task::yield_now().await;
        }
        complete(&mock, body).await.unwrap().status()
    };

    let status = tokio::select! {
        _ = complete(&mock, body) => unreachable!("its step takes a day"),
        status = full => status,
    };

    assert_eq!(status, 503);
    until_idle(&mock).await;
    assert_eq!(mock.counters().running, 0);
    assert_eq!(mock.counters().openai.rejected, 1);
    assert_eq!(mock.counters().openai.abandoned, 1);
}
