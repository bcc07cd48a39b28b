//! The Open Inference Protocol as Triton, `MLServer` and `KServe` speak it over REST, row by row.

use super::*;
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client_of(server: &MockServer) -> Client {
    let endpoint = Endpoint::new(Protocol::OipRest, server.uri());
    client(Mode::Rest, 1, &[endpoint])
}

/// A server that answers so at this path, to whatever is sent.
async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let asked = Mock::given(path(at)).respond_with(answer).expect(1);
    asked.mount(&server).await;
    server
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn tensor() -> Request {
    let input = Tensor::of("x", &[1], &[1_i64]).unwrap();
    Request::tensors("r", "echo", vec![input])
}

/// How a change of the repository failed.
fn status(failed: Result<(), Error>) -> FailureKind {
    match failed {
        Err(Error::Failed(failed)) => failed.failure.kind,
        other => panic!("expected a failure of the endpoint, found {other:?}"),
    }
}

#[tokio::test]
async fn an_output_for_an_input_of_one_has_one_dimension_or_two() {
    for (shape, data) in [("[1]", "[7]"), ("[1,1]", "[7]"), ("[1,1]", "[[7]]")] {
        let output = format!(r#"{{"name":"y","datatype":"INT64","shape":{shape},"data":{data}}}"#);
        let answer =
            format!(r#"{{"model_name":"echo","id":"r","parameters":{{}},"outputs":[{output}]}}"#);
        let server = answering("/v2/models/echo/infer", json(200, &answer)).await;

        let outputs = client_of(&server)
            .inference()
            .infer(&tensor())
            .await
            .unwrap();

        let seven = outputs.get("y").and_then(Tensor::elements::<i64>);
        assert_eq!(seven, Some(vec![7]), "{shape} {data}");
    }
}

#[tokio::test]
async fn a_wrong_input_an_unknown_model_and_what_is_no_json_keep_their_status() {
    for (code, body, said) in [
        (
            400,
            r#"{"error":"unexpected shape for input 'x'"}"#,
            "unexpected shape for input 'x'",
        ),
        (
            404,
            r#"{"error":"Model echo not found"}"#,
            "Model echo not found",
        ),
        (
            422,
            r#"{"detail":[{"loc":["body"],"msg":"value is not valid"}]}"#,
            r#"[{"loc":["body"],"msg":"value is not valid"}]"#,
        ),
        (
            500,
            r#"{"error":"failed to parse the request JSON buffer"}"#,
            "failed to parse the request JSON buffer",
        ),
    ] {
        let server = answering("/v2/models/echo/infer", json(code, body)).await;

        let failed = client_of(&server)
            .inference()
            .infer(&tensor())
            .await
            .unwrap_err();

        assert_eq!(kinds(&failed), [(0, FailureKind::Http(code))]);
        assert!(failed.failure.message.ends_with(said), "{failed}");
    }
}

#[tokio::test]
async fn an_index_is_asked_for_with_a_body_and_read_with_a_version_or_without() {
    let listed = r#"[{"name":"echo","version":"1","state":"READY"},{"name":"echo2","state":"READY","reason":""}]"#;
    let server = MockServer::start().await;
    // `MLServer` answers 422 to anything else.
    Mock::given(method("POST"))
        .and(path("/v2/repository/index"))
        .and(body_json(serde_json::json!({})))
        .respond_with(json(200, listed))
        .expect(1)
        .mount(&server)
        .await;

    let models = client_of(&server).models().list().await.unwrap();

    let read: Vec<_> = models.iter().map(|m| (&*m.name, m.state)).collect();
    assert_eq!(
        read,
        [("echo", ModelState::Loaded), ("echo2", ModelState::Loaded)]
    );
}

#[tokio::test]
async fn an_index_that_is_not_offered_is_told_by_its_status() {
    let server = answering(
        "/v2/repository/index",
        json(404, r#"{"detail":"Not Found"}"#),
    )
    .await;

    let failed = client_of(&server).models().list().await;

    assert_eq!(status(failed.map(drop)), FailureKind::Http(404));
}

#[tokio::test]
async fn readiness_has_no_body_or_says_true() {
    for answer in [ResponseTemplate::new(200), json(200, r#"{"ready":true}"#)] {
        let server = answering("/v2/health/ready", answer).await;

        assert_eq!(client_of(&server).is_ready(0).await, Ok(()));
    }
}

#[tokio::test]
async fn an_unloaded_model_refuses_with_400_or_404() {
    for (code, said) in [
        (400, "Request for unknown model: 'echo' is not found"),
        (404, "Model echo not found"),
    ] {
        let server = MockServer::start().await;
        let unload = Mock::given(path("/v2/repository/models/echo/unload"));
        unload
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let infer = Mock::given(path("/v2/models/echo/infer"));
        let refusal = json(code, &format!(r#"{{"error":"{said}"}}"#));
        infer.respond_with(refusal).expect(1).mount(&server).await;
        let client = client_of(&server);

        client.models().unload("echo").await.unwrap();
        let failed = client.inference().infer(&tensor()).await.unwrap_err();

        assert_eq!(kinds(&failed), [(0, FailureKind::Http(code))]);
    }
}

#[tokio::test]
async fn a_load_of_the_unknown_fails_with_404_500_or_503() {
    for code in [404, 500, 503] {
        let at = "/v2/repository/models/absent/load";
        let server = answering(at, json(code, r#"{"error":"failed to load 'absent'"}"#)).await;

        let failed = client_of(&server).models().load("absent").await;

        assert_eq!(status(failed), FailureKind::Http(code));
    }
}

#[tokio::test]
async fn a_server_without_binary_tensors_refuses_them_and_takes_lists() {
    let server = MockServer::start().await;
    let octets = wiremock::matchers::header("content-type", "application/octet-stream");
    let binary = Mock::given(octets).respond_with(json(422, r#"{"detail":[]}"#));
    binary.expect(1).mount(&server).await;
    let answer = r#"{"outputs":[{"name":"y","datatype":"INT64","shape":[1],"data":[7]}]}"#;
    let lists = Mock::given(wiremock::matchers::header(
        "content-type",
        "application/json",
    ));
    lists
        .respond_with(json(200, answer))
        .expect(1)
        .mount(&server)
        .await;
    let endpoint = Endpoint::new(Protocol::OipRest, server.uri());
    let config = ClientConfig {
        binary_tensors: true,
        ..ClientConfig::default()
    };
    let in_binary = Client::new(&config, &[endpoint]).unwrap();

    let refused = in_binary.inference().infer(&tensor()).await.unwrap_err();
    let answered = client_of(&server).inference().infer(&tensor()).await;

    assert_eq!(kinds(&refused), [(0, FailureKind::Http(422))]);
    assert_eq!(answered.unwrap().tensors.len(), 1);
}

#[tokio::test]
async fn an_answer_in_binary_is_cut_where_its_header_says() {
    let header = r#"{"outputs":[{"name":"y","datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}}]}"#;
    let body = [header.as_bytes(), b"\x01\x02"].concat();
    let length = header.len().to_string();
    for (said, read) in [
        (length.as_str(), Ok(vec![1, 2])),
        ("9999", Err(FailureKind::Malformed)),
        ("many", Err(FailureKind::Malformed)),
    ] {
        let answer = ResponseTemplate::new(200)
            .insert_header("Inference-Header-Content-Length", said)
            .set_body_raw(body.clone(), "application/octet-stream");
        let server = answering("/v2/models/echo/infer", answer).await;

        let outputs = client_of(&server).inference().infer(&tensor()).await;

        let elements = outputs.map(|outputs| outputs.tensors[0].elements::<i8>().unwrap());
        assert_eq!(elements.map_err(|failed| failed.failure.kind), read);
    }
}

#[tokio::test]
async fn an_answer_of_tensors_beyond_the_limit_is_malformed() {
    let server = answering(
        "/v2/models/echo/infer",
        json(200, &" ".repeat((16 << 20) + 1)),
    )
    .await;

    let failed = client_of(&server)
        .inference()
        .infer(&tensor())
        .await
        .unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Malformed)]);
}

#[tokio::test]
async fn an_output_that_was_wanted_and_did_not_come_is_malformed() {
    let answer = r#"{"outputs":[{"name":"z","datatype":"INT8","shape":[1],"data":[1]}]}"#;
    for (answer, told) in [
        (answer, "expected output `y`, found others"),
        (
            r#"{"outputs":[]}"#,
            "expected vectors or tensors, as asked for, found none",
        ),
    ] {
        let server = answering("/v2/models/echo/infer", json(200, answer)).await;
        let mut request = tensor();
        if let Input::Tensors { outputs, .. } = &mut request.input {
            outputs.push("y".to_owned());
        }

        let failed = client_of(&server)
            .inference()
            .infer(&request)
            .await
            .unwrap_err();

        assert_eq!(failed.failure.to_string(), format!("malformed: {told}"));
    }
}

#[tokio::test]
async fn a_stream_of_whole_answers_ends_with_its_body() {
    // As `MLServer`'s infer_stream has it: an answer of tensors in each event, and no mark of the end.
    let event = |text: &str| {
        let output = format!(
            r#"{{"name":"text_output","shape":[1,1],"datatype":"BYTES","parameters":{{"content_type":"str"}},"data":["{text}"]}}"#
        );
        format!(
            "data: {{\"model_name\":\"echo\",\"id\":\"r\",\"parameters\":{{}},\"outputs\":[{output}]}}\n\n"
        )
    };
    let body = [event(" a"), event(" b")].concat();
    let answer = ResponseTemplate::new(200).set_body_raw(body, "text/event-stream; charset=utf-8");
    let server = answering("/v2/models/tiny/generate_stream", answer).await;

    let client = client_of(&server);
    let mut reply = client.inference().open(&prompt(true)).await.unwrap();

    let chunks = [" a", " b"].map(|text| (text.to_owned(), 1)).to_vec();
    assert_eq!(drain(&mut reply).await, (chunks, None));
    assert_eq!(reply.usage(), None);
}
