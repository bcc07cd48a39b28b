//! Counts allocations per thread, by standing in front of the system's allocator.
//!
//! A program installs it once, in its `main.rs`:
//! ```standalone_crate
//! use inferometer::observe::{CountingAllocator, Meter};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator;
//!
//! let meter = Meter::start();
//! drop(std::hint::black_box(Box::new([0_u8; 64])));
//! assert_eq!(meter.stop().allocated.map(|counted| counted.bytes), Some(64));
//! ```
#![expect(
    unsafe_code,
    reason = "an allocator cannot be written without it; every call is passed on unchanged"
)]

use super::Allocated;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a count per thread of what was asked for.
#[derive(Debug, Clone, Copy)]
pub struct CountingAllocator;

/// One thread's counts since it began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    count: u64,
    bytes: u64,
    /// Bytes asked for and not given back on this thread. Memory that another thread frees stays in, memory that came
    /// from another thread goes out: hence signed.
    live: i64,
    peak: i64,
}

thread_local! {
    /// Constant and without a destructor, so that reaching it neither allocates nor fails.
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { count: 0, bytes: 0, live: 0, peak: 0 }) };
}

impl Counts {
    /// A running thread has allocated something, if anything was counted at all.
    pub(super) fn is_counting(&self) -> bool {
        self.count > 0
    }

    pub(super) fn since(&self, earlier: &Self) -> Allocated {
        Allocated {
            count: self.count - earlier.count,
            bytes: self.bytes - earlier.bytes,
            peak_live_bytes: u64::try_from(self.peak - earlier.live).unwrap_or(0),
        }
    }

    fn took(&mut self, size: usize) {
        self.count += 1;
        self.bytes += crate::units::wide(size);
        self.live += signed(size);
        self.peak = self.peak.max(self.live);
    }
}

/// The current thread's counts.
pub(super) fn counts() -> Counts {
    COUNTS.get()
}

/// Lets the current thread's peak begin at what is live now.
pub(super) fn restart_peak() {
    update(|counts| counts.peak = counts.live);
}

fn update(change: impl FnOnce(&mut Counts)) {
    // Fails only while the thread is being torn down, when nobody reads the counts any more.
    COUNTS
        .try_with(|cell| {
            let mut counts = cell.get();
            change(&mut counts);
            cell.set(counts);
        })
        .ok();
}

/// No allocation is larger than `isize::MAX`, by the contract of `Layout`.
fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

// SAFETY: every method passes its arguments on to `System` unchanged and returns its answer unchanged; counting touches
// only a constant-initialised thread-local cell and never allocates.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        update(|counts| counts.took(layout.size()));
        // SAFETY: the caller keeps `alloc`'s contract, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        update(|counts| counts.took(layout.size()));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        update(|counts| counts.live -= signed(layout.size()));
        // SAFETY: `block` came from this allocator, hence from `System`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        update(|counts| {
            counts.live -= signed(layout.size());
            counts.took(size);
        });
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}
