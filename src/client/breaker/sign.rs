//! What an attempt says about the health of whom it asked: a 503 that it is unwell, a 400 that it works.

use crate::client::FailureKind;

/// What one attempt says about the health of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Somebody is there and works.
    Well,
    /// Nothing: the endpoint lives, and is too busy.
    Nothing,
    /// Nobody could be reached.
    Unreachable,
    /// It answered as no sound server does, or not at all.
    Unwell,
}

impl Sign {
    /// What a failure says. A refusal of the request itself is a sound answer.
    pub(super) fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Connect => Self::Unreachable,
            FailureKind::Closed
            | FailureKind::Truncated
            | FailureKind::Deadline
            | FailureKind::Stalled
            | FailureKind::Malformed
            | FailureKind::Http(500 | 502 | 503 | 504)
            // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS.
            | FailureKind::Grpc(2 | 4 | 13 | 14 | 15) => Self::Unwell,
            // RESOURCE_EXHAUSTED is what HTTP calls 429.
            FailureKind::Http(429)
            | FailureKind::Grpc(8)
            | FailureKind::Invalid
            | FailureKind::Ejected
            | FailureKind::Stale
            | FailureKind::Outrun => Self::Nothing,
            FailureKind::Http(_) | FailureKind::Grpc(_) => Self::Well,
        }
    }

    /// What it says of the endpoint, where each model is judged by itself: whether anybody is there.
    pub(super) fn of_endpoint(kind: FailureKind) -> Self {
        match Self::of(kind) {
            // An answer, of whatever kind, comes from somebody.
            Self::Unwell if matches!(kind, FailureKind::Http(_) | FailureKind::Grpc(_)) => {
                Self::Well
            }
            Self::Unwell => Self::Nothing,
            sign @ (Self::Well | Self::Nothing | Self::Unreachable) => sign,
        }
    }

    /// What it says of the model that was asked for, where each is judged by itself. That it is not there counts too.
    pub(super) fn of_model(kind: FailureKind) -> Self {
        match Self::of(kind) {
            Self::Unreachable => Self::Nothing,
            // NOT_FOUND is what HTTP calls 404.
            _ if matches!(kind, FailureKind::Http(404) | FailureKind::Grpc(5)) => Self::Unwell,
            sign @ (Self::Well | Self::Nothing | Self::Unwell) => sign,
        }
    }
}
