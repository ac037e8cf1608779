//! The secret under which clients are spread over a table.
//!
//! Who can choose its own key (a header, an address of a large block) must not be able to choose its slot: it could fill
//! the slot of another client. So slot and fingerprint are SipHash-2-4 under 16 random bytes that never leave the
//! process. SipHash is built for exactly this (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).

use super::{SharedCell, StateError, StateId};
use host::Host;
use siphasher::sip128::SipHasher24;
use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

/// The process's table key, the same in every VM.
#[derive(Clone, PartialEq, Eq)]
pub struct TableKey([u8; 16]);

const VERSION: u8 = 1;

// === impl TableKey ===

impl TableKey {
    /// The key of this process: the first VM to ask draws it, all others read it. For `on_configure`.
    pub fn agree(host: &dyn Host) -> Result<Self, StateError> {
        let cell = SharedCell::named(*b"steward:key");
        let agreed = cell.update(host, |stored| match stored.and_then(Self::decode) {
            Some(key) => (key, None),
            None => {
                let key = Self(random_key());
                (key.clone(), Some(key.encode()))
            }
        })?;
        Ok(agreed.value)
    }

    /// A key of the caller's choice, for tests that need to know who shares a slot.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The hash of where a client of this state belongs, begun: what is written to it tells the client.
    pub(super) fn hasher(&self, id: StateId) -> SipHasher24 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&id.to_bytes());
        hasher
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.0);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, key) = bytes.split_first()?;
        let key = key.try_into().ok()?;
        (*version == VERSION).then_some(Self(key))
    }
}

/// 16 random bytes. `RandomState` is keyed by the host's `random_get`, which Envoy answers from BoringSSL; two outputs of a
/// keyed hash are as good as the key itself.
#[must_use]
pub fn random_key() -> [u8; 16] {
    let random = RandomState::new();
    let half = |index: u8| u128::from(random.hash_one(index));
    (half(0) << 64 | half(1)).to_le_bytes()
}

/// Says nothing of the key.
impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::fake::FakeHost;

    #[test]
    fn every_vm_of_a_process_agrees() {
        let host = FakeHost::new();
        let first = TableKey::agree(&host).unwrap();
        assert_eq!(TableKey::agree(&host.another_worker()), Ok(first.clone()));
        assert_ne!(
            TableKey::agree(&FakeHost::new()),
            Ok(first),
            "another process, another key"
        );
    }

    #[test]
    fn of_two_first_vms_one_wins() {
        let host = FakeHost::new();
        let rival = host.another_worker();
        host.shared().before_next_swap(move || {
            TableKey::agree(&rival).unwrap();
        });
        let ours = TableKey::agree(&host).unwrap();
        assert_eq!(TableKey::agree(&host.another_worker()), Ok(ours));
    }

    #[test]
    fn a_key_of_an_unknown_version_is_replaced() {
        let host = FakeHost::new();
        host.shared().set(b"steward:key", &[9; 17]);
        let ours = TableKey::agree(&host).unwrap();
        assert_ne!(ours, TableKey::from_bytes([9; 16]));
        assert_eq!(TableKey::agree(&host.another_worker()), Ok(ours));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", TableKey::from_bytes([7; 16])), "TableKey");
    }
}
