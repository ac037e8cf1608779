//! Which state belongs to which policy.
//!
//! A reload must never refill a bucket or close a breaker whose policy did not change, so state is found by what the
//! policy says, not by where it stands: the declaring node, kind, name or index, algorithm, windows and key. A policy's
//! `version` is not part of it.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// The identity of one policy's state; equal parts give equal identities in every VM and every version of the document.
///
/// 128 bits of SipHash-2-4 under a fixed key: the parts come from the document's author, so nobody gains by a collision,
/// and none is to be expected by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(u128);

// === impl StateId ===

impl StateId {
    /// The identity that these parts make, in this order. `["ab", "c"]` and `["a", "bc"]` differ.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = SipHasher24::new();
        for part in parts {
            hasher.write_u64(part.len() as u64);
            hasher.write(part);
        }
        Self(hasher.finish128().as_u128())
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_and_their_borders_count() {
        let id = StateId::of(&[b"orders", b"limit-1"]);
        assert_eq!(id, StateId::of(&[b"orders", b"limit-1"]));
        assert_ne!(id, StateId::of(&[b"limit-1", b"orders"]));
        assert_ne!(id, StateId::of(&[b"order", b"slimit-1"]));
        assert_ne!(id, StateId::of(&[b"orders", b"limit-1", b""]));
    }

    /// The identity is stored in the process: another value would be a refilled bucket at the next upgrade.
    #[test]
    fn the_identity_is_the_same_in_every_build() {
        let id = StateId::of(&[b"orders", b"limit-1"]);
        assert_eq!(format!("{:032x}", id.0), "e237031f24d8e9ebac97906070c1e1c5");
    }
}
