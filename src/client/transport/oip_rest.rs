//! The Open Inference Protocol over REST: `POST /v2/models/tiny/infer` for a whole answer, Triton's `generate_stream` or
//! `MLServer`'s `infer_stream` for a stream, readiness, the model repository. Text goes in as the BYTES tensor `text_input` and comes out as `text_output`; any other
//! tensors go to `infer` as they are.

mod describe;
mod elements;
mod infer;
mod streams;
mod wire;

use super::access::Access;
use super::rest::{self, Body, Dialect, Mark, Read, Target, Way, accepted, read, said};
use super::{ANSWER_LIMIT, Delta, Opened, Transport, Turn, no_room, oip};
use crate::client::batch::Kind;
use crate::client::{
    ClientConfig, Description, Error, Failure, FailureKind, Input, Model, PoolStatistics, Protocol,
    Request,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use inferometer_proto::named;
use reqwest::Url;
use streams::{Path, Streams};
use tokio::time::Instant;

/// How answers of text are read.
const TEXT: Dialect = Dialect {
    read: Read::Json(delta),
    end: Mark::EndOfBody,
};

/// How answers of tensors are read.
const TENSORS: Dialect = Dialect {
    read: Read::Parts(infer::read),
    end: Mark::EndOfBody,
};

/// An endpoint with the way to it.
#[derive(Debug)]
struct OipRest {
    way: Way,
    /// Everything up to and without `/v2`.
    base: Url,
    ready: Target,
    index: Target,
    /// Do tensors go in binary?
    binary_tensors: bool,
    streams: Streams,
}

/// Prepares the endpoint. Nothing is connected.
pub(super) fn prepare(
    base: &Url,
    config: &ClientConfig,
    access: &Access,
) -> Result<Box<dyn Transport>, Error> {
    let ready = Target::prepared(under(base, &["health", "ready"]))?;
    Ok(Box::new(OipRest {
        way: Way::new(base, config, access, &ready)?,
        ready,
        index: Target::prepared(under(base, &["repository", "index"]))?,
        base: base.clone(),
        binary_tensors: config.binary_tensors,
        streams: Streams::default(),
    }))
}

/// The URL of an operation. A base that already ends in `/v2` is taken as meant; a name is a part of its own whatever
/// characters it has.
fn under(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    let path = base.path().trim_end_matches('/');
    url.set_path(path.strip_suffix("/v2").unwrap_or(path));
    // Every URL that has a host has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("v2").extend(parts);
    }
    url
}

impl Transport for OipRest {
    fn protocol(&self) -> Protocol {
        Protocol::OipRest
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(async move {
            if request.stream {
                self.stream(request, turn).await
            } else {
                self.post(Path::Infer, request, turn).await
            }
        })
    }

    fn batch_kind(&self, request: &Request) -> Option<Kind> {
        Kind::of_tensors(request)
    }

    fn infer_together<'a>(
        &'a self,
        requests: &'a [Request],
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(async move {
            let joined = oip::together::join(requests)?;
            let opened = self.post(Path::Infer, &joined.request, turn).await?;
            Ok(joined.split(opened))
        })
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            let response = self.way.get(&self.ready).await?;
            // To its end, so that its connection can be used again.
            let body = read(&mut accepted(response).await?, ANSWER_LIMIT).await;
            body.map(drop)
        })
    }

    fn renew(&self) {
        self.way.renew();
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async {
            let body = self.command(&self.index).await?;
            let list: Vec<wire::Listed> = named::from_slice(&body).map_err(|e| malformed(&e))?;
            Ok(list.into_iter().map(model).collect())
        })
    }

    fn is_model_ready<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(describe::is_ready(
            &self.way,
            under(&self.base, &["models", name, "ready"]),
        ))
    }

    fn describe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Description, Failure>> {
        Box::pin(describe::describe(
            &self.way,
            under(&self.base, &["models", name]),
        ))
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let url = under(&self.base, &["repository", "models", name, "load"]);
        Box::pin(async move { self.command(&Target::of(url)?).await.map(drop) })
    }

    fn unload<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let url = under(&self.base, &["repository", "models", name, "unload"]);
        Box::pin(async move { self.command(&Target::of(url)?).await.map(drop) })
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.way.warm_up())
    }

    fn pool_statistics(&self) -> PoolStatistics {
        self.way.statistics()
    }
}

impl OipRest {
    async fn post(&self, path: Path, request: &Request, turn: Turn) -> Result<Opened, Failure> {
        let target = Target::of(under(&self.base, &["models", &request.model, path.name()]))?;
        let (body, dialect) = match &request.input {
            Input::Chat(_) | Input::Prompt(_) => {
                let body = wire::body(request, path).map_err(|e| malformed(&e))?;
                (Body::from(body), TEXT)
            }
            Input::Tensors { inputs, outputs } => {
                let binary = self.binary_tensors;
                let body = infer::body(&request.id, inputs, outputs, binary)?;
                (body, TENSORS)
            }
            Input::Embedding { .. } => return Err(no_room(self.protocol(), request)),
        };
        self.way.infer(&target, request, turn, body, dialect).await
    }

    /// Asks the repository for something, with the empty object that all servers take.
    async fn command(&self, target: &Target) -> Result<Bytes, Failure> {
        let response = self.way.command(target).await?;
        read(&mut accepted(response).await?, ANSWER_LIMIT).await
    }
}

fn model(listed: wire::Listed) -> Model {
    let state = listed.state.unwrap_or_default();
    let reason = listed.reason.unwrap_or_default();
    Model {
        name: listed.name,
        state: oip::model_state(&state, &reason),
    }
}

/// What one piece of JSON adds to an answer.
fn delta(data: &[u8], at: Instant) -> Result<Delta, Failure> {
    let piece: wire::Piece = named::from_slice(data).map_err(|error| malformed(&error))?;
    if let Some(error) = &piece.error {
        let message = format!("server reported inside its answer: {}", said(error));
        return Err(Failure::new(FailureKind::Http(500), message));
    }
    let text = piece.text();
    Ok(Delta {
        tokens: u32::from(!text.is_empty()),
        text,
        usage: piece.usage(),
        finish_reason: piece.finish_reason(),
        ..Delta::empty(at)
    })
}

fn malformed(error: &serde_json::Error) -> Failure {
    rest::malformed("JSON as the Open Inference Protocol has it", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_as_a_prefix_and_a_name_is_one_part_of_it() {
        let urls = [
            "http://h:1",
            "http://h:1/",
            "http://h:1/v2/",
            "http://h:1/llm",
        ]
        .map(|base| {
            let base = Url::parse(base).unwrap();
            under(&base, &["models", "org/a b?", "infer"]).to_string()
        });

        let plain = "http://h:1/v2/models/org%2Fa%20b%3F/infer";
        let prefixed = "http://h:1/llm/v2/models/org%2Fa%20b%3F/infer";
        assert_eq!(urls, [plain, plain, plain, prefixed]);
    }

    #[test]
    fn no_answer_is_more_than_its_json_says() {
        let honest: &[&[u8]] = &[
            include_bytes!("../../../proto/golden/infer.response.json"),
            include_bytes!("../../../proto/golden/generate.response.json"),
            br#"{"model_name":"m","outputs":[{"name":"text_output","shape":[1,1],"data":[["a"]]}]}"#,
            br#"{"error":"no"}"#,
        ];

        inferometer_fuzz::hold(honest, |body| match delta(body, Instant::now()) {
            Ok(delta) => assert!(delta.text.len() <= 3 * body.len()),
            Err(failure) => assert!(failure.message.chars().count() <= 700),
        });
    }
}
