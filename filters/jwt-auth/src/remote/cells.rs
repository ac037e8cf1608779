//! What the workers share of one issuer's keys, in shared data.
//!
//! The set is written before the standing that tells of it, so that whoever learns of a set finds it.

use crate::remote::{lease::Lease, standing::Standing, stored::Stored};
use engine::state::{SharedCell, Snapshot, StateError, StateId, random_key};
use host::{Host, Nanos};
use policy_model::document::RemoteJwks;
use std::time::Duration;

/// What the workers share.
pub(crate) struct Cells {
    standing: SharedCell,
    lease: SharedCell,
    set: SharedCell,
}

/// From a stored value, if there is one, to the one in its place.
type Change<'a> = dyn FnMut(Option<&[u8]>) -> Option<Vec<u8>> + 'a;

// === impl Cells ===

impl Cells {
    /// Another form of the values has other names: a module of another version must not find what it cannot read, and fetch
    /// and overwrite in turn with this one.
    pub(crate) fn of(from: &RemoteJwks) -> Self {
        let cell = |part: &[u8]| {
            let (cluster, uri) = (from.cluster.as_bytes(), from.uri.as_bytes());
            SharedCell::new(StateId::of(&[b"jwks 1", part, cluster, uri]))
        };
        Self {
            standing: cell(b"standing"),
            lease: cell(b"lease"),
            set: cell(b"set"),
        }
    }

    pub(crate) fn standing(&self, host: &dyn Host) -> Result<Standing, StateError> {
        Ok(Standing::decode(self.standing.read(host)?.bytes()))
    }

    /// The set; to be decoded.
    pub(crate) fn set(&self, host: &dyn Host) -> Result<Snapshot, StateError> {
        self.set.read(host)
    }

    /// Changes how the keys stand, unless there is nothing to change: whether there was.
    pub(crate) fn update_standing(
        &self,
        host: &dyn Host,
        change: &mut dyn FnMut(Standing) -> Option<Standing>,
    ) -> Result<bool, StateError> {
        update(&self.standing, host, &mut |stored| {
            Some(change(Standing::decode(stored))?.encode())
        })
    }

    pub(crate) fn take_lease(
        &self,
        host: &dyn Host,
        now: Nanos,
        timeout: Duration,
    ) -> Result<Option<Lease>, StateError> {
        let lease = Lease::new(random(), now, timeout);
        let is_taken = update(&self.lease, host, &mut |stored| {
            Lease::is_free(stored, now).then(|| lease.encode())
        })?;
        Ok(is_taken.then_some(lease))
    }

    pub(crate) fn is_holder(&self, host: &dyn Host, holder: u64) -> Result<bool, StateError> {
        let stored = self.lease.read(host)?;
        let lease = Lease::decode(stored.bytes());
        Ok(lease.is_some_and(|lease| lease.holder == holder))
    }

    pub(crate) fn give_back(&self, host: &dyn Host, holder: u64) -> Result<(), StateError> {
        update(&self.lease, host, &mut |stored| {
            Some(Lease::give_back(stored, holder)?.encode())
        })?;
        Ok(())
    }

    /// Stores a set, unless it is there already; its number.
    pub(crate) fn store(&self, host: &dyn Host, set: &[u8]) -> Result<u64, StateError> {
        let mut epoch = 0;
        update(&self.set, host, &mut |stored| {
            let new = Stored::replacing(stored, set);
            epoch = new.epoch;
            (Stored::decode(stored) != Some(new)).then(|| new.encode())
        })?;
        Ok(epoch)
    }
}

/// Changes a value, unless there is nothing to change: whether there was. In the module once, for all of them.
fn update(cell: &SharedCell, host: &dyn Host, change: &mut Change<'_>) -> Result<bool, StateError> {
    let updated = cell.update(host, |stored| {
        let new = change(stored);
        (new.is_some(), new)
    })?;
    Ok(updated.value)
}

fn random() -> u64 {
    let [.., a, b, c, d, e, f, g, h] = random_key();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
