//! The Open Inference Protocol over REST: what is sent, how golden answers and other servers' are read.

use super::servers::{Raw, Server};
use super::*;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/proto/golden/", $name)).trim_end()
    };
}

const FOUR: [&str; 4] = [" alpha", " bravo", " charlie", " delta"];

fn client_of(url: String) -> Client {
    client(Mode::Rest, 1, &[Endpoint::new(Protocol::OipRest, url)])
}

/// A server that gives this answer to exactly this body, once.
async fn expecting(at: &str, body: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(at))
        .and(header("content-type", "application/json"))
        .and(body_string(body))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    server
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

fn events(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

/// What a whole answer with this body is read as.
async fn read(answer: ResponseTemplate) -> Result<(String, Option<Usage>), Failure> {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let asked = client_of(server.uri());
    let answer = asked.inference().execute(&prompt(false)).await;
    answer
        .map(|answer| (answer.text, answer.usage))
        .map_err(|failed| failed.failure)
}

#[tokio::test]
async fn a_prompt_goes_as_a_tensor_and_a_golden_answer_is_read() {
    let body = golden!("infer.request.json");
    let server = expecting(
        "/v2/models/tiny/infer",
        body,
        json(golden!("infer.response.json")),
    )
    .await;

    let client = client_of(server.uri());
    let mut reply = client.inference().open(&prompt(false)).await.unwrap();

    assert_eq!(drain(&mut reply).await, (vec![(FOUR.concat(), 4)], None));
    let usage = reply.usage().unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (3, 4));
}

#[tokio::test]
async fn a_stream_is_asked_for_by_generate_and_ends_with_its_body() {
    let body = golden!("generate.request.json");
    let answer = events(include_str!("../../../proto/golden/generate.stream.sse"));
    let server = expecting("/v2/models/tiny/generate_stream", body, answer).await;

    let client = client_of(server.uri());
    let mut reply = client.inference().open(&prompt(true)).await.unwrap();

    let chunks = FOUR.map(|text| (text.to_owned(), 1)).to_vec();
    assert_eq!(drain(&mut reply).await, (chunks, None));
    assert_eq!(reply.usage(), None);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_truncated_and_an_error_in_it_is_the_servers() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1c\r\ndata: {\"text_output\":\" a\"}\n\n\r\n";
    let server = Server::start(Raw::Answers(cut.as_bytes())).await;
    let client = client_of(server.url.clone());
    let mut reply = client.inference().open(&prompt(true)).await.unwrap();
    let first = (" a".to_owned(), 1);
    assert_eq!(
        drain(&mut reply).await,
        (vec![first], Some(FailureKind::Truncated))
    );

    let server = MockServer::start().await;
    let answer = events("data: {\"error\":\"out of memory\"}\n\n");
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let client = client_of(server.uri());
    let mut reply = client.inference().open(&prompt(true)).await.unwrap();

    assert_eq!(
        drain(&mut reply).await,
        (vec![], Some(FailureKind::Http(500)))
    );
}

#[tokio::test]
async fn every_form_of_a_tensor_of_text_is_read() {
    for body in [
        r#"{"outputs":[{"name":"text_output","datatype":"BYTES","shape":[1],"data":["hi"]}]}"#,
        r#"{"outputs":[{"name":"text_output","datatype":"BYTES","shape":[1,1],"data":["hi"]}]}"#,
        r#"{"outputs":[{"name":"text_output","datatype":"BYTES","shape":[1,1],"data":[["hi"]]}]}"#,
        r#"{"outputs":[{"name":"other","data":[1]},{"name":"text_output","data":["h","i"]}],"parameters":{"prompt_tokens":"three"}}"#,
    ] {
        assert_eq!(
            read(json(body)).await,
            Ok(("hi".to_owned(), None)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn refusals_keep_their_status_and_their_words() {
    for (status, body, said) in [
        (400, r#"{"error":"unexpected shape"}"#, "unexpected shape"),
        (
            404,
            r#"{"error":"Model tiny not found"}"#,
            "Model tiny not found",
        ),
        (
            422,
            r#"{"detail":[{"msg":"field required"}]}"#,
            r#"[{"msg":"field required"}]"#,
        ),
    ] {
        let failure =
            read(ResponseTemplate::new(status).set_body_raw(body, "application/json")).await;

        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Http(status));
        assert!(failure.message.ends_with(said), "{failure}");
    }
}

#[tokio::test]
async fn a_repository_is_listed_as_each_server_says_it() {
    let listed = r#"[{"name":"a","version":"1","state":"READY"},{"name":"b","state":"UNAVAILABLE","reason":"unloaded"},{"name":"c"},{"name":"d","state":"State.UNAVAILABLE","reason":"no memory"}]"#;
    let server = expecting("/v2/repository/index", "{}", json(listed)).await;

    let models = client_of(server.uri()).models().list().await.unwrap();

    let states: Vec<_> = models
        .iter()
        .map(|model| (&*model.name, model.state))
        .collect();
    assert_eq!(
        states,
        [
            ("a", ModelState::Loaded),
            ("b", ModelState::Unloaded),
            ("c", ModelState::Unloaded),
            ("d", ModelState::Failed),
        ]
    );
}

#[tokio::test]
async fn models_are_loaded_and_unloaded_by_name() {
    for (operation, at) in [
        ("load", "/v2/repository/models/org%2Fa/load"),
        ("unload", "/v2/repository/models/org%2Fa/unload"),
    ] {
        let server = expecting(at, "{}", ResponseTemplate::new(200)).await;
        let client = client_of(server.uri());

        let done = match operation {
            "load" => client.models().load("org/a").await,
            _ => client.models().unload("org/a").await,
        };

        done.unwrap();
    }
}

#[tokio::test]
async fn readiness_is_the_status_whatever_the_body() {
    for (answer, is_ready) in [
        (ResponseTemplate::new(200), true),
        (json(r#"{"ready":true}"#), true),
        (ResponseTemplate::new(503), false),
    ] {
        let server = MockServer::start().await;
        let ready = Mock::given(path("/v2/health/ready"));
        ready.respond_with(answer).expect(1).mount(&server).await;

        let asked = client_of(server.uri()).is_ready(0).await;

        assert_eq!(asked.is_ok(), is_ready, "{asked:?}");
    }
}

#[tokio::test]
async fn a_list_is_asked_for_once_until_the_models_change() {
    let listed = r#"[{"name":"a","state":"READY"},{"name":"b","state":"UNAVAILABLE"},{"name":"c","state":"READY"}]"#;
    let server = MockServer::start().await;
    let index = Mock::given(path("/v2/repository/index"));
    index
        .respond_with(json(listed))
        .expect(3)
        .mount(&server)
        .await;
    for name in ["a", "c"] {
        let unload = Mock::given(path(format!("/v2/repository/models/{name}/unload")));
        let done = ResponseTemplate::new(200);
        unload.respond_with(done).expect(1).mount(&server).await;
    }
    let client = client_of(server.uri());
    let models = client.models();

    assert_eq!(models.count().await.unwrap(), 3);
    let state = models.info("b").await.unwrap().unwrap().state;
    assert_eq!(
        (state, models.info("d").await.unwrap()),
        (ModelState::Unloaded, None)
    );
    // One more list to know which are loaded, and one after the change.
    assert_eq!(models.unload_all().await.unwrap(), ["a", "c"]);
    assert_eq!(models.list().await.unwrap().len(), 3);
}
