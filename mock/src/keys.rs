//! Who may ask for anything: clients that send one of the mock's keys, as `authorization: Bearer KEY` over REST and in
//! gRPC's metadata. A key appears in no error, log or journal.
//!
//! ```yaml
//! api_keys: [sk-test]
//! ```

use crate::spec::Token;
use http::header::{AUTHORIZATION, HeaderMap};
use std::sync::Arc;

/// What a client without a key is told, on every protocol.
pub(crate) const EXPECTED: &str = "expected a key of this server as `Authorization: Bearer KEY`";

/// The keys that open a mock.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Arc<[Token]>);

impl Keys {
    /// Any of these keys; none where everybody may ask.
    pub(crate) fn new(keys: &[Token]) -> Self {
        Self(keys.into())
    }

    /// May everybody ask?
    pub(crate) fn are_needless(&self) -> bool {
        self.0.is_empty()
    }

    /// May a request with these headers be answered? How long the answer takes says nothing of how much of a key is right.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        if self.are_needless() {
            return true;
        }
        let Some(sent) = bearer(headers) else {
            return false;
        };
        // Every key is looked at, whichever fits.
        self.0.iter().fold(false, |fits, key| fits | key.is(sent))
    }
}

/// The key that a request sends. As in every scheme of HTTP, `Bearer` may be written in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::MockSpec;
    use http::HeaderValue;

    fn admits(keys: &[&str], sent: Option<&str>) -> bool {
        let json = serde_json::to_string(keys).unwrap();
        let keys = Keys::new(&serde_json::from_str::<Vec<Token>>(&json).unwrap());
        let mut headers = HeaderMap::new();
        if let Some(sent) = sent {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(sent).unwrap());
        }
        keys.admit(&headers)
    }

    #[test]
    fn any_of_the_keys_opens_whole_and_nothing_else_does() {
        let keys = ["sk-one", "sk-two-long"];

        for sent in ["Bearer sk-one", "bearer sk-two-long"] {
            assert!(admits(&keys, Some(sent)), "{sent}");
        }
        for sent in [
            "Bearer sk-on",
            "Bearer sk-one1",
            "Bearer sk-onf",
            "Bearer sk-two",
            "Bearer ",
            "Bearer",
            "Bearersk-one",
            "Basic sk-one",
            "sk-one",
            "Bearer  sk-one",
            "",
        ] {
            assert!(!admits(&keys, Some(sent)), "{sent}");
        }
        assert!(!admits(&keys, None));
    }

    #[test]
    fn without_keys_everybody_may_ask() {
        assert!(admits(&[], None));
        assert!(admits(&[], Some("Bearer anything")));
    }

    #[test]
    fn keys_travel_with_their_specification_and_are_not_shown() {
        let json = r#"{"api_keys":["sk-test"]}"#;
        let spec: MockSpec = serde_json::from_str(json).unwrap();

        let line = serde_json::to_string(&spec).unwrap();

        assert_eq!(serde_json::from_str::<MockSpec>(&line).unwrap(), spec);
        assert!(line.contains(r#""api_keys":["sk-test"]"#), "{line}");
        let shown = format!("{spec:?} {:?}", Keys::new(&spec.api_keys));
        assert!(!shown.contains("sk-test"), "{shown}");
        let without = serde_json::to_string(&MockSpec::default()).unwrap();
        assert!(!without.contains("api_keys"), "{without}");
    }

    #[test]
    fn what_no_header_could_hold_is_refused_without_showing_it() {
        for keys in [r#"["a",""]"#, r#"["a","se cret"]"#, r#"["a","se\ncret"]"#] {
            let spec = format!(r#"{{"api_keys":{keys}}}"#);
            let spec: MockSpec = serde_json::from_str(&spec).unwrap();

            assert_eq!(
                spec.validate().unwrap_err().to_string(),
                "expected 1 to 512 visible ASCII characters in `api_keys[1]`, found `something else`"
            );
        }
    }
}
