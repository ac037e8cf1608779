//! How an issuer's keys stand in this process, and when they are to be fetched: decisions on a small value that all workers
//! share, with time and chance passed in.
//!
//! Keys are fetched anew before they are old, at a moment that chance spreads, so that many Envoys do not ask at once. After a
//! failure the next try waits, twice as long each time and by chance again (exponential back-off; Brooker, "Exponential Backoff
//! and Jitter", 2015). The old keys serve meanwhile, however old they get: an issuer that cannot be reached must not turn away
//! everybody. A token with an unknown `kid` asks for one fetch before the time, since issuers sign with a new key soon after
//! they publish it; all such tokens together get one in [`ASK_INTERVAL`], or random names would be a storm on the issuer.

use crate::remote::bytes::Reader;
use host::Nanos;
use std::time::Duration;

/// What all workers know of the keys from one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Which set is stored; 0: none has come yet. Another set has another number.
    pub(crate) epoch: u64,
    /// When it was fetched last, though it may be the same; means nothing before the first.
    pub(crate) fetched_at: Nanos,
    /// The next fetch is due.
    pub(crate) next_at: Nanos,
    /// From then on a wish counts again.
    pub(crate) asks_from: Nanos,
    /// How many fetches have failed since the last one that did not.
    pub(crate) failures: u32,
}

/// Why keys are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is time.
    Due,
    /// A token names a key that is not there.
    Asked,
}

/// A number that chance chose, to spread a time by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chance(pub(crate) u32);

/// Fetches for unknown keys have at least this between them, over all workers: few enough for any issuer, and soon enough for
/// whoever holds the first token of a new key.
pub(crate) const ASK_INTERVAL: Duration = Duration::from_secs(10);

/// The most that a failed fetch is put off.
const MOST_PUT_OFF: Duration = Duration::from_secs(60);

const VERSION: u8 = 1;

// === impl Standing ===

impl Standing {
    /// Whether keys are to be fetched now. `wish`: when a request last met an unknown key; `cache`: how long keys are kept,
    /// which may have been longer when they came.
    pub(crate) fn due(&self, now: Nanos, wish: Option<Nanos>, cache: Duration) -> Option<Why> {
        if self.failures > 0 {
            return (now >= self.next_at).then_some(Why::Due);
        }
        let latest = self.fetched_at.after(tenths(cache, 9));
        if self.epoch == 0 || now >= self.next_at.min(latest) {
            return Some(Why::Due);
        }
        let asked = self.is_open(wish) && now >= self.asks_from;
        asked.then_some(Why::Asked)
    }

    /// Whether a wish is still to be granted: no fetch has succeeded since.
    pub(crate) fn is_open(&self, wish: Option<Nanos>) -> bool {
        wish.is_some_and(|wish| self.epoch == 0 || wish >= self.fetched_at)
    }

    /// A fetch has begun.
    #[must_use]
    pub(crate) fn begun(self, now: Nanos, why: Why) -> Self {
        match why {
            Why::Due => self,
            Why::Asked => Self {
                asks_from: now.after(ASK_INTERVAL),
                ..self
            },
        }
    }

    /// The set of this number has been fetched: again after 80 to 90 per cent of its time.
    #[must_use]
    pub(crate) fn succeeded(self, now: Nanos, epoch: u64, cache: Duration, by: Chance) -> Self {
        Self {
            epoch,
            fetched_at: now,
            next_at: now.after(tenths(cache, 8) + by.of(tenths(cache, 1))),
            failures: 0,
            ..self
        }
    }

    /// A fetch has failed: again after 1 to 2 seconds, then 2 to 4, and so on up to 30 to 60.
    #[must_use]
    pub(crate) fn failed(self, now: Nanos, by: Chance) -> Self {
        let failures = self.failures.saturating_add(1);
        let doubled = Duration::from_secs(1_u64 << failures.min(6)).min(MOST_PUT_OFF);
        Self {
            next_at: now.after(doubled / 2 + by.of(doubled / 2)),
            failures,
            ..self
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let times = [self.fetched_at, self.next_at, self.asks_from];
        bytes.extend(self.epoch.to_le_bytes());
        bytes.extend(times.iter().flat_map(|time| time.0.to_le_bytes()));
        bytes.extend(self.failures.to_le_bytes());
        bytes
    }

    /// What another version of this code wrote is not understood: it is as if nothing was there.
    pub(crate) fn decode(bytes: Option<&[u8]>) -> Self {
        Self::read(bytes.unwrap_or_default()).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let standing = Self {
            epoch: reader.number()?,
            fetched_at: Nanos(reader.number()?),
            next_at: Nanos(reader.number()?),
            asks_from: Nanos(reader.number()?),
            failures: reader.small_number()?,
        };
        reader.rest().is_empty().then_some(standing)
    }
}

fn tenths(span: Duration, count: u32) -> Duration {
    span.saturating_mul(count) / 10
}

// === impl Chance ===

impl Chance {
    /// A part of `span`, less than all of it.
    fn of(self, span: Duration) -> Duration {
        let nanos = (span.as_nanos() * u128::from(self.0)) >> u32::BITS;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
