//! The admin API from outside.

use crate::{mock, until_idle};
use inferometer_mock::{Bind, Entry, Mock, MockSpec};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// What the admin API of a mock says to a request.
async fn admin(mock: &Mock, method: Method, path: &str, body: Option<Value>) -> Response {
    let request = Client::new().request(method, mock.admin_url() + path);
    let request = request.header("content-type", "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    request.body(body).send().await.unwrap()
}

async fn told(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn get(mock: &Mock, path: &str) -> Value {
    let response = admin(mock, Method::GET, path, None).await;
    assert_eq!(response.status(), 200, "{path}");
    told(response).await
}

/// Asks the mock for text, and returns its status.
async fn complete(mock: &Mock, model: &str) -> u16 {
    let body = json!({"model": model, "prompt": "a", "max_tokens": 3, "stream": true});
    let request = Client::new()
        .post(mock.rest_url() + "/v1/completions")
        .header("x-request-id", "r-1");
    let response = request.body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    response.bytes().await.unwrap();
    until_idle(mock).await;
    status
}

#[tokio::test]
async fn health_counters_and_models_are_told() {
    let mock = mock(r#"{"models":[{"name":"tiny"},{"name":"org/large","loaded":false}]}"#).await;
    complete(&mock, "tiny").await;

    assert_eq!(get(&mock, "/admin/health").await, json!({"status": "ok"}));
    let counters = get(&mock, "/admin/counters").await;
    assert_eq!(counters, serde_json::to_value(mock.counters()).unwrap());
    assert_eq!(counters["openai"]["answered"], 1);
    assert_eq!(
        get(&mock, "/admin/models").await,
        json!({"models": [
            {"name": "tiny", "state": "loaded", "reason": null},
            {"name": "org/large", "state": "unloaded", "reason": null},
        ]})
    );
}

#[tokio::test]
async fn models_are_loaded_and_unloaded_by_name() {
    let mock = mock(r#"{"models":[{"name":"org/large","loaded":false}]}"#).await;

    let loaded = admin(&mock, Method::POST, "/admin/models/org/large/load", None).await;
    assert_eq!(told(loaded).await["state"], "loaded");
    assert_eq!(complete(&mock, "org/large").await, 200);
    let unloaded = admin(
        &mock,
        Method::POST,
        "/admin/models/org%2Flarge/unload",
        None,
    )
    .await;
    assert_eq!(told(unloaded).await["state"], "unloaded");
    assert_eq!(complete(&mock, "org/large").await, 503);

    let absent = admin(&mock, Method::POST, "/admin/models/absent/load", None).await;
    assert_eq!(absent.status(), 404);
    assert_eq!(
        told(absent).await,
        json!({"error": {"message": "The model `absent` does not exist.", "field": null}})
    );
    let verbless = admin(&mock, Method::POST, "/admin/models/org/large/paint", None).await;
    assert_eq!(verbless.status(), 404);
}

#[tokio::test]
async fn the_specification_is_told_without_its_secrets() {
    let mock = mock(r#"{"seed":7,"admin":{"token":"abcdefgh"},"api_keys":["sk-a"]}"#).await;
    let url = mock.admin_url() + "/admin/spec";

    let shown = Client::new().get(&url).bearer_auth("abcdefgh");
    let shown = told(shown.send().await.unwrap()).await;
    let hidden = reqwest::get(&url).await.unwrap();

    assert_eq!(
        (&shown["seed"], &shown["admin"]["token"]),
        (&json!(7), &json!("(secret)"))
    );
    assert_eq!(shown["api_keys"], "(secret)");
    assert_eq!(hidden.status(), 401);
    assert_eq!(hidden.headers()["www-authenticate"], "Bearer");
    assert!(!hidden.text().await.unwrap().contains("abcdefgh"));
}

#[tokio::test]
async fn behaviour_changes_from_the_next_request_on() {
    let mock = mock(r#"{"faults":[{"status":{"http":503}}]}"#).await;
    assert_eq!(complete(&mock, "tiny").await, 503);

    let changed = json!({"faults": null, "per_output_token": {"fixed": "1ms"}});
    let changed = admin(&mock, Method::PATCH, "/admin/behaviour", Some(changed)).await;
    assert_eq!(changed.status(), 200);
    assert_eq!(
        told(changed).await["per_output_token"],
        json!({"fixed": "1ms"})
    );
    assert_eq!(complete(&mock, "tiny").await, 200);

    let faults = json!([{"status": {"http": 429}}]);
    let changed = admin(&mock, Method::PUT, "/admin/faults", Some(faults)).await;
    assert_eq!(changed.status(), 200);
    assert_eq!(complete(&mock, "tiny").await, 429);
    assert_eq!(
        get(&mock, "/admin/spec").await["per_output_token"],
        json!({"fixed": "1ms"})
    );
}

#[tokio::test]
async fn a_change_that_is_wrong_changes_nothing_and_is_told_by_its_field() {
    let mock = mock(r#"{"latency":{"fixed":"1ms"}}"#).await;
    let before = get(&mock, "/admin/spec").await;

    for (path, body, field) in [
        (
            "/admin/behaviour",
            json!({"latency": {"fixed": "1ms", "sigma": 1}}),
            json!("latency"),
        ),
        (
            "/admin/behaviour",
            json!({"latencies": {}}),
            json!("latencies"),
        ),
        ("/admin/behaviour", json!({"models": []}), json!("models")),
        (
            "/admin/behaviour",
            json!({"jitter": {"lognormal": {"median": "1ms", "sigma": 9}}}),
            json!("jitter.lognormal.sigma"),
        ),
        (
            "/admin/faults",
            json!([{"stall": {}}, {"status": {"http": 200}}]),
            json!("faults[1].status.http"),
        ),
        (
            "/admin/faults",
            json!([{"status": {"htp": 500}}]),
            json!("faults[0].status.htp"),
        ),
        (
            "/admin/faults",
            json!([{"delay": {"by": {"empirical": {"file": "/etc/passwd"}}}}]),
            json!("faults[0].delay.by.empirical.file"),
        ),
        (
            "/admin/behaviour",
            json!({"latency": {"empirical": {"file": "/etc/passwd"}}}),
            json!("latency.empirical.file"),
        ),
        ("/admin/faults", json!({}), Value::Null),
        ("/admin/behaviour", json!([]), Value::Null),
    ] {
        let method = match path {
            "/admin/faults" => Method::PUT,
            _ => Method::PATCH,
        };
        let refused = admin(&mock, method, path, Some(body.clone())).await;
        assert_eq!(refused.status(), 400, "{body}");
        let refused = told(refused).await;
        assert_eq!(refused["error"]["field"], field, "{body}: {refused}");
    }
    assert_eq!(get(&mock, "/admin/spec").await, before);
}

#[tokio::test]
async fn what_is_no_json_too_large_or_nowhere_is_refused_in_one_form() {
    let mock = mock("{}").await;
    let send = |method: Method, path: &str, kind: &str, body: String| {
        let request = Client::new().request(method, mock.admin_url() + path);
        request.header("content-type", kind).body(body).send()
    };

    for (method, path, kind, body, status) in [
        (
            Method::PUT,
            "/admin/faults",
            "application/json",
            "{".to_owned(),
            400,
        ),
        (
            Method::PUT,
            "/admin/faults",
            "text/plain",
            "[]".to_owned(),
            415,
        ),
        (
            Method::PUT,
            "/admin/faults",
            "application/json",
            " ".repeat(5 * 1024 * 1024),
            413,
        ),
        (
            Method::PUT,
            "/admin/faults",
            "application/json",
            "[".repeat(100_000),
            400,
        ),
        (
            Method::PUT,
            "/admin/reset",
            "application/json",
            String::new(),
            405,
        ),
        (
            Method::GET,
            "/admin/nowhere",
            "application/json",
            String::new(),
            404,
        ),
        (
            Method::GET,
            "/admin/journal?from=x",
            "application/json",
            String::new(),
            400,
        ),
    ] {
        let refused = send(method, path, kind, body).await.unwrap();
        assert_eq!(refused.status(), status, "{path} {kind}");
        assert!(told(refused).await["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn the_journal_is_read_in_pages_of_lines() {
    let mock = mock("{}").await;
    for _ in 0..3 {
        complete(&mock, "tiny").await;
    }

    let page = admin(&mock, Method::GET, "/admin/journal?from=1&most=1", None).await;
    assert_eq!(page.headers()["content-type"], "application/x-ndjson");
    assert_eq!(page.headers()["x-journal-next"], "2");
    assert_eq!(page.headers()["x-journal-forgotten"], "0");
    let page = page.text().await.unwrap();
    assert!(page.ends_with('\n'));
    let entry: Entry = serde_json::from_str(page.trim_end()).unwrap();
    assert_eq!(entry, mock.journal(1, 1).entries[0]);

    let rest = admin(&mock, Method::GET, "/admin/journal?from=2", None).await;
    assert_eq!(rest.headers()["x-journal-next"], "3");
    assert_eq!(rest.text().await.unwrap().lines().count(), 1);
    let end = admin(&mock, Method::GET, "/admin/journal?from=3", None).await;
    assert_eq!(end.headers()["x-journal-next"], "3");
    assert_eq!(end.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_long_journal_comes_whole_and_what_is_forgotten_is_counted() {
    let mock = mock(r#"{"journal":{"requests":600}}"#).await;
    let client = Client::new();
    for _ in 0..610 {
        let request = client.post(mock.rest_url() + "/v1/completions");
        request.body("{").send().await.unwrap();
    }
    until_idle(&mock).await;

    let lines = admin(&mock, Method::GET, "/admin/journal?most=10000", None).await;

    assert_eq!(lines.headers()["x-journal-next"], "610");
    assert_eq!(lines.headers()["x-journal-forgotten"], "10");
    let lines = lines.text().await.unwrap();
    let numbers = lines.lines().map(|line| {
        let entry: Entry = serde_json::from_str(line).unwrap();
        entry.number
    });
    assert_eq!(numbers.collect::<Vec<_>>(), (10..610).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_hostile_name_stays_inside_its_line() {
    let mock = mock("{}").await;
    let hostile = "a\"}\n{\"number\":9}\u{1b}[2J\u{202e}";

    assert_eq!(complete(&mock, hostile).await, 404);
    let lines = admin(&mock, Method::GET, "/admin/journal", None).await;
    let lines = lines.text().await.unwrap();

    assert_eq!(lines.lines().count(), 1);
    assert!(
        lines
            .trim_end()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte))
    );
    let entry: Entry = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!(&*entry.model, hostile);
}

#[tokio::test]
async fn a_reset_begins_anew() {
    let mock = mock(r#"{"faults":[{"status":{"http":503,"times":1}}]}"#).await;
    assert_eq!(complete(&mock, "tiny").await, 503);
    assert_eq!(complete(&mock, "tiny").await, 200);

    let reset = admin(&mock, Method::POST, "/admin/reset", None).await;

    assert_eq!(told(reset).await["openai"]["answered"], 0);
    assert_eq!(
        get(&mock, "/admin/counters").await["openai"]["faults"],
        Value::Null
    );
    assert_eq!(mock.journal(0, 10).entries, []);
    assert_eq!(complete(&mock, "tiny").await, 503);
    assert_eq!(mock.journal(0, 10).entries[0].number, 0);
}

#[tokio::test]
async fn a_name_that_resolves_here_and_a_web_page_are_kept_out() {
    let mock = mock("{}").await;
    let url = mock.admin_url() + "/admin/spec";
    let send = |name: &'static str, value: &'static str| {
        let request = Client::new().get(&url).header(name, value);
        async move { request.send().await.unwrap().status().as_u16() }
    };

    assert_eq!(send("host", "attacker.example").await, 403);
    assert_eq!(send("origin", "http://attacker.example").await, 403);
    assert_eq!(send("accept", "*/*").await, 200);
}

#[tokio::test]
async fn with_a_token_the_admin_api_may_be_called_by_name() {
    let spec: MockSpec = serde_json::from_str(r#"{"admin":{"token":"abcdefgh"}}"#).unwrap();
    let mock = Mock::start_at(spec, Bind::default()).await.unwrap();
    let request = Client::new()
        .post(mock.admin_url() + "/admin/reset")
        .header("host", "mock.internal")
        .header("content-type", "application/json");

    let let_in = request.bearer_auth("abcdefgh").send().await.unwrap();

    assert_eq!(let_in.status(), 200);
}

#[tokio::test]
async fn the_page_of_metrics_is_on_both_ports() {
    let mock = mock("{}").await;
    complete(&mock, "tiny").await;
    complete(&mock, "hostile\"}\nmodel").await;

    for url in [mock.rest_url(), mock.admin_url()] {
        let page = reqwest::get(url + "/metrics").await.unwrap();
        assert_eq!(
            page.headers()["content-type"],
            "text/plain; version=0.0.4; charset=utf-8"
        );
        let page = page.text().await.unwrap();
        for line in [
            "# TYPE vllm:time_to_first_token_seconds histogram",
            "vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"} 3",
            "vllm:num_requests_running{engine=\"0\",model_name=\"tiny\"} 0",
            "inferometer_mock_requests_total{end=\"answered\",protocol=\"openai\"} 1",
            "inferometer_mock_requests_total{end=\"refused\",protocol=\"openai\"} 1",
        ] {
            assert!(page.lines().any(|told| told == line), "{line}\n{page}");
        }
        assert!(!page.contains("hostile"));
    }
}
