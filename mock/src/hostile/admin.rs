//! Bodies and queries for the admin API: a change is made whole and can be read back, or not at all and told by its field;
//! a query of the journal gives exactly the entries that it names.

use super::{Answer, Api};
use crate::admin;
use crate::connection::Connection;
use crate::journal::{Entry, Operation, Protocol};
use crate::spec::MockSpec;
use axum::body::Body;
use http::{Method, Request, StatusCode, Uri};
use serde_json::Value;

const SPEC: &str = r#"{"seed":3,"latency":{"fixed":"1ms"},"journal":{"requests":3}}"#;

const CHANGES: &[&[u8]] = &[
    br#"{"latency":{"lognormal":{"median":"20ms","sigma":0.4}},"faults":null,"seed":7}"#,
    br#"{"faults":[{"status":{"share":"5%","http":503,"retry_after":"1s"}},{"stall":{"from":"5s","until":"8s"}}],"jitter":{"fixed":"1ms"}}"#,
    br#"{"per_output_token":{"empirical":{"samples":["1ms","2ms"]}},"tokens_per_chunk":4,"coalesce":"1ms","per_prompt_token":"10us"}"#,
    br#"{"latency":{"empirical":{"quantiles":{"0%":"5ms","100%":"20ms"}}}}"#,
];

const FAULTS: &[&[u8]] = &[
    br#"[{"cut":{"share":"0.5%","after_tokens":8}},{"trickle":{"bytes":"8B","pause":"1ms"}}]"#,
    br#"[{"delay":{"requests":{"from":1,"until":9},"attempts":2,"models":["tiny"],"by":{"fixed":"1ms"}}},{"refuse":{"until":"1s"}}]"#,
    b"[]",
];

const QUERIES: &[&[u8]] = &[b"from=1&most=2", b"most=18446744073709551615", b"from=0&"];

/// A request from this machine.
fn ask(api: &Api, method: Method, path: Uri, body: &[u8]) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .extension(Connection::new(0, "127.0.0.1:9".parse().unwrap()));
    api.ask(request.body(Body::from(body.to_vec())).unwrap())
}

fn spec(api: &Api) -> Value {
    ask(api, Method::GET, Uri::from_static("/admin/spec"), b"").json()
}

/// What a change makes of a mock of its own.
fn is_made_or_refused(method: &Method, path: &'static str, body: &[u8]) -> StatusCode {
    let api = Api::new(SPEC, admin::router);
    let before = spec(&api);
    let answer = ask(&api, method.clone(), Uri::from_static(path), body);
    let after = spec(&api);
    assert!(answer.body.is_ascii());
    if answer.status == StatusCode::OK {
        assert_eq!(answer.json(), after);
        let read: MockSpec = serde_json::from_value(after.clone()).unwrap();
        assert_eq!(read.validate(), Ok(()));
        assert_eq!(read.shown(), after);
    } else {
        assert_eq!(after, before);
        is_refusal(&answer);
    }
    answer.status
}

fn is_refusal(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let body = answer.json();
    let fields: Vec<_> = body["error"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["message", "field"]);
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
}

#[test]
fn a_hostile_change_is_made_whole_or_not_at_all() {
    for (method, path, honest) in [
        (Method::PATCH, "/admin/behaviour", CHANGES),
        (Method::PUT, "/admin/faults", FAULTS),
    ] {
        for body in honest {
            assert_eq!(is_made_or_refused(&method, path, body), StatusCode::OK);
        }
        inferometer_fuzz::hold(honest, |body| {
            is_made_or_refused(&method, path, body);
        });
    }
}

/// How many entries of three a query names, if it is one.
fn named(query: &str) -> Option<usize> {
    let (mut from, mut most) = (0_u64, 1000_u64);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let digits = value.bytes().all(|digit| digit.is_ascii_digit());
        let value = value.parse().ok().filter(|_| digits)?;
        match name {
            "from" => from = value,
            "most" => most = value,
            _ => return None,
        }
    }
    usize::try_from(3_u64.saturating_sub(from).min(most)).ok()
}

#[test]
fn a_hostile_query_of_the_journal_gives_the_entries_that_it_names() {
    let api = Api::new(SPEC, admin::router);
    for _ in 0..3 {
        drop(api.backend.arrive(Protocol::Openai, Operation::Chat, None));
    }

    inferometer_fuzz::hold(QUERIES, |query| {
        let Ok(query) = str::from_utf8(query) else {
            return;
        };
        let Ok(path) = format!("/admin/journal?{query}").parse::<Uri>() else {
            return;
        };
        // What stands behind a number sign is no query.
        let expected = named(path.query().unwrap_or_default());
        let answer = ask(&api, Method::GET, path, b"");
        let Some(expected) = expected else {
            return is_refusal(&answer);
        };
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        let lines = str::from_utf8(&answer.body).unwrap().lines();
        let entries = lines.map(|line| serde_json::from_str::<Entry>(line).unwrap());
        assert_eq!(entries.count(), expected, "{query}");
    });
}
