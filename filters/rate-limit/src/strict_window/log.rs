//! The exact log, for thresholds up to [`MAX_THRESHOLD`].
//!
//! Times are kept as 32-bit distances from the newest, 133 bytes at most. A window above 4.29 s does not fit that in
//! nanoseconds, so the unit is the power of two that makes it fit, and a time is rounded up to it: a pass may count up to
//! 2^-31 of the window longer, never shorter.

use crate::{Quota, Standing, meter::Meter};
use host::Nanos;
use std::num::NonZeroU32;

/// Above this the grid is smaller than a log.
pub(crate) const MAX_THRESHOLD: u32 = 32;

/// A window that remembers each pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    quota: Quota,
    /// Times are in units of `2^shift` ns.
    shift: u32,
}

/// The passes that may still count, oldest first, in the log's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passes {
    times: [u64; MAX_THRESHOLD as usize],
    len: usize,
}

// === impl Log ===

impl Log {
    pub(crate) fn new(quota: Quota) -> Self {
        // One unit of slack for the rounding.
        let fits = |shift: &u32| (quota.span_nanos() >> shift) < u64::from(u32::MAX);
        Self {
            quota,
            shift: (0..u64::BITS).find(fits).unwrap_or_default(),
        }
    }

    fn threshold(&self) -> usize {
        self.quota
            .threshold()
            .get()
            .try_into()
            .unwrap_or(usize::MAX)
    }

    /// Workers may commit out of order: time does not go back behind the newest pass. Its stamp was rounded up, so the pass
    /// itself may lie up to a unit before it; time must not run ahead of it either.
    fn raised(&self, passes: &Passes, now: Nanos) -> Nanos {
        let stamp = passes.newest().unwrap_or_default() << self.shift;
        now.max(Nanos(stamp.saturating_sub((1 << self.shift) - 1)))
    }

    fn live(&self, passes: &Passes, now: Nanos) -> Passes {
        passes
            .as_slice()
            .iter()
            .copied()
            .filter(|time| self.expiry(*time) > now)
            .collect()
    }

    fn stamp(&self, now: Nanos) -> u64 {
        (now.0 >> self.shift) + u64::from(now.0.trailing_zeros() < self.shift)
    }

    fn expiry(&self, time: u64) -> Nanos {
        Nanos((time << self.shift).saturating_add(self.quota.span_nanos()))
    }
}

impl Meter for Log {
    type State = Passes;

    fn capacity(&self) -> u32 {
        self.quota.threshold().get()
    }

    fn encoded_len(&self) -> usize {
        1 + 8 + 4 * (self.threshold() - 1)
    }

    fn take(&self, passes: &Passes, now: Nanos, cost: NonZeroU32) -> Result<Passes, Option<Nanos>> {
        let now = self.raised(passes, now);
        let live = self.live(passes, now);
        let cost = usize::try_from(cost.get()).unwrap_or(usize::MAX);
        if cost > self.threshold() {
            return Err(None);
        }
        match (live.len + cost).checked_sub(self.threshold()) {
            None | Some(0) => {
                let new = std::iter::repeat_n(self.stamp(now), cost);
                Ok(live.as_slice().iter().copied().chain(new).collect())
            }
            // As many of the oldest must go as are too many.
            Some(surplus) => Err(live
                .as_slice()
                .get(surplus - 1)
                .map(|time| self.expiry(*time))),
        }
    }

    fn standing(&self, passes: &Passes, now: Nanos) -> Standing {
        let now = self.raised(passes, now);
        let live = self.live(passes, now);
        let remaining = self.threshold().saturating_sub(live.len);
        Standing {
            window: 0,
            limit: self.quota.threshold().get(),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            more_at: live.as_slice().first().map(|oldest| self.expiry(*oldest)),
            full_at: live.newest().map_or(now, |newest| self.expiry(newest)),
        }
    }

    fn encode(&self, passes: &Passes, into: &mut Vec<u8>) {
        let newest = passes.newest().unwrap_or_default();
        into.push(u8::try_from(passes.len).unwrap_or(u8::MAX));
        into.extend(newest.to_le_bytes());
        let older = passes.as_slice().iter().rev().skip(1).copied();
        for time in older
            .chain(std::iter::repeat(newest))
            .take(self.threshold() - 1)
        {
            let distance = u32::try_from(newest.saturating_sub(time)).unwrap_or(u32::MAX);
            into.extend(distance.to_le_bytes());
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Passes> {
        let (len, rest) = bytes.split_first()?;
        let (newest, distances) = rest.split_first_chunk()?;
        let (len, newest) = (usize::from(*len), u64::from_le_bytes(*newest));
        let readable = bytes.len() == self.encoded_len() && len <= self.threshold();
        if !readable || newest.leading_zeros() < self.shift {
            return None;
        }
        let distances = distances
            .chunks_exact(4)
            .filter_map(|chunk| chunk.try_into().ok());
        let older = distances.map(|chunk| newest.saturating_sub(u32::from_le_bytes(chunk).into()));
        let mut passes: Passes = std::iter::once(newest).chain(older).take(len).collect();
        passes.times.get_mut(..passes.len)?.reverse();
        passes.as_slice().is_sorted().then_some(passes)
    }
}

// === impl Passes ===

impl Passes {
    fn as_slice(&self) -> &[u64] {
        self.times.get(..self.len).unwrap_or_default()
    }

    fn newest(&self) -> Option<u64> {
        self.as_slice().last().copied()
    }
}

impl FromIterator<u64> for Passes {
    /// The first [`MAX_THRESHOLD`] times.
    fn from_iter<I: IntoIterator<Item = u64>>(times: I) -> Self {
        let mut passes = Self::default();
        for (slot, time) in passes.times.iter_mut().zip(times) {
            *slot = time;
            passes.len += 1;
        }
        passes
    }
}
