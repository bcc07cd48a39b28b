//! The embedded client with request batching against the mock: each gets what belongs to its own prompt, and both write
//! the same into their books.

use crate::client_meets_mock::{endpoint, request};
use futures_util::future::join_all;
use inferometer::client::{
    Batch, BatchConfig, Client, ClientConfig, Endpoint, FailureKind, Input, Mode, Protocol,
    Request, Tensor, Usage,
};
use inferometer_mock::{Mock, MockSpec};
use serde_json::json;

fn batching(mock: &Mock, max_size: u32) -> Client {
    let endpoint = endpoint(Protocol::Openai, mock.rest_url());
    batching_at(endpoint, Mode::Rest, max_size)
}

fn batching_at(endpoint: Endpoint, mode: Mode, max_size: u32) -> Client {
    let config = ClientConfig {
        mode,
        batch: Some(BatchConfig {
            max_size,
            adaptive: false,
            ..BatchConfig::default()
        }),
        ..ClientConfig::default()
    };
    Client::new(&config, &[endpoint]).unwrap()
}

#[tokio::test]
async fn embeddings_in_one_request_each_get_the_vectors_of_their_own_texts() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    let (together, alone) = (batching(&mock, 3), batching(&mock, 1));
    let asked = |client: &Client, texts: &[&str]| {
        let (client, texts) = (client.clone(), texts.iter().map(|&text| text.to_owned()));
        let request = Request::embedding(texts.len().to_string(), "tiny", texts.collect());
        async move { client.inference().embed(&request).await.unwrap() }
    };
    let texts: [&[&str]; 3] = [&["one"], &["two", "three"], &["four", "five", "six"]];

    let embedded = join_all(texts.map(|texts| asked(&together, texts))).await;

    let expected = join_all(texts.map(|texts| asked(&alone, texts))).await;
    for (embedded, expected) in embedded.iter().zip(&expected) {
        assert_eq!(embedded.vectors, expected.vectors);
        assert_eq!(
            (embedded.usage, embedded.batch.unwrap().requests),
            (None, 3)
        );
    }
    let entries = mock.journal(0, 10).entries;
    let ids: Vec<&str> = entries.iter().map(|entry| &*entry.id).collect();
    assert_eq!((entries.len(), ids.first()), (4, Some(&"1")));
}

#[tokio::test]
async fn eight_prompts_in_one_request_each_get_their_own_text() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    let client = batching(&mock, 8);
    let ask = |number: usize| {
        let client = client.clone();
        let asked = Request {
            id: format!("r-{number}"),
            ..request(Input::Prompt(format!("prompt {number}")), false)
        };
        async move { client.inference().execute(&asked).await.unwrap() }
    };

    let answers = join_all((0..8).map(ask)).await;

    // Choice `i` of the mock begins with word `i`.
    let texts: Vec<&str> = answers.iter().map(|answer| &*answer.text).collect();
    let expected = [
        " alpha bravo charlie delta",
        " bravo charlie delta echo",
        " charlie delta echo foxtrot",
        " delta echo foxtrot golf",
        " echo foxtrot golf hotel",
        " foxtrot golf hotel india",
        " golf hotel india juliett",
        " hotel india juliett kilo",
    ];
    assert_eq!(texts, expected);
    let usage = Usage {
        prompt_tokens: 16,
        completion_tokens: 32,
    };
    let batch = Batch {
        requests: 8,
        is_counted: true,
        usage: Some(usage),
        completion_tokens: Some(4),
    };
    assert_eq!(answers[0].batch, Some(batch));
    let entries = mock.journal(0, 10).entries;
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    assert_eq!((&*entry.id, entry.output_tokens), ("r-0", 32));
}

/// A mock whose model `same` gives its tensors back, and `single` one row whatever it gets.
async fn tensor_mock() -> Mock {
    let inputs = json!([
        { "name": "x", "datatype": "FP32", "shape": [-1, 2] },
        { "name": "t", "datatype": "BYTES", "shape": [-1] },
    ]);
    let single = json!([{ "name": "y", "datatype": "FP32", "shape": [1] }]);
    let spec = json!({ "models": [
        { "name": "same", "answer": "echo", "inputs": inputs },
        { "name": "single", "inputs": inputs, "outputs": single },
    ] });
    Mock::start(serde_json::from_value(spec).unwrap())
        .await
        .unwrap()
}

/// Rows that begin at a number, under that number as the id.
fn rows(model: &str, first: u8, count: u8) -> Request {
    let numbers: Vec<f32> = (first..first + count)
        .flat_map(|row| [f32::from(row), 0.5])
        .collect();
    let texts: Vec<String> = (first..first + count)
        .map(|row| "t".repeat(row.into()))
        .collect();
    let count = u64::from(count);
    let inputs = vec![
        Tensor::of("x", &[count, 2], &numbers).unwrap(),
        Tensor::of_bytes("t", &[count], &texts).unwrap(),
    ];
    Request::tensors(first.to_string(), model, inputs)
}

#[tokio::test]
async fn tensors_in_one_request_each_get_their_own_rows() {
    for protocol in [Protocol::OipRest, Protocol::OipGrpc] {
        let mock = tensor_mock().await;
        let (mode, url) = match protocol {
            Protocol::OipGrpc => (Mode::Grpc, mock.grpc_url()),
            Protocol::Openai | Protocol::OipRest => (Mode::Rest, mock.rest_url()),
        };
        let client = batching_at(endpoint(protocol, url), mode, 3);
        let ask = |request: Request| {
            let client = client.clone();
            async move { client.inference().infer(&request).await }
        };
        let asked = [(1, 1), (2, 2), (4, 3)].map(|(first, count)| rows("same", first, count));

        let answered = join_all(asked.clone().map(ask)).await;

        for (outputs, request) in answered.into_iter().zip(&asked) {
            let outputs = outputs.unwrap();
            let Input::Tensors { inputs, .. } = &request.input else {
                panic!("{request:?}")
            };
            assert_eq!(&outputs.tensors, inputs, "{protocol}");
            assert_eq!(outputs.batch.unwrap().requests, 3);
        }
        let failed = join_all([1, 2, 3].map(|first| ask(rows("single", first, 1)))).await;
        for failed in failed {
            let failed = failed.unwrap_err();
            assert_eq!(failed.failure.kind, FailureKind::Malformed, "{failed}");
            let told = "expected output `y` to have 3 in its first dimension";
            assert!(failed.failure.message.starts_with(told), "{failed}");
        }
        let entries = mock.journal(0, 10).entries;
        let ids: Vec<&str> = entries.iter().map(|entry| &*entry.id).collect();
        assert_eq!(ids, ["1", "1"], "{protocol}");
    }
}

#[tokio::test]
async fn tensors_that_disagree_in_more_than_their_rows_are_not_joined() {
    let mock = tensor_mock().await;
    let endpoint = endpoint(Protocol::OipRest, mock.rest_url());
    let client = batching_at(endpoint, Mode::Rest, 2);
    let uneven = Request::tensors(
        "uneven",
        "same",
        vec![
            Tensor::of("x", &[1, 2], &[1.0_f32, 2.0]).unwrap(),
            Tensor::of_bytes("t", &[2], &["a", "b"]).unwrap(),
        ],
    );
    let ask = |request: Request| {
        let client = client.clone();
        async move { client.inference().infer(&request).await }
    };

    let answered = join_all([uneven.clone(), rows("same", 1, 1), uneven].map(ask)).await;

    let together = answered
        .iter()
        .map(|outputs| outputs.as_ref().unwrap().batch);
    assert_eq!(together.collect::<Vec<_>>(), [None; 3]);
    assert_eq!(mock.journal(0, 10).entries.len(), 3);
}
