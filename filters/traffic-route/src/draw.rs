//! Chance, for weights and ratios.
//!
//! Shares of traffic need an even spread, not secrecy: a client that could foresee its draw gains nothing that it would
//! not get by trying again. So a small seeded generator does, without a host call per request.

use std::cell::RefCell;

/// A stream of random numbers of one VM.
pub(crate) struct Draw(RefCell<fastrand::Rng>);

// === impl Draw ===

impl Draw {
    /// `seed` should differ from worker to worker.
    pub(crate) fn new(seed: u64) -> Self {
        Self(RefCell::new(fastrand::Rng::with_seed(seed)))
    }

    /// Evenly from 0 to `end`, `end` itself never; 0 if `end` is 0.
    pub(crate) fn below(&self, end: u64) -> u64 {
        if end == 0 {
            0
        } else {
            self.0.borrow_mut().u64(..end)
        }
    }

    /// Evenly from 0 to 1, 1 itself never.
    pub(crate) fn share(&self) -> f64 {
        self.0.borrow_mut().f64()
    }
}
