//! A request's place among those that wait: from its arrival until it has its part of the answer, or gives up.

use super::carrier::{Carrier, Member, Part};
use super::collector::Ticket;
use super::{Batcher, Kind};
use crate::client::{Client, Failed, Failure, Request};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// A request that waits for others, or for its part of their answer. Dropping it gives the request up.
#[derive(Debug)]
pub(super) struct Place<'a> {
    client: &'a Client,
    batcher: &'a Arc<Batcher>,
    kind: Kind,
    ticket: Ticket,
    /// What it is sent with.
    sent: oneshot::Receiver<Arc<Carrier>>,
    /// That, once it is there.
    carrier: Option<Arc<Carrier>>,
    part: oneshot::Receiver<Result<Part, Failed>>,
}

impl<'a> Place<'a> {
    /// Takes a place, to be left at `ends` at the latest.
    pub(super) fn take(
        client: &'a Client,
        batcher: &'a Arc<Batcher>,
        kind: Kind,
        request: &Request,
        ends: Instant,
    ) -> Self {
        let (tell_sent, sent) = oneshot::channel();
        let (give_part, part) = oneshot::channel();
        let member = Member {
            request: request.clone(),
            ends,
            tell_sent,
            give_part,
        };
        let ticket = batcher.arrive(client, &kind, member);
        Self {
            client,
            batcher,
            kind,
            ticket,
            sent,
            carrier: None,
            part,
        }
    }

    /// Waits for this request's part of the answer, and works on the whole of it if nobody else does.
    ///
    /// # Errors
    /// What went wrong for all.
    pub(super) async fn part(&mut self) -> Result<Part, Failed> {
        let carrier = self.sent().await;
        let carrier = self.carrier.insert(carrier);
        let mut part = &mut self.part;
        let given = tokio::select! {
            biased;
            given = &mut part => given,
            () = carrier.work() => part.await,
        };
        given.unwrap_or_else(|_| unreachable!("whoever waits for a part is given one"))
    }

    /// Waits until the request is sent, at most for the window.
    async fn sent(&mut self) -> Arc<Carrier> {
        let mut sent = &mut self.sent;
        let carrier = tokio::select! {
            biased;
            carrier = &mut sent => carrier,
            () = sleep(self.batcher.window) => {
                self.batcher.due(self.client, &self.kind);
                sent.await
            }
        };
        carrier.unwrap_or_else(|_| unreachable!("whoever has waited for the window is sent"))
    }

    /// The failure of a request that does not wait any longer. Of a batch that was sent it has the attempt under way.
    pub(super) fn given_up(&self, failure: Failure) -> Failed {
        let carrier = self.carrier.as_ref();
        let attempt = carrier.and_then(|carrier| carrier.attempt_under_way(&failure));
        Failed {
            failure,
            attempts: attempt.into_iter().collect(),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.carrier.is_none() {
            self.batcher.leave(&self.kind, self.ticket);
        }
    }
}
