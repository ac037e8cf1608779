//! Who fetches: one worker at a time, for all.
//!
//! A lease ends by itself, since its holder may be gone: Envoy makes a worker's VM anew after a trap, and the main thread's
//! never. It is taken on the timer alone, never at configure: that runs in a canary VM too, which is thrown away with the call
//! that it has made, and the lease would keep everybody waiting for an answer that nobody hears.

use crate::remote::bytes::Reader;
use host::Nanos;
use policy_model::document::RemoteJwks;
use std::time::Duration;

/// Who holds it, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// A number that chance chose for this one fetch, so that an answer which comes too late is known.
    pub(crate) holder: u64,
    /// From then on anybody may take it.
    pub(crate) until: Nanos,
}

/// What an answer may be late by: Envoy gives up a call after its timeout, by a timer of its own.
const GRACE: Duration = Duration::from_secs(1);

const VERSION: u8 = 1;

// === impl Lease ===

impl Lease {
    /// The lease for a fetch that may take `timeout`.
    pub(crate) fn new(holder: u64, now: Nanos, timeout: Duration) -> Self {
        Self {
            holder,
            until: now.after(timeout + GRACE),
        }
    }

    /// Whether nobody holds it.
    pub(crate) fn is_free(stored: Option<&[u8]>, now: Nanos) -> bool {
        Self::decode(stored).is_none_or(|lease| !lease.is_held(now))
    }

    /// One that ends further off than any fetch is no lease: nobody could have taken it.
    fn is_held(self, now: Nanos) -> bool {
        let longest = Duration::from_millis(RemoteJwks::MAX_TIMEOUT_MS) + GRACE;
        self.until > now && self.until <= now.after(longest)
    }

    /// The lease given back, if it still is this holder's.
    pub(crate) fn give_back(stored: Option<&[u8]>, holder: u64) -> Option<Self> {
        let own = Self::decode(stored).filter(|lease| lease.holder == holder)?;
        Some(Self {
            until: Nanos::default(),
            ..own
        })
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        let numbers = [self.holder, self.until.0];
        let mut bytes = vec![VERSION];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    pub(crate) fn decode(stored: Option<&[u8]>) -> Option<Self> {
        let mut reader = Reader::new(stored?, VERSION)?;
        let lease = Self {
            holder: reader.number()?,
            until: Nanos(reader.number()?),
        };
        reader.rest().is_empty().then_some(lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Nanos = Nanos(5_000_000_000_000);

    #[test]
    fn one_at_a_time_and_the_next_when_its_time_is_over() {
        assert!(Lease::is_free(None, NOW));
        let stored = Lease::new(1, NOW, 2 * SECOND).encode();
        let free_after = |span| Lease::is_free(Some(&stored), NOW.after(span));
        assert!(!free_after(Duration::ZERO));
        assert!(!free_after(3 * SECOND - Duration::from_nanos(1)));
        assert!(free_after(3 * SECOND));
    }

    #[test]
    fn given_back_it_is_free_and_only_its_holder_gives_it_back() {
        let stored = Lease::new(1, NOW, SECOND).encode();
        assert_eq!(Lease::give_back(Some(&stored), 2), None);
        let back = Lease::give_back(Some(&stored), 1).unwrap().encode();
        assert!(Lease::is_free(Some(&back), NOW));
    }

    #[test]
    fn what_is_not_a_lease_keeps_nobody_away() {
        let own = Lease::new(1, NOW, SECOND).encode();
        let mut newer = own.clone();
        newer[0] = VERSION + 1;
        let mut longer = own.clone();
        longer.push(0);
        let endless = Lease {
            holder: 1,
            until: Nanos(u64::MAX),
        };
        for stored in [vec![], vec![VERSION], newer, longer, endless.encode()] {
            assert!(Lease::is_free(Some(&stored), NOW), "{stored:?}");
        }
    }
}
