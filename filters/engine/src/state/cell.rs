//! One shared value and the bounded loop that changes it.
//!
//! The seam is the one of GCRA stores: `update` may replace the value only if nobody changed it in between. Envoy's
//! compare-and-swap is exactly that; `Expected::Absent` closes the race of two first writers.

mod edit;

use super::StateId;
use host::{Expected, Host, HostError, Versioned};
use std::fmt;

/// How often a change is tried before the policy's `onContention` decides.
///
/// A lost swap means that another worker won, so 16 losses in a row take 16 other commits within some microseconds each.
pub const MAX_TRIES: u32 = 16;

/// A policy's own shared value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedCell {
    name: Box<[u8]>,
}

/// A value as it was read, to base a change on.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(Option<Versioned>);

/// A change that was worked out on a value as it was read, and is not committed yet.
#[derive(Debug)]
pub struct Draft<R> {
    value: R,
    new: Option<Vec<u8>>,
    expected: Expected,
}

/// A committed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated<R> {
    /// What the change answered in the try that counted.
    pub value: R,
    /// How many swaps were lost before it; for `steward_state_cas_retries_total`.
    pub retries: u32,
}

/// Why state could not be read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// All [`MAX_TRIES`] swaps were lost to other workers.
    Contended,
    /// More worker VMs than the list of the living has places for.
    Full,
    /// The host refused the call.
    Host(HostError),
}

// === impl SharedCell ===

impl SharedCell {
    /// The cell of this state.
    #[must_use]
    pub fn new(id: StateId) -> Self {
        Self::named(cell_name(id))
    }

    pub(super) fn named(name: impl Into<Box<[u8]>>) -> Self {
        Self { name: name.into() }
    }

    /// Its name in shared data.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Reads the value.
    pub fn read(&self, host: &dyn Host) -> Result<Snapshot, StateError> {
        read(host, &self.name)
    }

    /// Changes the value by `change`, which gets the stored bytes and answers a verdict and the new bytes; `None` writes
    /// nothing. It may be called several times. Empty new bytes cannot be stored and write nothing.
    pub fn update<R>(
        &self,
        host: &dyn Host,
        change: impl FnMut(Option<&[u8]>) -> (R, Option<Vec<u8>>),
    ) -> Result<Updated<R>, StateError> {
        self.update_from(host, self.read(host)?, change)
    }

    /// As [`update`](Self::update), with the first try based on a value read earlier: no second read if nobody wrote since.
    pub fn update_from<R>(
        &self,
        host: &dyn Host,
        snapshot: Snapshot,
        mut change: impl FnMut(Option<&[u8]>) -> (R, Option<Vec<u8>>),
    ) -> Result<Updated<R>, StateError> {
        let mut change = |bytes: Option<Vec<u8>>| change(bytes.as_deref());
        commit(host, &self.name, draft(snapshot, &mut change), change)
    }

    /// Reads the value and edits its `len` bytes by `edit`, which may leave them as they are: then it answers false, and
    /// nothing will be written. A value of another length, or none, is `len` zeros.
    pub fn draft<R>(
        &self,
        host: &dyn Host,
        len: usize,
        edit: impl FnOnce(&mut [u8]) -> (R, bool),
    ) -> Result<Draft<R>, StateError> {
        let snapshot = self.read(host)?;
        Ok(draft(snapshot, |bytes| edited(bytes, len, edit)))
    }

    /// Commits a draft of the same length; `edit` is called again as often as other workers were faster.
    pub fn commit<R>(
        &self,
        host: &dyn Host,
        len: usize,
        draft: Draft<R>,
        mut edit: impl FnMut(&mut [u8]) -> (R, bool),
    ) -> Result<Updated<R>, StateError> {
        commit(host, &self.name, draft, |bytes| {
            edited(bytes, len, &mut edit)
        })
    }
}

// === impl Snapshot ===

impl Snapshot {
    /// The stored bytes; `None` if nothing was ever stored.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|value| value.bytes.as_slice())
    }
}

// === impl Draft ===

impl<R> Draft<R> {
    /// What the change answered. If other workers are faster, it may answer otherwise when it is committed.
    #[must_use]
    pub fn value(&self) -> &R {
        &self.value
    }
}

// === impl StateError ===

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contended => write!(
                f,
                "shared state was changed by others {MAX_TRIES} times in a row"
            ),
            Self::Full => f.write_str("more workers hold permits than can be told apart"),
            Self::Host(error) => write!(f, "shared state: {error}"),
        }
    }
}

impl std::error::Error for StateError {}

impl From<HostError> for StateError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

pub(super) fn read(host: &dyn Host, name: &[u8]) -> Result<Snapshot, StateError> {
    Ok(Snapshot(host.shared_get(name)?))
}

/// The first step of a change. `change` owns the bytes so that it may change them in place.
pub(super) fn draft<R>(
    snapshot: Snapshot,
    change: impl FnOnce(Option<Vec<u8>>) -> (R, Option<Vec<u8>>),
) -> Draft<R> {
    let (bytes, expected) = match snapshot.0 {
        Some(Versioned { bytes, cas }) => (Some(bytes), Expected::Version(cas)),
        None => (None, Expected::Absent),
    };
    let (value, new) = change(bytes);
    Draft {
        value,
        new: new.filter(|new| !new.is_empty()),
        expected,
    }
}

/// The loop itself: what was worked out is committed, or worked out anew if somebody else was faster.
pub(super) fn commit<R>(
    host: &dyn Host,
    name: &[u8],
    mut draft: Draft<R>,
    mut change: impl FnMut(Option<Vec<u8>>) -> (R, Option<Vec<u8>>),
) -> Result<Updated<R>, StateError> {
    for retries in 0..MAX_TRIES {
        if retries > 0 {
            draft = self::draft(read(host, name)?, &mut change);
        }
        let is_done = match &draft.new {
            Some(new) => host.shared_swap(name, new, draft.expected)?,
            None => true,
        };
        if is_done {
            let value = draft.value;
            return Ok(Updated { value, retries });
        }
    }
    Err(StateError::Contended)
}

fn edited<R>(
    bytes: Option<Vec<u8>>,
    len: usize,
    edit: impl FnOnce(&mut [u8]) -> (R, bool),
) -> (R, Option<Vec<u8>>) {
    let own = bytes.filter(|bytes| bytes.len() == len);
    let mut bytes = own.unwrap_or_else(|| vec![0; len]);
    let (value, is_changed) = edit(&mut bytes);
    (value, is_changed.then_some(bytes))
}

/// Text, since some hosts want shared keys to be text.
fn cell_name(id: StateId) -> Vec<u8> {
    let mut name = b"steward:c:".to_vec();
    name.extend(id.to_bytes().iter().flat_map(|byte| hex(*byte)));
    name
}

pub(super) fn hex(byte: u8) -> [u8; 2] {
    let digit = |nibble: u8| {
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' - 10 + nibble
        }
    };
    [digit(byte >> 4), digit(byte & 15)]
}

#[cfg(test)]
mod tests;
