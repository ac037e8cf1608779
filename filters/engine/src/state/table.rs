//! A policy's state for each of its clients, in a fixed number of shared values.
//!
//! A client is found by its slot and a 64-bit fingerprint, both of one keyed hash. Two clients with the same slot and
//! fingerprint would share a limit; with a million clients at once that happens with a probability of about 1 in 75
//! billion, and nobody can look for it without the key.
//!
//! A table grows with its clients, up to 20 bytes and a state for each: 65,536 of them with a strict window each (up to 144
//! bytes) take 11 MiB of the process, once, not per worker.

use super::{
    NewEntry, SLOT_ENTRIES, Snapshot, StateError, StateId, TableKey, Updated, cell,
    pool::{Region, SlotName},
    slot::{self, Who},
};
use host::{Host, Nanos};

/// The table of one policy.
#[derive(Clone, Debug)]
pub struct Table {
    id: StateId,
    key: TableKey,
    region: Region,
    overflow: u64,
}

/// Where one client's state lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    slot: SlotName,
    who: Who,
}

/// What a change of an entry answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<R> {
    /// The change's own answer.
    pub value: R,
    /// The client was counted with strangers, its slot being full; for `steward_state_overflow_total`.
    pub overflowed: bool,
}

// === impl Table ===

impl Table {
    /// The table of this state with room for about `entries` clients; the same one in every VM and after a reload. Another
    /// number of entries is another table. For `on_configure`, once the document is accepted.
    pub fn open(
        host: &dyn Host,
        key: &TableKey,
        id: StateId,
        entries: u32,
    ) -> Result<Self, StateError> {
        let slots = usize::try_from(entries)
            .unwrap_or(usize::MAX)
            .div_ceil(SLOT_ENTRIES);
        let region = Region::of(host, id, u16::try_from(slots).unwrap_or(u16::MAX))?;
        let overflow = key.hash(id, &[]).h1;
        Ok(Self {
            id,
            key: key.clone(),
            region,
            overflow,
        })
    }

    /// Where this client's state lies. Any bytes that tell the policy's clients apart.
    #[must_use]
    pub fn address(&self, client: &[u8]) -> Address {
        let hash = self.key.hash(self.id, client);
        let who = Who {
            client: hash.h1,
            overflow: self.overflow,
        };
        Address {
            slot: self.region.slot(hash.h2),
            who,
        }
    }
}

// === impl Address ===

impl Address {
    /// Reads the slot.
    pub fn read(&self, host: &dyn Host) -> Result<Snapshot, StateError> {
        cell::read(host, &self.slot)
    }

    /// The state in a slot read earlier that judges this client; `None` if nothing is counted.
    #[must_use]
    pub fn state<'s>(&self, snapshot: &'s Snapshot, now: Nanos) -> Option<&'s [u8]> {
        let bytes = snapshot.bytes()?;
        bytes.get(slot::place(bytes, self.who, now).state?)
    }

    /// Changes the client's state by `change`, which gets the stored state and answers a verdict and the new state; `None`
    /// writes nothing. It may be called several times.
    pub fn update<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        change: impl FnMut(Option<&[u8]>) -> (R, Option<NewEntry>),
    ) -> Result<Updated<Placed<R>>, StateError> {
        self.update_from(host, self.read(host)?, now, change)
    }

    /// As [`update`](Self::update), with the first try based on a slot read earlier: no second read if nobody wrote since.
    pub fn update_from<R>(
        &self,
        host: &dyn Host,
        snapshot: Snapshot,
        now: Nanos,
        mut change: impl FnMut(Option<&[u8]>) -> (R, Option<NewEntry>),
    ) -> Result<Updated<Placed<R>>, StateError> {
        cell::swap(host, &self.slot, snapshot, |bytes| {
            let bytes = bytes.unwrap_or_default();
            let place = slot::place(&bytes, self.who, now);
            let state = place.state.clone().and_then(|range| bytes.get(range));
            let (value, new) = change(state);
            let new = new.map(|new| slot::put(bytes, self.who, &place, &new, now));
            (
                Placed {
                    value,
                    overflowed: place.overflowed,
                },
                new,
            )
        })
    }
}

#[cfg(test)]
mod tests;
