//! Counts in sub-windows, for thresholds too large for a log.
//!
//! Sub-windows lie on one grid from the host's time zero, so nothing but the newest one's number must be kept beside the
//! counts, and states of different clients can be merged. At 32 sub-windows a window, the 33 that touch it count.

use crate::{Quota, Standing, meter::Meter};
use host::Nanos;
use std::num::NonZeroU32;

/// Sub-windows in a window: a pass counts at most 1/32 of the window longer than it must.
const PER_SPAN: u64 = 32;

/// Those that touch the window at any instant.
const COUNTED: usize = PER_SPAN as usize + 1;

/// A window that counts in sub-windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    quota: Quota,
    /// A sub-window's length, in nanoseconds.
    step: u64,
}

/// Passes by sub-window, from the newest back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    newest: u64,
    counts: [u32; COUNTED],
}

// === impl Grid ===

impl Grid {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            quota,
            step: quota.span_nanos().div_ceil(PER_SPAN),
        }
    }

    /// No sub-window holds more than the threshold, so two bytes often do.
    fn narrow(&self) -> bool {
        self.quota.threshold().get() <= u16::MAX.into()
    }

    /// Moves the counts on to `now`. Workers that commit out of order do not turn them back.
    fn advance(&self, counts: &mut Counts, now: Nanos) {
        let newest = counts.newest.max(now.0 / self.step);
        let passed = newest - counts.newest;
        if passed == 0 {
            return;
        }
        counts.newest = newest;
        let passed = usize::try_from(passed).map_or(COUNTED, |passed| passed.min(COUNTED));
        counts.counts.rotate_right(passed);
        counts
            .counts
            .iter_mut()
            .take(passed)
            .for_each(|count| *count = 0);
    }

    /// When no more than `room` passes count any more.
    fn room_at(&self, counts: &Counts, room: u32) -> Option<Nanos> {
        let mut left = counts.total();
        let gone = counts.held().rev().find(|(_, count)| {
            left -= u64::from(*count);
            left <= room.into()
        });
        gone.map(|(index, _)| self.expiry(index))
    }

    /// When a sub-window's end has left the window.
    fn expiry(&self, index: u64) -> Nanos {
        Nanos(index.saturating_add(PER_SPAN + 1).saturating_mul(self.step))
    }
}

impl Meter for Grid {
    type State = Counts;

    fn capacity(&self) -> u32 {
        self.quota.threshold().get()
    }

    fn encoded_len(&self) -> usize {
        8 + COUNTED * if self.narrow() { 2 } else { 4 }
    }

    fn take(&self, counts: &mut Counts, now: Nanos, cost: NonZeroU32) -> Result<(), Option<Nanos>> {
        self.advance(counts, now);
        let (cost, threshold) = (cost.get(), self.quota.threshold().get());
        let Some(room) = threshold.checked_sub(cost) else {
            return Err(None);
        };
        if counts.total() > u64::from(room) {
            return Err(self.room_at(counts, room));
        }
        if let Some(newest) = counts.counts.first_mut() {
            *newest = newest.saturating_add(cost);
        }
        Ok(())
    }

    /// Takes from the oldest sub-windows that can hold the pass of `taken`: a late worker's was counted later, never earlier.
    fn refund(&self, counts: &mut Counts, taken: Nanos, now: Nanos, cost: NonZeroU32) {
        self.advance(counts, now);
        let since = taken.0 / self.step;
        let (newest, mut rest) = (counts.newest, cost.get());
        if newest.saturating_sub(since) > PER_SPAN {
            return;
        }
        for (age, count) in counts.counts.iter_mut().enumerate().rev() {
            if newest.saturating_sub(age as u64) >= since {
                let back = rest.min(*count);
                (*count, rest) = (*count - back, rest - back);
            }
        }
    }

    fn full_at(&self, counts: &Counts, _: Nanos) -> Nanos {
        self.expiry(counts.newest)
    }

    fn standing(&self, counts: &Counts, now: Nanos) -> Standing {
        let mut counts = *counts;
        self.advance(&mut counts, now);
        let limit = self.quota.threshold().get();
        let total = u32::try_from(counts.total()).unwrap_or(u32::MAX);
        let mut held = counts.held();
        Standing {
            window: 0,
            limit,
            remaining: limit.saturating_sub(total),
            more_at: held.next_back().map(|(index, _)| self.expiry(index)),
            full_at: counts
                .held()
                .next()
                .map_or(now, |(index, _)| self.expiry(index)),
        }
    }

    fn encode(&self, counts: &Counts, into: &mut [u8]) {
        let Some((newest, rest)) = into.split_first_chunk_mut() else {
            return;
        };
        *newest = counts.newest.to_le_bytes();
        if self.narrow() {
            for (stored, count) in rest.as_chunks_mut().0.iter_mut().zip(&counts.counts) {
                *stored = u16::try_from(*count).unwrap_or(u16::MAX).to_le_bytes();
            }
        } else {
            for (stored, count) in rest.as_chunks_mut().0.iter_mut().zip(&counts.counts) {
                *stored = count.to_le_bytes();
            }
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Counts> {
        let (newest, rest) = bytes.split_first_chunk()?;
        if bytes.len() != self.encoded_len() {
            return None;
        }
        let mut counts = Counts {
            newest: u64::from_le_bytes(*newest),
            ..Counts::default()
        };
        if self.narrow() {
            for (count, stored) in counts.counts.iter_mut().zip(rest.as_chunks().0) {
                *count = u16::from_le_bytes(*stored).into();
            }
        } else {
            for (count, stored) in counts.counts.iter_mut().zip(rest.as_chunks().0) {
                *count = u32::from_le_bytes(*stored);
            }
        }
        Some(counts)
    }
}

// === impl Counts ===

impl Counts {
    fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The sub-windows with passes, newest first.
    fn held(&self) -> impl DoubleEndedIterator<Item = (u64, u32)> {
        let numbered = self.counts.iter().enumerate();
        numbered
            .filter(|(_, count)| **count > 0)
            .map(|(age, count)| (self.newest.saturating_sub(age as u64), *count))
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            newest: 0,
            counts: [0; COUNTED],
        }
    }
}
