//! Embeddings: `{"model":"tiny","input":["one","two"]}` goes to `/v1/embeddings`, and each vector comes back as a list of
//! numbers, or as little-endian FP32 in base64, with the index of its text.

use super::{malformed, wire};
use crate::client::transport::Delta;
use crate::client::transport::rest::{Dialect, Mark, Read, said};
use crate::client::{Failure, FailureKind, Usage, Values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use inferometer_proto::named;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;
use tokio::time::Instant;

/// How its answers are read.
pub(super) const DIALECT: Dialect = Dialect {
    read: Read::Json(delta),
    end: Mark::Said,
};

#[derive(Debug, Serialize)]
struct Body<'a, T> {
    model: &'a str,
    input: &'a [T],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

/// The body of a request.
pub(super) fn body<T: Serialize>(
    model: &str,
    texts: &[T],
    dimensions: Option<u32>,
) -> serde_json::Result<Bytes> {
    let body = Body {
        model,
        input: texts,
        dimensions,
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Vec<Embedded>>,
    usage: Option<Counted>,
    error: Option<Value>,
}

/// Nothing is generated, so this alone is counted.
#[derive(Debug, Deserialize)]
struct Counted {
    prompt_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Embedded {
    /// Its place in the list when left out.
    index: Option<usize>,
    embedding: Vector,
}

/// The one delta of an answer.
pub(super) fn delta(data: &[u8], at: Instant) -> Result<Delta, Failure> {
    let answer: Answer = named::from_slice(data).map_err(|error| malformed(&error))?;
    if let Some(error) = &answer.error {
        let message = format!("server reported inside its answer: {}", said(error));
        return Err(Failure::new(wire::error_kind(error), message));
    }
    let counted = answer.usage.and_then(|usage| usage.prompt_tokens);
    Ok(Delta {
        values: Some(Values::Vectors(ordered(answer.data.unwrap_or_default())?)),
        usage: counted.map(|prompt_tokens| Usage {
            prompt_tokens,
            completion_tokens: 0,
        }),
        ..Delta::empty(at)
    })
}

/// The vectors by their index, which servers need not keep to.
fn ordered(embedded: Vec<Embedded>) -> Result<Vec<Vec<f32>>, Failure> {
    let count = embedded.len();
    let mut places: Vec<Option<Vec<f32>>> = Vec::new();
    places.resize_with(count, || None);
    for (place, Embedded { index, embedding }) in embedded.into_iter().enumerate() {
        let index = index.unwrap_or(place);
        let Some(empty @ None) = places.get_mut(index) else {
            let message =
                format!("expected each index below {count} once in `data`, found {index}");
            return Err(Failure::new(FailureKind::Malformed, message));
        };
        *empty = Some(embedding.0);
    }
    Ok(places.into_iter().flatten().collect())
}

/// A vector, in whichever way it is written.
#[derive(Debug, PartialEq)]
struct Vector(Vec<f32>);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrText;

        impl<'de> Visitor<'de> for ListOrText {
            type Value = Vector;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers, or FP32 in base64")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vector, A::Error> {
                let mut vector = Vec::new();
                while let Some(number) = list.next_element::<f32>()? {
                    vector.push(number);
                }
                Ok(Vector(vector))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Vector, E> {
                let bytes = STANDARD.decode(text).map_err(E::custom)?;
                let (numbers, rest) = bytes.as_chunks();
                if rest.is_empty() {
                    let numbers = numbers.iter().copied().map(f32::from_le_bytes);
                    Ok(Vector(numbers.collect()))
                } else {
                    Err(E::invalid_length(bytes.len(), &"a multiple of 4 bytes"))
                }
            }
        }

        deserializer.deserialize_any(ListOrText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &[u8] = include_bytes!("../../../../proto/golden/embedding.response.json");

    fn read(json: &str) -> Result<Delta, String> {
        delta(json.as_bytes(), Instant::now()).map_err(|failure| failure.to_string())
    }

    fn vectors(json: &str) -> Vec<Vec<f32>> {
        match read(json).unwrap().values {
            Some(Values::Vectors(vectors)) => vectors,
            other => panic!("expected vectors, found {other:?}"),
        }
    }

    #[test]
    fn vectors_stand_in_the_order_of_their_index_and_of_the_list_without_one() {
        let shuffled =
            r#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1.5,-2e-3]}]}"#;
        let bare = r#"{"data":[{"embedding":[1]},{"embedding":[]}],"usage":null}"#;

        assert_eq!(vectors(shuffled), [vec![1.5, -2e-3], vec![2.0]]);
        assert_eq!(vectors(bare), [vec![1.0], vec![]]);
        assert_eq!(vectors("{}"), Vec::<Vec<f32>>::new());
    }

    #[test]
    fn base64_is_read_as_numbers_of_four_bytes() {
        let packed = r#"{"data":[{"index":0,"embedding":"AACAPwAAAMA="}]}"#;

        assert_eq!(vectors(packed), [[1.0, -2.0]]);
    }

    #[test]
    fn what_is_no_vector_or_stands_nowhere_is_malformed() {
        for (embedded, told) in [
            (
                r#"{"index":1,"embedding":[1]}"#,
                "malformed: expected each index below 1 once in `data`, found 1",
            ),
            (
                r#"{"embedding":[1]},{"index":0,"embedding":[1]}"#,
                "malformed: expected each index below 2 once in `data`, found 0",
            ),
            (
                r#"{"embedding":[1e39]}"#,
                "malformed: expected JSON as the OpenAI API has it: number out of range at line 1 column 27",
            ),
            (
                r#"{"embedding":"AAA="}"#,
                "malformed: expected JSON as the OpenAI API has it: invalid length 2, expected a multiple of 4 bytes at line 1 column 28",
            ),
        ] {
            let json = format!(r#"{{"data":[{embedded}]}}"#);

            assert_eq!(read(&json), Err(told.to_owned()));
        }
    }

    #[test]
    fn no_hostile_answer_gives_more_vectors_or_numbers_than_its_bytes_can_say() {
        let packed = br#"{"data":[{"index":0,"embedding":"AACAPwAAAMA="}],"error":null}"#;
        let error = br#"{"error":{"message":"no","code":404}}"#;

        inferometer_fuzz::hold(&[GOLDEN, packed, error], |body| {
            match delta(body, Instant::now()) {
                Ok(delta) => {
                    let Some(Values::Vectors(vectors)) = delta.values else {
                        unreachable!("every answer has vectors, if none");
                    };
                    let numbers: usize = vectors.iter().map(Vec::len).sum();
                    assert!(2 * numbers + 10 * vectors.len() <= body.len() + 2);
                    assert_eq!((delta.tokens, delta.text.len()), (0, 0));
                }
                Err(failure) => assert!(failure.message.chars().count() <= 700),
            }
        });
    }
}
