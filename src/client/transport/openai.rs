//! OpenAI's REST API over HTTP/1.1 or HTTP/2: chat completions, completions, embeddings, the list of models. Requests go out as
//! `POST /v1/chat/completions {"model":"tiny","messages":[..],"max_tokens":4}`.

mod answer;
mod embedding;
mod together;
mod wire;

use super::access::Access;
use super::rest::{self, Body, Target, Way, accepted, read};
use super::{ANSWER_LIMIT, Opened, Transport, Turn, no_room};
use crate::client::batch::Kind;
use crate::client::{
    ClientConfig, Error, Failure, FailureKind, Input, Model, ModelState, PoolStatistics, Protocol,
    Request,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use inferometer_proto::named;
use reqwest::Url;
use together::Split;

/// An endpoint with the way to it.
#[derive(Debug)]
struct Openai {
    way: Way,
    chat_completions: Target,
    completions: Target,
    embeddings: Target,
    models: Target,
}

/// Prepares the endpoint. Nothing is connected.
pub(super) fn prepare(
    base: &Url,
    config: &ClientConfig,
    access: &Access,
) -> Result<Box<dyn Transport>, Error> {
    let target = |operation| Target::prepared(under(base, operation));
    let models = target("models")?;
    Ok(Box::new(Openai {
        way: Way::new(base, config, access, &models)?,
        chat_completions: target("chat/completions")?,
        completions: target("completions")?,
        embeddings: target("embeddings")?,
        models,
    }))
}

/// The URL of an operation. A base that already ends in `/v1` is taken as meant.
fn under(base: &Url, operation: &str) -> Url {
    let path = base.path().trim_end_matches('/');
    let prefix = path.strip_suffix("/v1").unwrap_or(path);
    let mut url = base.clone();
    url.set_path(&format!("{prefix}/v1/{operation}"));
    url
}

impl Transport for Openai {
    fn protocol(&self) -> Protocol {
        Protocol::Openai
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(self.post(request, turn))
    }

    fn batch_kind(&self, request: &Request) -> Option<Kind> {
        Kind::of_texts(request)
    }

    fn infer_together<'a>(
        &'a self,
        requests: &'a [Request],
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(self.post_together(requests, turn))
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { self.get_models().await.map(drop) })
    }

    fn renew(&self) {
        self.way.renew();
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async {
            let body = self.get_models().await?;
            let list: wire::ModelList = named::from_slice(&body).map_err(|e| malformed(&e))?;
            Ok(list.data.into_iter().map(model).collect())
        })
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.way.warm_up())
    }

    fn pool_statistics(&self) -> PoolStatistics {
        self.way.statistics()
    }
}

impl Openai {
    async fn post(&self, request: &Request, turn: Turn) -> Result<Opened, Failure> {
        let (target, body, dialect) = match &request.input {
            Input::Chat(_) => (&self.chat_completions, wire::body(request), answer::DIALECT),
            Input::Prompt(_) => (&self.completions, wire::body(request), answer::DIALECT),
            Input::Embedding { texts, dimensions } => (
                &self.embeddings,
                embedding::body(&request.model, texts, *dimensions),
                embedding::DIALECT,
            ),
            Input::Tensors { .. } => return Err(no_room(self.protocol(), request)),
        };
        let body = body.map_err(|error| malformed(&error))?;
        let body = Body::from(body);
        self.way.infer(target, request, turn, body, dialect).await
    }

    async fn post_together(&self, requests: &[Request], turn: Turn) -> Result<Opened, Failure> {
        let Some(first) = requests.first() else {
            let message = "expected at least one request";
            return Err(Failure::new(FailureKind::Invalid, message));
        };
        let joined = together::join(first, requests).map_err(|e| malformed(&e))?;
        let target = match joined.split {
            Split::Choices(_) => &self.completions,
            Split::Vectors(_) => &self.embeddings,
        };
        let read = move |body: &[u8], at| joined.split.deltas(body, at);
        let sent = self
            .way
            .infer_together(target, first, turn, joined.body, read);
        sent.await
    }

    async fn get_models(&self) -> Result<Bytes, Failure> {
        let response = self.way.get(&self.models).await?;
        read(&mut accepted(response).await?, ANSWER_LIMIT).await
    }
}

/// What is listed is there to be used: this protocol knows no other state.
fn model(listed: wire::ListedModel) -> Model {
    Model {
        name: listed.id,
        state: ModelState::Loaded,
    }
}

fn malformed(error: &serde_json::Error) -> Failure {
    rest::malformed("JSON as the OpenAI API has it", error)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_as_a_prefix_and_v1_is_not_doubled() {
        let urls = [
            "http://h:1",
            "http://h:1/",
            "http://h:1/v1",
            "http://h:1/v1/",
            "http://h:1/llm",
            "http://h:1/llm/v1",
        ]
        .map(|base| under(&Url::parse(base).unwrap(), "models").to_string());

        let plain = "http://h:1/v1/models";
        let prefixed = "http://h:1/llm/v1/models";
        assert_eq!(urls, [plain, plain, plain, plain, prefixed, prefixed]);
    }
}
