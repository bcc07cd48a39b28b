//! How long a mock waits for a slow client, and for how many clients at once:
//! `{ header_read: 60s, body_read: 30s, write_stall: 60s, connections: 10000 }`.

use super::Error;
use crate::latency::LONGEST;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a client may keep a mock waiting for. They are read when the mock starts, and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// From the moment at which a connection of HTTP/1.1 could be used for a request to the end of that request's
    /// headers. The connection closes then, so one that is idle for this long closes too. It also bounds the preface of
    /// HTTP/2.
    pub header_read: Period,
    /// Between two pieces of the body of a request over REST, before it is answered with 408 and, in HTTP/1.1, its
    /// connection closes.
    pub body_read: Period,
    /// For which a socket may take no byte at all of what is to be sent, before its connection is reset.
    pub write_stall: Period,
    /// Connections that are served at once on each port, 1 to 1,000,000. Further ones wait in the listen queue.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_read: Period::from_secs(60),
            body_read: Period::from_secs(30),
            write_stall: Period::from_secs(60),
            connections: 10_000,
        }
    }
}

/// More sockets than a machine gives to one process.
const MOST_CONNECTIONS: usize = 1_000_000;

impl Limits {
    /// Refuses limits that no client could keep, or that limit nothing.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (field, period) in [
            ("limits.header_read", self.header_read),
            ("limits.body_read", self.body_read),
            ("limits.write_stall", self.write_stall),
        ] {
            if period.is_zero() || period.duration() > LONGEST {
                return Err(Error::unfit(field, "more than 0s, at most 24h", period));
            }
        }
        if !(1..=MOST_CONNECTIONS).contains(&self.connections) {
            let found = self.connections;
            return Err(Error::unfit("limits.connections", "1 to 1000000", found));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::MockSpec;

    fn validate(limits: &str) -> Result<(), String> {
        let spec = format!(r#"{{"limits":{limits}}}"#);
        serde_json::from_str::<MockSpec>(&spec)
            .unwrap()
            .validate()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn limits_that_nobody_could_keep_are_refused() {
        for (limits, told) in [
            (
                r#"{"header_read":"0s"}"#,
                "expected more than 0s, at most 24h in `limits.header_read`, found `0s`",
            ),
            (
                r#"{"body_read":"25h"}"#,
                "expected more than 0s, at most 24h in `limits.body_read`, found `1day 1h`",
            ),
            (
                r#"{"write_stall":"0s"}"#,
                "expected more than 0s, at most 24h in `limits.write_stall`, found `0s`",
            ),
            (
                r#"{"connections":0}"#,
                "expected 1 to 1000000 in `limits.connections`, found `0`",
            ),
            (
                r#"{"connections":1000001}"#,
                "expected 1 to 1000000 in `limits.connections`, found `1000001`",
            ),
        ] {
            assert_eq!(validate(limits), Err(told.to_owned()));
        }
        let narrow =
            r#"{"header_read":"1ms","body_read":"24h","write_stall":"1ms","connections":1}"#;
        assert_eq!(validate(narrow), Ok(()));
    }
}
