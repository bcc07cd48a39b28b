//! The embedded client with request batching against the mock: each gets what belongs to its own prompt, and both write
//! the same into their books.

use crate::client_meets_mock::{endpoint, request};
use futures_util::future::join_all;
use inferometer::client::{
    Batch, BatchConfig, Client, ClientConfig, Input, Protocol, Request, Usage,
};
use inferometer_mock::{Mock, MockSpec};

fn batching(mock: &Mock, max_size: u32) -> Client {
    let config = ClientConfig {
        batch: Some(BatchConfig {
            max_size,
            adaptive: false,
            ..BatchConfig::default()
        }),
        ..ClientConfig::default()
    };
    Client::new(&config, &[endpoint(Protocol::Openai, mock.rest_url())]).unwrap()
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
