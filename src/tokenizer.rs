//! Counts the tokens of a text as a model would, by the file that comes with the model: `tokenizer.json`, as Hugging Face's
//! tokenizers write it, `{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"}}`. It knows
//! nothing of chat templates: what a server puts around a text is not counted.

mod file;

use crate::units::hexadecimal;
use kitoken::Kitoken;
use kitoken::convert::ConversionError;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Why a file is no tokenizer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds something else.
    #[error("expected a `tokenizer.json` as Hugging Face's tokenizers write it: {0}")]
    Form(#[from] serde_json::Error),
    /// Its model is of a kind that is not known here.
    #[error("expected a model of type `BPE`, `Unigram` or `WordPiece`, found `{0}`")]
    Model(String),
    /// Something in it cannot be understood.
    #[error("could not make a tokenizer of it: {0}")]
    Content(String),
}

/// A tokenizer. Clones share its vocabulary.
#[derive(Clone)]
pub struct Tokenizer(Arc<Known>);

struct Known {
    file: String,
    digest: String,
    encoder: Kitoken,
}

impl Tokenizer {
    /// Reads the `text` of the file that is called `file`. Takes as long as a large vocabulary does, up to a second.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Error> {
        let understood = file::understood(text)?;
        // A file is hostile until it has been read: what the package does not foresee is an error like any other.
        let made = catch_unwind(|| Kitoken::from_tokenizers_slice(understood.as_bytes()));
        let encoder = match made {
            Ok(Ok(encoder)) => encoder,
            Ok(Err(ConversionError::UnsupportedConfiguration(told))) => {
                return Err(Error::Content(format!("it asks for `{told}`")));
            }
            Ok(Err(error)) => return Err(Error::Content(without_place(&error.to_string()))),
            Err(_) => return Err(Error::Content("its parts contradict each other".to_owned())),
        };
        Ok(Self(Arc::new(Known {
            file: file.to_owned(),
            digest: digest(text),
            encoder,
        })))
    }

    /// The name of its file.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// Equal for equal files: the beginning of their SHA-256.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// How many tokens a text has, without those that a model begins or ends each text with. `None` if it cannot say.
    pub fn count(&self, text: &str) -> Option<u64> {
        let tokens = self.tokens(text)?;
        u64::try_from(tokens.len()).ok()
    }

    /// How many tokens of a text end in each of the pieces that it came in, of so many bytes each: all of its tokens together.
    /// Where what a token stands for is written otherwise than the text, as in lower case, its length is taken in proportion.
    pub fn shares(&self, text: &str, pieces: &[u32]) -> Option<Vec<u32>> {
        let lengths = self.lengths(text)?;
        let stands_for: u64 = lengths.iter().sum();
        let written: u64 = pieces.iter().copied().map(u64::from).sum();
        let mut shares = vec![0; pieces.len()];
        let mut pieces = pieces.iter().zip(&mut shares);
        let Some((first, mut share)) = pieces.next() else {
            return Some(shares);
        };
        let (mut told, mut until) = (0, u64::from(*first));
        for length in lengths {
            told += length;
            // The token ends in the piece that has its last byte.
            while until.saturating_mul(stands_for) < told.saturating_mul(written) {
                let Some((piece, next)) = pieces.next() else {
                    break;
                };
                until += u64::from(*piece);
                share = next;
            }
            *share += 1;
        }
        Some(shares)
    }

    /// What each token of a text stands for, in bytes.
    fn lengths(&self, text: &str) -> Option<Vec<u64>> {
        let tokens = self.tokens(text)?;
        let length = |token| {
            let bytes = self.0.encoder.decode([token], true);
            u64::try_from(bytes.map_or(0, |bytes| bytes.len())).unwrap_or(0)
        };
        Some(tokens.into_iter().map(length).collect())
    }

    fn tokens(&self, text: &str) -> Option<Vec<u32>> {
        // A pattern of the file that takes a text too many steps ends in a panic of the package.
        let encoding = AssertUnwindSafe(|| self.0.encoder.encode(text, true));
        catch_unwind(encoding).ok()?.ok()
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { file, digest, .. } = &*self.0;
        f.debug_tuple("Tokenizer")
            .field(file)
            .field(digest)
            .finish()
    }
}

/// Two tokenizers of the same contents are the same, wherever their files stand.
impl PartialEq for Tokenizer {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

/// As what it is known by.
impl Serialize for Tokenizer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.digest())
    }
}

/// What a parser says, without the place in a text that is not the file's.
fn without_place(told: &str) -> String {
    let told = told.split_once(" at line ").map_or(told, |(told, _)| told);
    let parsing = "invalid data: failed to parse tokenizers definition: ";
    told.strip_prefix(parsing).unwrap_or(told).to_owned()
}

fn digest(text: &str) -> String {
    hexadecimal(Sha256::digest(text).into_iter().take(16))
}

#[cfg(test)]
mod tests;
