//! What the instrument itself used: CPU time of the client's threads and their allocations. Readings are differences
//! between two moments on the same thread.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Resources used by the client's threads over the measure phase of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time of the threads, user and system.
    pub cpu: Duration,
    /// Allocations and bytes; `None` when the counting allocator is not installed in this process.
    pub allocated: Option<Allocated>,
}

/// What the counting allocator counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allocated {
    /// Number of allocations, reallocations included.
    pub count: u64,
    /// Bytes asked for, never reduced by what was given back.
    pub bytes: u64,
    /// Highest number of bytes live at once on these threads above where the phase began.
    pub peak_live_bytes: u64,
}
