//! The token bucket, by the generic cell rate algorithm.
//!
//! A bucket of `burst` tokens that refills at `threshold` per window, without a timer and without a token count: its whole
//! state is one instant, the theoretical arrival time (TAT), when the bucket is full again. A request moves it on by one
//! emission interval (window / threshold) a token and passes if that stays within the burst (ITU-T I.371, annex A, the
//! virtual scheduling form).
//!
//! The emission interval is hardly ever a whole number of nanoseconds, and what is rounded off adds up to a wrong rate. So
//! instants are counted in units of 1/threshold of a nanosecond: then the interval is exactly the window. An instant below
//! 2^64 ns needs 96 bits of them, and sums of two or three still fit 128.
//!
//! Workers may commit out of order. An older `now` only sees a bucket that is less full, by the age difference, so it
//! needs no stamp to be safe: the TAT never goes back.

use crate::{Quota, Standing, meter::Meter};
use host::Nanos;
use std::num::NonZeroU32;

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    quota: Quota,
    burst: NonZeroU32,
}

/// The theoretical arrival time, in units of 1/threshold ns. A new bucket is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tat(u128);

// === impl Bucket ===

impl Bucket {
    pub(crate) fn new(quota: Quota, burst: NonZeroU32) -> Self {
        Self { quota, burst }
    }

    fn scaled(&self, now: Nanos) -> u128 {
        u128::from(now.0) * self.threshold()
    }

    fn tokens(&self, count: u32) -> u128 {
        u128::from(count) * u128::from(self.quota.span_nanos())
    }

    fn size(&self) -> u128 {
        self.tokens(self.burst.get())
    }

    /// The first nanosecond at or after a scaled instant.
    fn instant(&self, scaled: u128) -> Nanos {
        let threshold = self.quota.threshold().get();
        let whole = quotient(
            scaled.saturating_add(self.threshold() - 1),
            threshold.into(),
        );
        Nanos(u64::try_from(whole).unwrap_or(u64::MAX))
    }

    fn threshold(&self) -> u128 {
        self.quota.threshold().get().into()
    }
}

impl Meter for Bucket {
    type State = Tat;

    fn capacity(&self) -> u32 {
        self.burst.get()
    }

    fn encoded_len(&self) -> usize {
        16
    }

    fn encode(&self, tat: &Tat, into: &mut Vec<u8>) {
        into.extend(tat.0.to_le_bytes());
    }

    fn decode(&self, bytes: &[u8]) -> Option<Tat> {
        bytes.try_into().ok().map(u128::from_le_bytes).map(Tat)
    }

    fn take(&self, tat: &Tat, now: Nanos, cost: NonZeroU32) -> Result<Tat, Option<Nanos>> {
        if cost > self.burst {
            return Err(None);
        }
        let now = self.scaled(now);
        let after = tat.0.max(now).saturating_add(self.tokens(cost.get()));
        if after <= now.saturating_add(self.size()) {
            return Ok(Tat(after));
        }
        Err(Some(self.instant(after - self.size())))
    }

    fn standing(&self, tat: &Tat, now: Nanos) -> Standing {
        let missing = tat.0.saturating_sub(self.scaled(now));
        let left = self.size().saturating_sub(missing);
        let remaining = u32::try_from(quotient(left, self.quota.span_nanos())).unwrap_or(u32::MAX);
        let more = tat
            .0
            .saturating_add(self.tokens(remaining))
            .saturating_add(self.tokens(1));
        Standing {
            window: 0,
            limit: self.burst.get(),
            remaining,
            more_at: (missing > 0).then(|| self.instant(more.saturating_sub(self.size()))),
            full_at: self.instant(tat.0),
        }
    }
}

/// Division that takes the fast way where it can: 128 bits by 64 is a library call in Wasm, and most numbers here are small.
fn quotient(dividend: u128, divisor: u64) -> u128 {
    let narrow = u64::try_from(dividend).ok();
    narrow.map_or_else(
        || dividend / u128::from(divisor.max(1)),
        |dividend| (dividend / divisor.max(1)).into(),
    )
}

#[cfg(test)]
mod tests;
