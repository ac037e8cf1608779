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

/// The passes that may still count, newest first, in the log's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passes {
    newest: u64,
    /// How long before the newest each was; the first is 0 for the newest itself.
    distances: [u32; MAX_THRESHOLD as usize],
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
        let stamp = passes.newest << self.shift;
        now.max(Nanos(stamp.saturating_sub((1 << self.shift) - 1)))
    }

    /// The distances of those that count at `now`, which is not before the newest.
    fn live<'p>(&self, passes: &'p Passes, now: Nanos) -> &'p [u32] {
        // A pass at `time` counts while time + span > now.
        let Some(over) = now.0.checked_sub(self.quota.span_nanos()) else {
            return passes.as_slice();
        };
        let counting = |distance: &u32| passes.newest - u64::from(*distance) > over >> self.shift;
        let live = passes.as_slice().partition_point(counting);
        passes.as_slice().get(..live).unwrap_or_default()
    }

    fn stamp(&self, now: Nanos) -> u64 {
        (now.0 >> self.shift) + u64::from(now.0.trailing_zeros() < self.shift)
    }

    /// When a pass stops counting.
    fn expiry(&self, passes: &Passes, distance: u32) -> Nanos {
        self.expiry_of(passes.newest - u64::from(distance))
    }

    fn expiry_of(&self, stamp: u64) -> Nanos {
        Nanos((stamp << self.shift).saturating_add(self.quota.span_nanos()))
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

    fn encode(&self, passes: &Passes, into: &mut [u8]) {
        let Some((len, rest)) = into.split_first_mut() else {
            return;
        };
        let Some((newest, distances)) = rest.split_first_chunk_mut() else {
            return;
        };
        *len = u8::try_from(passes.len).unwrap_or(u8::MAX);
        *newest = passes.newest.to_le_bytes();
        let stored = distances.as_chunks_mut().0.iter_mut();
        for (stored, distance) in stored.zip(passes.distances.iter().skip(1)) {
            *stored = distance.to_le_bytes();
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Passes> {
        let (len, rest) = bytes.split_first()?;
        let (newest, distances) = rest.split_first_chunk()?;
        let (distances, _) = distances.as_chunks();
        let newest = u64::from_le_bytes(*newest);
        let mut passes = Passes {
            newest,
            len: usize::from(*len),
            ..Passes::default()
        };
        for (slot, distance) in passes.distances.iter_mut().skip(1).zip(distances) {
            *slot = u32::from_le_bytes(*distance);
        }
        let readable = bytes.len() == self.encoded_len()
            && passes.len <= self.threshold()
            && newest.leading_zeros() >= self.shift
            && passes.as_slice().is_sorted()
            && passes
                .as_slice()
                .last()
                .is_none_or(|oldest| u64::from(*oldest) <= newest);
        readable.then_some(passes)
    }

    fn take(&self, passes: &mut Passes, now: Nanos, cost: NonZeroU32) -> Result<(), Option<Nanos>> {
        let now = self.raised(passes, now);
        let live = self.live(passes, now);
        let cost = usize::try_from(cost.get()).unwrap_or(usize::MAX);
        if cost > self.threshold() {
            return Err(None);
        }
        // As many of the oldest must go as are too many.
        let surplus = (live.len() + cost).saturating_sub(self.threshold());
        if surplus > 0 {
            let last_to_go = live.get(live.len() - surplus);
            return Err(last_to_go.map(|distance| self.expiry(passes, *distance)));
        }
        *passes = passes.and(live, self.stamp(now), cost);
        Ok(())
    }

    /// Takes out the oldest passes that can be the one of `taken`: a late worker's was stamped later, never earlier, so
    /// none stays that is older than it should be.
    fn refund(&self, passes: &mut Passes, taken: Nanos, now: Nanos, cost: NonZeroU32) {
        let since = self.stamp(taken);
        if now >= self.expiry_of(since) {
            return;
        }
        let may_be = |distance: &u32| passes.newest.saturating_sub((*distance).into()) >= since;
        let until = passes.as_slice().partition_point(may_be);
        let cost = usize::try_from(cost.get()).unwrap_or(usize::MAX);
        *passes = passes.without(until.saturating_sub(cost), until);
    }

    fn full_at(&self, passes: &Passes, _: Nanos) -> Nanos {
        self.expiry(passes, 0)
    }

    fn standing(&self, passes: &Passes, now: Nanos) -> Standing {
        let now = self.raised(passes, now);
        let live = self.live(passes, now);
        let remaining = self.threshold().saturating_sub(live.len());
        Standing {
            window: 0,
            limit: self.quota.threshold().get(),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            more_at: live.last().map(|oldest| self.expiry(passes, *oldest)),
            full_at: live
                .first()
                .map_or(now, |newest| self.expiry(passes, *newest)),
        }
    }
}

// === impl Passes ===

impl Passes {
    fn as_slice(&self) -> &[u32] {
        self.distances.get(..self.len).unwrap_or_default()
    }

    /// These but for a stretch of them.
    fn without(&self, from: usize, until: usize) -> Self {
        let all = self.as_slice().iter().enumerate();
        let rest = all.filter(|(index, _)| !(from..until).contains(index));
        let mut left = Self::default();
        for ((_, distance), slot) in rest.zip(&mut left.distances) {
            let time = self.newest.saturating_sub((*distance).into());
            if left.len == 0 {
                left.newest = time;
            }
            *slot = u32::try_from(left.newest.saturating_sub(time)).unwrap_or(u32::MAX);
            left.len += 1;
        }
        left
    }

    /// The `live` ones of these, and `cost` more at `stamp`.
    fn and(&self, live: &[u32], stamp: u64, cost: usize) -> Self {
        let mut all = Self {
            newest: stamp,
            len: live.len() + cost,
            ..Self::default()
        };
        // A live pass is less than a window before `stamp`, and a window fits.
        let further = u32::try_from(stamp.saturating_sub(self.newest)).unwrap_or(u32::MAX);
        for (slot, distance) in all.distances.iter_mut().skip(cost).zip(live) {
            *slot = distance.saturating_add(further);
        }
        all
    }
}
