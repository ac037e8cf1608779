//! A steady rate that begins slowly, for a service whose caches must fill first.
//!
//! The model is that of Guava's `SmoothWarmingUp` limiter. Requests go one at a time, an interval apart. Whoever passes pays
//! for it afterwards: the next may come when the interval of this one is over, and a request that costs n takes n intervals.
//! The interval depends on how cold the limit is. Coldness is counted in permits: at most `coldest`, where the interval is
//! `cold factor` times the stable one; it falls by one with each permit, and below half the warm-up's worth of permits the
//! interval is the stable one. Going from cold to stable at full load takes the warm-up period, and so does cooling down
//! again while nobody comes.
//!
//! The state is kept as warmth (`coldest` less the coldness), so that nothing stored is cold. It is a floating-point number,
//! unlike everything else that is counted here: what must be exact is not the curve, but that nobody passes before the
//! instant that was promised, and that instant is a whole number of nanoseconds, rounded up.

use crate::{Quota, Standing, meter::Meter};
use host::Nanos;
use std::{num::NonZeroU32, time::Duration};

/// How a steady rate begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    period: Duration,
    /// Thousandths, so that it can be compared; at least 1,000.
    cold_factor: u32,
}

/// A rate with a curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slope {
    /// Nanoseconds between two permits when warm.
    stable: f64,
    /// Permits at and below which it is warm.
    warm: f64,
    /// Permits above that, when it is cold.
    above: f64,
    /// What the interval grows by with each permit above `warm`.
    rise: f64,
    /// Nanoseconds in which it grows colder by one permit.
    cooling: f64,
}

/// When the next may pass, and how warm it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pace {
    free_at: Nanos,
    warmth: f64,
}

// === impl WarmUp ===

impl WarmUp {
    /// What JoyLive takes if nothing is stated.
    pub const DEFAULT_PERIOD: Duration = Duration::from_secs(5);
    /// Likewise.
    pub const DEFAULT_COLD_FACTOR: f64 = 3.0;
    /// A rate that begins at a thousandth lets nobody through for long.
    const MAX_COLD_FACTOR: f64 = 1000.0;

    /// From cold to warm in `period`, at first `cold_factor` times slower. `None`: no time, or a factor that is not between
    /// 1 and 1,000.
    #[must_use]
    pub fn try_new(period: Duration, cold_factor: f64) -> Option<Self> {
        let is_factor = (1.0..=Self::MAX_COLD_FACTOR).contains(&cold_factor);
        (is_factor && !period.is_zero()).then(|| Self {
            period,
            cold_factor: thousandths(cold_factor),
        })
    }

    /// As text that tells it from others.
    pub(crate) fn text(self) -> String {
        format!("{} {}", self.period.as_nanos(), self.cold_factor)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of a number between 1 and 1,000"
)]
fn thousandths(number: f64) -> u32 {
    (number * 1000.0) as u32
}

// === impl Slope ===

impl Slope {
    pub(crate) fn new(quota: Quota, warm_up: WarmUp) -> Self {
        let stable = Self::float(quota.span_nanos()) / f64::from(quota.threshold().get());
        let period = warm_up.period.as_secs_f64() * 1e9;
        let cold = stable * f64::from(warm_up.cold_factor) / 1000.0;
        // Half the period lies below the curve's bend, by definition; the period is the area above it.
        let (warm, above) = (period / stable / 2.0, 2.0 * period / (stable + cold));
        Self {
            stable,
            warm,
            above,
            rise: (cold - stable) / above,
            cooling: period / (warm + above),
        }
    }

    fn coldest(&self) -> f64 {
        self.warm + self.above
    }

    /// The state when nobody has come since.
    fn cooled(&self, pace: &Pace, now: Nanos) -> Pace {
        if now <= pace.free_at {
            return *pace;
        }
        let idle = Self::float(now.0 - pace.free_at.0);
        Pace {
            free_at: now,
            warmth: (pace.warmth - idle / self.cooling).max(0.0),
        }
    }

    /// What so many permits take, in nanoseconds: the area below the curve.
    fn interval(&self, warmth: f64, permits: f64) -> f64 {
        let above = (self.above - warmth).max(0.0);
        let of_above = permits.min(above);
        let middle = above - of_above / 2.0;
        self.stable * permits + self.rise * middle * of_above
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a float of 2^53 ns is 104 days, and what is lost above is less than a microsecond"
    )]
    fn float(nanos: u64) -> f64 {
        nanos as f64
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "such a cast stays within the bounds of its type"
    )]
    fn after(at: Nanos, nanos: f64) -> Nanos {
        Nanos(at.0.saturating_add((nanos.ceil() as u64).max(1)))
    }
}

impl Meter for Slope {
    type State = Pace;

    /// Whatever a request costs is paid for after it.
    fn capacity(&self) -> u32 {
        u32::MAX
    }

    fn encoded_len(&self) -> usize {
        16
    }

    fn encode(&self, pace: &Pace, into: &mut [u8]) {
        let Some((free_at, rest)) = into.split_first_chunk_mut() else {
            return;
        };
        *free_at = pace.free_at.0.to_le_bytes();
        if let Some(warmth) = rest.first_chunk_mut() {
            *warmth = pace.warmth.to_le_bytes();
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<Pace> {
        let (free_at, warmth) = bytes.split_first_chunk()?;
        let warmth = f64::from_le_bytes(warmth.try_into().ok()?);
        (0.0..=self.coldest()).contains(&warmth).then(|| Pace {
            free_at: Nanos(u64::from_le_bytes(*free_at)),
            warmth,
        })
    }

    fn take(&self, pace: &mut Pace, now: Nanos, cost: NonZeroU32) -> Result<(), Option<Nanos>> {
        if now < pace.free_at {
            return Err(Some(pace.free_at));
        }
        let cooled = self.cooled(pace, now);
        let permits = f64::from(cost.get());
        *pace = Pace {
            free_at: Self::after(now, self.interval(cooled.warmth, permits)),
            warmth: (cooled.warmth + permits).min(self.coldest()),
        };
        Ok(())
    }

    /// Before the shortest interval is over nobody can have passed after this request.
    fn refund(&self, pace: &mut Pace, taken: Nanos, now: Nanos, cost: NonZeroU32) {
        let permits = f64::from(cost.get());
        if Self::float(now.0.saturating_sub(taken.0)) < self.stable * permits {
            pace.free_at = pace.free_at.min(now);
            pace.warmth = (pace.warmth - permits).max(0.0);
        }
    }

    /// When it is cold again.
    fn full_at(&self, pace: &Pace, _: Nanos) -> Nanos {
        // A little later than worked out, since that is rounded too.
        Self::after(pace.free_at, pace.warmth * self.cooling * (1.0 + 1e-9))
    }

    fn standing(&self, pace: &Pace, now: Nanos) -> Standing {
        let is_free = pace.free_at <= now;
        Standing {
            window: 0,
            limit: 1,
            remaining: is_free.into(),
            more_at: (!is_free).then_some(pace.free_at),
            full_at: pace.free_at.max(now),
        }
    }
}

#[cfg(test)]
mod tests;
