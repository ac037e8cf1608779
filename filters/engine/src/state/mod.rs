//! State that all workers of one Envoy share.
//!
//! Envoy's shared data is the only memory that workers share. It is one map behind one mutex: no delete, no expiry, no
//! listing, and each doubling of the map stops every worker. So the number of keys is fixed beforehand and what expires is
//! reused in place: a policy that counts one thing has a key of its own, a [`SharedCell`].
//!
//! A change is a pure function from the old state to a verdict and, if it changes anything, a new state. It runs in a
//! bounded compare-and-swap loop and so may run several times; it must have no other effect.

mod cell;
mod id;

pub use cell::{MAX_TRIES, SharedCell, Snapshot, StateError, Updated};
pub use id::StateId;
