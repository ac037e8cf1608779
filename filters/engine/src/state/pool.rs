//! How the number of shared keys stays bounded, whatever documents come and go.
//!
//! The host forgets no key, so tables are not named after policies: an operator who tunes a threshold every day would
//! leave a dead table behind each time. Instead there is one pool of [`POOL_SLOTS`] numbered slots a process. A table takes
//! a run of them from the front, written down in a directory that all VMs share, and finds it again after a reload. Once
//! the pool is handed out, a new table lies at a hashed place over tables of older policies. That is safe: entries carry
//! their policy in their fingerprint, and those of a policy that is gone expire. What tables then share is room.

use super::{SharedCell, StateError, StateId, cell::hex};
use host::Host;
use std::num::NonZeroU16;

/// Shared-data keys that tables may use in one process.
///
/// Each doubling of Envoy's map stops all workers: 6 ms at 51,000 keys, 160 ms at 823,000.
pub(super) const POOL_SLOTS: u16 = 32_768;

/// The smallest table. It bounds the directory: 512 tables of 20 bytes.
pub(super) const MIN_SLOTS: u16 = 64;

/// Where a table lies: a run of slots of the pool, wrapping at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    base: u16,
    slots: NonZeroU16,
}

/// A slot's name in shared data.
pub(super) type SlotName = [u8; 14];

/// `[version]`, then for each table `[id: 16][base: u16][slots: u16]`.
struct Directory<'a>(&'a [u8]);

const VERSION: u8 = 1;
const RECORD: usize = 20;

// === impl Region ===

impl Region {
    /// Finds the run of slots of a table, or takes one. For `on_configure`, once the document is accepted.
    pub(super) fn of(host: &dyn Host, id: StateId, slots: u16) -> Result<Self, StateError> {
        let slots = slots.clamp(MIN_SLOTS, POOL_SLOTS);
        let taken = SharedCell::named(*b"steward:tables").update(host, |stored| {
            let directory = Directory::read(stored);
            match directory.base_of(id, slots) {
                Some(base) => (base, None),
                None => directory.take(id, slots),
            }
        })?;
        Ok(Self {
            base: taken.value,
            slots: NonZeroU16::new(slots).unwrap_or(NonZeroU16::MIN),
        })
    }

    /// The name of the slot that a hash falls into.
    pub(super) fn slot(&self, hash: u64) -> SlotName {
        let index = hash % u64::from(self.slots.get());
        let slot = (u64::from(self.base) + index) % u64::from(POOL_SLOTS);
        let [low, high, ..] = slot.to_le_bytes();
        let ([a, b], [c, d]) = (hex(high), hex(low));
        let [s, t, e, w, a2, r, d2, c1, t2, c2] = *b"steward:t:";
        [s, t, e, w, a2, r, d2, c1, t2, c2, a, b, c, d]
    }
}

// === impl Directory ===

impl<'a> Directory<'a> {
    fn read(stored: Option<&'a [u8]>) -> Self {
        match stored.and_then(<[u8]>::split_first) {
            Some((&VERSION, records)) if records.len() % RECORD == 0 => Self(records),
            _ => Self(&[]),
        }
    }

    fn base_of(&self, id: StateId, slots: u16) -> Option<u16> {
        let (id, slots) = (id.to_bytes(), slots.to_le_bytes());
        self.0.chunks_exact(RECORD).find_map(|record| {
            let base = record.strip_prefix(&id)?.strip_suffix(&slots)?;
            base.try_into().ok().map(u16::from_le_bytes)
        })
    }

    /// The end of the last run.
    fn end(&self) -> u16 {
        match self.0.last_chunk() {
            Some(&[a, b, c, d]) => u16::from_le_bytes([a, b]) + u16::from_le_bytes([c, d]),
            None => 0,
        }
    }

    /// The next run of slots and the directory with it; or a hashed place, of which no record is needed.
    fn take(&self, id: StateId, slots: u16) -> (u16, Option<Vec<u8>>) {
        let base = self.end();
        if slots > POOL_SLOTS - base.min(POOL_SLOTS) {
            let [low, high, ..] = id.to_bytes();
            return (u16::from_le_bytes([low, high]) % POOL_SLOTS, None);
        }
        let mut bytes = Vec::with_capacity(1 + self.0.len() + RECORD);
        bytes.push(VERSION);
        bytes.extend(self.0);
        bytes.extend(id.to_bytes());
        bytes.extend(base.to_le_bytes());
        bytes.extend(slots.to_le_bytes());
        (base, Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::fake::FakeHost;
    use std::collections::BTreeSet;

    fn id(index: u32) -> StateId {
        StateId::of(&[&index.to_le_bytes()])
    }

    fn names(region: Region) -> BTreeSet<SlotName> {
        (0..u64::from(region.slots.get()))
            .map(|hash| region.slot(hash))
            .collect()
    }

    #[test]
    fn a_table_is_found_again_and_shares_no_slot() {
        let host = FakeHost::new();
        let first = Region::of(&host, id(1), 2_048).unwrap();
        let second = Region::of(&host, id(2), 2_048).unwrap();
        assert_eq!(Region::of(&host.another_worker(), id(1), 2_048), Ok(first));
        assert_eq!(names(first).len(), 2_048);
        assert!(names(first).is_disjoint(&names(second)));
    }

    #[test]
    fn two_vms_that_configure_at_once_agree() {
        let host = FakeHost::new();
        let rival = host.another_worker();
        host.shared().before_next_swap(move || {
            Region::of(&rival, id(2), 2_048).unwrap();
        });
        let ours = Region::of(&host, id(1), 2_048).unwrap();
        assert_eq!(Region::of(&host.another_worker(), id(1), 2_048), Ok(ours));
        let theirs = Region::of(&host, id(2), 2_048).unwrap();
        assert!(names(ours).is_disjoint(&names(theirs)));
    }

    #[test]
    fn a_thousand_edited_policies_use_no_more_keys_than_the_pool() {
        let host = FakeHost::new();
        let regions: Vec<_> = (0..1_000)
            .map(|n| Region::of(&host, id(n), 2_048).unwrap())
            .collect();
        let used: BTreeSet<_> = regions.iter().copied().flat_map(names).collect();
        assert!(used.len() <= usize::from(POOL_SLOTS));
        assert!(
            names(regions[14]).is_disjoint(&names(regions[15])),
            "16 tables fit side by side"
        );
        assert_eq!(
            Region::of(&host, id(999), 2_048),
            Ok(regions[999]),
            "and each is found again"
        );
    }

    #[test]
    fn the_directory_is_bounded_by_the_smallest_table() {
        let host = FakeHost::new();
        for n in 0..600 {
            Region::of(&host, id(n), 1).unwrap();
        }
        let stored = host.shared().get(b"steward:tables").unwrap();
        assert_eq!(stored.bytes.len(), 1 + 512 * RECORD);
    }

    #[test]
    fn an_unreadable_directory_is_begun_anew() {
        let host = FakeHost::new();
        host.shared().set(b"steward:tables", &[VERSION, 1, 2, 3]);
        let region = Region::of(&host, id(1), 64).unwrap();
        assert_eq!(Region::of(&host, id(1), 64), Ok(region));
    }
}
