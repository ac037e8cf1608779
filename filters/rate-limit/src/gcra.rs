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
//! The leaky bucket is the same with a burst of one and a debt: what a request costs beyond its first token, the next one
//! waits for.
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
    /// A request needs one token to pass, and what it costs beyond that is paid for by those after it.
    pays_later: bool,
}

/// The theoretical arrival time, in units of 1/threshold ns. A new bucket is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tat(u128);

// === impl Bucket ===

impl Bucket {
    pub(crate) fn new(quota: Quota, burst: NonZeroU32) -> Self {
        Self {
            quota,
            burst,
            pays_later: false,
        }
    }

    /// A leaky bucket: requests leave one by one, each after the time that the one before it takes.
    pub(crate) fn leaky(quota: Quota) -> Self {
        Self {
            quota,
            burst: NonZeroU32::MIN,
            pays_later: true,
        }
    }

    fn scaled(&self, now: Nanos) -> u128 {
        product(now.0, self.quota.threshold().get())
    }

    fn tokens(&self, count: u32) -> u128 {
        product(self.quota.span_nanos(), count)
    }

    fn size(&self) -> u128 {
        self.tokens(self.burst.get())
    }

    /// The first nanosecond at or after a scaled instant. Counted from `now`, which is near, the numbers are small.
    fn instant(&self, scaled: u128, now: Nanos) -> Nanos {
        let threshold = self.quota.threshold().get();
        let from = scaled.checked_sub(self.scaled(now)).map(|rest| (rest, now));
        let (rest, base) = from.unwrap_or((scaled, Nanos(0)));
        let whole = quotient(
            rest.saturating_add(u128::from(threshold) - 1),
            threshold.into(),
        );
        let whole = u64::try_from(whole).unwrap_or(u64::MAX);
        Nanos(base.0.saturating_add(whole))
    }
}

impl Meter for Bucket {
    type State = Tat;

    fn capacity(&self) -> u32 {
        if self.pays_later {
            u32::MAX
        } else {
            self.burst.get()
        }
    }

    fn encoded_len(&self) -> usize {
        16
    }

    fn encode(&self, tat: &Tat, into: &mut [u8]) {
        if let Some(into) = into.first_chunk_mut() {
            *into = tat.0.to_le_bytes();
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Tat> {
        bytes.try_into().ok().map(u128::from_le_bytes).map(Tat)
    }

    fn take(&self, tat: &mut Tat, now: Nanos, cost: NonZeroU32) -> Result<(), Option<Nanos>> {
        let needed = if self.pays_later {
            NonZeroU32::MIN
        } else {
            cost
        };
        if needed > self.burst {
            return Err(None);
        }
        let scaled = self.scaled(now);
        let begun = tat.0.max(scaled);
        let after = begun.saturating_add(self.tokens(needed.get()));
        if after <= scaled.saturating_add(self.size()) {
            tat.0 = begun.saturating_add(self.tokens(cost.get()));
            return Ok(());
        }
        Err(Some(self.instant(after - self.size(), now)))
    }

    /// A bucket does not remember whether it was full in between. If it was, what had come back until then is not there to
    /// be given back: so as much is kept as may have come back since `taken`, some microseconds' worth.
    fn refund(&self, tat: &mut Tat, taken: Nanos, now: Nanos, cost: NonZeroU32) {
        let back = product(now.0.saturating_sub(taken.0), self.quota.threshold().get());
        let rest = self.tokens(cost.get()).saturating_sub(back);
        tat.0 = tat.0.saturating_sub(rest);
    }

    fn full_at(&self, tat: &Tat, now: Nanos) -> Nanos {
        self.instant(tat.0, now)
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
            more_at: (missing > 0).then(|| self.instant(more.saturating_sub(self.size()), now)),
            full_at: self.full_at(tat, now),
        }
    }
}

/// The whole product, of which 128 bits by 128 would be a library call in Wasm.
fn product(wide: u64, narrow: u32) -> u128 {
    let narrow = u64::from(narrow);
    let (high, low) = (wide >> 32, wide & u64::from(u32::MAX));
    (u128::from(high * narrow) << 32) + u128::from(low * narrow)
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
