//! The set of keys as workers hand it to each other: the issuer's own bytes under a number.
//!
//! Bytes, not keys: each worker reads and checks them itself, for its own providers' algorithms, as if it had fetched them.

use crate::remote::bytes::Reader;

/// A set of keys in shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    /// The set's number; another set has another.
    pub(crate) epoch: u64,
    /// What the issuer sent.
    pub(crate) set: &'a [u8],
}

const VERSION: u8 = 1;

// === impl Stored ===

impl<'a> Stored<'a> {
    /// The set in place of what is stored: under a number of its own, or the same set under the same.
    pub(crate) fn replacing(stored: Option<&[u8]>, set: &'a [u8]) -> Self {
        let epoch = match Stored::decode(stored) {
            Some(old) if old.set == set => old.epoch,
            Some(old) => old.epoch.wrapping_add(1).max(1),
            None => 1,
        };
        Self { epoch, set }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.epoch.to_le_bytes());
        bytes.extend(self.set);
        bytes
    }

    pub(crate) fn decode(stored: Option<&'a [u8]>) -> Option<Self> {
        let mut reader = Reader::new(stored?, VERSION)?;
        let epoch = reader.number()?;
        Some(Self {
            epoch,
            set: reader.rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_set_has_another_number_and_the_same_its_own() {
        let first = Stored::replacing(None, b"one");
        let stored = first.encode();
        assert_eq!(Stored::decode(Some(&stored)), Some(first));
        assert_eq!(Stored::replacing(Some(&stored), b"one"), first);
        let second = Stored::replacing(Some(&stored), b"two");
        assert_ne!(second.epoch, first.epoch);
        assert_eq!(second.set, b"two");
    }

    #[test]
    fn what_another_version_wrote_is_no_set() {
        let mut newer = Stored::replacing(None, b"one").encode();
        newer[0] += 1;
        for stored in [&newer[..], &newer[..5], &[VERSION, 1, 2], &[]] {
            assert_eq!(Stored::decode(Some(stored)), None);
            assert_eq!(Stored::replacing(Some(stored), b"two").epoch, 1);
        }
    }
}
