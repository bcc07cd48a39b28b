//! A tokenizer's file, and the two places in which the package that reads it has other rules than the library that wrote it.

use super::Error;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How GPT-2 takes a text apart before it looks for tokens, which is what `ByteLevel` does on its own. The package has a shorter
/// pattern for it, which keeps some white space together with the word behind it.
const BYTE_LEVEL: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// The kinds of models that the package knows.
const MODELS: [&str; 3] = ["BPE", "Unigram", "WordPiece"];

/// What of a model has to be known before all.
#[derive(Deserialize)]
struct Model<'a> {
    /// Left out in old files.
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
}

/// What has to be known of a token that is found in a text before all others.
#[derive(Deserialize)]
struct Added<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
}

/// The parts of a file by their names, each as it is written: a vocabulary may be large.
type Parts<'a> = BTreeMap<Cow<'a, str>, Cow<'a, RawValue>>;

/// The file as it has to be read to be understood as it was meant.
pub(super) fn understood(text: &str) -> Result<String, Error> {
    let mut parts: Parts<'_> = serde_json::from_str(text)?;
    let model = parts.get("model");
    let model = model.ok_or_else(|| serde_json::Error::missing_field("model"))?;
    let model: Model<'_> = serde_json::from_str(model.get())?;
    if let Some(kind) = model.kind.filter(|kind| !MODELS.contains(&kind.as_ref())) {
        return Err(Error::Model(kind.into_owned()));
    }
    if let Some(written) = parts.get_mut("pre_tokenizer") {
        let steps: Value = serde_json::from_str(written.get())?;
        if !steps.is_null() {
            let all = json!({ "type": "Sequence", "pretokenizers": steps_of(steps) });
            *written = Cow::Owned(serde_json::value::to_raw_value(&all)?);
        }
    }
    if let Some(written) = parts.get_mut("added_tokens") {
        *written = Cow::Owned(longest_first(written.get())?);
    }
    Ok(serde_json::to_string(&parts)?)
}

/// The steps in which a text is taken apart, one after the other.
fn steps_of(step: Value) -> Vec<Value> {
    match step.get("type").and_then(Value::as_str) {
        Some("Sequence") => {
            let steps = step.get("pretokenizers").and_then(Value::as_array);
            let steps = steps.cloned().unwrap_or_default();
            steps.into_iter().flat_map(steps_of).collect()
        }
        Some("ByteLevel") if step.get("use_regex") != Some(&Value::Bool(false)) => {
            let pattern = json!({ "Regex": BYTE_LEVEL });
            let split = json!({ "type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": false });
            let mut bytes = step;
            if let Some(bytes) = bytes.as_object_mut() {
                bytes.insert("use_regex".to_owned(), false.into());
            }
            vec![split, bytes]
        }
        Some(_) | None => vec![step],
    }
}

/// Of added tokens that begin alike, the longest is found in a text; the package takes the first.
fn longest_first(written: &str) -> Result<Box<RawValue>, Error> {
    let list: Option<Vec<&RawValue>> = serde_json::from_str(written)?;
    let with_length = list.into_iter().flatten().map(|token| {
        let added: Added<'_> = serde_json::from_str(token.get())?;
        Ok((Reverse(added.content.len()), token))
    });
    let mut list = with_length.collect::<Result<Vec<_>, Error>>()?;
    list.sort_by_key(|(length, _)| *length);
    let list: Vec<&RawValue> = list.into_iter().map(|(_, token)| token).collect();
    Ok(serde_json::value::to_raw_value(&list)?)
}
