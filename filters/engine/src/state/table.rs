//! A policy's state for each of its clients, in a fixed number of shared values.
//!
//! A client is found by its slot and a 64-bit fingerprint, both of one keyed hash. Two clients with the same slot and
//! fingerprint would share a limit; with a million clients at once that happens with a probability of about 1 in 75
//! billion, and nobody can look for it without the key.
//!
//! A table grows with its clients, up to 20 bytes and a state for each: 65,536 of them with a strict window each (up to 144
//! bytes) take 11 MiB of the process, once, not per worker; with eight windows, the most that a policy may have, 72 MiB.
//!
//! A request of a known client allocates nothing: its name is hashed as it is read, and its state is edited where it lies in
//! the slot that the host returned.

use super::{
    Draft, SLOT_ENTRIES, Snapshot, StateError, StateId, TableKey, Updated, cell,
    pool::{Region, SlotName},
    slot::{self, Who},
};
use host::{Host, Nanos};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::{fmt, hash::Hasher};

/// The table of one policy.
#[derive(Clone, Debug)]
pub struct Table {
    region: Region,
    overflow: u64,
    /// The policy's part of every client's hash.
    begun: ClientHasher,
}

/// Takes in what tells a client from the policy's others. Pieces count by what they are together: `ab`, `c` is `a`, `bc`.
#[derive(Clone)]
pub struct ClientHasher(SipHasher24);

/// What the state of an entry is. A policy may count some clients otherwise than others, and states of different forms say
/// nothing about each other: strangers are counted together only with those of their own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The form's number within the policy.
    pub number: u32,
    /// The length of such a state, in bytes.
    pub len: usize,
}

/// Where one client's state lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    slot: SlotName,
    who: Who,
    len: usize,
}

/// What changes an entry: gets the bytes of its state, zeros if there is none, and answers a verdict and the instant from
/// which the new state is as good as none; with `None` nothing is written, whatever became of the bytes.
///
/// It is called through a pointer: copies of the code around it, one for each place, made a module 18 KiB larger.
pub type Edit<'e, R> = &'e mut dyn FnMut(&mut [u8]) -> (R, Option<Nanos>);

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
        let begun = ClientHasher(key.hasher(id));
        Ok(Self {
            region: Region::of(host, id, u16::try_from(slots).unwrap_or(u16::MAX))?,
            overflow: begun.0.finish128().h1,
            begun,
        })
    }

    /// A client to be named.
    #[must_use]
    pub fn client(&self) -> ClientHasher {
        self.begun.clone()
    }

    /// Where this client's state of this form lies.
    #[must_use]
    pub fn address(&self, client: &ClientHasher, form: Form) -> Address {
        let hash = client.0.finish128();
        let who = Who {
            client: hash.h1,
            // Consecutive, and yet as hard to meet by chance as any two fingerprints.
            overflow: self.overflow.wrapping_add(form.number.into()),
        };
        Address {
            slot: self.region.slot(hash.h2),
            who,
            len: form.len,
        }
    }
}

// === impl ClientHasher ===

impl ClientHasher {
    /// Takes in the next piece.
    pub fn write(&mut self, piece: &[u8]) {
        self.0.write(piece);
    }
}

/// Says nothing of the key.
impl fmt::Debug for ClientHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientHasher")
    }
}

// === impl Address ===

impl Address {
    /// The name of the slot in shared data.
    #[must_use]
    pub fn slot(&self) -> &[u8] {
        &self.slot
    }

    /// Reads the slot and edits the state that judges this client.
    pub fn draft<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        edit: Edit<'_, R>,
    ) -> Result<Draft<Placed<R>>, StateError> {
        let snapshot = self.read(host)?;
        Ok(cell::draft(snapshot, |bytes| self.edited(bytes, now, edit)))
    }

    /// Commits a draft; `edit` is called again as often as other workers were faster.
    pub fn commit<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        draft: Draft<Placed<R>>,
        edit: Edit<'_, R>,
    ) -> Result<Updated<Placed<R>>, StateError> {
        cell::commit(host, &self.slot, draft, |bytes| {
            self.edited(bytes, now, edit)
        })
    }

    /// Both steps in one.
    pub fn update<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        edit: Edit<'_, R>,
    ) -> Result<Updated<Placed<R>>, StateError> {
        self.commit(host, now, self.draft(host, now, edit)?, edit)
    }

    /// The slot's name, and whose entry it is there.
    pub(super) fn parts(&self) -> (SlotName, Who) {
        (self.slot, self.who)
    }

    fn edited<R>(
        &self,
        bytes: Option<Vec<u8>>,
        now: Nanos,
        edit: Edit<'_, R>,
    ) -> (Placed<R>, Option<Vec<u8>>) {
        slot::edited(bytes, self.who, self.len, now, edit)
    }

    fn read(&self, host: &dyn Host) -> Result<Snapshot, StateError> {
        cell::read(host, &self.slot)
    }
}

#[cfg(test)]
mod tests;
