//! Requests that wait, of which a worker has room for so many.
//!
//! A waiting request costs memory in Envoy and here, and a flood of them must end somewhere: from `settings.maxWaiting` on a
//! request is refused as if it could not wait.

use crate::Identity;
use std::cell::Cell;

/// How many requests of one plan wait in this VM, and how many may.
#[derive(Debug)]
pub(crate) struct WaitingRoom {
    most: u32,
    waiting: Cell<u32>,
}

/// Where a request goes on when its time has come.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    /// The number of the stage that waits.
    pub(crate) stage: usize,
    /// Who the caller has been proven to be.
    pub(crate) identity: Identity,
    /// Whether its headers are all of it.
    pub(crate) is_whole: bool,
}

// === impl WaitingRoom ===

impl WaitingRoom {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            waiting: Cell::new(0),
        }
    }

    /// Whether one more finds room.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.get() < self.most
    }

    pub(crate) fn enter(&self) {
        self.waiting.set(self.waiting.get().saturating_add(1));
    }

    pub(crate) fn leave(&self) {
        self.waiting.set(self.waiting.get().saturating_sub(1));
    }
}
