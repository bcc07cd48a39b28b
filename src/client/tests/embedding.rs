//! Embeddings: what is sent, how answers are read, and where they cannot be asked for.

use super::servers::refusing;
use super::*;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const GOLDEN_REQUEST: &str = include_str!("../../../proto/golden/embedding.request.json");
const GOLDEN_RESPONSE: &str = include_str!("../../../proto/golden/embedding.response.json");

/// The request whose body is golden.
fn golden() -> Request {
    let texts = ["one two three", "four"].map(str::to_owned).to_vec();
    Request {
        input: Input::Embedding {
            texts,
            dimensions: Some(4),
        },
        ..Request::embedding("golden", "tiny", Vec::new())
    }
}

/// A server that answers so to every request for embeddings, and is asked this often.
async fn answering(status: u16, body: &str, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/embeddings"))
        .respond_with(ResponseTemplate::new(status).set_body_raw(body, "application/json"))
        .expect(times)
        .mount(&server)
        .await;
    server
}

/// Why the answer with this body is no answer to the golden request.
async fn refused(body: &str) -> String {
    let server = answering(200, body, 1).await;
    let client = client(Mode::Rest, 3, &[openai(server.uri())]);
    let failed = client.inference().embed(&golden()).await.unwrap_err();
    assert_eq!(kinds(&failed), [(0, FailureKind::Malformed)]);
    failed.failure.message
}

#[tokio::test]
async fn texts_are_sent_and_their_vectors_read_byte_for_byte() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/embeddings"))
        .and(header("content-type", "application/json"))
        .and(header("accept", "application/json"))
        .and(header("x-request-id", "golden"))
        .and(body_string(GOLDEN_REQUEST.trim_end()))
        .respond_with(ResponseTemplate::new(200).set_body_raw(GOLDEN_RESPONSE, "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let embeddings = client.inference().embed(&golden()).await.unwrap();

    let first = [0.713_400_24, 0.519_213_74, -0.469_068_17, -0.038_108_92];
    let second = [0.660_011_95, -0.168_497_03, 0.040_974_416, 0.730_967_9];
    assert_eq!(embeddings.vectors, [first, second]);
    let counted = Usage {
        prompt_tokens: 4,
        completion_tokens: 0,
    };
    assert_eq!(embeddings.usage, Some(counted));
    assert_eq!(
        (embeddings.endpoint, embeddings.failed_attempts),
        (Some(0), vec![])
    );
}

#[tokio::test]
async fn vectors_are_kept_and_given_again_for_the_same_texts_alone() {
    let server = answering(200, GOLDEN_RESPONSE, 2).await;
    let config = ClientConfig {
        cache: Some(CacheConfig::default()),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(server.uri())]).unwrap();
    let other_texts = Request {
        input: Input::Embedding {
            texts: ["one two", "three four"].map(str::to_owned).to_vec(),
            dimensions: Some(4),
        },
        ..golden()
    };

    let asked = client.inference().embed(&golden()).await.unwrap();
    let kept = client.inference().embed(&golden()).await.unwrap();
    let other = client.inference().embed(&other_texts).await.unwrap();

    let sources = [asked.source, other.source];
    assert_eq!(sources, [Source::Server, Source::Server]);
    let again = Embeddings {
        source: Source::Cache,
        endpoint: None,
        ..asked
    };
    assert_eq!(kept, again);
}

#[tokio::test]
async fn an_answer_with_other_vectors_than_were_asked_for_is_malformed() {
    let vector = |numbers: &str| format!(r#"{{"embedding":[{numbers}]}}"#);
    let answer = |vectors: &[String]| format!(r#"{{"data":[{}]}}"#, vectors.join(","));
    let long = vector("1,2,3,4");

    assert_eq!(
        refused(&answer(std::slice::from_ref(&long))).await,
        "expected 2 vectors, found 1"
    );
    assert_eq!(
        refused(&answer(&[long, vector("1,2")])).await,
        "expected vectors of 4 numbers, found one of 2"
    );
}

#[tokio::test]
async fn an_answer_to_a_request_for_vectors_has_no_chunks_and_keeps_its_values() {
    let server = answering(200, GOLDEN_RESPONSE, 1).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let mut reply = client.inference().open(&golden()).await.unwrap();
    assert_eq!(reply.values(), None);

    assert_eq!(drain(&mut reply).await, (vec![], None));
    assert_eq!(golden().fits(reply.values()), Ok(()));
    assert_eq!(golden().fits(None), Err(Misfit::Missing));
}

#[tokio::test]
async fn a_refused_request_is_repeated_and_recorded_like_any_other() {
    let busy = answering(503, r#"{"error":"busy"}"#, 2).await;
    let client = client(Mode::Rest, 2, &[openai(busy.uri())]);

    let failed = client.inference().embed(&golden()).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Http(503)); 2]);
}

#[tokio::test]
async fn only_the_endpoints_that_have_room_for_vectors_are_asked() {
    let server = answering(200, GOLDEN_RESPONSE, 1).await;
    let grpc = oip_grpc(refusing());
    let rest = Endpoint::new(Protocol::OipRest, refusing());
    let all = [grpc.clone(), rest.clone(), openai(server.uri())];
    let hybrid = client(Mode::Hybrid, 1, &all);
    let without = client(Mode::Hybrid, 1, &[grpc, rest]);

    let embeddings = hybrid.inference().embed(&golden()).await.unwrap();
    let failed = without.inference().embed(&golden()).await.unwrap_err();

    assert_eq!(
        (embeddings.endpoint, embeddings.failed_attempts),
        (Some(2), vec![])
    );
    assert_eq!(failed.attempts, []);
    assert_eq!(
        failed.failure.to_string(),
        "invalid: embeddings are not offered by any endpoint of mode `hybrid`: use an openai endpoint; with the Open Inference Protocol ask for the model's tensors"
    );
}

#[tokio::test]
async fn text_is_not_asked_for_as_vectors_nor_vectors_as_text() {
    let client = client(Mode::Rest, 1, &[openai(refusing())]);

    let text = client.inference().embed(&prompt(false)).await.unwrap_err();
    let vectors = client.inference().execute(&golden()).await.unwrap_err();

    assert_eq!(
        text.failure.to_string(),
        "invalid: input: expected a request for embeddings, found one for text"
    );
    assert_eq!(
        vectors.failure.to_string(),
        "invalid: input: expected a request for text, found one for embeddings"
    );
    assert_eq!((text.attempts, vectors.attempts), (vec![], vec![]));
}
