//! The inference service: one validated request in, one answer out, whole or piece by piece.

use super::failover::first_answer;
use super::{Attempt, Chunk, Client, Failed, Reply, Request, Usage};
use futures_util::{Stream, TryStreamExt};

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
    /// The server's own count, if it sent one.
    pub usage: Option<Usage>,
    /// Why generation ended, in the server's words, such as `stop` or `length`.
    pub finish_reason: Option<String>,
    /// Position of the endpoint that answered.
    pub endpoint: usize,
    /// The attempts that failed before.
    pub failed_attempts: Vec<Attempt>,
}

impl<'a> InferenceService<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Sends a request and returns as soon as an endpoint begins to answer. The deadline runs from this call until the
    /// reply's last chunk. Dropping the future cancels the request.
    ///
    /// # Errors
    /// When the request is not valid, or every attempt allowed has failed before an answer began.
    pub async fn open(self, request: &Request) -> Result<Reply, Failed> {
        request.validate().map_err(|failure| Failed {
            failure,
            attempts: Vec::new(),
        })?;
        let mut deadline = self.client.deadline();
        let answered = first_answer(
            self.client,
            &self.client.route.of(&request.id),
            &request.id,
            &mut deadline,
            |transport, turn| transport.infer(request, turn),
        )
        .await?;
        Ok(Reply::new(answered, deadline))
    }

    /// Sends a request and collects its whole answer. Dropping the future cancels the request.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the answer breaks off; an answer that has begun is never asked for again.
    pub async fn execute(self, request: &Request) -> Result<Answer, Failed> {
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
            finish_reason: reply.finish_reason().map(str::to_owned),
            endpoint: reply.endpoint(),
            failed_attempts: reply.into_failed_attempts(),
        })
    }

    /// The chunks of an answer as a stream, which sends the request when first polled. Dropping it cancels the request.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when the answer breaks off; a failure is the last item.
    pub fn stream(self, request: &Request) -> impl Stream<Item = Result<Chunk, Failed>> {
        let opened = async move { self.open(request).await.map(chunks) };
        futures_util::stream::once(opened).try_flatten()
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
