//! Where a limit's state lies: in one shared value, or in a table with an entry for each client.

use crate::key::ClientKey;
use engine::state::{Address, Draft, Edit, Placed, SharedCell, StateError, Table, Updated};
use host::{Host, Nanos};

/// The state of a policy.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// One bucket for the node.
    Shared(SharedCell),
    /// One for each client.
    PerClient { key: ClientKey, table: Table },
}

/// The state of one policy and client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot<'s> {
    Shared {
        cell: &'s SharedCell,
        /// The length of the state.
        len: usize,
    },
    Client(Address),
}

// === impl Store ===

impl Store {
    pub(crate) fn is_per_client(&self) -> bool {
        matches!(self, Self::PerClient { .. })
    }
}

// === impl Spot ===

impl Spot<'_> {
    /// The shared value that it lies in.
    pub(crate) fn slot(&self) -> &[u8] {
        match self {
            Self::Shared { cell, .. } => cell.name(),
            Self::Client(address) => address.slot(),
        }
    }

    /// Where it lies in the policy's table; `None`: it is the policy's only one.
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Self::Shared { .. } => None,
            Self::Client(address) => Some(*address),
        }
    }

    /// Reads the state and edits it.
    pub(crate) fn draft<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        edit: Edit<'_, R>,
    ) -> Result<Draft<Placed<R>>, StateError> {
        match self {
            Self::Shared { cell, len } => cell.draft(host, *len, |bytes| placed(edit(bytes))),
            Self::Client(address) => address.draft(host, now, edit),
        }
    }

    /// Both steps in one.
    pub(crate) fn update<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        edit: Edit<'_, R>,
    ) -> Result<Updated<Placed<R>>, StateError> {
        self.commit(host, now, self.draft(host, now, edit)?, edit)
    }

    /// Commits a draft; `edit` is called again as often as other workers were faster.
    pub(crate) fn commit<R>(
        &self,
        host: &dyn Host,
        now: Nanos,
        draft: Draft<Placed<R>>,
        edit: Edit<'_, R>,
    ) -> Result<Updated<Placed<R>>, StateError> {
        match self {
            Self::Shared { cell, len } => {
                cell.commit(host, *len, draft, |bytes| placed(edit(bytes)))
            }
            Self::Client(address) => address.commit(host, now, draft, edit),
        }
    }
}

/// One value for all has no strangers, and is never dropped for being idle.
fn placed<R>((value, idle_at): (R, Option<Nanos>)) -> (Placed<R>, bool) {
    let placed = Placed {
        value,
        overflowed: false,
    };
    (placed, idle_at.is_some())
}
