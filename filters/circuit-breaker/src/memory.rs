//! What one VM remembers of a breaker from its last look at the shared value, so that the common call asks the host once.
//!
//! **Admissions.** A trip must be seen by every worker within 100 ms. So a VM that has seen the breaker closed goes on
//! letting calls through for half of that without looking; the other half is for a busy worker to get round to it. Only
//! "closed" is remembered: an open or half-open breaker is asked each time, and a VM that has seen one has forgotten
//! all. The results of calls let through after a trip are of an older epoch and are dropped.
//!
//! **Results.** They are worked out on the bytes that were last read or written, and swapped in without a read. A swap that
//! is lost to another worker costs more than the read it was to spare, so after each such loss in a row the VM reads
//! first for twice as many results: a worker that is alone reads for none, one among busy others for nearly all.

use engine::state::Snapshot;
use host::Nanos;
use std::{cell::Cell, time::Duration};

/// How long a look holds: half of the time in which a trip is to be seen.
pub(crate) const HOLDS: Duration = Duration::from_millis(50);

/// The most results in a row that are not tried without a read: one lost swap in so many is nothing.
const MOST_READS: u8 = 64;

/// A VM's last look at a breaker.
#[derive(Default)]
pub(crate) struct Memory {
    closed: Cell<Option<Closed>>,
    /// The value as it was then. Taken while it is worked on, so that it is never used twice.
    value: Cell<Option<Snapshot>>,
    /// Results to read first for, after the last loss.
    penalty: Cell<u8>,
    /// How many of those are left.
    reads: Cell<u8>,
}

/// A breaker that was closed.
#[derive(Clone, Copy)]
struct Closed {
    epoch: u32,
    seen: Nanos,
}

// === impl Memory ===

impl Memory {
    /// The epoch of the breaker, if it was closed a moment ago.
    pub(crate) fn closed_epoch(&self, now: Nanos) -> Option<u32> {
        let closed = self.closed.get()?;
        (now.since(closed.seen) < HOLDS).then_some(closed.epoch)
    }

    /// The value to work out a result on without a read, if that is worth a try.
    pub(crate) fn value(&self, now: Nanos) -> Option<Snapshot> {
        let value = self.value.take();
        if let Some(left) = self.reads.get().checked_sub(1) {
            self.reads.set(left);
            return None;
        }
        value.filter(|_| self.closed_epoch(now).is_some())
    }

    /// The breaker is closed, and this is its value if it is known.
    pub(crate) fn saw_closed(&self, epoch: u32, now: Nanos, value: Option<Snapshot>) {
        self.closed.set(Some(Closed { epoch, seen: now }));
        self.value.set(value);
    }

    /// The breaker is not closed, or nobody knows.
    pub(crate) fn forget(&self) {
        self.closed.set(None);
        self.value.set(None);
    }

    /// A try without a read was won.
    pub(crate) fn won(&self) {
        self.penalty.set(0);
    }

    /// A try without a read was lost.
    pub(crate) fn lost(&self) {
        let penalty = self.penalty.get().saturating_mul(2).clamp(1, MOST_READS);
        self.penalty.set(penalty);
        self.reads.set(penalty);
    }
}
