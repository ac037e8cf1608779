//! Permits: so many at once, over all workers, and none lost with a worker that dies.

mod roster;
mod semaphore;
mod shares;

pub use roster::{DEAD_AFTER, Presence, RENEWAL};
pub use semaphore::{Acquired, Permit, Semaphore};
pub(super) use shares::{Alive, Shares};

/// A VM that holds permits: its place in the list of the living, and its id there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) worker: u16,
    pub(super) id: u64,
}
