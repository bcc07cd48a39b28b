//! Streams of text over the Open Inference Protocol's REST, by whichever path a server has for them.

use super::*;
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const EVENTS: &str = r#"data: {"model_name":"tiny","outputs":[{"name":"text_output","datatype":"BYTES","shape":[1,1],"data":[" a"]}]}

data: {"model_name":"tiny","outputs":[{"name":"text_output","datatype":"BYTES","shape":[1,1],"data":[" b"]}]}

"#;

fn client_of(server: &MockServer) -> Client {
    let endpoint = Endpoint::new(Protocol::OipRest, server.uri());
    client(Mode::Rest, 1, &[endpoint])
}

async fn refuses(server: &MockServer, operation: &str, code: u16, body: &str, times: u64) {
    Mock::given(method("POST"))
        .and(path(format!("/v2/models/tiny/{operation}")))
        .respond_with(ResponseTemplate::new(code).set_body_raw(body, "application/json"))
        .expect(times)
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_model_without_generate_stream_is_asked_by_infer_stream_from_then_on() {
    let sent = serde_json::json!({
        "id": "golden",
        "parameters": { "max_tokens": 4 },
        "inputs": [{ "name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["one two three"] }],
    });
    for (code, said) in [
        (404, r#"{"detail":"Not Found"}"#),
        (405, r#"{"detail":"Method Not Allowed"}"#),
        // `MLServer` has the path too, and wants the body of the other one.
        (
            422,
            r#"{"detail":[{"loc":["body","inputs"],"msg":"Field required"}]}"#,
        ),
    ] {
        let server = MockServer::start().await;
        refuses(&server, "generate_stream", code, said, 1).await;
        Mock::given(method("POST"))
            .and(path("/v2/models/tiny/infer_stream"))
            .and(body_json(&sent))
            .respond_with(ResponseTemplate::new(200).set_body_raw(EVENTS, "text/event-stream"))
            .expect(2)
            .mount(&server)
            .await;
        let client = client_of(&server);

        for _ in 0..2 {
            let mut reply = client.inference().open(&prompt(true)).await.unwrap();

            let chunks = [" a", " b"].map(|text| (text.to_owned(), 1)).to_vec();
            assert_eq!(drain(&mut reply).await, (chunks, None), "{code}");
            assert_eq!(reply.failed_attempts(), []);
        }
    }
}

#[tokio::test]
async fn a_model_that_neither_path_knows_is_told_by_the_one_that_says_more() {
    let unknown = r#"{"error":"Request for unknown model"}"#;
    let incomplete = r#"{"detail":"Field required"}"#;
    for ((first, said), (second, other), told) in [
        (
            (404, unknown),
            (404, r#"{"detail":"Not Found"}"#),
            (404, "Request for unknown model"),
        ),
        (
            (422, incomplete),
            (404, unknown),
            (404, "Request for unknown model"),
        ),
        (
            (404, unknown),
            (500, r#"{"error":"out of memory"}"#),
            (500, "out of memory"),
        ),
    ] {
        let server = MockServer::start().await;
        refuses(&server, "generate_stream", first, said, 1).await;
        refuses(&server, "infer_stream", second, other, 1).await;

        let failed = client_of(&server).inference().open(&prompt(true)).await;

        let failed = failed.unwrap_err();
        assert_eq!(kinds(&failed), [(0, FailureKind::Http(told.0))]);
        assert!(failed.failure.message.ends_with(told.1), "{failed}");
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_for_itself_is_asked_for_once() {
    let server = MockServer::start().await;
    refuses(
        &server,
        "generate_stream",
        400,
        r#"{"error":"too long"}"#,
        1,
    )
    .await;
    refuses(&server, "infer_stream", 400, "", 0).await;

    let failed = client_of(&server).inference().open(&prompt(true)).await;

    assert_eq!(kinds(&failed.unwrap_err()), [(0, FailureKind::Http(400))]);
}
