//! When a failed attempt is repeated, and after how long a pause. Pure: chance comes in as an argument.

use super::{FailureKind, Repeats, Retry};
use std::time::Duration;

/// What gRPC calls `RESOURCE_EXHAUSTED`.
const RESOURCE_EXHAUSTED: i32 = 8;
/// What gRPC calls `UNAVAILABLE`.
const UNAVAILABLE: i32 = 14;

/// May an attempt that failed so be repeated?
pub(super) fn is_allowed(repeats: Repeats, kind: FailureKind) -> bool {
    is_safe(kind)
        || match repeats {
            Repeats::Unexecuted => false,
            Repeats::Idempotent => is_passing(kind),
        }
}

/// Can the attempt be repeated without the risk of executing the request twice? Yes if it never reached a server, or if
/// the server refused it as overloaded or unavailable.
fn is_safe(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Connect | FailureKind::Ejected | FailureKind::Stale => true,
        FailureKind::Http(status) => matches!(status, 429 | 503),
        FailureKind::Grpc(code) => matches!(code, RESOURCE_EXHAUSTED | UNAVAILABLE),
        FailureKind::Closed
        | FailureKind::Truncated
        | FailureKind::Deadline
        | FailureKind::Stalled
        | FailureKind::Malformed
        | FailureKind::Outrun
        | FailureKind::Invalid => false,
    }
}

/// May the next attempt succeed, whether or not this one was executed? No if it was executed in part: what has begun is
/// never begun again.
fn is_passing(kind: FailureKind) -> bool {
    match kind {
        // Only what has not begun is ever asked about.
        FailureKind::Closed | FailureKind::Stalled => true,
        FailureKind::Http(status) => matches!(status, 500 | 502 | 504),
        // UNKNOWN, ABORTED, INTERNAL and DATA_LOSS.
        FailureKind::Grpc(code) => matches!(code, 2 | 10 | 13 | 15),
        FailureKind::Connect
        | FailureKind::Ejected
        | FailureKind::Stale
        | FailureKind::Truncated
        | FailureKind::Deadline
        | FailureKind::Malformed
        | FailureKind::Outrun
        | FailureKind::Invalid => false,
    }
}

/// The pause after `failed` rounds, counted from 1: drawn evenly from zero up to a bound that doubles with each round
/// (full jitter, <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>). `fraction` is the draw, in
/// parts of 2^32.
pub(super) fn pause(retry: &Retry, failed: u32, fraction: u32) -> Duration {
    part(bound(retry, failed), fraction)
}

/// So many parts of 2^32 of a time.
pub(super) fn part(whole: Duration, fraction: u32) -> Duration {
    let nanos = (whole.as_nanos() * u128::from(fraction)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The longest that the pause after `failed` rounds may be.
fn bound(retry: &Retry, failed: u32) -> Duration {
    let doublings = failed.saturating_sub(1);
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let grown = retry.backoff.duration().saturating_mul(factor);
    grown.min(retry.max_backoff.duration())
}

/// A draw for one pause of one request. It depends on nothing else, so that a run with the same request ids pauses
/// equally long: FNV-1a over the id and the round, finished with the mixer of `MurmurHash3`, whose upper half is even.
pub(super) fn fraction(id: &str, failed: u32) -> u32 {
    let hash = id
        .bytes()
        .chain(failed.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    let [.., a, b, c, d] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferometer_proto::quantity::Period;
    use proptest::prelude::*;

    fn retry(backoff: u64, max_backoff: u64) -> Retry {
        Retry {
            attempts: 10,
            backoff: Period::from_millis(backoff),
            max_backoff: Period::from_millis(max_backoff),
            ..Retry::default()
        }
    }

    #[test]
    fn the_bound_doubles_until_it_reaches_the_maximum() {
        let retry = retry(50, 300);

        let bounds: Vec<u128> = (1..=5).map(|n| bound(&retry, n).as_millis()).collect();

        assert_eq!(bounds, [50, 100, 200, 300, 300]);
    }

    #[test]
    fn only_attempts_that_cannot_have_been_executed_are_repeated() {
        use FailureKind::{Closed, Connect, Deadline, Grpc, Http, Invalid, Malformed, Truncated};

        let safe = [
            Connect,
            FailureKind::Ejected,
            Http(429),
            Http(503),
            Grpc(8),
            Grpc(14),
        ];
        let unsafe_ = [
            Closed,
            Truncated,
            Deadline,
            Malformed,
            Invalid,
            Http(500),
            Http(502),
            Grpc(13),
        ];

        let unexecuted = |kind| is_allowed(Repeats::Unexecuted, kind);
        assert!(safe.into_iter().all(unexecuted));
        assert!(!unsafe_.into_iter().any(unexecuted));
    }

    #[test]
    fn what_may_be_executed_twice_is_repeated_unless_it_was_executed_in_part() {
        use FailureKind::{Closed, Connect, Deadline, Grpc, Http, Malformed, Truncated};

        let repeated = [
            Closed,
            Connect,
            Http(500),
            Http(502),
            Http(503),
            Http(504),
            Grpc(13),
        ];
        let never = [Truncated, Deadline, Malformed, Http(404), Grpc(5)];

        let idempotent = |kind| is_allowed(Repeats::Idempotent, kind);
        assert!(repeated.into_iter().all(idempotent));
        assert!(!never.into_iter().any(idempotent));
    }

    #[test]
    fn draws_are_even_over_sequential_ids() {
        let mut quarters = [0; 4];

        for seq in 0..4000 {
            let quarter = fraction(&format!("request-{seq}"), 1) >> 30;
            quarters[usize::try_from(quarter).unwrap()] += 1;
        }

        assert!(
            quarters.iter().all(|count| (900..1100).contains(count)),
            "{quarters:?}"
        );
    }

    proptest! {
        #[test]
        fn a_pause_is_never_above_its_bound(backoff in 0_u64..10_000, max in 0_u64..10_000, failed in 0_u32..100, draw: u32) {
            let retry = retry(backoff, max);

            prop_assert!(pause(&retry, failed, draw) <= bound(&retry, failed));
            prop_assert!(bound(&retry, failed) <= Duration::from_millis(max));
        }

        #[test]
        fn a_larger_draw_gives_no_shorter_pause(failed in 1_u32..20, low: u32, high: u32) {
            let retry = retry(50, 2000);
            let (low, high) = (low.min(high), low.max(high));

            prop_assert!(pause(&retry, failed, low) <= pause(&retry, failed, high));
        }
    }
}
