//! How endpoints are spoken to: one [`Transport`] for each protocol, all giving the same [`Delta`]s.

mod access;
mod borrowed;
mod connection;
mod given_up;
mod oip;
mod oip_grpc;
mod oip_rest;
mod openai;
mod pool;
mod rest;
pub mod sse;

use super::batch::Kind;
use super::{
    ClientConfig, Connection, Description, Endpoint, Error, Failure, FailureKind, Model,
    ModelState, PoolStatistics, Protocol, Request, Usage, Values,
};
use access::Access;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use reqwest::Url;
use rest::Target;
use std::fmt::Debug;
use std::future::ready;
use std::time::Duration;
use tokio::time::Instant;

/// The most that is read of a whole answer, or of one event of a stream. More is [`Malformed`], so that a broken server
/// cannot fill the memory that is being measured.
///
/// [`Malformed`]: super::FailureKind::Malformed
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// How much of one answer over HTTP/2 a server may send that nobody has read yet.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Likewise of all answers over one connection: as much as the protocol can say (RFC 9113, 6.9.1), so that answers that nobody
/// reads do not hold up the others. What bounds the memory is the window of each.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// One endpoint, spoken to in its protocol. Every call is one attempt: no retry, no deadline but the one for connecting.
/// Dropping a future cancels the attempt.
pub(super) trait Transport: Debug + Send + Sync {
    /// What is spoken.
    fn protocol(&self) -> Protocol;

    /// Sends a request that has been validated; returns when the head of the answer has arrived. The server is told of
    /// the turn.
    fn infer<'a>(
        &'a self,
        request: &'a Request,
        turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>>;

    /// What others must have in common with this request to be sent together with it, if the protocol can carry that.
    fn batch_kind(&self, _request: &Request) -> Option<Kind> {
        None
    }

    /// Sends requests of one kind as one, under the id of the first; returns when the head of the answer has arrived. There
    /// is one delta for each of them, in their order, each with the server's count for all.
    fn infer_together<'a>(
        &'a self,
        requests: &'a [Request],
        _turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        let (protocol, count) = (self.protocol(), requests.len());
        let message = format!("protocol `{protocol}` cannot carry {count} requests as one");
        Box::pin(ready(Err(Failure::new(FailureKind::Invalid, message))))
    }

    /// Is the endpoint ready for requests?
    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// An attempt was not answered in its time: lets the next one go over another connection, where several share one. A
    /// connection that swallows everything would otherwise swallow all that comes after.
    fn renew(&self) {}

    /// Its models.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>>;

    /// Is this model ready for requests?
    fn is_model_ready<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            let list = self.list().await?;
            let listed = list.into_iter().find(|model| model.name == name);
            Ok(listed.is_some_and(|model| model.state == ModelState::Loaded))
        })
    }

    /// What a model takes and gives, where the protocol tells.
    fn describe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Description, Failure>> {
        let protocol = self.protocol();
        let message = format!("protocol `{protocol}` cannot describe model `{name}`");
        Box::pin(ready(Err(Failure::new(FailureKind::Invalid, message))))
    }

    /// Loads a model, where the protocol offers it.
    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        not_offered(self.protocol(), name)
    }

    /// Unloads a model, where the protocol offers it.
    fn unload<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        not_offered(self.protocol(), name)
    }

    /// Makes the connections that are wanted before the first request. Those that cannot be made are left to those who
    /// will need them.
    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    /// What became of its connections so far, as far as that is known.
    fn pool_statistics(&self) -> PoolStatistics {
        PoolStatistics::default()
    }
}

/// Which attempt of a call this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Position of the endpoint that is asked.
    pub(super) endpoint: usize,
    /// How many attempts came before. Told to the server unless this is the first.
    pub(super) earlier_attempts: u32,
    /// What it may go over.
    pub(super) over: Over,
    /// How much is left of the call's time. Told to the server, which need not work on what nobody will wait for.
    pub(super) time_left: Duration,
}

/// What an attempt may go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Any connection that there is, or a new one.
    Any,
    /// None that has been used before.
    Fresh,
}

fn not_offered(protocol: Protocol, name: &str) -> BoxFuture<'static, Result<(), Failure>> {
    let message = format!("protocol `{protocol}` can neither load nor unload model `{name}`");
    Box::pin(ready(Err(Failure::new(FailureKind::Invalid, message))))
}

/// A request that was sent to an endpoint that its operation is not offered by: calls pass over those.
fn no_room(protocol: Protocol, request: &Request) -> Failure {
    let operation = request.input.operation();
    let message = format!("protocol `{protocol}` has no room for {operation}");
    Failure::new(FailureKind::Invalid, message)
}

/// An answer whose head has arrived.
pub(super) struct Opened {
    /// When it arrived.
    pub(super) first_byte: Instant,
    /// What it came over.
    pub(super) connection: Connection,
    /// How long it waited for a connection to become free; `None` where there is no limit to wait for.
    pub(super) queued: Option<Duration>,
    /// The rest, ending with the transmission; nothing follows a failure.
    pub(super) deltas: BoxStream<'static, Result<Delta, Failure>>,
}

/// What one message of an answer adds to it. All fields but `at` may be empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delta {
    /// When the bytes that completed the message were read.
    pub(super) at: Instant,
    /// Text generated.
    pub(super) text: String,
    /// Tokens generated, as far as known; 0 when the message carries none.
    pub(super) tokens: u32,
    /// The server's own count.
    pub(super) usage: Option<Usage>,
    /// Why generation ended, in the server's words.
    pub(super) finish_reason: Option<Box<str>>,
    /// What is no text.
    pub(super) values: Option<Values>,
    /// Did the server say that nothing follows?
    pub(super) is_last: bool,
}

impl Delta {
    /// A message that adds nothing.
    pub(super) fn empty(at: Instant) -> Self {
        Self {
            at,
            text: String::new(),
            tokens: 0,
            usage: None,
            finish_reason: None,
            values: None,
            is_last: false,
        }
    }
}

/// Makes a transport of a base URL, without connecting.
type Prepare = fn(&Url, &ClientConfig, &Access) -> Result<Box<dyn Transport>, Error>;

/// Every protocol and its transport. A new protocol is one file and one line here.
const TRANSPORTS: &[(Protocol, Prepare)] = &[
    (Protocol::Openai, openai::prepare),
    (Protocol::OipRest, oip_rest::prepare),
    (Protocol::OipGrpc, oip_grpc::prepare),
];

/// The transport of one endpoint, not connected yet.
///
/// # Errors
/// [`Error::Url`], [`Error::Scheme`] and [`Error::Unusable`].
pub(super) fn prepare(
    position: usize,
    endpoint: &Endpoint,
    config: &ClientConfig,
) -> Result<Box<dyn Transport>, Error> {
    let url = base_url(position, &endpoint.url)?;
    let Some((_, prepare)) = TRANSPORTS
        .iter()
        .find(|(protocol, _)| *protocol == endpoint.protocol)
    else {
        unreachable!("every protocol has its line, which a test proves")
    };
    let tls = (url.scheme() == "https").then_some(&config.tls);
    prepare(&url, config, &Access::read(position, endpoint, tls)?)
}

/// What stands before the paths of a protocol when its host is a socket.
const AT_A_SOCKET: &str = "http://localhost";

/// Parses a base URL and lets only HTTP pass, plain or encrypted, or over a unix domain socket.
fn base_url(endpoint: usize, url: &str) -> Result<Url, Error> {
    let url = match access::socket(url) {
        Some(path) if path.starts_with('/') => AT_A_SOCKET,
        Some(_) => {
            return Err(Error::Url {
                endpoint,
                url: url.to_owned(),
                reason: "expected an absolute path behind `unix:`".to_owned(),
            });
        }
        None => url,
    };
    let parsed = Url::parse(url).map_err(|error| Error::Url {
        endpoint,
        url: url.to_owned(),
        reason: error.to_string(),
    })?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(Error::Scheme {
            endpoint,
            url: url.to_owned(),
            scheme: parsed.scheme().to_owned(),
        });
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        base_url(3, url).unwrap_err().to_string()
    }

    #[test]
    fn every_protocol_has_its_transport() {
        for protocol in [Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc] {
            let endpoint = Endpoint::new(protocol, "http://127.0.0.1:8000");

            let transport = prepare(0, &endpoint, &ClientConfig::default()).unwrap();

            assert_eq!(transport.protocol(), protocol);
        }
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_with_its_reason() {
        assert_eq!(
            refusal("127.0.0.1:8000"),
            "endpoint 3: expected a URL such as `http://127.0.0.1:8000`, found `127.0.0.1:8000`: relative URL without a base"
        );
        assert_eq!(
            refusal("unix:model.sock"),
            "endpoint 3: expected a URL such as `http://127.0.0.1:8000`, found `unix:model.sock`: expected an absolute path behind `unix:`"
        );
        assert_eq!(
            refusal("ftp://models.example"),
            "endpoint 3: expected scheme `http` or `https`, found `ftp` in `ftp://models.example`"
        );
    }
}
