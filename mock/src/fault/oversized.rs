//! An answer that is far larger than it needs to be: `oversized: { every: 100, bytes: 8MiB }`.

use super::{Blemish, Misbehave, Spoil, Strike};
use crate::spec::Error;
use inferometer_proto::quantity::Size;

/// The most bytes that can be added: they are put together in memory for every struck request.
const MOST: u64 = 64 << 20;

fault! {
    /// Add bytes that mean nothing: over REST white space in the JSON of a body or of one event of a stream, over gRPC a
    /// parameter `padding`. The answer stays a valid one.
    Oversized {
        /// How many bytes are added, 1B to 64MiB.
        bytes: Size,
        /// In a stream, the output token, from 0, whose event or message grows; the last one where there are fewer.
        #[serde(default)]
        at_token: u32,
    }
}

impl Misbehave for Oversized {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::Piece {
            at_token: self.at_token,
            blemish: Blemish::Padded {
                bytes: usize::try_from(self.bytes.bytes()).unwrap_or_default(),
            },
        })
    }

    fn check(&self) -> Result<(), Error> {
        if (1..=MOST).contains(&self.bytes.bytes()) {
            Ok(())
        } else {
            Err(Error::unfit("bytes", "1B to 64MiB", self.bytes))
        }
    }
}
