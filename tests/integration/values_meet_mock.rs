//! What is no text, between the embedded client and the mock: vectors, and a whole scenario of them.

use inferometer::client::{
    Client, ClientConfig, Datatype, Endpoint, FailureKind, Input, Mode, Protocol, Request, Tensor,
    Usage,
};
use inferometer_mock::{Mock, MockSpec, ModelSpec, TensorAnswer, TensorSpec};

fn client(protocol: Protocol, url: String) -> Client {
    Client::new(&ClientConfig::default(), &[Endpoint::new(protocol, url)]).unwrap()
}

/// A client for each way in which tensors travel.
fn clients(mock: &Mock) -> [Client; 3] {
    let over = |mode, protocol, url, binary_tensors| {
        let config = ClientConfig {
            mode,
            binary_tensors,
            ..ClientConfig::default()
        };
        Client::new(&config, &[Endpoint::new(protocol, url)]).unwrap()
    };
    [
        over(Mode::Rest, Protocol::OipRest, mock.rest_url(), false),
        over(Mode::Rest, Protocol::OipRest, mock.rest_url(), true),
        over(Mode::Grpc, Protocol::OipGrpc, mock.grpc_url(), false),
    ]
}

/// A tensor of two elements, named after its datatype.
fn tensor(datatype: Datatype) -> Tensor {
    let contents = match datatype.width() {
        // The lower bytes alone, so that no float is infinite and truth is truth.
        Some(width) => [vec![1; width], vec![0; width]].concat(),
        None => b"\x02\0\0\0\xc3\xa9\0\0\0\0".to_vec(),
    };
    Tensor::try_new(datatype.name(), datatype, &[2, 1], contents).unwrap()
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

#[tokio::test]
async fn tensors_of_every_datatype_come_back_as_they_were_sent() {
    let inputs: Vec<Tensor> = Datatype::ALL.into_iter().map(tensor).collect();
    let declared = inputs.iter().map(|tensor| TensorSpec {
        name: tensor.name().to_owned(),
        datatype: tensor.datatype(),
        shape: vec![-1, 1],
    });
    let mock = Mock::start(MockSpec {
        models: vec![ModelSpec {
            inputs: declared.collect(),
            answer: TensorAnswer::Echo,
            ..ModelSpec::named("mirror")
        }],
        ..MockSpec::default()
    });
    let mock = mock.await.unwrap();

    for client in clients(&mock) {
        let request = Request::tensors("t-1", "mirror", inputs.clone());
        let outputs = client.inference().infer(&request).await.unwrap();

        assert_eq!(outputs.tensors, inputs);
        assert_eq!(
            outputs.get("BF16"),
            inputs.iter().find(|t| t.name() == "BF16")
        );
    }
}

#[tokio::test]
async fn a_text_is_a_tensor_too_and_what_does_not_fit_is_refused_by_the_server() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    let text = Tensor::of_bytes("text_input", &[1], &["one two three"]).unwrap();
    let number = Tensor::of("text_input", &[1], &[1.0_f32]).unwrap();

    for client in clients(&mock) {
        let inference = client.inference();
        let asked = Request::tensors("t-1", "tiny", vec![text.clone()]);
        let outputs = inference.infer(&asked).await.unwrap();
        let refused = Request::tensors("t-2", "tiny", vec![number.clone()]);
        let failed = inference.infer(&refused).await.unwrap_err();

        let text = outputs.get("text_output").unwrap();
        assert!(text.byte_elements().unwrap()[0].starts_with(b" alpha bravo"));
        let kind = failed.failure.kind;
        assert!(
            matches!(kind, FailureKind::Http(400) | FailureKind::Grpc(3)),
            "{failed}"
        );
    }
}
