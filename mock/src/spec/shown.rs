//! A specification as it may be shown to anybody: `{"api_keys":"(secret)","latency":{"fixed":"20ms"},...}`.

use super::MockSpec;
use serde_json::{Map, Value};

/// Fields, by their paths, that are for the mock and its clients alone to know.
const SECRETS: &[&[&str]] = &[&["admin", "token"], &["api_keys"]];

/// What stands in their place.
const SECRET: &str = "(secret)";

impl MockSpec {
    /// The specification as JSON, with `(secret)` in the place of each key and token: for reports, greetings and the
    /// admin API. What is sent to a child process is the specification itself.
    pub fn shown(&self) -> Value {
        let mut spec = Value::Object(self.fields());
        for path in SECRETS {
            let secret = path
                .iter()
                .try_fold(&mut spec, |within, name| within.get_mut(name));
            if let Some(secret) = secret.filter(|secret| !secret.is_null()) {
                *secret = Value::from(SECRET);
            }
        }
        spec
    }

    /// The fields of the specification, secrets among them. It is an object of text and numbers, which JSON can always
    /// say.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_not_shown_and_all_else_is() {
        let all = json!({
            "latency": { "fixed": "20ms" },
            "admin": { "token": "planted-1" },
            "api_keys": ["planted-2", "planted-3"],
        });
        let spec: MockSpec = serde_json::from_value(all).unwrap();

        let shown = spec.shown();

        assert!(!shown.to_string().contains("planted"), "{shown}");
        assert_eq!(shown["admin"]["token"], "(secret)");
        assert_eq!(shown["api_keys"], "(secret)");
        assert_eq!(shown["latency"]["fixed"], "20ms");
    }

    #[test]
    fn where_there_is_no_secret_none_is_made_up() {
        let shown = MockSpec::default().shown();

        assert_eq!(shown, serde_json::to_value(MockSpec::default()).unwrap());
    }
}
