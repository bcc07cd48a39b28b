//! What is no text, between the embedded client and the mock: vectors, and a whole scenario of them.

use inferometer::client::{Client, ClientConfig, Endpoint, Input, Protocol, Request, Usage};
use inferometer_mock::{Mock, MockSpec};

fn client(protocol: Protocol, url: String) -> Client {
    Client::new(&ClientConfig::default(), &[Endpoint::new(protocol, url)]).unwrap()
}

#[tokio::test]
async fn each_text_gets_its_own_vector_of_the_length_asked_for() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    let client = client(Protocol::Openai, mock.rest_url());
    let texts = ["one two three", "four", "one two three"];
    let request = Request {
        input: Input::Embedding {
            texts: texts.map(str::to_owned).to_vec(),
            dimensions: Some(8),
        },
        ..Request::embedding("e-1", "tiny", Vec::new())
    };

    let embeddings = client.inference().embed(&request).await.unwrap();

    let [first, second, third] = &embeddings.vectors[..] else {
        panic!("expected three vectors, found {embeddings:?}");
    };
    assert_eq!((first, first.len()), (third, 8));
    assert_ne!(first, second);
    let counted = Usage {
        prompt_tokens: 7,
        completion_tokens: 0,
    };
    assert_eq!(embeddings.usage, Some(counted));
}
