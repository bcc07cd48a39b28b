//! How requests over REST travel: `http_version: 2` and `proxy: http://127.0.0.1:3128`.

use crate::client::{Error, Mode, Protocol};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of HTTP that REST endpoints are spoken to in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum HttpVersion {
    /// HTTP/1.1: a connection for each request under way.
    #[default]
    One,
    /// HTTP/2: one connection for all; with prior knowledge (h2c) over `http`, by ALPN over `https`.
    Two,
}

impl HttpVersion {
    /// Is this what a configuration has that says nothing of it?
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl TryFrom<u8> for HttpVersion {
    type Error = String;

    fn try_from(version: u8) -> Result<Self, String> {
        match version {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            other => Err(format!(
                "expected 1 for HTTP/1.1 or 2 for HTTP/2, found `{other}`"
            )),
        }
    }
}

impl From<HttpVersion> for u8 {
    fn from(version: HttpVersion) -> Self {
        match version {
            HttpVersion::One => 1,
            HttpVersion::Two => 2,
        }
    }
}

impl JsonSchema for HttpVersion {
    fn schema_name() -> Cow<'static, str> {
        "HttpVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The version of HTTP: 1 for HTTP/1.1, a connection for each request under way; 2 for HTTP/2, one \
                connection for all.",
            "type": "integer",
            "enum": [1, 2],
        })
    }
}

/// Is this a proxy that the client can use in this mode?
pub(super) fn check_proxy(proxy: Option<&str>, mode: Mode) -> Result<(), Error> {
    let Some(proxy) = proxy else {
        return Ok(());
    };
    let refused = |expected, found: &str| {
        Err(Error::Config {
            field: "proxy",
            expected,
            found: found.to_owned(),
        })
    };
    if mode
        .protocols()
        .any(|protocol| protocol == Protocol::OipGrpc)
    {
        return refused(
            "mode `rest`: nothing but REST goes through a proxy",
            &mode.to_string(),
        );
    }
    let is_usable = proxy.parse::<http::Uri>().is_ok_and(|url| {
        url.scheme_str() == Some("http")
            && url.host().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
    });
    // What stands before an @ may be a password.
    match (is_usable, proxy.contains('@')) {
        (true, false) => Ok(()),
        (false, false) => refused("a URL such as `http://127.0.0.1:3128`", proxy),
        (_, true) => refused(
            "a URL such as `http://127.0.0.1:3128`, without a user",
            "something with an @",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(proxy: &str, mode: Mode) -> String {
        check_proxy(Some(proxy), mode).unwrap_err().to_string()
    }

    #[test]
    fn a_version_is_a_number_and_no_other_than_these() {
        for (json, version) in [("1", HttpVersion::One), ("2", HttpVersion::Two)] {
            assert_eq!(serde_json::from_str::<HttpVersion>(json).unwrap(), version);
            assert_eq!(serde_json::to_string(&version).unwrap(), json);
        }
        assert_eq!(
            serde_json::from_str::<HttpVersion>("3")
                .unwrap_err()
                .to_string(),
            "expected 1 for HTTP/1.1 or 2 for HTTP/2, found `3`"
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_and_no_password_shown() {
        check_proxy(Some("http://127.0.0.1:3128"), Mode::Rest).unwrap();

        assert_eq!(
            told("127.0.0.1:3128", Mode::Rest),
            "proxy: expected a URL such as `http://127.0.0.1:3128`, found `127.0.0.1:3128`"
        );
        assert_eq!(
            told("http://me:planted@127.0.0.1:3128", Mode::Rest),
            "proxy: expected a URL such as `http://127.0.0.1:3128`, without a user, found `something with an @`"
        );
        assert_eq!(
            told("http://127.0.0.1:3128", Mode::Hybrid),
            "proxy: expected mode `rest`: nothing but REST goes through a proxy, found `hybrid`"
        );
    }
}
