//! The fixed window: a count that begins anew at each border.
//!
//! The cheapest way to count, and the one of quotas ("1,000 a day"): twelve bytes at any threshold, and all that is left is
//! there at the border, at once. The price is that twice the threshold may pass around a border; who does not want that
//! takes the strict window.
//!
//! Borders are the multiples of the window on the host's monotonic clock, the same for every client. Not those of the wall
//! clock: one that is set back would open a window twice. And not the first request of each client: strangers that are
//! counted together could then be let through by a common window that ends before their own.

use crate::{Quota, Standing, meter::Meter};
use host::Nanos;
use std::num::NonZeroU32;

/// A window with borders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed(Quota);

/// What has passed in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// The window's number from the host's time zero.
    window: u64,
    passed: u32,
}

// === impl Fixed ===

impl Fixed {
    pub(crate) fn new(quota: Quota) -> Self {
        Self(quota)
    }

    fn window(&self, at: Nanos) -> u64 {
        at.0 / self.0.span_nanos()
    }

    /// The count of the present window. Workers that commit out of order do not open an old one again.
    fn present(&self, count: &Count, now: Nanos) -> Count {
        let window = self.window(now);
        if window <= count.window {
            return *count;
        }
        Count { window, passed: 0 }
    }

    fn end(&self, count: &Count) -> Nanos {
        let next = count.window.saturating_add(1);
        Nanos(next.saturating_mul(self.0.span_nanos()))
    }
}

impl Meter for Fixed {
    type State = Count;

    fn capacity(&self) -> u32 {
        self.0.threshold().get()
    }

    fn encoded_len(&self) -> usize {
        12
    }

    fn encode(&self, count: &Count, into: &mut [u8]) {
        let Some((window, rest)) = into.split_first_chunk_mut() else {
            return;
        };
        *window = count.window.to_le_bytes();
        if let Some(passed) = rest.first_chunk_mut() {
            *passed = count.passed.to_le_bytes();
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Count> {
        let (window, passed) = bytes.split_first_chunk()?;
        Some(Count {
            window: u64::from_le_bytes(*window),
            passed: u32::from_le_bytes(passed.try_into().ok()?),
        })
    }

    fn take(&self, count: &mut Count, now: Nanos, cost: NonZeroU32) -> Result<(), Option<Nanos>> {
        let present = self.present(count, now);
        let Some(room) = self.capacity().checked_sub(cost.get()) else {
            return Err(None);
        };
        if present.passed > room {
            return Err(Some(self.end(&present)));
        }
        let passed = present.passed.saturating_add(cost.get());
        *count = Count { passed, ..present };
        Ok(())
    }

    /// What passed in a window that is over has gone with it.
    fn refund(&self, count: &mut Count, taken: Nanos, now: Nanos, cost: NonZeroU32) {
        if count.window == self.window(taken) && count.window == self.window(now) {
            count.passed = count.passed.saturating_sub(cost.get());
        }
    }

    fn full_at(&self, count: &Count, _: Nanos) -> Nanos {
        self.end(count)
    }

    fn standing(&self, count: &Count, now: Nanos) -> Standing {
        let present = self.present(count, now);
        let end = self.end(&present);
        let is_used = present.passed > 0;
        Standing {
            window: 0,
            limit: self.capacity(),
            remaining: self.capacity().saturating_sub(present.passed),
            more_at: is_used.then_some(end),
            full_at: if is_used { end } else { now },
        }
    }
}

#[cfg(test)]
mod tests;
