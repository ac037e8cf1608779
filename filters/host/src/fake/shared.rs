//! Shared data as Envoy keeps it, for one thread, with contention on demand.

use crate::{Expected, Versioned};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// A process's shared data. A clone is the same data: give one to each [`FakeHost`](super::FakeHost) that stands for a worker.
#[derive(Clone, Default)]
pub struct SharedData(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    /// A value that was emptied stays as a tombstone, with its version.
    entries: BTreeMap<Vec<u8>, Versioned>,
    last_cas: u32,
    failures: usize,
    rival: Option<Box<dyn FnOnce()>>,
    swaps: usize,
}

// === impl SharedData ===

impl SharedData {
    /// The value under a key; an emptied one reads as none.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Versioned> {
        self.0
            .borrow()
            .entries
            .get(key)
            .filter(|entry| !entry.bytes.is_empty())
            .cloned()
    }

    /// Writes without asking what is there, as another plugin might. Empty bytes leave a tombstone.
    pub fn set(&self, key: &[u8], bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        state.last_cas += 1;
        let entry = Versioned {
            bytes: bytes.to_vec(),
            cas: state.last_cas,
        };
        state.entries.insert(key.to_vec(), entry);
    }

    /// Every key ever written, emptied ones among them: the host forgets none.
    #[must_use]
    pub fn keys(&self) -> Vec<Vec<u8>> {
        self.0.borrow().entries.keys().cloned().collect()
    }

    /// How many swaps were tried so far, won or lost.
    #[must_use]
    pub fn swaps(&self) -> usize {
        self.0.borrow().swaps
    }

    /// The next `count` swaps are lost, as if another worker had been faster. `usize::MAX`: all of them.
    pub fn fail_next_swaps(&self, count: usize) {
        self.0.borrow_mut().failures = count;
    }

    /// Runs `rival` once, right before the next swap is decided: between a caller's read and its write.
    pub fn before_next_swap(&self, rival: impl FnOnce() + 'static) {
        self.0.borrow_mut().rival = Some(Box::new(rival));
    }

    /// Compare-and-swap as [`Host::shared_swap`](crate::Host::shared_swap) has it; `false`: lost.
    #[must_use]
    pub fn swap(&self, key: &[u8], bytes: &[u8], expected: Expected) -> bool {
        let rival = self.0.borrow_mut().rival.take();
        if let Some(rival) = rival {
            rival();
        }
        let wins = self.wins(key, expected);
        if wins {
            self.set(key, bytes);
        }
        wins
    }

    /// A versioned swap of a key that was never written inserts, as in Envoy.
    fn wins(&self, key: &[u8], expected: Expected) -> bool {
        let mut state = self.0.borrow_mut();
        state.swaps += 1;
        if state.failures > 0 {
            state.failures -= 1;
            return false;
        }
        match (state.entries.get(key), expected) {
            (None, _) => true,
            (Some(found), Expected::Absent) => found.bytes.is_empty(),
            (Some(found), Expected::Version(cas)) => found.cas == cas,
        }
    }
}
