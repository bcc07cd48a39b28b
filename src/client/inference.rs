//! The inference service: one validated request in, one answer out, whole or piece by piece.

use super::cache::Found;
use super::deadline::Deadline;
use super::failover::{Asked, first_answer};
use super::{
    Attempt, Batch, Chunk, Client, Failed, Failure, FailureKind, Operation, Reply, Request, Source,
    Tensor, Usage, Values, batch, loading,
};
use futures_util::{Stream, TryStreamExt};
use std::borrow::Cow;

/// Runs requests on a client's endpoints. Freely copied.
#[derive(Debug, Clone, Copy)]
pub struct InferenceService<'a> {
    client: &'a Client,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Everything generated, joined.
    pub text: String,
    /// The server's own count, if it sent one for this request alone.
    pub usage: Option<Usage>,
    /// The batch that it was part of, if it was not sent alone.
    pub batch: Option<Batch>,
    /// Why generation ended, in the server's words, such as `stop` or `length`.
    pub finish_reason: Option<String>,
    /// Where it came from.
    pub source: Source,
    /// Position of the endpoint that answered this request; `None` when none was asked.
    pub endpoint: Option<usize>,
    /// The attempts that failed before.
    pub failed_attempts: Vec<Attempt>,
}

/// The vectors of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// A vector for each text, in the order of the request, all of one length.
    pub vectors: Vec<Vec<f32>>,
    /// The server's own count, if it sent one for this request alone; nothing is generated.
    pub usage: Option<Usage>,
    /// The batch that it was part of, if it was not sent alone.
    pub batch: Option<Batch>,
    /// Where they came from.
    pub source: Source,
    /// Position of the endpoint that answered this request; `None` when none was asked.
    pub endpoint: Option<usize>,
    /// The attempts that failed before.
    pub failed_attempts: Vec<Attempt>,
}

/// The outputs of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// In the model's order; those that were asked for are among them.
    pub tensors: Vec<Tensor>,
    /// The batch that the request was part of, if it was not sent alone.
    pub batch: Option<Batch>,
    /// Where they came from.
    pub source: Source,
    /// Position of the endpoint that answered this request; `None` when none was asked.
    pub endpoint: Option<usize>,
    /// The attempts that failed before.
    pub failed_attempts: Vec<Attempt>,
}

impl Outputs {
    /// The output of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name() == name)
    }
}

impl<'a> InferenceService<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Sends a request and returns as soon as an endpoint begins to answer. The deadline runs from this call until the
    /// reply's last chunk. Dropping the future cancels the request.
    ///
    /// With a response cache, an answer that is kept comes without any endpoint being asked. While another request asks for
    /// the same, this one waits for that answer, and gets it once it is complete; it asks by itself when the other one fails
    /// or is given up, or when half of its own time is over.
    ///
    /// # Errors
    /// When the request is not valid, its model could not be loaded on demand, or every attempt allowed has failed before an
    /// answer began.
    pub async fn open(self, request: &Request) -> Result<Reply, Failed> {
        let counting = self.client.tally.begin();
        match self.opened(request).await {
            Ok(reply) => Ok(reply.counted(counting)),
            Err(failed) => {
                counting.failed();
                Err(failed)
            }
        }
    }

    async fn opened(self, request: &Request) -> Result<Reply, Failed> {
        request.validate().map_err(unsent)?;
        let deadline = self.client.deadline();
        let Some(cache) = &self.client.cache else {
            return self.ask(request, deadline).await;
        };
        match cache.find(request, deadline.left() / 2).await {
            Found::Answer(answer, source) => {
                let again = answer.replay(request.stream);
                Ok(Reply::again(again, source, deadline))
            }
            Found::Nothing(asking) => {
                let reply = self.ask(request, deadline).await?;
                Ok(reply.heard_by(asking))
            }
        }
    }

    /// Has an endpoint answer.
    async fn ask(self, request: &Request, mut deadline: Deadline) -> Result<Reply, Failed> {
        let order = self.order(request)?;
        loading::ready(self.client, &order, &request.model, &mut deadline).await?;
        let reply = self.ask_in(&order, request, deadline).await;
        if let Err(failed) = &reply {
            loading::failed(self.client, &request.model, failed);
        }
        reply
    }

    /// Likewise, of the endpoints in this order.
    async fn ask_in(
        self,
        order: &[usize],
        request: &Request,
        mut deadline: Deadline,
    ) -> Result<Reply, Failed> {
        if let Some(batcher) = &self.client.batcher
            && let Some(kind) = batch::kind_of(self.client, order, request)
        {
            return batch::open(self.client, batcher, kind, request, deadline).await;
        }
        let asked = Asked::inference(order, request);
        let answered = first_answer(self.client, &asked, &mut deadline, |transport, turn| {
            transport.infer(request, turn)
        })
        .await?;
        Ok(Reply::new(answered, deadline))
    }

    /// The endpoints in the order in which this request tries them: of those in use, the ones that it can be sent to.
    pub(super) fn order(self, request: &Request) -> Result<Cow<'a, [usize]>, Failed> {
        let order = self.client.route.of(&request.id);
        let operation = request.input.operation();
        if operation == Operation::Generate {
            return Ok(order);
        }
        let offers = |&at: &usize| {
            let link = self.client.links.get(at);
            link.is_some_and(|link| operation.protocols().contains(&link.transport.protocol()))
        };
        let offering: Vec<usize> = order.iter().copied().filter(offers).collect();
        if offering.is_empty() {
            let (mode, remedy) = (self.client.config.mode, operation.remedy());
            let message =
                format!("{operation} are not offered by any endpoint of mode `{mode}`: {remedy}");
            return Err(unsent(Failure::new(FailureKind::Invalid, message)));
        }
        Ok(Cow::Owned(offering))
    }

    /// Sends a request for text and collects its whole answer. Dropping the future cancels the request.
    ///
    /// # Errors
    /// As [`open`](Self::open), when the request is not for text, and when the answer breaks off; an answer that has begun
    /// is never asked for again.
    pub async fn execute(self, request: &Request) -> Result<Answer, Failed> {
        expect(request, Operation::Generate)?;
        let mut reply = self.open(request).await?;
        let mut text = String::new();
        while let Some(chunk) = reply.next().await {
            match chunk {
                Ok(chunk) => text.push_str(&chunk.text),
                Err(failure) => return Err(reply.broken(failure)),
            }
        }
        Ok(Answer {
            text,
            usage: reply.usage(),
            batch: reply.batch(),
            finish_reason: reply.finish_reason().map(str::to_owned),
            source: reply.source(),
            endpoint: reply.endpoint(),
            failed_attempts: reply.into_failed_attempts(),
        })
    }

    /// Forgets every kept answer, so that all are asked for anew. An answer under way is not kept either.
    pub fn clear_cache(self) {
        if let Some(cache) = &self.client.cache {
            cache.clear();
        }
    }

    /// Likewise for the answers of one model. Loading and unloading it do so by themselves.
    pub fn forget(self, model: &str) {
        if let Some(cache) = &self.client.cache {
            cache.forget(model);
        }
    }

    /// Sends texts and collects their vectors. Dropping the future cancels the request.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), for a request for vectors; [`FailureKind::Malformed`] when there is not one for each
    /// text, or they are not as long as was asked for.
    pub async fn embed(self, request: &Request) -> Result<Embeddings, Failed> {
        let (reply, values) = self.values(request, Operation::Embed).await?;
        let Values::Vectors(vectors) = values else {
            unreachable!("nothing else fits a request for vectors");
        };
        Ok(Embeddings {
            vectors,
            usage: reply.usage(),
            batch: reply.batch(),
            source: reply.source(),
            endpoint: reply.endpoint(),
            failed_attempts: reply.into_failed_attempts(),
        })
    }

    /// Sends tensors and collects those that the model has for them. Dropping the future cancels the request.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), for a request for tensors; [`FailureKind::Malformed`] when there are none, or not those
    /// that were asked for.
    pub async fn infer(self, request: &Request) -> Result<Outputs, Failed> {
        let (reply, values) = self.values(request, Operation::Infer).await?;
        let Values::Tensors(tensors) = values else {
            unreachable!("nothing else fits a request for tensors");
        };
        Ok(Outputs {
            tensors,
            batch: reply.batch(),
            source: reply.source(),
            endpoint: reply.endpoint(),
            failed_attempts: reply.into_failed_attempts(),
        })
    }

    /// The whole answer to a request for something else than text.
    async fn values(
        self,
        request: &Request,
        operation: Operation,
    ) -> Result<(Reply, Values), Failed> {
        expect(request, operation)?;
        let mut reply = self.open(request).await?;
        while let Some(chunk) = reply.next().await {
            if let Err(failure) = chunk {
                return Err(reply.broken(failure));
            }
        }
        let values = reply.take_values();
        match (request.fits(values.as_ref()), values) {
            (Ok(()), Some(values)) => Ok((reply, values)),
            (Err(misfit), _) => Err(reply.broken(Failure::caused(FailureKind::Malformed, &misfit))),
            (Ok(()), None) => unreachable!("nothing does not fit a request for values"),
        }
    }

    /// The chunks of an answer of text as a stream, which sends the request when first polled. Dropping it cancels the request.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when the answer breaks off; a failure is the last item.
    pub fn stream(self, request: &Request) -> impl Stream<Item = Result<Chunk, Failed>> {
        let opened = async move { self.open(request).await.map(chunks) };
        futures_util::stream::once(opened).try_flatten()
    }
}

/// Refuses a request whose answer this is not for.
fn expect(request: &Request, operation: Operation) -> Result<(), Failed> {
    let found = request.input.operation();
    if found == operation {
        return Ok(());
    }
    let message = format!("input: expected a request for {operation}, found one for {found}");
    Err(unsent(Failure::new(FailureKind::Invalid, message)))
}

fn unsent(failure: Failure) -> Failed {
    Failed {
        failure,
        attempts: Vec::new(),
    }
}

/// The chunks of a reply, a failure carrying the attempts before it.
fn chunks(reply: Reply) -> impl Stream<Item = Result<Chunk, Failed>> {
    futures_util::stream::try_unfold(Some(reply), |reply| async {
        let Some(mut reply) = reply else {
            return Ok(None);
        };
        match reply.next().await {
            None => Ok(None),
            Some(Ok(chunk)) => Ok(Some((chunk, Some(reply)))),
            Some(Err(failure)) => Err(reply.broken(failure)),
        }
    })
}
