//! What can go wrong: [`Error`] before anything can be sent, [`Failure`] of one attempt, [`Failed`] for a call with all
//! its attempts. A failure's kind is data for counting, its message is for people.

use super::{Batch, Mode, Protocol};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Why a client cannot be made, or cannot do what is asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No endpoint speaks a protocol of the mode.
    #[error(
        "mode `{mode}` has no endpoint to use: expected at least one that speaks {}",
        spoken(*mode)
    )]
    NoEndpoint {
        /// The mode in question.
        mode: Mode,
    },
    /// A URL cannot be parsed or has no host.
    #[error(
        "endpoint {endpoint}: expected a URL such as `http://127.0.0.1:8000`, found `{url}`: {reason}"
    )]
    Url {
        /// Position of the endpoint.
        endpoint: usize,
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A URL has a scheme that is not spoken.
    #[error("endpoint {endpoint}: expected scheme `http` or `https`, found `{scheme}` in `{url}`")]
    Scheme {
        /// Position of the endpoint.
        endpoint: usize,
        /// The URL as given.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// A configured value is outside its range.
    #[error("{field}: expected {expected}, found `{found}`")]
    Config {
        /// The field in the client's configuration.
        field: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A file or an environment variable that the configuration names cannot be used.
    #[error("{field}: could not use `{named}`: {reason}; {remedy}")]
    Unusable {
        /// The field that names it, in the client's configuration or in an endpoint.
        field: String,
        /// The path or the name. What stands there is never shown.
        named: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The HTTP stack could not be set up.
    #[error("could not set up the HTTP client")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No endpoint in use speaks a protocol that has this operation.
    #[error(
        "{operation} is not offered by protocol `{protocol}`: use an oip_rest or oip_grpc endpoint"
    )]
    NotOffered {
        /// What was asked for.
        operation: &'static str,
        /// What the first endpoint in use speaks.
        protocol: Protocol,
    },
    /// The endpoints were asked, and failed.
    #[error(transparent)]
    Failed(#[from] Failed),
}

fn spoken(mode: Mode) -> String {
    let names: Vec<String> = mode.protocols().map(|spoken| spoken.to_string()).collect();
    names.join(" or ")
}

/// Why an attempt failed. The kind is what reports count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// No connection could be made: refused, unreachable, unknown host, or not within the connect deadline.
    Connect,
    /// The connection ended before the answer began. The server may have executed the request.
    Closed,
    /// Likewise, over a connection that had been used before: the server may have closed it just as it was to be used
    /// again. Over HTTP/2, whose connections are shared, when it is certain that the server has not looked at the request, as it
    /// says so or as the request was never written. Such an
    /// attempt is repeated at once, once, over a fresh connection.
    Stale,
    /// The answer broke off in the middle.
    Truncated,
    /// The deadline passed.
    Deadline,
    /// No answer began within `first_byte_deadline`, or nothing more of it came within `chunk_deadline`.
    Stalled,
    /// The server answered with this HTTP status. An error object inside an answer with status 200 counts as the status
    /// in its `code`, or as 500.
    Http(u16),
    /// The server answered with this gRPC status. An error message inside a stream counts as 13 (internal).
    Grpc(i32),
    /// The answer could not be understood.
    Malformed,
    /// The request is not valid, and was not sent.
    Invalid,
    /// It was not sent, as every endpoint is ejected.
    Ejected,
    /// It was given up, as another attempt of the same request began to be answered first, see [`Hedge`](super::Hedge). No
    /// call fails so.
    Outrun,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Closed => f.write_str("closed"),
            Self::Stale => f.write_str("stale"),
            Self::Truncated => f.write_str("truncated"),
            Self::Deadline => f.write_str("deadline"),
            Self::Stalled => f.write_str("stalled"),
            Self::Http(status) => write!(f, "http_{status}"),
            Self::Grpc(code) => write!(f, "grpc_{code}"),
            Self::Malformed => f.write_str("malformed"),
            Self::Invalid => f.write_str("invalid"),
            Self::Ejected => f.write_str("ejected"),
            Self::Outrun => f.write_str("outrun"),
        }
    }
}

/// How one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Failure {
    /// What kind of failure, for counting.
    pub kind: FailureKind,
    /// What happened, for people.
    pub message: String,
    /// What the server asked for as to when it may be asked again, if it did.
    pub pushback: Option<Pushback>,
}

/// What a server that refuses asks of those who would try again: `Retry-After` and `retry-after-ms` over REST,
/// `grpc-retry-pushback-ms` over gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushback {
    /// Not before so long from now.
    After(Duration),
    /// Not at all.
    Never,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            pushback: None,
        }
    }

    /// The same failure, with what the server asked for.
    pub(super) fn pushed_back(self, pushback: Option<Pushback>) -> Self {
        Self { pushback, ..self }
    }

    /// A failure whose message is an error with everything beneath it: libraries say "error sending request" on top and
    /// the reason at the bottom.
    pub(super) fn caused(kind: FailureKind, error: &(dyn std::error::Error + 'static)) -> Self {
        let chain: Vec<String> = chain(error).map(ToString::to_string).collect();
        Self::new(kind, chain.join(": "))
    }
}

/// How much of a server's own words is kept, in characters: they stand in every sample that failed.
const KEPT: usize = 500;

/// The beginning of what a server said.
pub(super) fn excerpt(said: &str) -> String {
    said.chars().take(KEPT).collect()
}

/// An error and its sources, outermost first.
pub(super) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// One attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Position of the endpoint that was tried.
    pub endpoint: usize,
    /// What was spoken with it.
    pub protocol: Protocol,
    /// How it failed.
    pub failure: Failure,
    /// When the attempt began.
    pub started: Instant,
    /// When it failed.
    pub ended: Instant,
    /// The batch whose attempt it was, if it was not this request's alone.
    pub batch: Option<Batch>,
    /// Was it the second one, beside one that was slow? See [`Hedge`](super::Hedge).
    pub is_hedge: bool,
}

/// A call that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure} (attempts: {})", attempts.len())]
pub struct Failed {
    /// The failure that ended the call.
    pub failure: Failure,
    /// Every attempt made, the last one included; empty when the request was not sent.
    pub attempts: Vec<Attempt>,
}
