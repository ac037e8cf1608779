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
    /// The lease for a fetch that may take `timeout`, unless somebody holds one.
    pub(crate) fn take(
        stored: Option<&[u8]>,
        holder: u64,
        now: Nanos,
        timeout: Duration,
    ) -> Option<Self> {
        let held = Self::decode(stored).is_some_and(|lease| lease.is_held(now));
        (!held).then_some(Self {
            holder,
            until: now.after(timeout + GRACE),
        })
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
        let first = Lease::take(None, 1, NOW, 2 * SECOND).unwrap();
        let stored = first.encode();
        let taken = |after| Lease::take(Some(&stored), 2, NOW.after(after), 2 * SECOND);
        assert_eq!(taken(Duration::ZERO), None);
        assert_eq!(taken(3 * SECOND - Duration::from_nanos(1)), None);
        let second = taken(3 * SECOND).unwrap();
        assert_eq!(second.holder, 2);
        assert_eq!(second.until, NOW.after(6 * SECOND));
    }

    #[test]
    fn given_back_it_is_free_and_only_its_holder_gives_it_back() {
        let stored = Lease::take(None, 1, NOW, SECOND).unwrap().encode();
        assert_eq!(Lease::give_back(Some(&stored), 2), None);
        let back = Lease::give_back(Some(&stored), 1).unwrap().encode();
        assert!(Lease::take(Some(&back), 2, NOW, SECOND).is_some());
    }

    #[test]
    fn what_is_not_a_lease_keeps_nobody_away() {
        let own = Lease::take(None, 1, NOW, SECOND).unwrap().encode();
        let mut newer = own.clone();
        newer[0] = VERSION + 1;
        let mut longer = own.clone();
        longer.push(0);
        let endless = Lease {
            holder: 1,
            until: Nanos(u64::MAX),
        };
        for stored in [vec![], vec![VERSION], newer, longer, endless.encode()] {
            assert!(
                Lease::take(Some(&stored), 2, NOW, SECOND).is_some(),
                "{stored:?}"
            );
        }
    }
}
