//! Asynchronous model loading: loads wait for their turn in a queue with priorities, those who ask for the same model share
//! its load, and models that are often asked for are loaded before they are asked for again. What that means, exactly:
//!
//! - **Order.** At most `concurrent` loads run at a time. Who comes next is the first of the highest [`Priority`].
//! - **One load.** A model that is waiting to be loaded, or being loaded, is not loaded twice: who asks for it joins, and
//!   lifts it to their priority if that is higher. A model that this client has loaded within `model_list_ttl` is taken to be
//!   loaded, and asking for it ends at once. Unloading it through this client, a list that says otherwise, and inference
//!   that fails as if it were not there make that forgotten; who else unloads it is found out no sooner.
//! - **Deadlines.** A load that runs ends within `deadline`, so whoever waits is not left waiting for ever. Dropping the last
//!   [`Loading`] of a load takes it out of the queue, or cancels its call; a server may go on loading.
//! - **Ahead.** After each time that a model was asked for, those that were asked for most often of late and are not loaded
//!   are loaded ahead, at the lowest priority of all: only in places that nobody waits for, and given up when somebody does.
//!   No more than `preload` models are ever loaded, or being loaded, that nobody has asked for. A load that fails is not
//!   repeated ahead until its model was asked for again.
//! - **On demand.** Inference by a model that is not known to be loaded loads it first, within its own deadline.
//! - **Who works.** There is no task behind it: one of those who wait works on all loads that are running, its own and the
//!   others', and when its future is dropped another goes on. Whoever holds such a future must keep polling it or drop it.
//!   Loads ahead belong to whoever polls [`Client::watch`](super::Client::watch), which works on all others too: with it,
//!   loads go on while nobody waits; without it, nothing is loaded ahead.
//!
//! ```text
//! submit("a"), submit("b"), submit("a") --> queue: a (2 wait), b --> call a, call b --> both of a told at once, b told
//! ```

mod frequency;
mod handle;
mod known;
mod loader;
mod on_demand;
mod queue;
mod statistics;
mod work;

pub use handle::{LoadProgress, Loading};
pub(super) use loader::Loader;
pub(super) use on_demand::{failed, ready};
pub use statistics::LoadingStatistics;

/// Which loads come first. Those of one priority come in the order in which they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// After all others, but before what is loaded ahead.
    Low,
    /// As [`ModelService::load`](super::ModelService::load).
    #[default]
    Normal,
    /// Before all others, as inference that waits for its model.
    High,
}
