//! Several requests as one: completions as `{"model":"tiny","prompt":["one","two"],"max_tokens":4}`, whose answer has a
//! choice for each prompt, and `index` says whose; embeddings as one list of all their texts.

use super::{embedding, malformed, wire};
use crate::client::transport::Delta;
use crate::client::transport::rest::said;
use crate::client::{Failure, FailureKind, Input, Request, Values};
use bytes::Bytes;
use inferometer_proto::named;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

/// Requests that were made one.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) body: Bytes,
    pub(super) split: Split,
}

/// How their answer is taken apart.
#[derive(Debug)]
pub(super) enum Split {
    /// A choice for each of so many.
    Choices(usize),
    /// So many vectors for each.
    Vectors(Vec<usize>),
}

/// Makes one of requests of one kind. All but the texts is that of the first, as of every other.
pub(super) fn join(first: &Request, requests: &[Request]) -> serde_json::Result<Joined> {
    let Input::Embedding { dimensions, .. } = &first.input else {
        return Ok(Joined {
            body: completions(first, requests)?,
            split: Split::Choices(requests.len()),
        });
    };
    let texts = requests.iter().map(|request| request.input.texts());
    let counts = texts.clone().map(<[String]>::len).collect();
    let texts: Vec<&String> = texts.flatten().collect();
    Ok(Joined {
        body: embedding::body(&first.model, &texts, *dimensions)?,
        split: Split::Vectors(counts),
    })
}

impl Split {
    /// What an answer says to each request, in their order.
    ///
    /// # Errors
    /// That of the server, and [`FailureKind::Malformed`] when it cannot be told whose is whose.
    pub(super) fn deltas(self, body: &[u8], at: Instant) -> Result<Vec<Delta>, Failure> {
        match self {
            Self::Choices(prompts) => choices(body, prompts, at),
            Self::Vectors(counts) => vectors(body, &counts, at),
        }
    }
}

/// Completions as they are sent.
#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    prompt: Vec<&'a str>,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
}

/// The whole answer.
#[derive(Debug, Deserialize)]
struct Answer {
    choices: Option<Vec<Choice>>,
    usage: Option<wire::Counted>,
    error: Option<Value>,
}

/// What was generated for one prompt.
#[derive(Debug, Deserialize)]
struct Choice {
    index: Option<usize>,
    text: Option<String>,
    finish_reason: Option<Box<str>>,
}

fn completions(first: &Request, requests: &[Request]) -> serde_json::Result<Bytes> {
    let body = Body {
        model: &first.model,
        prompt: requests
            .iter()
            .filter_map(|request| request.input.prompt())
            .collect(),
        max_tokens: first.max_tokens,
        temperature: first.temperature,
        top_p: first.top_p,
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// What was generated for each of so many prompts.
fn choices(body: &[u8], prompts: usize, at: Instant) -> Result<Vec<Delta>, Failure> {
    let answer: Answer = named::from_slice(body).map_err(|error| malformed(&error))?;
    if let Some(error) = &answer.error {
        let message = format!("server reported inside its answer: {}", said(error));
        return Err(Failure::new(wire::error_kind(error), message));
    }
    let usage = answer.usage.and_then(wire::Counted::whole);
    let mut choices = answer.choices.unwrap_or_default();
    choices.sort_by_key(|choice| choice.index);
    let found: Vec<Option<usize>> = choices.iter().map(|choice| choice.index).collect();
    if !found.iter().copied().eq((0..prompts).map(Some)) {
        return Err(mixed_up(prompts, &found));
    }
    let delta = |choice: Choice| {
        let text = choice.text.unwrap_or_default();
        Delta {
            tokens: u32::from(!text.is_empty()),
            text,
            usage,
            finish_reason: choice.finish_reason,
            ..Delta::empty(at)
        }
    };
    let mut deltas: Vec<Delta> = choices.into_iter().map(delta).collect();
    if let Some(last) = deltas.last_mut() {
        last.is_last = true;
    }
    Ok(deltas)
}

/// So many vectors for each.
fn vectors(body: &[u8], counts: &[usize], at: Instant) -> Result<Vec<Delta>, Failure> {
    let whole = embedding::delta(body, at)?;
    let vectors = match whole.values {
        Some(Values::Vectors(vectors)) => vectors,
        Some(Values::Tensors(_)) | None => Vec::new(),
    };
    let (expected, found) = (counts.iter().sum::<usize>(), vectors.len());
    if expected != found {
        let message = format!("expected {expected} vectors, found {found}");
        return Err(Failure::new(FailureKind::Malformed, message));
    }
    let mut vectors = vectors.into_iter();
    let delta = |count: &usize| Delta {
        values: Some(Values::Vectors(vectors.by_ref().take(*count).collect())),
        usage: whole.usage,
        ..Delta::empty(at)
    };
    Ok(counts.iter().map(delta).collect())
}

/// Whose is whose cannot be told.
fn mixed_up(prompts: usize, found: &[Option<usize>]) -> Failure {
    /// So many places are told.
    const TOLD: usize = 10;
    let places = found.iter().take(TOLD).map(|index| match index {
        Some(index) => index.to_string(),
        None => "none".to_owned(),
    });
    let places: Vec<String> = places.collect();
    let more = if found.len() > TOLD { ", .." } else { "" };
    let message = format!(
        "expected one choice for each of {prompts} prompts, found {} with the indices [{}{more}]",
        found.len(),
        places.join(", ")
    );
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Usage;

    fn read(body: &str, prompts: usize) -> Result<Vec<(String, u32)>, String> {
        let deltas = Split::Choices(prompts).deltas(body.as_bytes(), Instant::now());
        let part = |delta: Delta| (delta.text, delta.tokens);
        deltas
            .map(|deltas| deltas.into_iter().map(part).collect())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn choices_are_told_apart_by_their_index_and_each_has_the_count_of_all() {
        let body = r#"{"choices":[{"index":1,"text":" b","finish_reason":"stop"},{"index":0,"text":" a","finish_reason":"length"}],
            "usage":{"prompt_tokens":2,"completion_tokens":3}}"#;

        let deltas = choices(body.as_bytes(), 2, Instant::now()).unwrap();

        let [first, second] = &deltas[..] else {
            panic!("{deltas:?}")
        };
        assert_eq!((&*first.text, first.is_last), (" a", false));
        assert_eq!(first.finish_reason.as_deref(), Some("length"));
        assert_eq!((&*second.text, second.is_last), (" b", true));
        let usage = Some(Usage {
            prompt_tokens: 2,
            completion_tokens: 3,
        });
        assert_eq!((first.usage, second.usage), (usage, usage));
    }

    #[test]
    fn vectors_are_shared_out_as_texts_were_sent() {
        let one = Request::embedding("one", "tiny", vec!["a".to_owned()]);
        let two = Request::embedding("two", "tiny", vec!["b".to_owned(), "c".to_owned()]);
        let answer = r#"{"data":[{"embedding":[1]},{"embedding":[2]},{"embedding":[3]}],"usage":{"prompt_tokens":3}}"#;

        let joined = join(&one, &[one.clone(), two]).unwrap();
        let deltas = joined.split.deltas(answer.as_bytes(), Instant::now());

        assert_eq!(joined.body, r#"{"model":"tiny","input":["a","b","c"]}"#);
        let values = deltas.unwrap().into_iter().map(|delta| delta.values);
        let vectors = |vectors: &[f32]| vectors.iter().map(|one| vec![*one]).collect();
        let expected = [&[1.0][..], &[2.0, 3.0]].map(|own| Some(Values::Vectors(vectors(own))));
        assert_eq!(values.collect::<Vec<_>>(), expected);
        let too_few = Split::Vectors(vec![2, 2]).deltas(answer.as_bytes(), Instant::now());
        let told = "malformed: expected 4 vectors, found 3";
        assert_eq!(too_few.unwrap_err().to_string(), told);
    }

    #[test]
    fn completions_are_sent_as_one_list_of_prompts() {
        let request = |prompt: &str| Request {
            id: prompt.to_owned(),
            model: "tiny".to_owned(),
            input: Input::Prompt(prompt.to_owned()),
            max_tokens: 4,
            stream: false,
            temperature: None,
            top_p: None,
        };
        let requests = [request("one"), request("two")];

        let joined = join(&requests[0], &requests).unwrap();

        let expected = r#"{"model":"tiny","prompt":["one","two"],"max_tokens":4}"#;
        assert_eq!(joined.body, expected);
    }

    #[test]
    fn choices_that_cannot_be_told_apart_are_no_answer() {
        let two = r#"{"choices":[{"index":0,"text":"a"},{"index":0,"text":"b"}]}"#;
        let one = r#"{"choices":[{"index":0,"text":"a"}]}"#;
        let unnumbered = r#"{"choices":[{"text":"a"},{"index":1,"text":"b"}]}"#;

        let told = |found| {
            Err(format!(
                "malformed: expected one choice for each of 2 prompts, found {found}"
            ))
        };
        assert_eq!(read(two, 2), told("2 with the indices [0, 0]"));
        assert_eq!(read(one, 2), told("1 with the indices [0]"));
        assert_eq!(read(unnumbered, 2), told("2 with the indices [none, 1]"));
        assert_eq!(read("{}", 2), told("0 with the indices []"));
        assert_eq!(read(one, 1), Ok(vec![("a".to_owned(), 1)]));
    }

    #[test]
    fn an_error_inside_an_answer_is_its_failure() {
        let body = r#"{"error":{"message":"out of memory","code":503}}"#;

        let told = "http_503: server reported inside its answer: out of memory";
        assert_eq!(read(body, 2), Err(told.to_owned()));
    }
}
