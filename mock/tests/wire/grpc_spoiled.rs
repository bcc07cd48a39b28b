//! Faults that spoil single responses over gRPC: what does not decode, what is too large, what comes twice or late.

use crate::grpc_client::{client, request, text};
use crate::raw::{Http2, read, split};
use crate::{mock, until_idle};
use futures_util::{TryStreamExt, stream};
use inferometer_mock::{End, Mock};
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{ModelInferResponse, ModelStreamInferResponse};
use prost::Message;
use tonic::{Code, Status};

/// A mock that strikes request 1 alone with one fault, and what else it is specified to be.
async fn strikes_1(fault: &str, fields: &str, beside: &str) -> Mock {
    let comma = if fields.is_empty() { "" } else { "," };
    mock(&format!(
        r#"{{"faults":[{{"{fault}":{{"requests":{{"from":1,"until":2}}{comma}{fields}}}}}]{beside}}}"#
    ))
    .await
}

/// The responses of a stream of one request.
async fn stream_of(mock: &Mock, id: &str) -> Result<Vec<ModelInferResponse>, Status> {
    let requests = stream::iter([request(id, "a", 3)]);
    let responses = client(mock).await.model_stream_infer(requests).await?;
    let responses: Vec<_> = responses.into_inner().try_collect().await?;
    let inner = responses.into_iter().map(|response| {
        assert_eq!(response.error_message, "");
        response.infer_response.unwrap()
    });
    Ok(inner.collect())
}

/// The words of each response; the final one has none.
async fn words(mock: &Mock, id: &str) -> Vec<String> {
    let responses = stream_of(mock, id).await.unwrap();
    let words = responses
        .iter()
        .map(|response| match response.outputs.as_slice() {
            [] => String::new(),
            [_, ..] => text(response),
        });
    words.collect()
}

/// The tokens of every write of request 1, which the fault struck, and how it ended.
async fn told(mock: &Mock, fault: &str) -> (Vec<u32>, End) {
    until_idle(mock).await;
    let entries = mock.journal(0, 10).entries;
    let struck = entries.iter().find(|entry| &*entry.id == "g-1").unwrap();
    assert_eq!(struck.fault.as_deref(), Some(fault));
    let others = entries.iter().filter(|entry| &*entry.id != "g-1");
    assert!(others.into_iter().all(|entry| entry.fault.is_none()));
    let writes = struck.writes.iter().map(|write| write.tokens);
    (writes.collect(), struck.end)
}

#[tokio::test]
async fn one_response_of_a_stream_comes_twice() {
    for (at_token, expected) in [
        (1, [" alpha", " bravo", " bravo", " charlie", ""]),
        (9, [" alpha", " bravo", " charlie", " charlie", ""]),
    ] {
        let mock = strikes_1("duplicate", &format!(r#""at_token":{at_token}"#), "").await;

        assert_eq!(words(&mock, "g-1").await, expected);

        assert_eq!(
            words(&mock, "g-2").await,
            [" alpha", " bravo", " charlie", ""]
        );
        assert_eq!(told(&mock, "duplicate").await, (vec![1; 4], End::Answered));
    }
}

#[tokio::test]
async fn one_response_of_a_stream_comes_after_the_next() {
    for (at_token, beside, expected, writes) in [
        (0, "", vec![" bravo", " alpha", " charlie", ""], vec![1; 3]),
        (9, "", vec![" alpha", " charlie", " bravo", ""], vec![1; 3]),
        (
            1,
            r#","tokens_per_chunk":8"#,
            vec![" alpha", "", " bravo charlie"],
            vec![1, 2],
        ),
    ] {
        let mock = strikes_1("reorder", &format!(r#""at_token":{at_token}"#), beside).await;

        assert_eq!(words(&mock, "g-1").await, expected);

        assert_eq!(told(&mock, "reorder").await, (writes, End::Answered));
    }
}

#[tokio::test]
async fn a_duplicate_strikes_the_one_response_of_a_model_of_tensors_on_a_stream_and_no_unary_answer()
 {
    let beside = r#","models":[{"name":"tiny","outputs":[{"name":"y","datatype":"FP32","shape":[2]}],
        "inputs":[{"name":"text_input","datatype":"BYTES","shape":[1]}]}]"#;
    let mock = strikes_1("duplicate", "", beside).await;
    let mut asked = request("g-1", "a", 3);
    asked.parameters.clear();

    let requests = stream::iter([asked.clone()]);
    let responses = client(&mock).await.model_stream_infer(requests).await;
    let responses: Vec<_> = responses.unwrap().into_inner().try_collect().await.unwrap();
    let told = told(&mock, "duplicate").await;
    let unary = client(&mock).await.model_infer(asked).await;

    assert!(unary.is_ok());
    assert_eq!(responses.len(), 2);
    assert_eq!(responses[0], responses[1]);
    assert_eq!((told.0.len(), told.1), (2, End::Answered));
    until_idle(&mock).await;
    assert_eq!(mock.counters().oip_grpc.struck_by("duplicate"), 1);
    assert_eq!(mock.counters().oip_grpc.answered, 1);
}

#[tokio::test]
async fn a_malformed_answer_does_not_decode_and_ends_as_if_it_were_well() {
    let mock = strikes_1("malformed", "", "").await;
    let mut connection = Http2::open(&mock.grpc_url()).await;

    let asked = request("g-1", "a", 3);
    let response = connection.call("ModelInfer", &asked).await.unwrap();
    let (bytes, properly) = read(response).await;
    let refused = client(&mock).await.model_infer(asked).await.unwrap_err();
    let well = client(&mock)
        .await
        .model_infer(request("g-2", "a", 3))
        .await;

    let messages = split(&bytes);
    assert_eq!((messages.len(), properly), (1, true));
    assert!(ModelInferResponse::decode(messages[0]).is_err());
    let mut mended = messages[0].to_vec();
    assert_eq!(std::mem::replace(&mut mended[0], 0x0a), 0x07);
    let mended = ModelInferResponse::decode(mended.as_slice()).unwrap();
    assert_eq!(text(&mended), " alpha bravo charlie");
    assert_eq!(refused.code(), Code::Internal);
    assert!(well.is_ok());
    assert_eq!(told(&mock, "malformed").await, (vec![3], End::Answered));
}

#[tokio::test]
async fn a_malformed_response_of_a_stream_spoils_no_other() {
    for (at_token, spoiled) in [(0, 0), (1, 1), (9, 2)] {
        // All of them are due at once, and would otherwise leave as one frame.
        let mock = strikes_1("malformed", &format!(r#""at_token":{at_token}"#), "").await;
        let mut connection = Http2::open(&mock.grpc_url()).await;

        let asked = request("g-1", "a", 3);
        let response = connection.call("ModelStreamInfer", &asked).await.unwrap();
        let (bytes, properly) = read(response).await;

        let decoded: Vec<_> = split(&bytes)
            .into_iter()
            .map(|message| ModelStreamInferResponse::decode(message).is_ok())
            .collect();
        let expected: Vec<_> = (0..4).map(|place| place != spoiled).collect();
        assert_eq!((decoded, properly), (expected, true));
        assert_eq!(told(&mock, "malformed").await, (vec![1; 3], End::Answered));
        assert_eq!(
            stream_of(&mock, "g-1").await.unwrap_err().code(),
            Code::Internal
        );
        assert_eq!(words(&mock, "g-2").await.len(), 4);
    }
}

#[tokio::test]
async fn an_oversized_answer_has_so_many_bytes_of_padding_and_is_whole() {
    let mock = strikes_1("oversized", r#""bytes":"5MiB","at_token":1"#, "").await;
    let padding = |response: &ModelInferResponse| match response.parameters.get("padding") {
        Some(parameter) => match &parameter.parameter_choice {
            Some(ParameterChoice::StringParam(padding)) => padding.len(),
            other => panic!("the padding is {other:?}"),
        },
        None => 0,
    };

    let refused = client(&mock)
        .await
        .model_infer(request("g-1", "a", 3))
        .await;
    let patient = client(&mock).await.max_decoding_message_size(6 << 20);
    let whole = patient.clone().model_infer(request("g-1", "a", 3)).await;
    let whole = whole.unwrap().into_inner();
    let requests = stream::iter([request("g-1", "a", 3)]);
    let pieces = patient.clone().model_stream_infer(requests).await;
    let pieces: Vec<_> = pieces.unwrap().into_inner().try_collect().await.unwrap();

    assert_eq!(refused.unwrap_err().code(), Code::OutOfRange);
    assert_eq!(
        (padding(&whole), text(&whole).as_str()),
        (5 << 20, " alpha bravo charlie")
    );
    let paddings: Vec<_> = pieces
        .iter()
        .map(|piece| padding(piece.infer_response.as_ref().unwrap()))
        .collect();
    assert_eq!(paddings, [0, 5 << 20, 0, 0]);
}
