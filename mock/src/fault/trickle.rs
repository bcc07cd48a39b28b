//! An answer that leaves in drips: `trickle: { share: 1%, bytes: 16B, pause: 50ms }`.

use super::{Misbehave, Spoil, Strike};
use crate::latency::LONGEST;
use crate::spec::Error;
use inferometer_proto::quantity::{Period, Size};
use std::time::Duration;

/// The largest piece. Larger ones would be no drips: whole events and messages fit into it.
const LARGEST: u64 = 64 << 10;

fault! {
    /// Send the body of the answer, every byte of it as it should be, in small pieces with pauses between them: a slow
    /// network rather than slow tokens. Its head comes as always.
    Trickle {
        /// Bytes in each piece, 1B to 64KiB.
        bytes: Size,
        /// Time from one piece to the next, above 0s and at most 24h.
        pause: Period,
    }
}

impl Misbehave for Trickle {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::Trickle {
            bytes: usize::try_from(self.bytes.bytes()).unwrap_or(usize::MAX),
            pause: self.pause.duration(),
        })
    }

    fn check(&self) -> Result<(), Error> {
        if !(1..=LARGEST).contains(&self.bytes.bytes()) {
            return Err(Error::unfit("bytes", "1B to 64KiB", self.bytes));
        }
        let pause = self.pause.duration();
        if pause == Duration::ZERO || pause > LONGEST {
            return Err(Error::unfit("pause", "above 0s, at most 24h", self.pause));
        }
        Ok(())
    }
}
